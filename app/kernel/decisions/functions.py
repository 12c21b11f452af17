"""The fixed table of functions an expression may call. All are total: nonsense gives null."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.decisions.values import equal, negation

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Function:
    """`call` takes exactly `arguments` values of the language and returns one, never raising."""

    arguments: int
    call: Callable[..., object]


def count(items: object) -> object:
    return Decimal(len(items)) if isinstance(items, list) else None


def contains(whole: object, part: object) -> object:
    """Whether a list has an element, or a string a part."""
    if isinstance(whole, list):
        return any(equal(item, part) is True for item in whole)
    return part in whole if isinstance(whole, str) and isinstance(part, str) else None


def to_date(value: object) -> object:
    """The day of an ISO date string or of an instant (in Asia/Shanghai)."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return day_of(value)


def day_of(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).date() if value.tzinfo is not None else value.date()
    return value if isinstance(value, date) else None


def days_between(start: object, end: object) -> object:
    """Whole days from `start` to `end`, negative when `end` is earlier."""
    first, last = day_of(start), day_of(end)
    return Decimal((last - first).days) if first is not None and last is not None else None


def lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else None


def string_length(value: object) -> object:
    return Decimal(len(value)) if isinstance(value, str) else None


FUNCTIONS: Final[dict[str, Function]] = {
    "not": Function(1, negation),
    "count": Function(1, count),
    "contains": Function(2, contains),
    "date": Function(1, to_date),
    "days_between": Function(2, days_between),
    "lower_case": Function(1, lower_case),
    "string_length": Function(1, string_length),
}
