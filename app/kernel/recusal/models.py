"""Tables of recusal: interests a person declared, recusals in cases, rulings on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id

CAUSES = ("interest", "kinship", "former_employer", "treating_hospital", "shareholding", "other")
_CAUSES_SQL = ", ".join(f"'{cause}'" for cause in CAUSES)


class PersonInterest(Base):
    """A person stands close to a subject (kin, employer, hospital), known by blind index as parties are.

    Whoever has an interest in a party of a case is recused by data.
    """

    __tablename__ = "person_interest"
    __table_args__ = (
        CheckConstraint(f"cause IN ({_CAUSES_SQL})", name="cause"),
        Index("ix_person_interest_person_id", "person_id"),
        Index("ix_person_interest_subject", "subject_index", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    cause: Mapped[str]
    subject_index: Mapped[bytes] = mapped_column(LargeBinary)
    subject_label: Mapped[str]
    declared_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Recusal(Base):
    """Append-only: a person stands back from a case (认定办法 16, 鉴定办法 28).

    It holds at once, whatever its origin, until the head refuses it.
    """

    __tablename__ = "recusal"
    __table_args__ = (
        CheckConstraint(f"cause IN ({_CAUSES_SQL})", name="cause"),
        CheckConstraint("origin IN ('declared', 'data', 'requested')", name="origin"),
        UniqueConstraint("case_id", "person_id", "cause", "origin"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    cause: Mapped[str]
    origin: Mapped[str]
    detail: Mapped[str]
    requested_by: Mapped[str | None]
    """The party that asked, in words; None unless asked for."""
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class RecusalRuling(Base):
    """Append-only: the head upholds or refuses a recusal, with reasons; never about himself (trigger)."""

    __tablename__ = "recusal_ruling"
    __table_args__ = (CheckConstraint("verdict IN ('upheld', 'refused')", name="verdict"),)

    recusal_id: Mapped[int] = mapped_column(ForeignKey("recusal.id"), primary_key=True, autoincrement=False)
    verdict: Mapped[str]
    reason: Mapped[str]
    ruled_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
