"""Tables of absences and substitutes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Absence(Base):
    """A person is away from `starts_on` up to and including `ends_on`."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("cause IN ('leave', 'sick', 'training', 'mission', 'other')", name="cause"),
        Index("ix_absence_person_id_starts_on", "person_id", "starts_on"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    cause: Mapped[str]
    note: Mapped[str]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Substitution(Base):
    """Append-only: a substitute fills a post that the principal holds by grant, for [valid_from, valid_to).

    Both persons' acts count for both. `revokes` ends an earlier row early (its period is cut at `valid_from`).
    What is held by substitution can't be passed on: the trigger wants a grant of the principal's own.
    """

    __tablename__ = "substitution"
    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="period"),
        CheckConstraint(
            "principal_id <> substitute_id "
            "AND (revokes IS NOT NULL OR approved_by NOT IN (principal_id, substitute_id, requested_by))",
            name="distinct_persons",
        ),
        Index("ix_substitution_substitute_id", "substitute_id"),
        Index("ix_substitution_principal_id", "principal_id"),
    )

    id: Mapped[int] = big_id()
    principal_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    substitute_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[str] = mapped_column(ForeignKey("post.key"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    revokes: Mapped[int | None] = mapped_column(ForeignKey("substitution.id"), unique=True)
    absence_id: Mapped[int | None] = mapped_column(ForeignKey("absence.id"))
    reason: Mapped[str]
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class SubstitutionRequest(Base):
    """Asked for by the principal or a supervisor; the `substitution` exists once another supervisor approved."""

    __tablename__ = "substitution_request"
    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="period"),
        CheckConstraint("verdict IN ('approved', 'refused', 'withdrawn')", name="verdict"),
        CheckConstraint(
            "(verdict IS NULL) = (decided_at IS NULL) AND (verdict IS NULL) = (decided_by IS NULL)",
            name="decided_whole",
        ),
        Index("ix_substitution_request_open", "region_code", "id", postgresql_where=text("verdict IS NULL")),
    )

    id: Mapped[int] = big_id()
    principal_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    substitute_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[str] = mapped_column(ForeignKey("post.key"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    absence_id: Mapped[int | None] = mapped_column(ForeignKey("absence.id"))
    reason: Mapped[str]
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None]
    answer: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    substitution_id: Mapped[int | None] = mapped_column(ForeignKey("substitution.id"))
