"""Statutory clocks: what a period is and how its last day is reckoned.

Pure functions over values. A day is a day in Asia/Shanghai. The day of the start event is not
counted (民法典 201); a period that ends on a rest day ends on the next working day (民法典 203);
months and years end on the corresponding day, or the last day of the month (民法典 202). While a
clock is suspended no day is counted: the remaining days are kept. The day of suspension is the
last counted one, counting goes on the day after the day of resumption. An `open` clock has no end.
"""

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal, Self

from app.kernel.deadlines.calendar import (
    ONE_DAY,
    RestDay,
    WorkingCalendar,
)
from app.kernel.deadlines.counting import Days, EveryDay, nth_day, without
from app.kernel.local_time import start_of_day

Unit = Literal["days", "working_days", "months", "years", "open"]

WARNING_SHARE = Fraction(4, 5)  # RSK-28: warn when 80 % is used
_LONGEST_COUNTED_SPAN = 800  # days; beyond it the working days left tell nobody anything


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """One statutory period as `process.toml` declares it.

    `extendable` is the greatest total extension the law allows, in the clock's own unit. An `informational` one only
    tells a date (a party's right, a retention): nobody is warned of it and nothing is late. An officer may leave days
    out of an `excludable` one (法释9 7) and shift a `shiftable` one.
    """

    kind: str
    title_zh: str
    title_en: str
    length: int
    unit: Unit
    ground_zh: str
    ground_en: str
    binding: bool
    main: bool
    source: str
    extendable: int = 0
    informational: bool = False
    excludable: bool = False
    shiftable: bool = False

    @classmethod
    def from_toml(cls, kind: str, table: Mapping[str, Any]) -> Self:
        """The period `[clock.<kind>]` of a `process.toml`. Raise KeyError on a malformed one."""
        return cls(
            kind=kind,
            title_zh=table["title_zh"],
            title_en=table["title_en"],
            length=table["length"],
            unit=table["unit"],
            ground_zh=table["ground_zh"],
            ground_en=table["ground_en"],
            binding=table["binding"],
            main=table.get("main", False),
            source=table["source"],
            extendable=table.get("extendable", 0),
            informational=table.get("informational", False),
            excludable=table.get("excludable", False),
            shiftable=table.get("shiftable", False),
        )


@dataclass(frozen=True, slots=True)
class Pause:
    """Days without counting: after `paused_on` up to and including `resumed_on`. `excluded`: days that nobody can be
    blamed for, left out afterwards, and no suspension."""

    paused_on: date
    resumed_on: date | None = None
    ground: str = ""
    excluded: bool = False

    @property
    def days(self) -> int | None:
        """Natural days of the suspension; None while it lasts."""
        return None if self.resumed_on is None else (self.resumed_on - self.paused_on).days

    def overlaps(self, other: "Pause") -> bool:
        """Whether some day is left out by both; a suspension that lasts has no end."""
        far = date.max
        return self.paused_on < (other.resumed_on or far) and other.paused_on < (self.resumed_on or far)

    def covers(self, day: date) -> bool:
        """Whether `day` is not counted because of this suspension."""
        return self.paused_on < day and (self.resumed_on is None or day <= self.resumed_on)


@dataclass(frozen=True, slots=True)
class DueDate:
    """How a last day came about; the face makes the page's sentences from it.

    `raw_end` is the end without suspension, `counted_end` with it, `due_on` after the shift off
    a rest day (`shifted_because`). The last two are None while the clock is suspended; an open
    clock has none of the three.
    """

    started_on: date
    first_day: date
    total: int
    raw_end: date | None
    suspended_days: int
    counted_end: date | None
    shifted_because: RestDay | None
    due_on: date | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is used and left today. `natural_days` and `working_days` run to the last day and are
    negative after it; both are None while suspended. `total`, `used` and `left` count days of the
    period (natural days for months and years); `working_days` is None for very long spans."""

    total: int
    used: int
    left: int
    natural_days: int | None
    working_days: int | None


def due_on(
    spec: ClockSpec,
    started_on: date,
    suspensions: tuple[Pause, ...],
    calendar: WorkingCalendar,
    added: int = 0,
) -> DueDate:
    """Reckon the last day of a period. `added` is extension plus shift, in the clock's unit."""
    first_day = started_on + ONE_DAY
    suspended = sum(pause.days or 0 for pause in suspensions)
    if spec.unit == "open":
        return DueDate(started_on, first_day, 0, None, suspended, None, None, None, False)
    raw_end = _raw_end(spec, started_on, added, calendar)
    total = _total(spec, started_on, raw_end, added)
    counted_end = _counted_end(started_on, total, suspensions, _days_of(spec, suspensions, calendar))
    shifted = None if counted_end is None else calendar.shift_off_holiday(counted_end)
    return DueDate(
        started_on=started_on,
        first_day=first_day,
        total=total,
        raw_end=raw_end,
        suspended_days=suspended,
        counted_end=counted_end,
        shifted_because=None if counted_end is None else calendar.rest_day(counted_end),
        due_on=shifted,
        provisional=_provisional(spec, started_on, shifted or raw_end, calendar),
    )


def warn_on(
    spec: ClockSpec,
    started_on: date,
    suspensions: tuple[Pause, ...],
    calendar: WorkingCalendar,
    added: int = 0,
) -> datetime | None:
    """The instant (Asia/Shanghai) when 80 % of the counted days are used; None when the clock is
    open or suspended before that."""
    if spec.unit == "open":
        return None
    days = _days_of(spec, suspensions, calendar)
    total = _total(spec, started_on, _raw_end(spec, started_on, added, calendar), added)
    used = total * WARNING_SHARE
    whole = used.numerator // used.denominator
    last_whole = _counted_end(started_on, whole, suspensions, days)
    if last_whole is None:
        return None
    part = used - whole
    if not part:
        return end_of_day(last_whole)
    following = _counted_end(started_on, whole + 1, suspensions, days)
    if following is None:
        return None
    return end_of_day(following - ONE_DAY) + timedelta(days=float(part))


def breach_on(due: DueDate) -> datetime | None:
    """The instant (Asia/Shanghai) at which the last day is over; None while suspended."""
    return None if due.due_on is None else end_of_day(due.due_on)


def used_days(
    spec: ClockSpec,
    started_on: date,
    suspensions: tuple[Pause, ...],
    calendar: WorkingCalendar,
    today: date,
) -> int:
    """Counted days in (started_on, today]."""
    return _days_of(spec, suspensions, calendar).between(started_on, today)


def remaining(
    spec: ClockSpec,
    started_on: date,
    suspensions: tuple[Pause, ...],
    calendar: WorkingCalendar,
    today: date,
    added: int = 0,
) -> Remaining:
    """What is used and left of a period at the end of `today`."""
    due = due_on(spec, started_on, suspensions, calendar, added)
    used = used_days(spec, started_on, suspensions, calendar, today)
    if due.due_on is None:
        return Remaining(due.total, used, due.total - used, None, None)
    natural = (due.due_on - today).days
    countable = abs(natural) <= _LONGEST_COUNTED_SPAN
    working = calendar.working_days_between(today, due.due_on) if countable else None
    return Remaining(due.total, used, due.total - used, natural, working)


def end_of_day(day: date) -> datetime:
    """24:00 of a day in Asia/Shanghai, as the first instant of the next one (民法典 203(2))."""
    return start_of_day(day + ONE_DAY)


def add_months(day: date, months: int) -> date:
    """The corresponding day `months` later, or the last day of that month (民法典 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = gregorian.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


_EVERY_DAY = EveryDay()


def _days_of(spec: ClockSpec, suspensions: tuple[Pause, ...], calendar: WorkingCalendar) -> Days:
    """The days that count for the clock, those of a suspension left out."""
    days = calendar.days if spec.unit == "working_days" else _EVERY_DAY
    return without(days, ((pause.paused_on, pause.resumed_on or date.max) for pause in suspensions))


def _raw_end(spec: ClockSpec, started_on: date, added: int, calendar: WorkingCalendar) -> date:
    length = spec.length + added
    if spec.unit == "working_days":
        return calendar.add_working_days(started_on, length)
    if spec.unit == "days":
        return started_on + ONE_DAY * length
    return add_months(started_on, length * (12 if spec.unit == "years" else 1))


def _total(spec: ClockSpec, started_on: date, raw_end: date, added: int) -> int:
    if spec.unit == "working_days":
        return spec.length + added
    return (raw_end - started_on).days


def _counted_end(started_on: date, count: int, suspensions: tuple[Pause, ...], days: Days) -> date | None:
    """The count-th counted day, or None when an open suspension comes first."""
    open_from = min((p.paused_on for p in suspensions if p.resumed_on is None), default=None)
    if open_from and count > days.between(started_on, open_from):
        return None
    return nth_day(days, started_on, count)


def _provisional(spec: ClockSpec, started_on: date, end: date, calendar: WorkingCalendar) -> bool:
    first = started_on.year if spec.unit == "working_days" else end.year
    return any(not calendar.is_published(year) for year in range(first, end.year + 1))
