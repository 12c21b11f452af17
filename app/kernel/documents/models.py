"""Table of documents (文书) produced in a case."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
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
