"""The columns of a decision table as axes: constants cut each into cells, so that a test is a set of cells.

A set is an integer, bit by cell. Between two neighbouring constants lies one open cell (none between two days that
follow each other); booleans have two cells and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.comparison import compare
from app.kernel.decisions.feel.errors import FeelError, LimitExceeded
from app.kernel.decisions.feel.expression import Names, compile_node, compile_tests
from app.kernel.decisions.feel.library import LIBRARY
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.temporal import Date
from app.kernel.decisions.feel.text import text_of
from app.kernel.decisions.feel.values import Range, Value, kind_of

_ORDERED: Final = frozenset(
    {
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "years and months duration",
        "days and time duration",
    }
)
_CLOCK: Final = frozenset({"now", "today"})


class Opaque(Exception):
    """A test that isn't over constants; nothing can be said about its rule."""


@dataclass(frozen=True, slots=True)
class Test:
    """Unary tests over constants: ranges and values, any of which holds; `values` None is `-`."""

    values: tuple[Value, ...] | None
    negated: bool


def read_test(source: str) -> Test:
    """Raise Opaque for what isn't over constants."""
    try:
        root = compile_tests(source or "-", Names()).root
    except FeelError:
        raise Opaque from None
    if not isinstance(root, tree.Tests):
        raise Opaque
    if root.tests is None:
        return Test(None, negated=False)
    values: list[Value] = []
    for node in root.tests:
        value = _constant(node)
        values.extend(value if isinstance(value, list) else [value])
    return Test(tuple(values), root.negated)


def _constant(node: tree.Node) -> Value:
    for one in tree.walk(node):
        if isinstance(one, tree.Name) and (one.name not in LIBRARY or one.name in _CLOCK):
            raise Opaque
    try:
        value = compile_node(node)(Scope(Runtime(), {}))
    except (LimitExceeded, RecursionError):
        raise Opaque from None
    for end in (value.low, value.high) if isinstance(value, Range) else _items(value):
        if end is not None and kind_of(end) not in _ORDERED:
            raise Opaque
    return value


def _items(value: Value) -> Sequence[Value]:
    return value if isinstance(value, list) else (value,)


class Axis:
    """One column: its cells, and what a test covers of them. Raises Opaque when the constants have no common order."""

    def __init__(self, name: str, tests: Iterable[Test], domain: Test | None) -> None:
        self.name = name
        every = list(tests) + ([domain] if domain is not None else [])
        self.points = _sorted_points(every)
        self.cells = 2 * len(self.points) + 1
        self.domain = (1 << self.cells) - 1
        self._shrink()
        if domain is not None:
            self.domain = self.covered(domain)

    def _shrink(self) -> None:
        """Take away the open cells in which no value can lie."""
        if self.points and isinstance(self.points[0], bool):
            self.domain = sum(1 << (2 * index + 1) for index in range(len(self.points)))
        for index, (left, right) in enumerate(zip(self.points, self.points[1:], strict=False)):
            if isinstance(left, Date) and right.days == left.days + 1:
                self.domain &= ~(1 << (2 * index + 2))

    def covered(self, test: Test) -> int:
        """The cells of the domain that a test covers."""
        if test.values is None:
            return self.domain
        cells = 0
        for value in test.values:
            cells |= self._of_value(value)
        return (self.domain & ~cells) if test.negated else (self.domain & cells)

    def _of_value(self, value: Value) -> int:
        if value is None:
            return 0
        if not isinstance(value, Range):
            return 1 << self._cell(value)
        if value.unary == "!=":
            return ((1 << self.cells) - 1) & ~(1 << self._cell(value.low))
        first = 0 if value.low is None else self._cell(value.low) + (not value.low_closed)
        last = self.cells - 1 if value.high is None else self._cell(value.high) - (not value.high_closed)
        return ((1 << (last + 1)) - 1) & ~((1 << first) - 1) if first <= last else 0

    def _cell(self, value: Value) -> int:
        run = Runtime()
        return next(
            2 * index + 1 for index, point in enumerate(self.points) if _order(run, point, value) == 0
        )

    def shown(self, cell: int) -> str:
        """A cell as FEEL: a constant, or the open interval between two."""
        index, point = divmod(cell, 2)
        if point:
            return f"{self.name} = {_shown(self.points[index])}"
        if not self.points:
            return f"{self.name}: -"
        if isinstance(self.points[0], str):
            return f"{self.name}: not({', '.join(map(_shown, self.points))})"
        low = f"> {_shown(self.points[index - 1])}" if index > 0 else ""
        high = f"< {_shown(self.points[index])}" if index < len(self.points) else ""
        if low and high:
            return f"{self.name} in ({_shown(self.points[index - 1])}..{_shown(self.points[index])})"
        return f"{self.name} {low or high}"


def _sorted_points(tests: Iterable[Test]) -> list[Any]:
    points: list[Any] = []
    for test in tests:
        for value in test.values or ():
            ends = (value.low, value.high) if isinstance(value, Range) else (value,)
            points.extend(end for end in ends if end is not None)
    if len({type(point) for point in points}) > 1:
        raise Opaque
    if points and isinstance(points[0], bool):
        return [False, True]
    run = Runtime()
    ordered = sorted(points, key=cmp_to_key(lambda left, right: _order(run, left, right)))
    return [
        point for index, point in enumerate(ordered) if index == 0 or _order(run, ordered[index - 1], point)
    ]


def _order(run: Runtime, left: Value, right: Value) -> int:
    if isinstance(left, bool):
        return int(left) - int(right)
    order = compare(run, left, right)
    if order is None:
        raise Opaque
    return order


def _shown(value: Value) -> str:
    return _quoted(value) if isinstance(value, str) else text_of(Runtime(), value) or "null"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
