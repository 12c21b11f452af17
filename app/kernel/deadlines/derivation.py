"""How the last day of a clock came about, as data: the faces make a sentence of it.

Pure. The stages stand in the order of reckoning (民法典 201 to 203): the statutory length, extensions and shifts, days
that aren't counted, the move off a rest day; each with the last day as it is after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from app.kernel.deadlines import rules
from app.kernel.deadlines.calendar import ONE_DAY, RestDay, WorkingCalendar
from app.kernel.deadlines.transitions import Clock

StageKind = Literal["length", "extension", "shift", "suspension", "excluded", "rest_day"]


@dataclass(frozen=True, slots=True)
class Lengthening:
    """An extension or a shift as it was ordered; `length` is in the clock's unit."""

    kind: Literal["extension", "shift"]
    length: int
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the reckoning; `until` is the last day after it, None while the clock is suspended.

    `length` is in the clock's unit, but for days that aren't counted, from `first` to `last` (None while they last),
    which are natural days. `rest` says why nobody works on the day that the period would have ended on.
    """

    kind: StageKind
    until: date | None
    length: int = 0
    ground: str = ""
    first: date | None = None
    last: date | None = None
    rest: RestDay | None = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """`started_on` is the day of the event, which isn't counted. No stages: the clock has no end."""

    started_on: date
    unit: rules.Unit
    stages: tuple[Stage, ...]
    due_on: date | None
    provisional: bool


def derive(clock: Clock, calendar: WorkingCalendar, ordered: Iterable[Lengthening] = ()) -> Derivation:
    """How the clock's last day came about. `ordered`: extensions and shifts with their grounds; where they don't
    make up what the clock was lengthened by, the totals are told without grounds."""
    due = clock.due(calendar)
    if clock.spec.unit == "open":
        return Derivation(clock.started_on, "open", (), None, provisional=False)
    stages = [
        *_lengths(clock, _complete(clock, tuple(ordered)), calendar),
        *_uncounted(clock, calendar),
    ]
    if due.shifted_because is not None:
        stages.append(Stage("rest_day", due.due_on, rest=due.shifted_because))
    return Derivation(clock.started_on, clock.spec.unit, tuple(stages), due.due_on, due.provisional)


def _complete(clock: Clock, ordered: tuple[Lengthening, ...]) -> Sequence[Lengthening]:
    totals = (Lengthening("extension", clock.extended), Lengthening("shift", clock.shifted))
    known = all(
        sum(one.length for one in ordered if one.kind == total.kind) == total.length for total in totals
    )
    return ordered if known else [total for total in totals if total.length]


def _lengths(clock: Clock, ordered: Sequence[Lengthening], calendar: WorkingCalendar) -> list[Stage]:
    """The statutory length and what was added, as if no day had been left out."""
    plain = replace(clock, pauses=(), extended=0, shifted=0)
    stages = [Stage("length", plain.due(calendar).raw_end, clock.spec.length)]
    added = 0
    for one in ordered:
        added += one.length
        until = replace(plain, extended=added).due(calendar).raw_end
        stages.append(Stage(one.kind, until, one.length, one.ground))
    return stages


def _uncounted(clock: Clock, calendar: WorkingCalendar) -> list[Stage]:
    """Suspensions and days left out, one after another."""
    stages = []
    for number, pause in enumerate(clock.pauses, start=1):
        until = replace(clock, pauses=clock.pauses[:number]).due(calendar).counted_end
        kind: StageKind = "excluded" if pause.excluded else "suspension"
        first = pause.paused_on + ONE_DAY
        stages.append(Stage(kind, until, pause.days or 0, pause.ground, first, pause.resumed_on))
    return stages
