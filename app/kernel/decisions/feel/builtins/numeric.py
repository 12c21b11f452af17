"""Numeric functions (10.3.4.5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.numbers import CONTEXT, ZERO, calculated, rounded, whole
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import DaysTime, YearsMonths


def _rounding(mode: str) -> Callable[[Runtime, Decimal, Decimal | None], Decimal | None]:
    def compute(run: Runtime, number: Decimal, scale: Decimal | None = None) -> Decimal | None:
        return rounded(run, number, scale if scale is not None else ZERO, mode)

    return compute


def absolute(_run: Runtime, value: Decimal | YearsMonths | DaysTime) -> Decimal | YearsMonths | DaysTime:
    if isinstance(value, YearsMonths):
        return YearsMonths(abs(value.months))
    return DaysTime(abs(value.nanos)) if isinstance(value, DaysTime) else CONTEXT.abs(value)


def modulo(run: Runtime, dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """dividend - divisor * floor(dividend / divisor): the sign of the divisor."""

    def compute() -> Decimal:
        rest = CONTEXT.remainder(dividend, divisor)
        return CONTEXT.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest

    return calculated(run, compute)


def square_root(run: Runtime, number: Decimal) -> Decimal | None:
    return calculated(run, lambda: CONTEXT.sqrt(number))


def logarithm(run: Runtime, number: Decimal) -> Decimal | None:
    if number <= 0:
        return run.fail("no-number", "非正数没有对数", "there is no logarithm of such a number")
    return calculated(run, lambda: CONTEXT.ln(number))


def exponential(run: Runtime, number: Decimal) -> Decimal | None:
    return calculated(run, lambda: CONTEXT.exp(number))


def _parity(rest: int) -> Callable[[Runtime, Decimal], bool | None]:
    def compute(run: Runtime, number: Decimal) -> bool | None:
        if number != number.to_integral_value():
            return False
        value = whole(number)
        if value is None:  # so many digits that the last written one is a ten or more
            return rest == 0 if number.as_tuple().exponent else int(number) % 2 == rest
        return value % 2 == rest

    return compute


_SCALED: Final = "n:number, scale:number"

FUNCTIONS: Final = library(
    {
        "decimal": [(_SCALED, _rounding("half even"))],
        "floor": [("n:number, scale:number?", _rounding("floor"))],
        "ceiling": [("n:number, scale:number?", _rounding("ceiling"))],
        "round up": [(_SCALED, _rounding("up"))],
        "round down": [(_SCALED, _rounding("down"))],
        "round half up": [(_SCALED, _rounding("half up"))],
        "round half down": [(_SCALED, _rounding("half down"))],
        "abs": [("n:number|years and months duration|days and time duration", absolute)],
        "modulo": [("dividend:number, divisor:number", modulo)],
        "sqrt": [("number:number", square_root)],
        "log": [("number:number", logarithm)],
        "exp": [("number:number", exponential)],
        "odd": [("number:number", _parity(1))],
        "even": [("number:number", _parity(0))],
    }
)
