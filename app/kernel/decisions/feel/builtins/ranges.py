"""Range functions (10.3.4.7, tables 76 to 78): how points and intervals lie to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from app.kernel.decisions.feel.builtins.range_text import range_from
from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.comparison import compare
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.values import Range, Value


class _NoOrder(Exception):
    """Two endpoints have no order; the answer is null."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Compares endpoints. Raises _NoOrder."""

    run: Runtime

    def order(self, left: Value, right: Value) -> int:
        order = compare(self.run, left, right)
        if order is None:
            raise _NoOrder
        return order

    def starts_order(self, left: Range, right: Range) -> int:
        """Which begins first: an included start lies before an excluded one at the same point."""
        order = self.order(left.low, right.low)
        return order if order else right.low_closed - left.low_closed

    def ends_order(self, left: Range, right: Range) -> int:
        """Which ends first: an excluded end lies before an included one at the same point."""
        order = self.order(left.high, right.high)
        return order if order else left.high_closed - right.high_closed

    def reaches(self, left: Range, right: Range) -> bool:
        """Does `left` end at or behind the start of `right`, sharing a point?"""
        order = self.order(left.high, right.low)
        return order > 0 or (order == 0 and left.high_closed and right.low_closed)


Test = Callable[[_Line, Any, Any], bool]


def _before(line: _Line, left: Range, right: Range) -> bool:
    return not line.reaches(left, right)


def _before_points(line: _Line, left: Value, right: Value) -> bool:
    return line.order(left, right) < 0


def _point_before(line: _Line, point: Value, interval: Range) -> bool:
    order = line.order(point, interval.low)
    return order < 0 or (order == 0 and not interval.low_closed)


def _before_point(line: _Line, interval: Range, point: Value) -> bool:
    order = line.order(interval.high, point)
    return order < 0 or (order == 0 and not interval.high_closed)


def _meets(line: _Line, left: Range, right: Range) -> bool:
    return left.high_closed and right.low_closed and line.order(left.high, right.low) == 0


def _overlaps(line: _Line, left: Range, right: Range) -> bool:
    return line.reaches(left, right) and line.reaches(right, left)


def _overlaps_before(line: _Line, left: Range, right: Range) -> bool:
    return (
        line.starts_order(left, right) < 0 and line.reaches(left, right) and line.ends_order(left, right) <= 0
    )


def _finishes_at(line: _Line, point: Value, interval: Range) -> bool:
    return interval.high_closed and line.order(interval.high, point) == 0


def _finishes(line: _Line, left: Range, right: Range) -> bool:
    return line.ends_order(left, right) == 0 and line.starts_order(left, right) >= 0


def _starts_at(line: _Line, point: Value, interval: Range) -> bool:
    return interval.low_closed and line.order(interval.low, point) == 0


def _starts(line: _Line, left: Range, right: Range) -> bool:
    return line.starts_order(left, right) == 0 and line.ends_order(left, right) <= 0


def _includes_point(line: _Line, interval: Range, point: Value) -> bool:
    low, high = line.order(interval.low, point), line.order(interval.high, point)
    return (low < 0 < high) or (low == 0 and interval.low_closed) or (high == 0 and interval.high_closed)


def _includes(line: _Line, left: Range, right: Range) -> bool:
    return line.starts_order(left, right) <= 0 and line.ends_order(left, right) >= 0


def _coincides(line: _Line, left: Range, right: Range) -> bool:
    return line.starts_order(left, right) == 0 and line.ends_order(left, right) == 0


def _coincide_points(line: _Line, left: Value, right: Value) -> bool:
    return line.order(left, right) == 0


def _swapped(test: Test) -> Test:
    return lambda line, left, right: test(line, right, left)


def _lifted(test: Test) -> Callable[[Runtime, Value, Value], bool | None]:
    def evaluate(run: Runtime, left: Value, right: Value) -> bool | None:
        try:
            return test(_Line(run), left, right)
        except _NoOrder:
            return None

    return evaluate


_POINT: Final = "number|string|date|time|date and time|years and months duration|days and time duration"
_POINTS: Final = f"point1:{_POINT}, point2:{_POINT}"
_POINT_RANGE: Final = f"point:{_POINT}, range:range"
_RANGE_POINT: Final = f"range:range, point:{_POINT}"
_RANGES: Final = "range1:range, range2:range"


def _forms(**tests: Test) -> list[tuple[str, Callable[..., Value]]]:
    signatures = {"points": _POINTS, "in_range": _POINT_RANGE, "of_range": _RANGE_POINT, "ranges": _RANGES}
    return [(signatures[name], _lifted(test)) for name, test in tests.items()]


FUNCTIONS: Final = library(
    {
        "before": _forms(
            points=_before_points, in_range=_point_before, of_range=_before_point, ranges=_before
        ),
        "after": _forms(
            points=_swapped(_before_points),
            in_range=_swapped(_before_point),
            of_range=_swapped(_point_before),
            ranges=_swapped(_before),
        ),
        "meets": _forms(ranges=_meets),
        "met by": _forms(ranges=_swapped(_meets)),
        "overlaps": _forms(ranges=_overlaps),
        "overlaps before": _forms(ranges=_overlaps_before),
        "overlaps after": _forms(ranges=_swapped(_overlaps_before)),
        "finishes": _forms(in_range=_finishes_at, ranges=_finishes),
        "finished by": _forms(of_range=_swapped(_finishes_at), ranges=_swapped(_finishes)),
        "includes": _forms(of_range=_includes_point, ranges=_includes),
        "during": _forms(in_range=_swapped(_includes_point), ranges=_swapped(_includes)),
        "starts": _forms(in_range=_starts_at, ranges=_starts),
        "started by": _forms(of_range=_swapped(_starts_at), ranges=_swapped(_starts)),
        "coincides": _forms(points=_coincide_points, ranges=_coincides),
        "range": [("from:string", range_from)],
    }
)
