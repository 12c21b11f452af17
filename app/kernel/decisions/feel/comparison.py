"""Equality, identity and order (10.3.2.3.2, tables 42 and 53). Everything three-valued; costs are charged."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.feel.runtime import Missing, Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths
from app.kernel.decisions.feel.values import Function, Overloads, Range, Value, kind_of


def equal(run: Runtime, left: Value, right: Value) -> bool | None:
    """`=`: null equals only null; values of different types can't be compared (null)."""
    if left is None or right is None:
        return left is right
    kind = type(left)
    if kind is not type(right):
        return _unlike(run, left, right)
    if kind is Decimal or kind is str or kind is bool:
        return bool(left == right)
    return _EQUAL[kind](run, left, right)


def _unlike(run: Runtime, left: Value, right: Value) -> Missing | None:
    return run.fail(
        "not-comparable",
        "不同类型的值不能比较",
        f"a {kind_of(left)} can't be compared with a {kind_of(right)}",
    )


def _plain(_run: Runtime, left: Value, right: Value) -> bool | None:
    return bool(left == right)


def _moments(run: Runtime, left: Time | DateTime, right: Time | DateTime) -> bool | None:
    """Equal moments; one with and one without a zone are different."""
    run.charge()
    if (left.offset is None) != (right.offset is None):
        return False
    return left.key == right.key


def _lists(run: Runtime, left: list[Value], right: list[Value]) -> bool | None:
    run.charge(1 + min(len(left), len(right)))
    if len(left) != len(right):
        return False
    return _all_equal(run, zip(left, right, strict=True))


def _contexts(run: Runtime, left: dict[str, Value], right: dict[str, Value]) -> bool | None:
    run.charge(1 + min(len(left), len(right)))
    if left.keys() != right.keys():
        return False
    return _all_equal(run, ((left[key], right[key]) for key in left))


def _all_equal(run: Runtime, pairs: Any) -> bool | None:
    for left, right in pairs:
        same = equal(run, left, right)
        if same is not True:
            return same if same is False else None
    return True


def _ranges(run: Runtime, left: Range, right: Range) -> bool | None:
    if left.unary != right.unary:
        return False
    if (left.low_closed, left.high_closed) != (right.low_closed, right.high_closed):
        return False
    return _all_equal(run, ((left.low, right.low), (left.high, right.high)))


def _functions(run: Runtime, left: Value, right: Value) -> bool | None:
    if left is right:
        return True
    return run.fail("not-comparable", "函数不能比较", "functions can't be compared")


_EQUAL: Final[dict[type, Callable[[Runtime, Any, Any], bool | None]]] = {
    Date: _plain,
    YearsMonths: _plain,
    DaysTime: _plain,
    Time: _moments,
    DateTime: _moments,
    list: _lists,
    dict: _contexts,
    Range: _ranges,
    Function: _functions,
    Overloads: _functions,
}


def same(run: Runtime, left: Value, right: Value) -> bool:
    """Do two items of a list count as one? Equality with what isn't comparable taken as different."""
    return equal(run, left, right) is True


def compare(run: Runtime, left: Value, right: Value) -> int | None:
    """Negative, 0 or positive; None for values without a common order."""
    kind = type(left)
    if kind is not type(right):
        return _unlike(run, left, right)
    if kind is Decimal or kind is str:
        return int(left > right) - int(left < right)
    order = _ORDER.get(kind)
    if order is None:
        return run.fail("not-ordered", "这些值没有大小之分", f"values of type {kind_of(left)} have no order")
    if kind in (Time, DateTime) and (left.offset is None) != (right.offset is None):
        return run.fail("not-comparable", "一方有时区而另一方没有", "one has a time zone, the other hasn't")
    first, second = order(left), order(right)
    return int(first > second) - int(first < second)


_ORDER: Final[dict[type, Callable[[Any], Any]]] = {
    Date: lambda value: (value.year, value.month, value.day),
    Time: lambda value: value.key,
    DateTime: lambda value: value.key,
    YearsMonths: lambda value: value.months,
    DaysTime: lambda value: value.nanos,
}


def is_less(run: Runtime, left: Value, right: Value) -> bool | None:
    order = compare(run, left, right)
    return None if order is None else order < 0


def is_at_most(run: Runtime, left: Value, right: Value) -> bool | None:
    order = compare(run, left, right)
    return None if order is None else order <= 0


def is_greater(run: Runtime, left: Value, right: Value) -> bool | None:
    order = compare(run, left, right)
    return None if order is None else order > 0


def is_at_least(run: Runtime, left: Value, right: Value) -> bool | None:
    order = compare(run, left, right)
    return None if order is None else order >= 0


def unequal(run: Runtime, left: Value, right: Value) -> bool | None:
    answer = equal(run, left, right)
    return None if answer is None else not answer


def conjunction(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued `and`."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def negation(value: Value) -> bool | None:
    """Three-valued `not`; null for what isn't a boolean."""
    return not value if value is True or value is False else None


COMPARISONS: Final[dict[str, Callable[[Runtime, Value, Value], bool | None]]] = {
    "=": equal,
    "!=": unequal,
    "<": is_less,
    "<=": is_at_most,
    ">": is_greater,
    ">=": is_at_least,
}


def contains(run: Runtime, interval: Range, value: Value) -> bool | None:
    """Is the value within the interval (table 53)? Null where an endpoint or the value has no order with the other."""
    if interval.unary is not None:
        endpoint = interval.high if interval.unary in ("<", "<=") else interval.low
        return COMPARISONS[interval.unary](run, value, endpoint)
    above = (is_at_least if interval.low_closed else is_greater)(run, value, interval.low)
    below = (is_at_most if interval.high_closed else is_less)(run, value, interval.high)
    return conjunction(above, below)
