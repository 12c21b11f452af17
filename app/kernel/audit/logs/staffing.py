"""What separation would have needed in people: could the people seen in the log have kept the pairs, case by case?"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from app.kernel.audit.logs.assignment import Tasks, TooHard, can_be_done, fewest_people, people_missing
from app.kernel.audit.logs.event_log import NOBODY, Case, Names
from app.kernel.audit.logs.matching import slacks
from app.kernel.audit.logs.policy import Pair

EXAMPLES: Final = 5
MOST_CLIQUES: Final = 100_000
MOST_REPETITIONS: Final = 200  # acts of one case that each need somebody else; no office has so many people
Basis = Literal["policy", "suggestions"]
Kind = tuple[tuple[int, int], ...]
"""What of a case matters: (activity, how many people it needs by itself), ascending by activity."""


@dataclass(frozen=True)
class ActivityStaff:
    """People seen doing an activity; `slack`: how many of them and of its rivals' may be missing (None: no rival)."""

    activity: str
    people: int
    slack: int | None


@dataclass(frozen=True)
class Impossible:
    """Cases of one kind that nobody could have done lawfully, and how many people more that would have taken."""

    activities: tuple[str, ...]
    cases: int
    people_missing: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Staffing:
    """`needs`: fewest different people -> cases (those with a pair, where found).

    `resilience`: people that may be missing, min |N(S)| - |S| over sets S of mutually exclusive activities met in one
    case; None without such. Not exact (`resilience_exact`): an upper bound, there were too many sets to look at all.
    `people_to_add`: so that every case can be done; `people_to_add_spare`: so that one may be absent as well.
    """

    basis: Basis
    pairs: tuple[Pair, ...]
    cases_concerned: int
    feasible: int
    infeasible: int
    undecided: int
    needs: dict[int, int]
    resilience: int | None
    resilience_exact: bool
    bottleneck: tuple[str, ...]
    people_to_add: int
    people_to_add_spare: int
    activities: list[ActivityStaff]
    impossible: list[Impossible]

    @property
    def people_needed(self) -> int | None:
        """The fewest different people that the most demanding case takes; 0 without such cases, None if not found."""
        return max(self.needs, default=0) if sum(self.needs.values()) == self.cases_concerned else None


@dataclass
class _Kinds:
    counts: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, list[str]] = field(default_factory=lambda: defaultdict(list))


class StaffingMeasure:
    """Fed case by case; the roster is complete only afterwards, so the answers come at the end."""

    def __init__(self, basis: Basis, pairs: Iterable[Pair], activities: Names) -> None:
        self._basis = basis
        self._pairs = tuple(pairs)
        self._names = activities.texts
        self._rivals: dict[int, set[int]] = defaultdict(set)
        for first, second in self._pairs:
            a, b = activities.find(first), activities.find(second)
            if a is not None and b is not None:
                self._rivals[a].add(b)
                self._rivals[b].add(a)
        self._roster: dict[int, set[int]] = {activity: set() for activity in self._rivals}
        self._kinds = _Kinds()
        self._cases = 0

    def add(self, case: Case) -> None:
        self._cases += 1
        times: Counter[int] = Counter()
        for activity, person in zip(case.activities, case.people, strict=True):
            if activity in self._roster:
                times[activity] += 1
                if person != NOBODY:
                    self._roster[activity].add(person)
        kind = self._kind(times)
        if kind:
            self._kinds.counts[kind] += 1
            kept = self._kinds.examples[kind]
            if len(kept) < EXAMPLES:
                kept.append(case.name)

    def _kind(self, times: Counter[int]) -> Kind:
        found = []
        for activity in sorted(times):
            rivals = self._rivals[activity]
            own = times[activity] if activity in rivals else 1
            if own > 1 or any(other in times for other in rivals if other != activity):
                found.append((activity, own))
        return tuple(found)

    def result(self) -> Staffing:
        missing = {kind: self._missing(kind) for kind in self._kinds.counts}
        counts = self._kinds.counts
        infeasible = sum(counts[kind] for kind, people in missing.items() if people)
        undecided = sum(counts[kind] for kind, people in missing.items() if people is None)
        rivalries, exact = self._rivalries()
        slack, bottleneck = self._slacks(rivalries)
        resilience = min(slack.values(), default=None)
        to_add = max((people for people in missing.values() if people), default=0)
        return Staffing(
            basis=self._basis,
            pairs=self._pairs,
            cases_concerned=counts.total(),
            feasible=self._cases - infeasible - undecided,
            infeasible=infeasible,
            undecided=undecided,
            needs=self._needs(missing),
            resilience=resilience,
            resilience_exact=exact,
            bottleneck=tuple(self._names[activity] for activity in bottleneck),
            people_to_add=to_add,
            people_to_add_spare=max(to_add, 0 if resilience is None else 1 - resilience),
            activities=self._activities(slack),
            impossible=self._impossible(missing),
        )

    def _activities(self, slack: dict[int, int]) -> list[ActivityStaff]:
        found = [
            ActivityStaff(self._names[activity], len(people), slack.get(activity))
            for activity, people in self._roster.items()
        ]
        return sorted(found, key=lambda one: (one.slack is None, one.slack or 0, one.people, one.activity))

    def _tasks(self, kind: Kind) -> tuple[Tasks, list[int]]:
        """The instance of a kind, and the activity of each task."""
        of = [activity for activity, own in kind for _ in range(own)]
        conflicts = [
            frozenset(j for j, b in enumerate(of) if j != i and b in self._rivals[a])
            for i, a in enumerate(of)
        ]
        return Tasks(tuple(frozenset(self._roster[a]) for a in of), tuple(conflicts)), of

    def _missing(self, kind: Kind) -> int | None:
        """People missing for this kind of case; None when the search was given up."""
        if _too_many(kind):
            return None
        tasks, _ = self._tasks(kind)
        try:
            return 0 if can_be_done(tasks) else people_missing(tasks)
        except TooHard:
            return None

    def _needs(self, missing: dict[Kind, int | None]) -> dict[int, int]:
        found: Counter[int] = Counter()
        for kind, cases in self._kinds.counts.items():
            lent = missing[kind]
            if lent is not None:
                try:
                    found[fewest_people(self._tasks(kind)[0].with_anybody(lent))] += cases
                except TooHard:
                    continue
        return dict(sorted(found.items()))

    def _slacks(self, rivalries: list[tuple[int, ...]]) -> tuple[dict[int, int], list[int]]:
        """The least slack of each activity over sets of mutual rivals met in a case, and the smallest tightest set."""
        least: dict[int, int] = {}
        found: list[tuple[int, int, list[int]]] = []
        for activities in rivalries:
            # Repetitions of one activity are alike: its first stands for them.
            firsts = {activity: task for task, activity in reversed([*enumerate(activities)])}
            judged = slacks([frozenset(self._roster[a]) for a in activities], firsts.values())
            for activity, slack in zip(firsts, judged, strict=True):
                least[activity] = min(slack.value, least.get(activity, slack.value))
                tight = sorted({activities[task] for task in slack.tight})
                found.append((slack.value, len(slack.tight), tight))
        return least, min(found)[2] if found else []

    def _rivalries(self) -> tuple[list[tuple[int, ...]], bool]:
        """Largest sets of activities met in one case that need different people, and whether these are all."""
        found: set[tuple[int, ...]] = set()
        looked_at = 0
        exact = True
        for kind in self._kinds.counts:
            if _too_many(kind):
                exact = False
                continue
            tasks, of = self._tasks(kind)
            for clique in _cliques(tasks.conflicts):
                found.add(tuple(of[task] for task in sorted(clique)))
                looked_at += 1
                if looked_at > MOST_CLIQUES:
                    return sorted(found), False
        return sorted(found), exact

    def _impossible(self, missing: dict[Kind, int | None]) -> list[Impossible]:
        found = [
            Impossible(
                tuple(self._names[activity] + (f" ×{own}" if own > 1 else "") for activity, own in kind),
                self._kinds.counts[kind],
                people,
                tuple(self._kinds.examples[kind]),
            )
            for kind, people in missing.items()
            if people
        ]
        return sorted(found, key=lambda one: (-one.cases, one.activities))


def _too_many(kind: Kind) -> bool:
    return sum(own for _, own in kind) > MOST_REPETITIONS


def _cliques(conflicts: tuple[frozenset[int], ...]) -> Iterator[frozenset[int]]:
    """Largest sets of mutual rivals (Bron and Kerbosch 1973, with a pivot), without recursion."""
    stack = [(frozenset[int](), frozenset(range(len(conflicts))), frozenset[int]())]
    while stack:
        chosen, open_, closed = stack.pop()
        if not open_ and not closed:
            yield chosen
            continue
        if not open_:
            continue
        pivot = max(open_ | closed, key=lambda task: len(conflicts[task] & open_))
        for task in sorted(open_ - conflicts[pivot]):
            stack.append((chosen | {task}, open_ & conflicts[task], closed & conflicts[task]))
            open_, closed = open_ - {task}, closed | {task}
