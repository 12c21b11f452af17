"""Functions over lists of numbers (10.3.4.4): sum, mean, median, product, stddev, mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.numbers import CONTEXT, ONE, ZERO, calculated
from app.kernel.decisions.feel.operators import OPERATIONS
from app.kernel.decisions.feel.runtime import Missing, Runtime
from app.kernel.decisions.feel.temporal import DaysTime, YearsMonths
from app.kernel.decisions.feel.values import Value

Items = list[Value]
_TWO: Final = Decimal(2)


def total(run: Runtime, items: Items) -> Value:
    """Of numbers, or of durations of one kind; of nothing it is null."""
    run.charge(len(items))
    if not items or not isinstance(items[0], Decimal | YearsMonths | DaysTime):
        return _not_numbers(run)
    result = items[0]
    for item in items[1:]:
        if type(item) is not type(result):
            return _not_numbers(run)
        result = OPERATIONS["+"](run, result, item)
    return result


def mean(run: Runtime, items: Items) -> Value:
    summed = total(run, items)
    return OPERATIONS["/"](run, summed, Decimal(len(items))) if summed is not None else None


def _over_numbers(
    compute: Callable[[list[Decimal]], Value], fewest: int = 1
) -> Callable[[Runtime, Items], Value]:
    """Lift a computation to null for lists with too few items or with one that is no number."""

    def evaluate(run: Runtime, items: Items) -> Value:
        run.charge(len(items))
        if len(items) < fewest or not all(isinstance(item, Decimal) for item in items):
            return _not_numbers(run)
        return calculated(run, lambda: compute(items))

    return evaluate


def _product(items: list[Decimal]) -> Decimal:
    result = ONE
    for item in items:
        result = CONTEXT.multiply(result, item)
    return result


def _sum(items: list[Decimal]) -> Decimal:
    result = ZERO
    for item in items:
        result = CONTEXT.add(result, item)
    return result


def _median(items: list[Decimal]) -> Decimal:
    ordered, half = sorted(items), len(items) // 2
    if len(items) % 2:
        return ordered[half]
    return CONTEXT.divide(CONTEXT.add(ordered[half - 1], ordered[half]), _TWO)


def _deviation(items: list[Decimal]) -> Decimal:
    """Of a sample: the divisor is one less than the number of items."""
    average = CONTEXT.divide(_sum(items), Decimal(len(items)))
    squares = [CONTEXT.power(CONTEXT.subtract(item, average), _TWO) for item in items]
    return CONTEXT.sqrt(CONTEXT.divide(_sum(squares), Decimal(len(items) - 1)))


def mode(run: Runtime, items: Items) -> Items | None:
    """The most frequent numbers, ascending."""
    run.charge(len(items))
    if not all(isinstance(item, Decimal) for item in items):
        return _not_numbers(run)
    counts = Counter(items)
    most = max(counts.values(), default=0)
    return sorted(item for item, frequency in counts.items() if frequency == most)


def _not_numbers(run: Runtime) -> Missing | None:
    return run.fail("not-numbers", "列表为空或有非数字的项", "the list is empty or holds what is no number")


def _lists(compute: Callable[[Runtime, Items], Value]) -> list[tuple[str, Callable[..., Value]]]:
    return [("list:list", compute), ("n:any*", compute)]


FUNCTIONS: Final = library(
    {
        "sum": _lists(total),
        "mean": _lists(mean),
        "product": _lists(_over_numbers(_product)),
        "median": _lists(_over_numbers(_median)),
        "stddev": _lists(_over_numbers(_deviation, 2)),
        "mode": _lists(mode),
    }
)
