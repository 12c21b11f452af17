"""The one border between values of FEEL and of the caller: dates, instants and numbers change here and nowhere else.

Inwards an instant of Python becomes a date and time in Asia/Shanghai, so that `date(x)` is the day people there
write; one without a zone is meant there. Outwards everything is native to JSON, moments and durations as ISO 8601.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.decisions.feel.calendar import NANOS
from app.kernel.decisions.feel.limits import DEEPEST_DATA
from app.kernel.decisions.feel.numbers import CONTEXT
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths, Zone
from app.kernel.decisions.feel.temporal_text import (
    format_date,
    format_datetime,
    format_days_time,
    format_time,
    format_years_months,
)
from app.kernel.decisions.feel.values import KINDS, Value
from app.kernel.local_time import LOCAL_ZONE

_SCALARS: Final = frozenset(KINDS) - {list, dict}
_WIDEST: Final = 2**63


def from_host(run: Runtime, value: object, depth: int = 0) -> Value:
    """A value of FEEL for a value of the caller; what FEEL doesn't have is null with a diagnostic."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth > DEEPEST_DATA:
        return run.fail("too-deep", "数据嵌套过深", "data nested too deeply")
    if isinstance(value, bool | int | float | Decimal):
        return _number(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        run.charge(1 + len(value))
        return {str(key): from_host(run, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        run.charge(1 + len(value))
        return [from_host(run, item, depth + 1) for item in value]
    return _temporal(run, value)


def _number(value: int | float | Decimal) -> Decimal | None:
    try:
        number = CONTEXT.create_decimal(repr(value) if isinstance(value, float) else value)
    except (ArithmeticError, InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def _temporal(run: Runtime, value: object) -> Value:
    if isinstance(value, datetime):
        local = value.astimezone(LOCAL_ZONE) if value.tzinfo else value.replace(tzinfo=LOCAL_ZONE)
        return DateTime(Date(local.year, local.month, local.day), _time(local.timetz()))
    if isinstance(value, date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, time):
        return _time(value)
    if isinstance(value, timedelta):
        return DaysTime((value.days * 86_400 + value.seconds) * NANOS + value.microseconds * 1000)
    return run.fail("foreign-value", "数据类型不受支持", f"a {type(value).__name__} is no value of FEEL")


def _time(value: time) -> Time:
    return Time(value.hour, value.minute, value.second, value.microsecond * 1000, _zone(value.tzinfo))


def _zone(zone: tzinfo | None) -> Zone:
    if zone is None:
        return None
    if isinstance(zone, ZoneInfo):
        return zone.key
    offset = zone.utcoffset(None)
    return int(offset.total_seconds()) if offset is not None else None


def to_host(value: Value) -> object:
    """A value as case data keeps it: None, bool, int, Decimal, str, list or dict; ranges and functions as they are."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() and abs(value) < _WIDEST else value
        case Date():
            return format_date(value)
        case Time():
            return format_time(Time(value.hour, value.minute, value.second, value.nanos, value.offset))
        case DateTime():
            time = value.time
            return format_datetime(
                DateTime(value.date, Time(time.hour, time.minute, time.second, time.nanos, value.offset))
            )
        case YearsMonths():
            return format_years_months(value)
        case DaysTime():
            return format_days_time(value)
        case list():
            return [to_host(item) for item in value]
        case dict():
            return {key: to_host(item) for key, item in value.items()}
    return value
