"""Properties of values behind a dot (10.3.2.13.5, table 65)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.feel.calendar import NANOS
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths, weekday
from app.kernel.decisions.feel.values import Range, Value, kind_of


def _whole(part: int) -> Decimal:
    return Decimal(part)


def _offset(moment: Time | DateTime) -> DaysTime | None:
    offset = moment.offset
    return DaysTime(offset * NANOS) if offset is not None else None


def _zone(time: Time) -> str | None:
    return time.zone if isinstance(time.zone, str) else None


def _signed(value: int, unit: int, wrap: int | None = None) -> Decimal:
    """A component of a duration, with the sign of the duration."""
    whole = abs(value) // unit
    part = whole % wrap if wrap is not None else whole
    return Decimal(-part if value < 0 else part)


def _of_date(read: Callable[[Any], Value]) -> Callable[[DateTime], Value]:
    return lambda moment: read(moment.date)


def _of_time(read: Callable[[Any], Value]) -> Callable[[DateTime], Value]:
    return lambda moment: read(moment.time)


_DATE: Final[dict[str, Callable[[Any], Value]]] = {
    "year": lambda date: _whole(date.year),
    "month": lambda date: _whole(date.month),
    "day": lambda date: _whole(date.day),
    "weekday": lambda date: _whole(weekday(date)),
}
_TIME: Final[dict[str, Callable[[Any], Value]]] = {
    "hour": lambda time: _whole(time.hour),
    "minute": lambda time: _whole(time.minute),
    "second": lambda time: _whole(time.second),
    "time offset": _offset,
    "timezone": _zone,
}
_PROPERTIES: Final[dict[type, dict[str, Callable[[Any], Value]]]] = {
    Date: _DATE,
    Time: _TIME,
    DateTime: {
        **{name: _of_date(read) for name, read in _DATE.items()},
        **{name: _of_time(read) for name, read in _TIME.items()},
        "time offset": _offset,
    },
    YearsMonths: {
        "years": lambda duration: _signed(duration.months, 12),
        "months": lambda duration: _signed(duration.months, 1, 12),
    },
    DaysTime: {
        "days": lambda duration: _signed(duration.nanos, 86_400 * NANOS),
        "hours": lambda duration: _signed(duration.nanos, 3_600 * NANOS, 24),
        "minutes": lambda duration: _signed(duration.nanos, 60 * NANOS, 60),
        "seconds": lambda duration: _signed(duration.nanos, NANOS, 60),
    },
    Range: {
        "start": lambda interval: interval.low,
        "end": lambda interval: interval.high,
        "start included": lambda interval: interval.low_closed,
        "end included": lambda interval: interval.high_closed,
    },
}


def member(run: Runtime, source: Value, name: str, position: int) -> Value:
    """`source.name`; of a list the members of its items. Null, with a diagnostic, where there is none."""
    kind = type(source)
    if kind is dict:
        if name in source:
            return source[name]
    elif kind is list:
        run.charge(1 + len(source))
        return [member(run, item, name, position) for item in source]
    else:
        read = _PROPERTIES.get(kind, {}).get(name)
        if read is not None:
            return read(source)
    return run.fail("no-member", f"没有成员“{name}”", f"a {kind_of(source)} has no member {name!r}", position)
