"""All paths of a process, tried automatically: which elements and flows are come to, where it ends, where it can't.

States are compared by what they still can do (`marking.py`), so loops end by themselves; what is least tried goes
first, so that a search cut short has still seen much. The same files and limits give the same answer, but for the
limit of seconds.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from app.kernel.engine.simulation.coverage import Coverage, Stop, summarise
from app.kernel.engine.simulation.marking import Element, Print, passed
from app.kernel.engine.simulation.model import Model, read_model
from app.kernel.engine.simulation.office import MadeUpOffice
from app.kernel.engine.simulation.options import label_of, list_choices, list_starts
from app.kernel.engine.simulation.player import Choice, Simulation
from app.kernel.engine.simulation.questions import ChoiceInvalid

BEGINNING: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KEPT_STOPS: Final = 20
"""Failures, dead ends and refusals kept of each kind, with the choices that lead there."""

OUTSIDE_TRIED: Final = 2
"""How often a change of content or a void signature is tried at a step: each doubles the states there are."""

ALL_FLOWS_FIRST: Final = 3
"""So much oftener a run straight through takes all flows of a gateway than one of them."""

AGAIN_TRIED: Final = 3
"""How often an event is tried while tokens are at the same places and at one of them several: one that doesn't
interrupt could add tokens for ever, and the search would never come to an end."""

NEW_FIRST: Final = 10
"""By so much less tried counts a choice behind an element or flow that was seen for the first time."""

FURTHEST_FIRST: Final = 40
"""Of equally tried choices the one furthest from the start goes first, up to so many choices: ends are seen early."""


@dataclass(frozen=True)
class Limits:
    """How far to search: moves made, choices in a row, seconds."""

    moves: int = 20_000
    depth: int = 120
    seconds: float = 20.0


@dataclass
class Found:
    """What a search has seen so far."""

    elements: Counter[Element] = field(default_factory=Counter)
    flows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stops: list[Stop] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    states: int = 0
    moves: int = 0
    runs: int = 0
    deepest: int = 0
    cut: str | None = None


def explore(files: Mapping[str, bytes], process_id: str, limits: Limits | None = None) -> Coverage:
    """Try all paths of `process_id`. Raise DefinitionInvalid when the engine can't run the files."""
    return explore_model(read_model(files, process_id), limits or Limits())


def explore_model(model: Model, limits: Limits) -> Coverage:
    """Try all paths of a process that was read."""
    search = _Search(model, limits)
    search.run()
    return summarise(model, search.found)


class _Search:
    def __init__(self, model: Model, limits: Limits) -> None:
        self.model = model
        self.limits = limits
        self.found = Found()
        self._print = Print(model)
        self._seen: set[object] = set()
        self._tried: Counter[tuple[Any, ...]] = Counter()
        self._waiting: list[tuple[int, int, int, int, Simulation, Choice]] = []
        self._serial = 0

    def run(self) -> None:
        """Make the least tried choice until none is left or a limit is met."""
        end = time.monotonic() + self.limits.seconds
        beginning = Simulation(self.model, MadeUpOffice(), asking_rules=not self.model.is_foreign)
        starts = list(list_starts(beginning, BEGINNING))
        if self.model.is_foreign:
            self._dive(beginning, starts[0], end, events_first=False)
            self._dive(beginning, starts[0], end, events_first=True)
        for choice in starts:
            self._push(beginning, choice)
        while self._waiting:
            if self.found.moves >= self.limits.moves:
                self.found.cut = "moves"
                return
            if time.monotonic() > end:
                self.found.cut = "seconds"
                return
            tried, _, _, bonus, before, choice = heapq.heappop(self._waiting)
            if self._tried[label_of(choice)] - bonus > tried:  # tried meanwhile: behind those that weren't
                self._push(before, choice, bonus)
                continue
            self._make(before, choice)

    def _dive(self, before: Simulation, choice: Choice, end: float, *, events_first: bool) -> None:
        """One run straight through, taking all flows a step lets take: the end of a large drawing is seen early.

        `events_first`: every event happens once as soon as it can, else only where nothing else can be done.
        """
        happened: set[tuple[Any, ...]] = set()
        while time.monotonic() < end and len(before.choices) < self.limits.depth:
            after = self._make(before, choice)
            choices = list_choices(after) if after is not None and after.failure is None else []
            if after is None or not choices:
                return
            events = [one for one in choices if one.get("do") not in ("complete", "answer")]
            steps = [one for one in choices if one.get("do") in ("complete", "answer")]
            fresh = [one for one in events if label_of(one) not in happened]
            widest = sorted(steps, key=self._narrowness)
            offered = [*fresh, *widest] if events_first else [*widest, *fresh]
            before, choice = after, (offered or choices)[0]
            happened.add(label_of(choice))

    def _narrowness(self, choice: Choice) -> int:
        """All flows of a gateway before one of them, what was tried less before what was tried more."""
        return self._tried[label_of(choice)] - (ALL_FLOWS_FIRST if len(choice.get("flows", ())) > 1 else 0)

    def _push(self, before: Simulation, choice: Choice, bonus: int = 0) -> None:
        self._serial += 1
        key = (self._tried[label_of(choice)] - bonus, -min(len(before.choices), FURTHEST_FIRST), self._serial)
        heapq.heappush(self._waiting, (*key, bonus, before, choice))

    def _make(self, before: Simulation, choice: Choice) -> Simulation | None:
        """What comes of a choice, counted, with what can be chosen next lined up; None where it was refused."""
        self._tried[label_of(choice)] += 1
        self.found.moves += 1
        try:
            after = before.after(choice)
        except ChoiceInvalid as invalid:
            self._stop(
                "refused", after=before, choice=choice, step=str(choice.get("step", "")), why=invalid.code
            )
            return None
        self.found.deepest = max(self.found.deepest, len(after.choices))
        if after.failure is not None:
            kind = "gate" if after.failure.kind == "gate" else "failed"
            self._stop(kind, after, None, after.failure.step_key, after.failure.reason)
        elif after.question is not None:
            self._ask(after)
        else:
            self._stand(after)
        return after

    def _ask(self, after: Simulation) -> None:
        question = after.question
        if question is not None and question.stuck and not self.model.is_foreign:
            self._stop("gap", after, None, question.step_key, "")
            return
        self._go_on(after)

    def _stand(self, after: Simulation) -> None:
        """A new state: what was passed on the way counts even when the state was seen before."""
        if after.instance is None:
            return
        elements, flows = passed(after.instance)
        is_new = bool(elements - self.found.elements.keys() or flows - self.found.flows.keys())
        self.found.elements.update(elements)
        self.found.flows.update(flows)
        state = self._print.of(after.instance, after.case)
        if state in self._seen:
            return
        self._seen.add(state)
        self.found.states += 1
        if after.is_completed:
            self.found.runs += 1
        elif after.is_stuck:
            places = ", ".join(position.step_key for position in after.positions)
            self._stop("stuck", after, None, after.positions[0].step_key if after.positions else "", places)
        else:
            self._go_on(after, is_new=is_new)

    def _go_on(self, after: Simulation, *, is_new: bool = False) -> None:
        """Line up what can be chosen next; behind what was come to for the first time it is tried first."""
        if len(after.choices) >= self.limits.depth:
            self.found.cut = self.found.cut or "depth"
            return
        choices = list_choices(after)
        if after.has_begun:
            after.rest()
        for choice in filter(partial(self._is_worth_it, after), choices):
            self._push(after, choice, NEW_FIRST if is_new else 0)

    def _is_worth_it(self, before: Simulation, choice: Choice) -> bool:
        what = choice.get("do")
        place: tuple[Any, ...]
        if what in ("change", "void"):
            place, most = (label_of(choice), tuple(step.key for step in before.open)), OUTSIDE_TRIED
        elif what in ("message", "signal", "fire"):
            tokens = Counter(position.step_key for position in before.positions)
            if max(tokens.values(), default=0) < 2:
                return True
            place, most = (label_of(choice), frozenset(tokens)), AGAIN_TRIED
        else:
            return True
        self._tried[place] += 1
        return self._tried[place] <= most

    def _stop(self, kind: str, after: Simulation, choice: Choice | None, step: str, why: str) -> None:
        choices = tuple(after.choices) if choice is None else (*after.choices, choice)
        same = [one for one in self.found.stops if (one.kind, one.step_key, one.why) == (kind, step, why)]
        if not same and sum(1 for one in self.found.stops if one.kind == kind) < KEPT_STOPS:
            self.found.stops.append(Stop(kind, step, why, choices))
