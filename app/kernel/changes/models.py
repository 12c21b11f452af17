"""Table of controlled changes: what a `controlled_change` case wants to put into force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant


class ControlledChange(Base):
    """The content of one change: edited until it is decided (trigger), applied once.

    `digest` is SHA-256 over `content`, the canonical JSON of kind, target and payload (the database checks both);
    the case's content hash covers it, so the three signatures stand on exactly this content. `target` names what is
    changed (a set's key, a person's id, …).
    """

    __tablename__ = "controlled_change"
    __table_args__ = (
        CheckConstraint("digest = sha256(convert_to(content, 'UTF8'))", name="digest_of_content"),
        CheckConstraint(
            "content::jsonb ->> 'kind' = kind AND content::jsonb ->> 'target' = target"
            " AND content::jsonb -> 'payload' = payload",
            name="content_of_change",
        ),
        Index("ix_controlled_change_kind_target", "kind", "target"),
    )

    case_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    target: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    ground: Mapped[str]
    effective_at: Mapped[datetime | None] = mapped_column(Instant)
    what_if: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    what_if_at: Mapped[datetime | None] = mapped_column(Instant)
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime] = mapped_column(Instant)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
