"""How a decision came to its value: elements in the order they were computed, rules hit, entries of contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.kernel.decisions.feel.limits import Limits
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.values import Value


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule of a decision table that matched; `number` counts from 1. Annotations are (column, text)."""

    number: int
    line: int | None
    annotations: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, Value], ...]
    """What each column read, with the value it had; columns the rule doesn't look at are left out."""
    outputs: tuple[tuple[str, Value], ...]
    """By the names of the output columns; a single column may have none."""


@dataclass(frozen=True, slots=True)
class EntryValue:
    """A named cell of a boxed context: its source where that is one expression, and its value."""

    name: str
    source: str
    value: Value


@dataclass(slots=True)
class Step:
    """One decision, or input data: where it stands in the requirement graph and what it came to.

    `source` is the FEEL of a literal expression; `hits` and `entries` are of the decision itself and of the
    knowledge models it called.
    """

    namespace: str
    name: str
    kind: str
    source: str
    hits: list[RuleHit] = field(default_factory=list)
    entries: list[EntryValue] = field(default_factory=list)
    value: Value = None


class TracedRuntime(Runtime):
    """An evaluation whose steps are collected; a step is listed once it has its value, so after what it needs."""

    __slots__ = ("_open", "trace")

    def __init__(self, now: datetime | None, limits: Limits) -> None:
        super().__init__(now, limits)
        self.trace: list[Step] = []
        self._open: list[Step] = []

    def begin(self, step: Step) -> None:
        self._open.append(step)

    def finish(self, value: Value) -> None:
        step = self._open.pop()
        step.value = value
        self.trace.append(step)

    def hit(self, hit: RuleHit) -> None:
        if self._open:
            self._open[-1].hits.append(hit)

    def entries(self, found: Sequence[EntryValue]) -> None:
        if self._open:
            self._open[-1].entries.extend(found)
