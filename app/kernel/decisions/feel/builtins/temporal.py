"""Date and time functions (10.3.4.6 and 10.3.4.8): is, now, today, and the place of a day in week and year."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.calendar import days_from_civil
from app.kernel.decisions.feel.hosting import from_host
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, date_of, weekday
from app.kernel.decisions.feel.values import Function, Overloads, Value

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def is_same(run: Runtime, left: Value, right: Value) -> bool:
    """Identity (10.3.2.2): the same element of the semantic domain; zones written differently are different."""
    run.charge()
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(is_same(run, a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(is_same(run, left[key], right[key]) for key in left)
    return left is right if isinstance(left, Function | Overloads) else bool(left == right)


def _day(value: Date | DateTime) -> Date:
    return value.date if isinstance(value, DateTime) else value


def day_of_year(_run: Runtime, value: Date | DateTime) -> Decimal:
    date = _day(value)
    return Decimal(date.days - days_from_civil(date.year, 1, 1) + 1)


def day_of_week(_run: Runtime, value: Date | DateTime) -> str:
    return DAYS[weekday(_day(value)) - 1]


def month_of_year(_run: Runtime, value: Date | DateTime) -> str:
    return MONTHS[_day(value).month - 1]


def week_of_year(_run: Runtime, value: Date | DateTime) -> Decimal:
    """ISO 8601: the week of the year to which the Thursday of the week belongs."""
    date = _day(value)
    thursday = date_of(date.days - weekday(date) + 4) or date
    return Decimal((thursday.days - days_from_civil(thursday.year, 1, 1)) // 7 + 1)


def now(run: Runtime) -> DateTime | None:
    """The instant the operation was given; null when it was given none."""
    if run.now is None:
        return run.fail("no-clock", "求值时没有提供当前时间", "the evaluation was given no clock")
    moment = from_host(run, run.now)
    return moment if isinstance(moment, DateTime) else None


def today(run: Runtime) -> Date | None:
    moment = now(run)
    return moment.date if moment is not None else None


_DATE: Final = "date:date|date and time"

FUNCTIONS: Final = library(
    {
        "is": [("value1:any?, value2:any?", is_same)],
        "day of year": [(_DATE, day_of_year)],
        "day of week": [(_DATE, day_of_week)],
        "month of year": [(_DATE, month_of_year)],
        "week of year": [(_DATE, week_of_year)],
        "now": [("", now)],
        "today": [("", today)],
    }
)
