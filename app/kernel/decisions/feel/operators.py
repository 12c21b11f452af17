"""Arithmetic over numbers, texts, dates and durations (10.3.2.13.2, tables 45 to 49). What isn't defined is null."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.feel.numbers import CONTEXT, calculated
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import (
    DAY_NANOS,
    LARGEST_MONTHS,
    LARGEST_NANOS,
    Date,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    add_months,
    date_of,
    midnight_utc,
    shift,
    time_of,
)
from app.kernel.decisions.feel.values import Value, kind_of

Operation = Callable[[Runtime, Any, Any], Value]


def years_months(run: Runtime, months: int) -> YearsMonths | None:
    if abs(months) > LARGEST_MONTHS:
        return run.fail("out-of-range", "时长超出范围", "the duration is out of range")
    return YearsMonths(months)


def days_time(run: Runtime, nanos: int) -> DaysTime | None:
    if abs(nanos) > LARGEST_NANOS:
        return run.fail("out-of-range", "时长超出范围", "the duration is out of range")
    return DaysTime(nanos)


def _joined(run: Runtime, left: str, right: str) -> str | None:
    return left + right if run.fits_text(len(left) + len(right)) else None


def _later_date(_run: Runtime, date: Date, duration: DaysTime) -> Date | None:
    """The day reached from midnight; what isn't a whole day is dropped towards the past."""
    return date_of((date.days * DAY_NANOS + duration.nanos) // DAY_NANOS)


def _later_month(_run: Runtime, date: Date, duration: YearsMonths) -> Date | None:
    return add_months(date, duration.months)


def _later_instant(_run: Runtime, moment: DateTime, duration: DaysTime) -> DateTime | None:
    return shift(moment, duration.nanos)


def _later_instant_month(_run: Runtime, moment: DateTime, duration: YearsMonths) -> DateTime | None:
    date = add_months(moment.date, duration.months)
    return DateTime(date, moment.time) if date is not None else None


def _later_time(_run: Runtime, time: Time, duration: DaysTime) -> Time:
    return time_of((time.local + duration.nanos) % DAY_NANOS, time.zone)


def _between(run: Runtime, left: Time | DateTime, right: Time | DateTime) -> DaysTime | None:
    if (left.offset is None) != (right.offset is None):
        return run.fail("not-comparable", "一方有时区而另一方没有", "one has a time zone, the other hasn't")
    return days_time(run, left.instant - right.instant)


def _swapped(operation: Operation) -> Operation:
    return lambda run, left, right: operation(run, right, left)


def _backwards(operation: Operation, negative: Callable[[Any], Any]) -> Operation:
    return lambda run, left, right: operation(run, left, negative(right))


def _less_months(duration: YearsMonths) -> YearsMonths:
    return YearsMonths(-duration.months)


def _less_nanos(duration: DaysTime) -> DaysTime:
    return DaysTime(-duration.nanos)


def _scaled_months(run: Runtime, duration: YearsMonths, factor: Decimal) -> YearsMonths | None:
    months = calculated(run, lambda: CONTEXT.multiply(Decimal(duration.months), factor))
    return years_months(run, int(months)) if months is not None and months.adjusted() < 20 else None


def _scaled_nanos(run: Runtime, duration: DaysTime, factor: Decimal) -> DaysTime | None:
    nanos = calculated(run, lambda: CONTEXT.multiply(Decimal(duration.nanos), factor))
    return days_time(run, int(nanos)) if nanos is not None and nanos.adjusted() < 34 else None


def _divided_months(run: Runtime, duration: YearsMonths, divisor: Decimal) -> YearsMonths | None:
    months = calculated(run, lambda: CONTEXT.divide(Decimal(duration.months), divisor))
    return years_months(run, int(months)) if months is not None and months.adjusted() < 20 else None


def _divided_nanos(run: Runtime, duration: DaysTime, divisor: Decimal) -> DaysTime | None:
    nanos = calculated(run, lambda: CONTEXT.divide(Decimal(duration.nanos), divisor))
    return days_time(run, int(nanos)) if nanos is not None and nanos.adjusted() < 34 else None


_ADD: Final[dict[tuple[type, type], Operation]] = {
    (Decimal, Decimal): lambda run, a, b: calculated(run, lambda: CONTEXT.add(a, b)),
    (str, str): _joined,
    (YearsMonths, YearsMonths): lambda run, a, b: years_months(run, a.months + b.months),
    (DaysTime, DaysTime): lambda run, a, b: days_time(run, a.nanos + b.nanos),
    (Date, DaysTime): _later_date,
    (DaysTime, Date): _swapped(_later_date),
    (Date, YearsMonths): _later_month,
    (YearsMonths, Date): _swapped(_later_month),
    (DateTime, DaysTime): _later_instant,
    (DaysTime, DateTime): _swapped(_later_instant),
    (DateTime, YearsMonths): _later_instant_month,
    (YearsMonths, DateTime): _swapped(_later_instant_month),
    (Time, DaysTime): _later_time,
    (DaysTime, Time): _swapped(_later_time),
}
_SUBTRACT: Final[dict[tuple[type, type], Operation]] = {
    (Decimal, Decimal): lambda run, a, b: calculated(run, lambda: CONTEXT.subtract(a, b)),
    (YearsMonths, YearsMonths): lambda run, a, b: years_months(run, a.months - b.months),
    (DaysTime, DaysTime): lambda run, a, b: days_time(run, a.nanos - b.nanos),
    (Date, DaysTime): _backwards(_later_date, _less_nanos),
    (Date, YearsMonths): _backwards(_later_month, _less_months),
    (DateTime, DaysTime): _backwards(_later_instant, _less_nanos),
    (DateTime, YearsMonths): _backwards(_later_instant_month, _less_months),
    (Time, DaysTime): _backwards(_later_time, _less_nanos),
    (Time, Time): _between,
    (DateTime, DateTime): _between,
    (Date, Date): lambda run, a, b: days_time(run, (a.days - b.days) * DAY_NANOS),
    (Date, DateTime): lambda run, a, b: _between(run, midnight_utc(a), b),
    (DateTime, Date): lambda run, a, b: _between(run, a, midnight_utc(b)),
}
_MULTIPLY: Final[dict[tuple[type, type], Operation]] = {
    (Decimal, Decimal): lambda run, a, b: calculated(run, lambda: CONTEXT.multiply(a, b)),
    (YearsMonths, Decimal): _scaled_months,
    (Decimal, YearsMonths): _swapped(_scaled_months),
    (DaysTime, Decimal): _scaled_nanos,
    (Decimal, DaysTime): _swapped(_scaled_nanos),
}
_DIVIDE: Final[dict[tuple[type, type], Operation]] = {
    (Decimal, Decimal): lambda run, a, b: calculated(run, lambda: CONTEXT.divide(a, b)),
    (YearsMonths, Decimal): _divided_months,
    (DaysTime, Decimal): _divided_nanos,
    (YearsMonths, YearsMonths): lambda run, a, b: calculated(
        run, lambda: CONTEXT.divide(Decimal(a.months), Decimal(b.months))
    ),
    (DaysTime, DaysTime): lambda run, a, b: calculated(
        run, lambda: CONTEXT.divide(CONTEXT.create_decimal(a.nanos), CONTEXT.create_decimal(b.nanos))
    ),
}
_POWER: Final[dict[tuple[type, type], Operation]] = {
    (Decimal, Decimal): lambda run, a, b: calculated(run, lambda: CONTEXT.power(a, b)),
}


def _operation(sign: str, table: dict[tuple[type, type], Operation]) -> Operation:
    def operate(run: Runtime, left: Value, right: Value) -> Value:
        operation = table.get((type(left), type(right)))
        if operation is None:
            return run.fail(
                "undefined-operation",
                f"“{sign}”不适用于这些值",
                f"{kind_of(left)} {sign} {kind_of(right)} is not defined",
            )
        return operation(run, left, right)

    return operate


OPERATIONS: Final[dict[str, Operation]] = {
    "+": _operation("+", _ADD),
    "-": _operation("-", _SUBTRACT),
    "*": _operation("*", _MULTIPLY),
    "/": _operation("/", _DIVIDE),
    "**": _operation("**", _POWER),
}


_YM, _DT = "years and months duration", "days and time duration"
_MOMENTS: Final = {
    (left, right): left
    for left in ("date", "date and time")
    for right in (_YM, _DT)
} | {("time", _DT): "time"}  # fmt: skip

DEFINED: Final[dict[str, dict[tuple[str, str], str]]] = {
    "+": {("number", "number"): "number", ("string", "string"): "string", (_YM, _YM): _YM, (_DT, _DT): _DT}
    | _MOMENTS
    | {(right, left): kind for (left, right), kind in _MOMENTS.items()},
    "-": {("number", "number"): "number", (_YM, _YM): _YM, (_DT, _DT): _DT, ("time", "time"): _DT}
    | _MOMENTS
    | {(one, other): _DT for one in ("date", "date and time") for other in ("date", "date and time")},
    "*": {("number", "number"): "number", (_YM, "number"): _YM, (_DT, "number"): _DT}
    | {("number", _YM): _YM, ("number", _DT): _DT},
    "/": {("number", "number"): "number", (_YM, "number"): _YM, (_DT, "number"): _DT}
    | {(_YM, _YM): "number", (_DT, _DT): "number"},
    "**": {("number", "number"): "number"},
}
"""The same tables by the names of types, for checks before anything is evaluated."""


def negative(run: Runtime, value: Value) -> Value:
    """`-value` for numbers and durations (table 50)."""
    if isinstance(value, Decimal):
        return CONTEXT.minus(value)
    if isinstance(value, YearsMonths):
        return _less_months(value)
    if isinstance(value, DaysTime):
        return _less_nanos(value)
    return run.fail("undefined-operation", "负号不适用于此值", f"- {kind_of(value)} is not defined")
