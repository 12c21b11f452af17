"""Two activities of one case by one person: counted against given pairs, or looked for."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt

from app.kernel.audit.logs.event_log import NOBODY, Case, Names
from app.kernel.audit.logs.policy import Pair

EXAMPLES = 5
LEAST_CASES = 10  # fewer cases with both activities show no custom
USUAL = 0.5  # the custom: surely more than half of the cases are done by different people
CONFIDENCE = 1.96  # standard errors, 95 %
MOST_ACTIVITIES = 100  # the search is quadratic in them


@dataclass(frozen=True)
class PairFinding:
    """One pair: cases in which both were done (of (A, A): A twice), by one person, by whom, and not to be told.

    `custom` (suggestions only): part of the cases by several people in which different ones did the two, 0..1.
    """

    pair: Pair
    together: int
    same_person: int
    undetermined: int
    people: list[tuple[str, int]]
    examples: list[tuple[str, str]]
    custom: float | None = None

    @property
    def share(self) -> float:
        """Cases by one person among those with both activities, 0..1."""
        return self.same_person / self.together if self.together else 0.0


@dataclass
class _Tally:
    together: int = 0
    same: int = 0
    undetermined: int = 0
    people: Counter[int] = field(default_factory=Counter)
    examples: list[tuple[str, int]] = field(default_factory=list)


class PairMeasure:
    """Counts given pairs, fed case by case. Acts without a resource accuse nobody: they leave a case undetermined."""

    def __init__(self, pairs: Iterable[Pair], activities: Names, people: list[str]) -> None:
        self._people = people
        self._pairs = list(pairs)
        self._tallies = [_Tally() for _ in self._pairs]
        self._partners: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._violating = 0
        for number, (first, second) in enumerate(self._pairs):
            a, b = activities.find(first), activities.find(second)
            if a is not None and b is not None:
                self._partners[a].append((b, number))
        self._watched = set(self._partners) | {b for found in self._partners.values() for b, _ in found}

    def add(self, case: Case) -> None:
        doers: dict[int, list[int]] = {}
        for activity, person in zip(case.activities, case.people, strict=True):
            if activity in self._watched:
                doers.setdefault(activity, []).append(person)
        violated = False
        for first in doers:
            for second, number in self._partners.get(first, ()):
                if second in doers:
                    violated |= self._judge(case, self._tallies[number], doers[first], doers[second])
        self._violating += violated

    def _judge(self, case: Case, tally: _Tally, first: list[int], second: list[int]) -> bool:
        if first is second:
            if len(first) < 2:
                return False
            times = Counter(first)
            both = {person for person, count in times.items() if count > 1}
        else:
            both = set(first) & set(second)
        both.discard(NOBODY)
        tally.together += 1
        if both:
            tally.same += 1
            tally.people.update(both)
            if len(tally.examples) < EXAMPLES:
                tally.examples.append((case.name, min(both)))
        elif NOBODY in first or NOBODY in second:
            tally.undetermined += 1
        return bool(both)

    @property
    def violating_cases(self) -> int:
        return self._violating

    def result(self) -> list[PairFinding]:
        """In the order of the policy."""
        return [self._finding(pair, tally) for pair, tally in zip(self._pairs, self._tallies, strict=True)]

    def _finding(self, pair: Pair, tally: _Tally) -> PairFinding:
        ranked = sorted(tally.people.items(), key=lambda item: (-item[1], self._people[item[0]]))
        return PairFinding(
            pair,
            tally.together,
            tally.same,
            tally.undetermined,
            [(self._people[person], count) for person, count in ranked],
            [(name, self._people[person]) for name, person in tally.examples],
        )


@dataclass(frozen=True)
class Candidate:
    """A pair of activity numbers, with its cases by several people: all, and those with both activities by one."""

    activities: tuple[int, int]
    together: int
    same_person: int

    @property
    def custom(self) -> float:
        """Part of those cases in which different people did the two, 0..1."""
        return 1 - self.same_person / self.together

    @property
    def least_custom(self) -> float:
        return least_share(self.together - self.same_person, self.together)


class PairSearch:
    """Looks for pairs that are usually, but not always, done by different people, fed case by case.

    What is usual shows only where several people worked: a case done by one alone breaks customs, it makes none.
    """

    def __init__(self, frequent: list[int]) -> None:
        """`frequent`: numbers of the activities to look at, most frequent first; the first hundred are."""
        self._place = {activity: place for place, activity in enumerate(frequent[:MOST_ACTIVITIES])}
        self._activities = frequent[:MOST_ACTIVITIES]
        self._width = len(self._activities)
        self._together: Counter[int] = Counter()
        self._same: Counter[int] = Counter()
        self._alone: set[int] = set()

    def add(self, case: Case) -> None:
        doers: dict[int, set[int]] = {}
        for activity, person in zip(case.activities, case.people, strict=True):
            place = self._place.get(activity)
            if place is not None and person != NOBODY:
                doers.setdefault(place, set()).add(person)
        several = len(case.known_people()) > 1
        places = sorted(doers)
        for index, first in enumerate(places):
            base, people = first * self._width, doers[first]
            for second in places[index + 1 :]:
                if not several:
                    self._alone.add(base + second)
                    continue
                self._together[base + second] += 1
                if not people.isdisjoint(doers[second]):
                    self._same[base + second] += 1

    def candidates(self) -> list[Candidate]:
        """The strongest custom first, each broken at least once."""
        found = [
            Candidate(
                (self._activities[key // self._width], self._activities[key % self._width]),
                together,
                self._same[key],
            )
            for key, together in self._together.items()
            if together >= LEAST_CASES and (self._same[key] or key in self._alone)
        ]
        usual = [one for one in found if one.least_custom > USUAL]
        return sorted(usual, key=lambda one: (-one.least_custom, -one.together, one.activities))


def least_share(hits: int, trials: int) -> float:
    """Lower end of Wilson's interval of a share at 95 % (E. B. Wilson 1927), 0 without trials."""
    if not trials:
        return 0.0
    z2 = CONFIDENCE**2
    share = hits / trials
    spread = CONFIDENCE * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return (share + z2 / (2 * trials) - spread) / (1 + z2 / trials)
