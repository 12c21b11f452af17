"""The semantic domain (10.3.2.3): which Python values are values of FEEL; the caller's become such in `hosting.py`.

null None · boolean bool · number Decimal · string str · date, time, date and time, durations (`temporal.py`) ·
range Range · list list · context dict · function Function. Values are never changed once made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths

Value = Any
"""A value of the semantic domain."""


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
