"""Cases that one person did from beginning to end (一人通办; SOD-3: fewer than two persons before the effect)."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.kernel.audit.logs.event_log import NOBODY, NOTHING, Case

SMALL = 3  # fewer acts than this can hardly be divided
EXAMPLES = 5
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Soloist:
    """One person's cases done alone, those of three or more acts, and all cases with a part in them."""

    person: str
    cases: int
    min3: int
    took_part: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Period:
    """A month: cases that began in it, and those of three or more acts done by one person."""

    month: str
    cases: int
    min3: int
    alone_min3: int


@dataclass(frozen=True)
class Alone:
    """`with_gaps`: cases counted as alone though some of their acts name nobody. `by_size`: acts -> (cases, alone).

    `min3_shareable`: those of `min3` in which somebody else of the log does at least one of the activities, so that a
    second person was there to be had.
    """

    cases: int
    min3: int
    min3_shareable: int
    with_gaps: int
    cases_min3: int
    people: list[Soloist]
    by_size: dict[int, tuple[int, int]]
    periods: list[Period]


class AloneMeasure:
    """Fed case by case."""

    def __init__(self, names: list[str], doers: Mapping[int, Counter[int]]) -> None:
        """`names` of people by number; `doers`: everybody in the log who did an activity."""
        self._names = names
        self._doers = doers
        self._shareable = 0
        self._alone: Counter[int] = Counter()
        self._alone_min3: Counter[int] = Counter()
        self._part: Counter[int] = Counter()
        self._gaps = 0
        self._sizes: Counter[int] = Counter()
        self._sizes_alone: Counter[int] = Counter()
        self._months: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._examples: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def add(self, case: Case) -> None:
        known = case.known_people()
        size = len(case.people)
        alone = len(known) == 1
        self._part.update(known)
        self._sizes[size] += 1
        if alone:
            self._add_alone(case, next(iter(known)), size)
        if case.began is not None:
            month = self._months[month_of(case.began)]
            month[0] += 1
            month[1] += size >= SMALL
            month[2] += alone and size >= SMALL

    def _add_alone(self, case: Case, person: int, size: int) -> None:
        self._alone[person] += 1
        self._sizes_alone[size] += 1
        self._gaps += NOBODY in case.people
        if size >= SMALL:
            self._alone_min3[person] += 1
            self._shareable += any(
                self._doers[act].keys() - {person} for act in set(case.activities) if act != NOTHING
            )
        kept = self._examples[person]
        kept.append((-size, case.name))
        if len(kept) > EXAMPLES * 4:
            kept.sort()
            del kept[EXAMPLES:]

    def result(self) -> Alone:
        people = [self._soloist(person) for person in self._alone]
        sizes = {size: (self._sizes[size], self._sizes_alone[size]) for size in sorted(self._sizes)}
        return Alone(
            cases=self._alone.total(),
            min3=self._alone_min3.total(),
            min3_shareable=self._shareable,
            with_gaps=self._gaps,
            cases_min3=sum(count for size, count in self._sizes.items() if size >= SMALL),
            people=sorted(people, key=lambda item: (-item.min3, -item.cases, item.person)),
            by_size=sizes,
            periods=[Period(month, *counts) for month, counts in sorted(self._months.items())],
        )

    def _soloist(self, person: int) -> Soloist:
        longest = sorted(self._examples[person])[:EXAMPLES]
        return Soloist(
            self._names[person],
            self._alone[person],
            self._alone_min3[person],
            self._part[person],
            tuple(name for _, name in longest),
        )


def month_of(microseconds: int) -> str:
    """`2011-10`, in UTC."""
    return datetime.fromtimestamp(microseconds // MICROSECONDS, UTC).strftime("%Y-%m")
