"""Numbers (10.3.2.3.1): IEEE 754 decimal128, 34 digits, half even. No NaN, no infinity: those are null."""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Final

from app.kernel.decisions.feel.runtime import Runtime

CONTEXT: Final = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emax=6144,
    Emin=-6143,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""Only ever used through its methods, which leave nothing behind that another thread would see but flags."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
SMALLEST_SCALE: Final = -6111
LARGEST_SCALE: Final = 6176

ROUNDINGS: Final = {
    "up": ROUND_UP,
    "down": ROUND_DOWN,
    "half up": ROUND_HALF_UP,
    "half down": ROUND_HALF_DOWN,
    "half even": ROUND_HALF_EVEN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
}


def calculated(run: Runtime, compute: Callable[[], Decimal]) -> Decimal | None:
    """What `compute` gives, or null where there is no finite number."""
    try:
        number = compute()
    except ArithmeticError:
        return run.fail(
            "no-number", "运算没有数值结果（如除以零）", "the calculation has no number (division by zero, …)"
        )
    return number if number.is_finite() else None


def rounded(run: Runtime, number: Decimal, scale: Decimal, mode: str) -> Decimal | None:
    """`number` with `scale` digits behind the point (10.3.4.5); null for a scale that isn't one."""
    digits = whole(scale)
    if digits is None or not SMALLEST_SCALE <= digits <= LARGEST_SCALE:
        run.fail("invalid-scale", "小数位数无效", "no such scale")
        return None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= digits:
        return number  # nothing behind the last digit asked for
    wide = Context(prec=12_400, Emax=20_000, Emin=-20_000, traps=[InvalidOperation])
    rough = number.quantize(Decimal((0, (1,), -digits)), rounding=ROUNDINGS[mode], context=wide)
    return calculated(run, lambda: CONTEXT.plus(rough))


def whole(number: Decimal) -> int | None:
    """The number as an integer, or None when it isn't one (or too large to count with)."""
    if number != number.to_integral_value() or number.adjusted() > 12:
        return None
    return int(number)


def truncated(number: Decimal) -> int | None:
    """The number without what stands behind the point, or None when it is too large to count with."""
    return int(number) if number.adjusted() <= 12 else None


def format_number(number: Decimal) -> str:
    """Plain digits, without an exponent and without zeros that say nothing."""
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
