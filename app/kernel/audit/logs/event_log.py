"""An event log of another system, held in columns: some 20 bytes per event, whatever the file weighs."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

NOBODY: Final = -1
NOTHING: Final = -1
NO_TIME: Final = -(2**63)

# The standard's transitions that tell of planning or of interruption: nobody has done the work by them.
# `complete`, `manualskip`, unknown words and a missing transition count as an act (IEEE 1849-2016, lifecycle).
NO_ACT: Final = frozenset(
    {
        "schedule", "assign", "reassign", "start", "suspend", "resume", "withdraw",
        "autoskip", "pi_abort", "ate_abort",
    }
)  # fmt: skip


class Names:
    """Texts numbered in the order in which they first came."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return found

    def find(self, text: str) -> int | None:
        return self._numbers.get(text)

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Case:
    """The acts of one case in order of time; `people` holds NOBODY and `activities` NOTHING where the log is silent."""

    name: str
    activities: list[int]
    people: list[int]
    began: int | None  # microseconds since 1970, of the first event with a time

    def known_people(self) -> set[int]:
        found = set(self.people)
        found.discard(NOBODY)
        return found


@dataclass
class EventLog:
    """All events in columns, traces as ranges of them. `counts` tells what was odd, by name."""

    activities: Names = field(default_factory=Names)
    people: Names = field(default_factory=Names)
    transitions: Names = field(default_factory=Names)
    cases: Names = field(default_factory=Names)
    activity_of: array[int] = field(default_factory=lambda: array("i"))
    person_of: array[int] = field(default_factory=lambda: array("i"))
    transition_of: array[int] = field(default_factory=lambda: array("i"))
    time_of: array[int] = field(default_factory=lambda: array("q"))
    trace_case: array[int] = field(default_factory=lambda: array("i"))
    trace_end: array[int] = field(default_factory=lambda: array("q"))
    events_outside_cases: int = 0
    times_unreadable: int = 0
    times_without_zone: int = 0
    attributes_repeated: int = 0
    traces_unnamed: int = 0

    @property
    def events(self) -> int:
        return len(self.activity_of)

    @property
    def traces(self) -> int:
        return len(self.trace_case)

    @property
    def events_without_time(self) -> int:
        """Also those whose time can't be read."""
        return self.time_of.count(NO_TIME)

    def time_span(self) -> tuple[int, int] | None:
        """First and last time, in microseconds since 1970."""
        first = min((time for time in self.time_of if time != NO_TIME), default=None)
        return None if first is None else (first, max(self.time_of))

    def acting_transitions(self, every: bool) -> frozenset[int]:
        """Numbers of the transitions that count as an act; all of them when `every`, or when the log has no other."""
        numbers = range(len(self.transitions))
        acting = frozenset(n for n in numbers if self.transitions.texts[n].casefold() not in NO_ACT)
        seen = set(self.transition_of)
        return frozenset(numbers) if every or not (acting & seen) else acting

    def each_case(self, acting: frozenset[int]) -> Iterator[Case]:
        """Every case once, its acts in order of time; traces of one name are one case (SOD-8: histories add up)."""
        parts: dict[int, list[range]] = {}
        start = 0
        for case, end in zip(self.trace_case, self.trace_end, strict=True):
            parts.setdefault(case, []).append(range(start, end))
            start = end
        for case, ranges in parts.items():
            yield self._case(self.cases.texts[case], ranges, acting)

    def _case(self, name: str, ranges: list[range], acting: frozenset[int]) -> Case:
        transition_of, time_of = self.transition_of, self.time_of
        rows = [row for part in ranges for row in part if transition_of[row] in acting]
        times = [time_of[row] for row in rows]
        # One act without a time leaves the order of the file as the only one there is.
        if NO_TIME not in times and any(a > b for a, b in pairwise(times)):
            rows.sort(key=time_of.__getitem__)
        known = [time for part in ranges for time in time_of[part.start : part.stop] if time != NO_TIME]
        return Case(
            name,
            [self.activity_of[row] for row in rows],
            [self.person_of[row] for row in rows],
            min(known, default=None),
        )
