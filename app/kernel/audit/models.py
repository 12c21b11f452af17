"""Table of audit events: append-only, one hash chain per case (triggers and grants forbid change)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class AuditEvent(Base):
    """Who did what, when. `payload` is canonical JSON; `hash` covers all columns and `previous_hash`.

    No foreign keys: an event must outlive what it speaks of, and must never block on it.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index("ix_audit_event_case_id_id", "case_id", "id"),
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_fence_refused", "at", postgresql_where=text("event = 'fence.refused'")),
    )

    id: Mapped[int] = big_id()
    chain: Mapped[str]
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    event: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    on_behalf_of: Mapped[int | None] = mapped_column(BigInteger)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    decision_id: Mapped[UUID | None]
    request_id: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary)
