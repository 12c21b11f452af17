"""Decision tables judged before they decide: rules that overlap, inputs no rule covers, rules that never decide.

Method: each rule is a box over the axes of the inputs (`axes.py`). Overlaps are boxes that meet; gaps and covered
rules are found by sweeping axis after axis (D. Calvanese et al., "Semantics and analysis of DMN decision tables").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Final

from app.kernel.decisions.dmn import model
from app.kernel.decisions.dmn.axes import Axis, Opaque, Test, read_test
from app.kernel.decisions.dmn.errors import Problem

MOST_PAIRS: Final = 200_000
MOST_STEPS: Final = 50_000
MOST_GAPS: Final = 5
MOST_CELLS: Final = 3
_SINGLE: Final = frozenset({"UNIQUE", "ANY", "FIRST", "PRIORITY"})

Box = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """`number` counts from 1 as tables do."""

    number: int
    line: int | None
    box: Box
    outputs: tuple[str, ...]


class _TooMuch(Exception):
    """The sweep takes more steps than allowed; nothing more is said about the table."""


def check_tables(definitions: model.Definitions) -> list[Problem]:
    """Problems of the decision tables of a file, knowledge models and nested ones included."""
    problems: list[Problem] = []
    for element in definitions.elements.values():
        if isinstance(element, model.Decision):
            expression: model.Expression | None = element.expression
        else:
            expression = element.logic if isinstance(element, model.KnowledgeModel) else None
        for table in _tables(expression):
            problems += _Analysis(definitions.file, element.name, table).problems()
    return problems


def _tables(expression: object) -> Iterator[model.Table]:
    """The tables in a boxed expression, however deep."""
    if isinstance(expression, model.Table):
        yield expression
    elif isinstance(expression, tuple):
        for one in expression:
            yield from _tables(one)
    elif isinstance(expression, model.BOXED):
        for name in expression.__slots__:
            yield from _tables(getattr(expression, name))


class _Analysis:
    """One table."""

    def __init__(self, file: str, element: str, table: model.Table) -> None:
        self.file, self.element, self.table = file, element, table
        self.policy = table.hit_policy.strip().upper()
        self.steps = 0

    def problems(self) -> list[Problem]:
        axes, rules, whole = self._boxes()
        found = list(self._empty(rules))
        alive = [rule for rule in rules if all(rule.box)]
        found += self._overlaps(axes, alive)
        try:
            found += self._unreachable(axes, alive)
            if whole:
                found += self._gaps(axes, alive)
        except _TooMuch:
            pass
        return found

    def _boxes(self) -> tuple[list[Axis], list[_Rule], bool]:
        """Axes, the rules over constants, and whether those are all."""
        read: list[tuple[int, model.TableRule, list[Test]]] = []
        for number, rule in enumerate(self.table.rules, 1):
            try:
                read.append((number, rule, [read_test(cell.source) for cell in rule.inputs]))
            except Opaque:
                continue
        width = len(self.table.inputs)
        read = [one for one in read if len(one[2]) == width]
        try:
            axes = [
                self._axis(index, [tests[index] for _number, _rule, tests in read]) for index in range(width)
            ]
        except Opaque:
            return [], [], False
        rules = [
            _Rule(
                number,
                rule.line,
                tuple(axis.covered(test) for axis, test in zip(axes, tests, strict=True)),
                tuple(cell.source for cell in rule.outputs),
            )
            for number, rule, tests in read
        ]
        return axes, rules, len(rules) == len(self.table.rules)

    def _axis(self, index: int, tests: Sequence[Test]) -> Axis:
        column = self.table.inputs[index]
        domain = read_test(column.values.source) if column.values is not None else None
        return Axis(" ".join(column.expression.source.split()), tests, domain)

    # -- findings

    def _empty(self, rules: Sequence[_Rule]) -> Iterator[Problem]:
        for rule in rules:
            if rule.box and not all(rule.box) and not self._asks_null(rule):
                yield self._problem(
                    "rule-never",
                    rule.line,
                    f"规则 {rule.number} 永不命中",
                    f"rule {rule.number} never matches",
                )

    def _asks_null(self, rule: _Rule) -> bool:
        """A test for null lies on no axis."""
        return any("null" in cell.source for cell in self.table.rules[rule.number - 1].inputs)

    def _overlaps(self, axes: Sequence[Axis], rules: Sequence[_Rule]) -> Iterator[Problem]:
        """Where only one rule may decide: pairs that meet (of ANY those with different outputs)."""
        if self.policy not in ("UNIQUE", "ANY") or len(rules) ** 2 > 2 * MOST_PAIRS:
            return
        for left, right in combinations(rules, 2):
            common = tuple(a & b for a, b in zip(left.box, right.box, strict=True))
            if all(common) and (self.policy == "UNIQUE" or left.outputs != right.outputs):
                where = _shown(axes, common)
                yield self._problem(
                    "table-overlap",
                    right.line,
                    f"规则 {left.number} 与 {right.number} 同时命中：{where}",
                    f"rules {left.number} and {right.number} both match: {where}",
                )

    def _unreachable(self, axes: Sequence[Axis], rules: Sequence[_Rule]) -> Iterator[Problem]:
        """Rules of FIRST that earlier ones cover."""
        if self.policy != "FIRST":
            return
        for index, rule in enumerate(rules):
            if index and not list(self._uncovered(rule.box, [one.box for one in rules[:index]], 1)):
                yield self._problem(
                    "rule-unreachable",
                    rule.line,
                    f"规则 {rule.number} 总被前面的规则抢先",
                    f"rule {rule.number} is always preceded by earlier ones",
                    "warning",
                )

    def _gaps(self, axes: Sequence[Axis], rules: Sequence[_Rule]) -> Iterator[Problem]:
        """Inputs that no rule covers, where the table must say something and has no default."""
        if self.policy not in _SINGLE or not axes or any(one.default for one in self.table.outputs):
            return
        domain = tuple(axis.domain for axis in axes)
        for gap in self._uncovered(domain, [rule.box for rule in rules], MOST_GAPS):
            where = _shown(axes, gap)
            yield self._problem(
                "table-gap", self.table.line, f"没有规则覆盖：{where}", f"no rule covers: {where}", "warning"
            )

    # -- the sweep

    def _uncovered(self, region: Box, boxes: Sequence[Box], most: int) -> Iterator[Box]:
        """Parts of a region outside all boxes, at most so many. Raises _TooMuch."""
        yield from islice(self._sweep((), region, list(boxes)), most)

    def _sweep(self, done: Box, region: Box, boxes: list[Box]) -> Iterator[Box]:
        """Cells of the next axis that the same boxes cover are one; each goes on to the axis behind."""
        self.steps += 1 + len(boxes)
        if self.steps > MOST_STEPS * 10:
            raise _TooMuch
        if not boxes:
            yield (*done, *region)
            return
        if not region:
            return
        depth = len(done)
        groups: dict[tuple[int, ...], int] = {}
        rest = region[0]
        while rest:
            bit = rest & -rest
            rest ^= bit
            key = tuple(index for index, box in enumerate(boxes) if box[depth] & bit)
            groups[key] = groups.get(key, 0) | bit
        for key, cells in groups.items():
            yield from self._sweep((*done, cells), region[1:], [boxes[index] for index in key])

    def _problem(self, rule: str, line: int | None, zh: str, en: str, severity: str = "error") -> Problem:
        return Problem(rule, self.file, line, self.element, zh, en, severity)


def _shown(axes: Sequence[Axis], box: Box) -> str:
    """A box axis by axis; those it fills are left out."""
    parts = [_cells_shown(axis, cells) for axis, cells in zip(axes, box, strict=True) if cells != axis.domain]
    return " ∧ ".join(parts) or "-"


def _cells_shown(axis: Axis, cells: int) -> str:
    """The first cells, one after the other."""
    shown: dict[str, None] = {}
    while cells and len(shown) < MOST_CELLS:
        bit = cells & -cells
        cells ^= bit
        shown[axis.shown(bit.bit_length() - 1)] = None
    return ", ".join(shown) + (" …" if cells else "")
