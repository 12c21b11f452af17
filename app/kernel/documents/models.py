"""Tables of documents (文书) produced in a case, and of their service (送达) on each party."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Document(Base):
    """A conclusion or notice. A decided document references its decision; DOCX, print page and PDF are blobs by digest.

    A document made again is a further row with the same number and the next `version`; the one before is `replaced`.
    `content_digest`: SHA-256 over outcome and decided facts at issue. `signed_by`: subject of the certificate, empty
    when the PDF carries no signature.
    """

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("state IN ('issued', 'served', 'revoked', 'replaced')", name="state"),
        CheckConstraint("(version > 1) = (replaces_id IS NOT NULL AND reason <> '')", name="replaces"),
        UniqueConstraint("number", "version"),
        Index("ix_document_case_id", "case_id"),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    template: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    number: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), unique=True)
    reason: Mapped[str] = mapped_column(server_default="")
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    docx_digest: Mapped[str]
    print_digest: Mapped[str]
    pdf_digest: Mapped[str | None]
    content_digest: Mapped[str | None]
    verify_code: Mapped[str | None] = mapped_column(unique=True)
    signed_by: Mapped[str] = mapped_column(server_default="")
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("case_decision.id"))
    state: Mapped[str]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(Instant)
    served_at: Mapped[datetime | None] = mapped_column(Instant)


class Service(Base):
    """One attempt to serve a document on a party; `result` is received, failed, published or deemed. Append-only.

    `received_at` is when service took effect; `notice_until` the last day of a public notice. The proofs are the
    files received at the task (`task_material`). The system itself records only that a notice is over. `receipt_id`
    is the paper that tells it (送达回证), for a party that received.
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
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
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


class Seal(Base):
    """A seal of an authority: installed with the reference data, kept by the holders of a post."""

    __tablename__ = "seal"
    __table_args__ = (
        UniqueConstraint("region_code", "kind", "valid_from"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="period"),
    )

    id: Mapped[int] = big_id()
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    kind: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    authority_zh: Mapped[str]
    keeper_post: Mapped[str] = mapped_column(ForeignKey("post.key"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class SealUse(Base):
    """A seal under a document, by the act that took its decision (fence SD060). Append-only."""

    __tablename__ = "seal_use"
    __table_args__ = (Index("ix_seal_use_seal_id", "seal_id", "id"),)

    id: Mapped[int] = big_id()
    seal_id: Mapped[int] = mapped_column(ForeignKey("seal.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("case_decision.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
