"""Tables of awards: the lines of each draft, what is payable of the sealed one, and what happened to it since."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id

EMPLOYERS = "('leave_wages', 'leave_nursing', 'lump_sum_employment', 'illegal_employer')"
GROUNDS = (
    "('condition_lost', 'refuses_assessment', 'refuses_treatment', 'cause_gone', 'retired', 'payee_died', "
    "'not_certified', 'overpaid', 'recognition_revoked', 'assessment_revoked', 'new_injury', 'survivor_ended', "
    "'survivor_in_prison', 'recalculated', 'reappeared')"
)


class Entitlement(Base):
    """A line of a draft award: who pays whom what, from when, and how it was reckoned. Appended only.

    `draft_digest` is SHA-256 over all lines of the draft; the case's fact `award_digest` names the draft that is
    signed. `derivation` holds the reckoning in words by language, `parameters` the editions it rests on.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        UniqueConstraint("case_id", "draft", "line"),
        CheckConstraint("payer IN ('fund', 'employer')", name="payer"),
        CheckConstraint("cycle IN ('once', 'monthly')", name="cycle"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("period_to IS NULL OR period_to >= period_from", name="period"),
        CheckConstraint(
            f"payer = 'employer' OR (item NOT IN {EMPLOYERS} AND (item <> 'disability_allowance' OR grade <= 4))",
            name="employers_item",
        ),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    draft: Mapped[int]
    line: Mapped[int]
    item: Mapped[str]
    payer: Mapped[str]
    payee: Mapped[str]
    grade: Mapped[int | None]
    cycle: Mapped[str]
    base: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    coefficient: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    period_from: Mapped[date]
    period_to: Mapped[date | None]
    amount: Mapped[Decimal] = mapped_column(Numeric(15, 2))
    provisional: Mapped[bool]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    parameters: Mapped[list[Any]] = mapped_column(JSONB)
    derivation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    formula_digest: Mapped[str]
    draft_digest: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Payable(Base):
    """What is to be paid of a sealed award, once or monthly. Its state follows from `payable_event` alone."""

    __tablename__ = "payable"
    __table_args__ = (
        CheckConstraint("payer IN ('fund', 'employer')", name="payer"),
        CheckConstraint("state IN ('ready', 'frozen', 'stopped', 'superseded')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(f"payer = 'employer' OR item NOT IN {EMPLOYERS}", name="employers_item"),
        Index("ix_payable_case_id", "case_id"),
        Index(
            "ix_payable_ready",
            "payer",
            "period_from",
            postgresql_where=text("state = 'ready'"),
        ),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID] = mapped_column(unique=True)
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlement.id"), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    decision_id: Mapped[int] = mapped_column(ForeignKey("case_decision.id"))
    item: Mapped[str]
    payer: Mapped[str]
    payee: Mapped[str]
    cycle: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(15, 2))
    period_from: Mapped[date]
    period_to: Mapped[date | None]
    state: Mapped[str] = mapped_column(server_default=text("'ready'"))
    at: Mapped[datetime] = mapped_column(Instant)


class PayableEvent(Base):
    """Why a payable was frozen, resumed, stopped or superseded (条例 42 and others), and since when. Appended only."""

    __tablename__ = "payable_event"
    __table_args__ = (
        CheckConstraint("event IN ('freeze', 'resume', 'stop', 'supersede')", name="event"),
        CheckConstraint(f"ground IN {GROUNDS}", name="ground"),
        Index("ix_payable_event_payable_id", "payable_id"),
    )

    id: Mapped[int] = big_id()
    payable_id: Mapped[int] = mapped_column(ForeignKey("payable.id"))
    event: Mapped[str]
    ground: Mapped[str]
    effective_on: Mapped[date]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("case_decision.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
