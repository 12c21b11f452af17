"""Tables of violations: collisions found after the fact, and the rulings that settle them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.storage.base import Base, Instant, big_id


class SodViolation(Base):
    """Append-only, written by triggers: facts that were lawful one by one collide now.

    `cause`: link, merge, activation, risk; watch (found by recomputation). `rule` is a conflict set's key, or
    `exclusion:<pair>` for posts held by a merged person. Cases it touches are frozen until it is settled.
    """

    __tablename__ = "sod_violation"
    __table_args__ = (
        CheckConstraint("cause IN ('link', 'merge', 'activation', 'risk', 'watch')", name="cause"),
        UniqueConstraint("rule", "scope_id", "person_id", "members"),
    )

    id: Mapped[int] = big_id()
    rule: Mapped[str]
    rule_version: Mapped[int]
    scope: Mapped[str]
    scope_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    members: Mapped[list[str]] = mapped_column(ARRAY(Text))
    performance_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    cause: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class ViolationCase(Base):
    """A case that a violation touches."""

    __tablename__ = "violation_case"
    __table_args__ = (Index("ix_violation_case_case_id", "case_id"),)

    violation_id: Mapped[int] = mapped_column(
        ForeignKey("sod_violation.id"), primary_key=True, autoincrement=False
    )
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True, autoincrement=False)


class ViolationRuling(Base):
    """Append-only: how a violation was settled, by a controlled change.

    `verdict`: redo (the named performances are void and done again), upheld (the acts stand, with reasons),
    unfounded (the link or merge was wrong and is taken back by its own change).
    """

    __tablename__ = "violation_ruling"
    __table_args__ = (CheckConstraint("verdict IN ('redo', 'upheld', 'unfounded')", name="verdict"),)

    violation_id: Mapped[int] = mapped_column(
        ForeignKey("sod_violation.id"), primary_key=True, autoincrement=False
    )
    verdict: Mapped[str]
    reason: Mapped[str]
    change_id: Mapped[int] = mapped_column(ForeignKey("controlled_change.case_id"))
    at: Mapped[datetime] = mapped_column(Instant)
