"""Tables of documents (文书) produced in a case, and of their service (送达) on each party."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Document(Base):
    """A conclusion or notice. A decided document references its decision; the DOCX is a blob by digest."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("state IN ('issued', 'served', 'revoked')", name="state"),
        Index("ix_document_case_id", "case_id"),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    template: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    docx_digest: Mapped[str]
    print_digest: Mapped[str]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("case_decision.id"))
    state: Mapped[str]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(Instant)
    served_at: Mapped[datetime | None] = mapped_column(Instant)


class Service(Base):
    """One attempt to serve a document on a party; `result` is received, failed, published or deemed. Append-only.

    `received_at` is when service took effect; `notice_until` the last day of a public notice. The proofs are the
    files received at the task (`task_material`). The system itself records only that a notice is over.
    """

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint(
            "way IN ('direct', 'left', 'entrusted', 'post', 'electronic', 'public_notice')", name="way"
        ),
        CheckConstraint("result IN ('received', 'failed', 'published', 'deemed')", name="result"),
        CheckConstraint("(received_at IS NOT NULL) = (result IN ('received', 'deemed'))", name="received"),
        CheckConstraint("way <> 'electronic' OR result <> 'received' OR consent", name="consent"),
        CheckConstraint(
            "(result IN ('published', 'deemed')) <= (way = 'public_notice' AND notice_until IS NOT NULL)",
            name="notice",
        ),
        CheckConstraint("performed_by IS NOT NULL OR result = 'deemed'", name="performed"),
        Index("ix_service_case_id", "case_id", "id"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    party: Mapped[str]
    way: Mapped[str]
    result: Mapped[str]
    sent_on: Mapped[date | None]
    received_at: Mapped[datetime | None] = mapped_column(Instant)
    receiver: Mapped[str] = mapped_column(server_default="")
    reference: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    consent: Mapped[bool] = mapped_column(server_default=text("false"))
    notice_until: Mapped[date | None]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    performed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
