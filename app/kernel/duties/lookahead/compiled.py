"""A problem as whole numbers: steps and people become bits, so that a set is one integer.

Steps bound to one person become one *unit*. People with the same units open to them and the same history are
interchangeable; of each kind no more are kept than there are units. A unit and a past person of a counting
constraint are treated alike: the past is a unit with one candidate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from app.kernel.duties.lookahead.problem import (
    AtLeastPersons,
    AtMost,
    AtMostPersons,
    NotEqual,
    Problem,
    Same,
)


@dataclass
class Limit:
    """A conflict set that pairs of units can't express: members (as bits) of each unit, and what people hold."""

    gives: dict[int, int]
    maximum: int
    held: dict[int, int]  # person bit -> members
    plain: int  # persons without history here
    known: dict[int, int] = field(default_factory=dict)

    def allowed(self, members: int) -> int:
        """The people (bits) who may come to hold these members."""
        found = self.known.get(members)
        if found is None:
            found = self.plain if members.bit_count() <= self.maximum else 0
            for person, held in self.held.items():
                if not members & ~held or (members | held).bit_count() <= self.maximum:
                    found |= person
            self.known[members] = found
        return found


@dataclass(frozen=True)
class Count:
    """Units (bits) that at least `low` and at most `high` different people do."""

    units: int
    low: int
    high: int


@dataclass
class Compiled:
    """`candidates[u]` and `apart[u]`: bits of people and of units; `parts`: units that hang together.

    `open_to[u]`: ids of everybody for the unit after history; `open_units`: person → units (bits); `marked`: people
    with a history that no unit shows; `abundant`: the kept people (bits) of kinds of which not all are kept.
    """

    keys: list[list[str]]
    people: list[int]
    candidates: list[int]
    apart: list[int]
    limits: list[Limit]
    counts: list[Count]
    parts: list[int]
    open_to: list[set[int]]
    open_units: dict[int, int]
    marked: set[int]
    abundant: int
    possible: bool = True


def compile_problem(problem: Problem, spare: int = 0) -> Compiled:
    """Set-up in time linear in the candidates; `possible` is false when a constraint fails by itself.

    Of each kind of people `spare` more are kept than there are units for them.
    """
    return _Builder(problem, spare).build()


class _Builder:
    def __init__(self, problem: Problem, spare: int) -> None:
        self.problem = problem
        self.spare = spare
        self.possible = True
        self.keys: list[list[str]] = []
        self.open_to: list[set[int]] = []
        self.unit_of: dict[str, int] = {}
        self.apart: list[int] = []
        self.limits: list[tuple[AtMost, dict[int, int], dict[str, int]]] = []
        self.counts: list[Count] = []
        self.links: list[int] = []
        self.open_units: dict[int, int] = {}
        self.marked: set[int] = set()
        self.people: list[int] = []
        self.abundant = 0

    def build(self) -> Compiled:
        self._join_steps()
        for constraint in self.problem.constraints:
            if isinstance(constraint, NotEqual):
                self._separate(self.unit_of[constraint.a], self.unit_of[constraint.b])
            elif isinstance(constraint, AtMost):
                self._limit(constraint)
            elif isinstance(constraint, AtMostPersons):
                self._count(constraint.over, constraint.past, 0, constraint.maximum)
            elif isinstance(constraint, AtLeastPersons):
                self._count(constraint.over, constraint.past, constraint.minimum, None)
        candidates = self._reduce()
        place = {person: 1 << bit for bit, person in enumerate(self.people)}
        limits = [self._finish(*limit, place) for limit in self.limits]
        self.links += [count.units for count in self.counts]
        self.links += [near | 1 << unit for unit, near in enumerate(self.apart) if near]
        parts = _parts(len(self.keys), self.links)
        return Compiled(
            self.keys,
            self.people,
            candidates,
            self.apart,
            limits,
            self.counts,
            parts,
            self.open_to,
            self.open_units,
            self.marked,
            self.abundant,
            self.possible and all(candidates),
        )

    def _join_steps(self) -> None:
        root = {step.key: step.key for step in self.problem.steps}
        for bond in self.problem.constraints:
            if isinstance(bond, Same):
                old, new = root[bond.a], root[bond.b]
                if old != new:
                    root = {key: new if at == old else at for key, at in root.items()}
        for step in self.problem.steps:
            unit = self.unit_of.get(root[step.key])
            if unit is None:
                unit = self.unit_of[root[step.key]] = self._new_unit(set(step.candidates))
            else:
                self.open_to[unit].intersection_update(step.candidates)
            self.keys[unit].append(step.key)
        self.unit_of = {key: unit for unit, keys in enumerate(self.keys) for key in keys}

    def _new_unit(self, candidates: set[int]) -> int:
        self.keys.append([])
        self.open_to.append(candidates)
        self.apart.append(0)
        return len(self.keys) - 1

    def _separate(self, a: int, b: int) -> None:
        if a == b:
            self.possible = False
        self.apart[a] |= 1 << b
        self.apart[b] |= 1 << a

    def _limit(self, constraint: AtMost) -> None:
        """Narrow each unit by history, set pairs apart that nobody may join; keep the rest as a Limit."""
        bits: dict[str, int] = {}
        gives: dict[int, int] = {}
        for member, keys in constraint.members.items():
            bit = bits.setdefault(member, 1 << len(bits))
            for key in keys:
                unit = self.unit_of[key]
                gives[unit] = gives.get(unit, 0) | bit
        for held in constraint.held.values():
            for member in held:
                bits.setdefault(member, 1 << len(bits))
        for unit, mask in gives.items():
            self._narrow(unit, mask, bits, constraint)
        if constraint.maximum > 1 or any(len(set(h)) > constraint.maximum for h in constraint.held.values()):
            self.limits.append((constraint, gives, bits))
            self.links.append(sum(1 << unit for unit in gives))
            return
        units = list(gives)
        for place, a in enumerate(units):
            for b in units[:place]:
                if (gives[a] | gives[b]).bit_count() > constraint.maximum:
                    self._separate(a, b)

    def _narrow(self, unit: int, mask: int, bits: Mapping[str, int], constraint: AtMost) -> None:
        wanted = [member for member, bit in bits.items() if mask & bit]
        if len(wanted) > constraint.maximum:
            self.open_to[unit].intersection_update(constraint.held)
        for person in self.open_to[unit].intersection(constraint.held):
            if not constraint.allows(person, wanted):
                self.open_to[unit].discard(person)

    def _count(self, over: Collection[str], past: Collection[int], low: int, high: int | None) -> None:
        units = {self.unit_of[key] for key in over}
        done = set(past)
        for person in done:
            if any(person in self.open_to[unit] for unit in units):
                units.add(self._past_unit(person))
            else:
                low -= 1
                high = None if high is None else high - 1
        high = len(units) if high is None else high
        if high < bool(units) or low > len(units):
            self.possible = False
        if low > 1 or high < len(units):
            self.counts.append(Count(sum(1 << unit for unit in units), low, high))

    def _past_unit(self, person: int) -> int:
        for unit, keys in enumerate(self.keys):
            if not keys and self.open_to[unit] == {person}:
                return unit
        return self._new_unit({person})

    def _reduce(self) -> list[int]:
        """Choose the people kept; the candidates of each unit as bits."""
        open_units = self.open_units
        for unit, candidates in enumerate(self.open_to):
            bit = 1 << unit
            for person in candidates:
                open_units[person] = open_units.get(person, 0) | bit
        self.marked = {person for constraint, _, _ in self.limits for person in constraint.held}
        kept: dict[int, int] = {}
        kinds: dict[int, int] = {}
        for person, units in open_units.items():
            bit = 1 << len(self.people)
            if person in self.marked:
                kinds[bit] = units
            elif kept.get(units, 0).bit_count() < units.bit_count() + self.spare:
                kept[units] = kept.get(units, 0) | bit
            else:
                self.abundant |= kept[units]
                continue
            self.people.append(person)
        candidates_of = [0] * len(self.keys)
        for units, people in [*kept.items(), *((units, bit) for bit, units in kinds.items())]:
            while units:
                lowest = units & -units
                candidates_of[lowest.bit_length() - 1] |= people
                units ^= lowest
        return candidates_of

    def _finish(
        self, constraint: AtMost, gives: dict[int, int], bits: Mapping[str, int], place: Mapping[int, int]
    ) -> Limit:
        held = {
            place[person]: sum(bits[member] for member in set(members))
            for person, members in constraint.held.items()
            if person in place
        }
        return Limit(gives, constraint.maximum, held, (1 << len(place)) - 1 - sum(held))


def _parts(count: int, links: Iterable[int]) -> list[int]:
    """Connected components of the units under the constraints, the smallest first."""
    parts = [1 << unit for unit in range(count)]
    for link in links:
        touched = [part for part in parts if part & link]
        if len(touched) > 1:
            parts = [part for part in parts if not part & link]
            joined = 0
            for part in touched:
                joined |= part
            parts.append(joined)
    return sorted(parts, key=int.bit_count)
