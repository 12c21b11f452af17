"""Values of the expression language and what its operators do with them.

Numbers are `Decimal` with 34 digits, absence and nonsense are `None` (null): an operator never raises.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Final

ARITHMETIC: Final = Context(
    prec=34, Emax=6144, Emin=-6143, traps=[InvalidOperation, DivisionByZero, Overflow]
)
LONGEST_TEXT: Final = 10_000
LONGEST_LIST: Final = 10_000
DEEPEST_VALUE: Final = 20

Operator = Callable[[object, object], object]


def normalised(value: object, depth: int = 0) -> object:
    """A value of the language for any Python value; null for what the language doesn't have."""
    if value is None or isinstance(value, bool | str | date):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if depth >= DEEPEST_VALUE:
        return None
    if isinstance(value, list | tuple):
        items = value if len(value) <= LONGEST_LIST else ()
        return [normalised(item, depth + 1) for item in items] if len(items) == len(value) else None
    return value if isinstance(value, Mapping) else None


def _number(value: int | float | Decimal) -> Decimal | None:
    try:
        number = ARITHMETIC.create_decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, Overflow, ValueError):
        return None
    return number if number.is_finite() else None


def kind_of(value: object) -> str:
    """The name of the type two values must share to be compared."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, datetime):
        return "instant" if value.tzinfo is not None else "local time"
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "null"


_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (Decimal, "number"),
    (str, "string"),
    (date, "date"),
    (list, "list"),
    (Mapping, "context"),
)
_ORDERED: Final = frozenset({"number", "string", "date", "instant", "local time"})


def equal(left: object, right: object) -> bool | None:
    """Null equals only null; values of different types are not comparable (null)."""
    if left is None or right is None:
        return left is right
    if kind_of(left) != kind_of(right):
        return None
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        return conjunction(equal(a, b) for a, b in zip(left, right, strict=True))
    return left == right


def unequal(left: object, right: object) -> bool | None:
    return negation(equal(left, right))


def ordering(compare: Callable[[Any, Any], Any]) -> Operator:
    """`compare` lifted to null for operands without a common order."""

    def ordered(left: object, right: object) -> bool | None:
        kind = kind_of(left)
        return bool(compare(left, right)) if kind in _ORDERED and kind == kind_of(right) else None

    return ordered


def negation(value: object) -> bool | None:
    return not value if isinstance(value, bool) else None


def conjunction(values: Iterable[object]) -> bool | None:
    """Three-valued `and` over an iterable: false wins, then null."""
    seen_null = False
    for value in values:
        if value is False:
            return False
        seen_null = seen_null or value is not True
    return None if seen_null else True


def numeric(compute: Callable[[Decimal, Decimal], Decimal]) -> Operator:
    """`compute` lifted to null for operands that aren't numbers and results that don't exist."""

    def computed(left: object, right: object) -> Decimal | None:
        if not isinstance(left, Decimal) or not isinstance(right, Decimal):
            return None
        try:
            return compute(left, right)
        except (InvalidOperation, DivisionByZero, Overflow):
            return None

    return computed


def added(left: object, right: object) -> object:
    """Sum of numbers or concatenation of strings."""
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= LONGEST_TEXT else None
    return _sum(left, right)


_sum: Final = numeric(ARITHMETIC.add)
subtracted: Final = numeric(ARITHMETIC.subtract)
multiplied: Final = numeric(ARITHMETIC.multiply)
divided: Final = numeric(ARITHMETIC.divide)
