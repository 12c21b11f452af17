"""Values of facts: as the contract's type for FEEL, and as they are kept with a hit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any


def to_contract(fact_type: str, value: Any) -> Any:
    """A stored value as the contract's type; None for nothing and for what isn't of the type.

    A time given for a date is its day, a date given for a time its midnight.
    """
    if value is None or value == "":
        return None
    return _CONVERTERS[fact_type](value)


def to_kept(value: Any) -> Any:
    """JSON for a value: days and times in ISO 8601, whole numbers as such, other decimals as texts."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, float):
        return to_kept(Decimal(repr(value)))
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_kept(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_kept(item) for item in value]
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _datetime(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 local time, as facts are kept
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _list(value: Any) -> list[Any] | None:
    return list(value) if isinstance(value, list | tuple) else None


def _context(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


_CONVERTERS = {
    "text": _text,
    "boolean": _boolean,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "list": _list,
    "context": _context,
}
