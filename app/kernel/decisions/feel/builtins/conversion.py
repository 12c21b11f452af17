"""Conversion functions (10.3.4.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.calendar import NANOS
from app.kernel.decisions.feel.numbers import CONTEXT, calculated, truncated
from app.kernel.decisions.feel.operators import years_months
from app.kernel.decisions.feel.runtime import Missing, Runtime
from app.kernel.decisions.feel.temporal import (
    Date,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    Zone,
    make_date,
    make_time,
)
from app.kernel.decisions.feel.temporal_text import parse_date, parse_datetime, parse_duration, parse_time
from app.kernel.decisions.feel.text import text_of

_PLAIN: Final = frozenset("0123456789.+-eE")


def to_date(run: Runtime, value: str | Date | DateTime) -> Date | None:
    if isinstance(value, DateTime):
        return value.date
    date = parse_date(value) if isinstance(value, str) else value
    return date if date is not None else _no_moment(run)


def date_from_parts(run: Runtime, year: Decimal, month: Decimal, day: Decimal) -> Date | None:
    parts = [truncated(part) for part in (year, month, day)]
    date = make_date(*parts) if None not in parts else None  # type: ignore[arg-type]
    return date if date is not None else _no_moment(run)


def to_time(run: Runtime, value: str | Date | Time | DateTime) -> Time | None:
    """Of a date it is midnight at UTC."""
    if isinstance(value, Date):
        return Time(0, 0, 0, 0, 0)
    if isinstance(value, DateTime):
        return value.time
    time = parse_time(value) if isinstance(value, str) else value
    return time if time is not None else _no_moment(run)


def time_from_parts(
    run: Runtime, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTime | None
) -> Time | None:
    return _time(run, hour, minute, second, _zone_of(offset))


def _zone_of(offset: DaysTime | str | None) -> Zone:
    return offset.nanos // NANOS if isinstance(offset, DaysTime) else offset


def _time(run: Runtime, hour: Decimal, minute: Decimal, second: Decimal, zone: Zone) -> Time | None:
    nanos = calculated(run, lambda: CONTEXT.multiply(second, Decimal(NANOS)))
    parts = [
        truncated(hour),
        truncated(minute),
        int(nanos) if nanos is not None and nanos < 60 * NANOS else None,
    ]
    if parts[0] is None or parts[1] is None or parts[2] is None or parts[2] < 0:
        return _no_moment(run)
    time = make_time(parts[0], parts[1], parts[2] // NANOS, parts[2] % NANOS, zone)
    return time if time is not None else _no_moment(run)


def to_datetime(run: Runtime, value: str | Date | DateTime) -> DateTime | None:
    if isinstance(value, Date):
        return DateTime(value, Time(0, 0, 0))
    moment = parse_datetime(value) if isinstance(value, str) else value
    return moment if moment is not None else _no_moment(run)


def datetime_from_date(_run: Runtime, date: Date | DateTime, time: Time) -> DateTime:
    return DateTime(date.date if isinstance(date, DateTime) else date, time)


def datetime_from_parts(
    run: Runtime,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    zone: DaysTime | str | None,
) -> DateTime | None:
    date = date_from_parts(run, year, month, day)
    time = _time(run, hour, minute, second, _zone_of(zone))
    return DateTime(date, time) if date is not None and time is not None else None


def to_duration(run: Runtime, text: str) -> DaysTime | YearsMonths | None:
    duration = parse_duration(text)
    return duration if duration is not None else _no_moment(run)


def months_between(run: Runtime, start: Date | DateTime, end: Date | DateTime) -> YearsMonths | None:
    """Whole months from one day to another, towards zero."""
    first = start.date if isinstance(start, DateTime) else start
    last = end.date if isinstance(end, DateTime) else end
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        months -= 1
    elif months < 0 and last.day > first.day:
        months += 1
    return years_months(run, months)


def to_number(
    run: Runtime, text: str, grouping: str | None = None, point: str | None = None
) -> Decimal | None:
    """Grouping by a blank, comma or full stop; the decimal separator is a full stop or comma, never the same."""
    if (
        grouping not in (None, " ", ",", ".")
        or point not in (None, ",", ".")
        or (grouping and grouping == point)
    ):
        return run.fail("invalid-separator", "分隔符无效", "invalid separator")
    plain = text.replace(grouping, "") if grouping else text
    plain = plain.replace(point, ".") if point else plain
    if not plain or not set(plain) <= _PLAIN:
        return run.fail("not-a-number", "文本不是数字", "the text is no number")
    return calculated(run, lambda: CONTEXT.create_decimal(plain))


def _no_moment(run: Runtime) -> Missing | None:
    return run.fail("invalid-moment", "没有这样的日期、时间或时长", "there is no such date, time or duration")


FUNCTIONS: Final = library(
    {
        "date": [
            ("from:string|date|date and time", to_date),
            ("year:number, month:number, day:number", date_from_parts),
        ],
        "time": [
            ("from:string|time|date and time|date", to_time),
            ("hour:number, minute:number, second:number, offset:days and time duration??", time_from_parts),
        ],
        "date and time": [
            ("from:string|date and time|date", to_datetime),
            ("date:date|date and time, time:time", datetime_from_date),
            (
                "year:number, month:number, day:number, hour:number, minute:number, second:number, "
                "offset:days and time duration??",
                datetime_from_parts,
            ),
            (
                "year:number, month:number, day:number, hour:number, minute:number, second:number, timezone:string",
                datetime_from_parts,
            ),
        ],
        "duration": [("from:string", to_duration)],
        "years and months duration": [("from:date|date and time, to:date|date and time", months_between)],
        "number": [
            ("from:string, grouping separator:string??, decimal separator:string??", to_number),
        ],
        "string": [("from:any", text_of)],
    }
)
