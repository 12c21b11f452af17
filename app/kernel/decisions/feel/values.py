"""The semantic domain (10.3.2.3): which Python values are values of FEEL, and how the caller's become such.

null None · boolean bool · number Decimal · string str · date, time, date and time, durations (`temporal.py`) ·
range Range · list list · context dict · function Function. Values are never changed once made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.kernel.decisions.feel.calendar import NANOS
from app.kernel.decisions.feel.numbers import CONTEXT
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths, Zone

Value = Any
"""A value of the semantic domain."""

DEEPEST: Final = 40


@dataclass(frozen=True, slots=True)
class Range:
    """An interval (10.3.2.7); of `(< 10)` and its like `unary` is the operator and one endpoint is undefined."""

    low: Value
    high: Value
    low_closed: bool
    high_closed: bool
    unary: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter; `conform` coerces an argument to the declared type (null where it can't)."""

    name: str
    type: Any = None
    conform: Callable[[Runtime, Value], Value] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value (10.3.2.8); `invoke` takes one argument for each parameter."""

    name: str
    parameters: tuple[Parameter, ...]
    invoke: Callable[[Runtime, Sequence[Value]], Value] = field(repr=False)
    result: Any = None


class Overloads:
    """A function of the library; `find` says which of its forms a call means. See `builtins/signatures.py`."""

    __slots__ = ("forms", "name")

    def __init__(self, name: str, forms: tuple[Any, ...]) -> None:
        self.name = name
        self.forms = forms


KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    Decimal: "number",
    str: "string",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    YearsMonths: "years and months duration",
    DaysTime: "days and time duration",
    Range: "range",
    list: "list",
    dict: "context",
    Function: "function",
    Overloads: "function",
}


def kind_of(value: Value) -> str:
    """The name of the value's type, without parameters."""
    return KINDS.get(type(value), "unknown")


_SCALARS: Final = frozenset(KINDS) - {list, dict}


def from_host(run: Runtime, value: object, depth: int = 0) -> Value:
    """A value of FEEL for a value of the caller; what FEEL doesn't have is null with a diagnostic."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth > DEEPEST:
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
        return DateTime(Date(value.year, value.month, value.day), _time(value.timetz()))
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
