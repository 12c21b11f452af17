"""Tables of statutory clocks, their suspensions and the working calendar."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Clock(Base):
    """A statutory (binding) or promised clock of a case; `run` counts restarts of the same kind.

    `from_fact`: the fact whose day it counts from; `from_step`: the step of the process that started it.
    """

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "run"),
        CheckConstraint("state IN ('running', 'paused', 'stopped')", name="state"),
        CheckConstraint("unit IN ('days', 'working_days', 'months', 'years', 'open')", name="unit"),
        Index("ix_clock_paused", "case_id", postgresql_where=text("state = 'paused'")),
        Index(
            "ix_clock_running", "case_id", "due_on", postgresql_where=text("state = 'running' AND binding")
        ),
        Index(
            "ix_clock_warn_at", "warn_at", postgresql_where=text("state = 'running' AND warned_at IS NULL")
        ),
        Index(
            "ix_clock_breach_at",
            "breach_at",
            postgresql_where=text("state = 'running' AND breached_at IS NULL"),
        ),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str]
    run: Mapped[int] = mapped_column(server_default="1")
    title_zh: Mapped[str]
    title_en: Mapped[str]
    ground_zh: Mapped[str]
    ground_en: Mapped[str]
    length: Mapped[int]
    unit: Mapped[str]
    binding: Mapped[bool]
    main: Mapped[bool]
    informational: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Instant)
    started_on: Mapped[date]
    due_on: Mapped[date | None]
    provisional: Mapped[bool] = mapped_column(server_default=text("false"))
    extended_by: Mapped[int] = mapped_column(server_default="0")
    warn_at: Mapped[datetime | None] = mapped_column(Instant)
    breach_at: Mapped[datetime | None] = mapped_column(Instant)
    warned_at: Mapped[datetime | None] = mapped_column(Instant)
    breached_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    stop_reason: Mapped[str | None]
    from_fact: Mapped[str | None]
    from_step: Mapped[str | None]
    shifted_by: Mapped[int] = mapped_column(server_default="0")


class ClockSuspension(Base):
    """One pause of a clock with its legal ground; `ended_on` NULL while it lasts."""

    __tablename__ = "clock_suspension"
    __table_args__ = (
        Index("uq_clock_suspension_open", "clock_id", unique=True, postgresql_where=text("ended_on IS NULL")),
    )

    id: Mapped[int] = big_id()
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"))
    reason: Mapped[str]
    ground: Mapped[str]
    began_on: Mapped[date]
    ended_on: Mapped[date | None]


class CalendarDay(Base):
    """An override of the working calendar: a holiday or a make-up workday, with its source."""

    __tablename__ = "calendar_day"
    __table_args__ = (CheckConstraint("kind IN ('workday', 'holiday')", name="kind"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]


class CalendarYear(Base):
    """A year whose holiday arrangement is published; dates of other years are provisional."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
