"""Hit policies and aggregators of decision tables (8.2.10 to 8.2.11)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.kernel.decisions.feel.calls import call
from app.kernel.decisions.feel.comparison import same
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.library import LIBRARY
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.values import Value

Row = list[Value]
Combine = Callable[[Row], Value]
Ranks = Sequence[Evaluate | None]


@dataclass(slots=True)
class Outcome:
    """The outputs of the rules that matched, in the order of the table, and the default outputs."""

    run: Runtime
    default: Row | None
    has_default: bool
    matched: list[Row] = field(default_factory=list)


class Policy(ABC):
    """What a table says when some rules match."""

    first_only = False

    def __init__(self, aggregation: str | None, ranks: Ranks) -> None:
        self.aggregation = aggregation
        self.ranks = ranks

    def conclude(self, outcome: Outcome, combine: Combine) -> Value:
        """The value; without a match the default, else null."""
        if not outcome.matched:
            return combine(outcome.default) if outcome.default is not None else None
        return self.chosen(outcome, combine)

    @abstractmethod
    def chosen(self, outcome: Outcome, combine: Combine) -> Value: ...

    def ranked(self, run: Runtime, rows: list[Row]) -> list[Row]:
        """Rows by the priority of their outputs, the first column first; what has no priority stands last."""
        tables = [rank(Scope(run, {})) if rank is not None else None for rank in self.ranks]

        def place(row: Row) -> list[int]:
            return [_place(run, values, cell) for values, cell in zip(tables, row, strict=False)]

        return sorted(rows, key=place)


def _place(run: Runtime, values: Value, cell: Value) -> int:
    if not isinstance(values, list):
        return 0
    run.charge(len(values))
    return next((index for index, value in enumerate(values) if same(run, value, cell)), len(values))


class Unique(Policy):
    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        if len(outcome.matched) > 1:
            return outcome.run.fail("not-unique", "多条规则同时命中", "more than one rule matches")
        return combine(outcome.matched[0])


class Any(Policy):
    """Several may match if they all say the same."""

    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        first = outcome.matched[0]
        if all(same(outcome.run, row, first) for row in outcome.matched[1:]):
            return combine(first)
        return outcome.run.fail("outputs-differ", "命中的规则结论不同", "the rules that match differ")


class First(Policy):
    first_only = True

    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        return combine(outcome.matched[0])


class Priority(Policy):
    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        return combine(self.ranked(outcome.run, outcome.matched)[0])


class _Listing(Policy):
    """Policies with several hits: without a match the default stands alone in its list, else null."""

    def conclude(self, outcome: Outcome, combine: Combine) -> Value:
        if outcome.matched:
            return self.chosen(outcome, combine)
        return [combine(outcome.default)] if outcome.default is not None else []


class RuleOrder(_Listing):
    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        return [combine(row) for row in outcome.matched]


class OutputOrder(_Listing):
    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        return [combine(row) for row in self.ranked(outcome.run, outcome.matched)]


_AGGREGATORS: Final = {"SUM": "sum", "MIN": "min", "MAX": "max"}


class Collect(_Listing):
    """All outputs, or their sum, least, greatest or number; several columns are aggregated each."""

    def conclude(self, outcome: Outcome, combine: Combine) -> Value:
        if self.aggregation is None:
            return super().conclude(outcome, combine)
        if not outcome.matched:
            if outcome.default is not None:
                return combine(outcome.default)
            return Decimal(0) if self.aggregation == "COUNT" else None
        return combine(self._aggregated(outcome))

    def chosen(self, outcome: Outcome, combine: Combine) -> Value:
        return [combine(row) for row in outcome.matched]

    def _aggregated(self, outcome: Outcome) -> Row:
        columns = [list(column) for column in zip(*outcome.matched, strict=False)]
        if self.aggregation == "COUNT":
            return [Decimal(len(column)) for column in columns]
        function = LIBRARY[_AGGREGATORS.get(self.aggregation or "", "sum")]
        return [call(outcome.run, function, [column]) for column in columns]


POLICIES: Final[dict[str, type[Policy]]] = {
    "UNIQUE": Unique,
    "ANY": Any,
    "FIRST": First,
    "PRIORITY": Priority,
    "RULE ORDER": RuleOrder,
    "OUTPUT ORDER": OutputOrder,
    "COLLECT": Collect,
}
