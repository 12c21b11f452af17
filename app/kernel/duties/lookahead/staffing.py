"""How many people may be absent with everything still finishable (resilience, Wang and Li 2010), and what is tight.

Where all steps are by different people it is min over sets S of duties of |N(S)| − |S|, N(S) being the people who may
do any of S (Hall's theorem): exact, and S is the bottleneck. In general that minimum is a lower bound, because
different people break no constraint but those that ask for few; below `limit` the exact value is searched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.kernel.duties.lookahead.compiled import Compiled, compile_problem
from app.kernel.duties.lookahead.problem import AtLeastPersons, AtMost, AtMostPersons, Problem, Step
from app.kernel.duties.lookahead.solve import OutOfNodes, Search, bits, bound_for, solve

LIMIT = 2
# All 2^k sets of duties are looked at: 1 ms for 12 duties.
MOST_DUTIES = 16


@dataclass(frozen=True)
class Resilience:
    """`level`: people that may be absent; −1, it can't be finished now.

    `bottleneck`: a minimal set of duties that is tight (empty from `limit` up). `people`: who there is for it.
    `stopped_by`: people (level + 1) whose absence would stop it. `short_by`: further people, qualified for every
    duty and without history, who would have to come (0 from level 0 up); None when the constraints contradict each
    other and nobody could help.
    """

    level: int
    bottleneck: tuple[str, ...] = ()
    people: frozenset[int] = frozenset()
    stopped_by: frozenset[int] = frozenset()
    short_by: int | None = 0


def resilience(asked: Problem | Mapping[str, Collection[int]], limit: int = LIMIT) -> Resilience:
    """For duty → people, all duties by different people: the exact level. For a problem: the level up to `limit`."""
    if isinstance(asked, Problem):
        return _of_problem(asked, limit)
    return _of_distinct(asked)


def minimal_steps(problem: Problem) -> tuple[str, ...]:
    """Of a problem that can't be solved, steps that can't be done alone, each of them needed for that."""
    by_people = sorted(problem.steps, key=lambda step: len(step.candidates))
    kept = [step.key for step in by_people]
    for step in reversed(by_people):
        fewer = [key for key in kept if key != step.key]
        if solve(problem.restricted(fewer)) is None:
            kept = fewer
    return tuple(step.key for step in problem.steps if step.key in kept)


def _of_distinct(duties: Mapping[str, Collection[int]]) -> Resilience:
    keys, people = list(duties), [set(some) for some in duties.values()]
    if not keys:
        raise ValueError("duties: none given; resilience needs at least one")
    if len(keys) > MOST_DUTIES:
        raise ValueError(f"duties: {len(keys)} given; at most {MOST_DUTIES}")
    margin, worst = _smallest_margin(_masks(people))
    reach = frozenset[int]().union(*(people[place] for place in bits(worst)))
    return Resilience(
        max(margin, -1),
        tuple(keys[place] for place in bits(worst)),
        reach,
        frozenset(sorted(reach)[: max(0, margin + 1)]),
        max(0, -margin),
    )


def _masks(people: Iterable[Iterable[int]]) -> list[int]:
    place: dict[int, int] = {}
    masks = []
    for some in people:
        mask = 0
        for person in some:
            mask |= 1 << place.setdefault(person, len(place))
        masks.append(mask)
    return masks


def _smallest_margin(masks: Sequence[int]) -> tuple[int, int]:
    """min over non-empty S of |N(S)| − |S|, and the first smallest S (bits) that has it."""
    reach = [0]
    best, worst, size = 1 << 60, 0, 0
    for place, mask in enumerate(masks):
        for number, people in enumerate(reach[: 1 << place], 1 << place):
            union = people | mask
            reach.append(union)
            count = number.bit_count()
            margin = union.bit_count() - count
            if margin < best or (margin == best and count < size):
                best, worst, size = margin, number, count
    return best, worst


def _of_problem(problem: Problem, limit: int) -> Resilience:
    office = _Office(problem, limit)
    blow = office.smallest_blow()
    if blow is None:
        return Resilience(limit)
    steps = minimal_steps(problem.without(blow))
    return Resilience(
        len(blow) - 1, steps, office.people_for(steps), blow, _short_by(problem) if not blow else 0
    )


def _short_by(problem: Problem) -> int | None:
    """The fewest new people, able to do every step, with whom it can be done."""
    newcomer = 1 + max(_known_people(problem), default=0)
    for count in range(1, len(problem.steps) + 1):
        more = range(newcomer, newcomer + count)
        steps = tuple(Step(step.key, {*step.candidates, *more}) for step in problem.steps)
        if solve(Problem(steps, problem.constraints)) is not None:
            return count
    return None


def _known_people(problem: Problem) -> Iterator[int]:
    for step in problem.steps:
        yield from step.candidates
    for constraint in problem.constraints:
        if isinstance(constraint, AtMost):
            yield from constraint.held
        elif isinstance(constraint, AtMostPersons | AtLeastPersons):
            yield from constraint.past


class _Office:
    """Looks for the fewest people whose absence stops a problem. Parts are independent, so each is asked alone."""

    def __init__(self, problem: Problem, limit: int) -> None:
        self.problem = problem
        self.limit = limit
        # With `limit` people to spare of each kind, no absence of so many is felt in a kind that was cut.
        self.compiled: Compiled = compile_problem(problem, spare=limit)
        # Whoever is absent now did what he did before: units of the past (without keys) keep their person.
        self.past = [not keys for keys in self.compiled.keys]

    def people_for(self, steps: Collection[str]) -> frozenset[int]:
        some = [
            self.compiled.open_to[unit]
            for unit, keys in enumerate(self.compiled.keys)
            if not set(steps).isdisjoint(keys)
        ]
        return frozenset[int]().union(*some)

    def smallest_blow(self) -> frozenset[int] | None:
        """The absent people; empty when it can't be done as it is, None when more than `limit` are needed."""
        if not self.compiled.possible:
            return frozenset()
        least: frozenset[int] | None = None
        for part in self.compiled.parts:
            if all(self.past[unit] for unit in bits(part)):
                continue
            most = self.limit if least is None else len(least) - 1
            found = self._blow_to(part, most)
            if found is not None:
                least = found
            if least == frozenset():
                break
        return least

    def _blow_to(self, part: int, most: int) -> frozenset[int] | None:
        """At most `most` people whose absence stops the part, as few as possible."""
        units = bits(part)
        if len(units) <= MOST_DUTIES and self._wants_only_difference(part):
            margin, worst = _smallest_margin([self.compiled.candidates[unit] for unit in units])
            if margin >= most:
                return None
            if all(self.compiled.apart[unit] | 1 << unit == part for unit in units):
                reach = self.people_for([self.compiled.keys[units[place]][0] for place in bits(worst)])
                return frozenset(sorted(reach)[: max(0, margin + 1)])
        for size in range(most + 1):
            found = self._hit(part, 0, size)
            if found is not None:
                return frozenset(self.compiled.people[place] for place in bits(found))
        return None

    def _wants_only_difference(self, part: int) -> bool:
        """Whether different people for all units break no constraint."""
        return not any(
            count.units & part and count.high < count.units.bit_count() for count in self.compiled.counts
        )

    def _hit(self, part: int, absent: int, more: int) -> int | None:
        """`absent` (bits) and at most `more` others who together stop the part. Such a set meets every plan."""
        plan = self._staff(part, absent)
        if plan is None:
            return absent
        for owner, replaceable in plan if more else ():
            if more == 1 and replaceable:
                continue
            found = self._hit(part, absent | owner, more - 1)
            if found is not None:
                return found
        return None

    def _staff(self, part: int, absent: int) -> list[tuple[int, bool]] | None:
        """The scarce people of a plan without the absent, and whether somebody else could simply step in."""
        compiled = self.compiled
        try:
            left = [
                people if past else people & ~absent
                for people, past in zip(compiled.candidates, self.past, strict=True)
            ]
            search = Search(compiled, bound_for(part), left)
            if not search.place(part):
                return None
            staffed = [
                (owner, bool(fit & ~search.taken & ~absent))
                for owner, fit in zip(search.owners, search.fits, strict=True)
            ]
        except OutOfNodes:
            gone = [compiled.people[place] for place in bits(absent)]
            keys = [key for unit in bits(part) for key in compiled.keys[unit]]
            plan = solve(self.problem.without(gone).restricted(keys), nodes=0)
            if plan is None:
                return None
            place_of = {person: 1 << place for place, person in enumerate(compiled.people)}
            staffed = [(place_of.get(person, 0), False) for person in set(plan.values())]
        return [(owner, easy) for owner, easy in staffed if owner & ~compiled.abundant]
