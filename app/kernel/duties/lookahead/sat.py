"""The same question as SAT: for large cases, and as an oracle that shares nothing with the search.

Pattern-based encoding (Karapetyan, Parkes, Gutin and Gagarin, JAIR 66, 2019): x[s, p], person p may stand for step s;
m[s, t], one person does both. Steps of one person share their whole rows of x, rows of different people are disjoint,
so one person of a row is the witness and no "exactly one" is needed. Solver: Glucose 4 (python-sat).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import combinations
from typing import Any

from app.kernel.duties.lookahead.problem import (
    AtLeastPersons,
    AtMost,
    AtMostPersons,
    NotEqual,
    Plan,
    Problem,
    Same,
    Undecided,
)

# About a second. Cases of the literature with 30 steps need a few thousand.
CONFLICTS = 30_000
# Up to so many clauses a bound on people is written out; beyond, a sequential counter is cheaper.
WRITTEN_OUT = 70


def solve_by_sat(problem: Problem, *, conflicts: int = CONFLICTS) -> Plan | None:
    """A plan, or None when there is none. Raises Undecided after `conflicts` conflicts."""
    from pysat.solvers import Glucose4  # loading it takes 20 ms that most processes never need

    encoding = Encoding(problem)
    with Glucose4(bootstrap_with=encoding.clauses) as solver:
        solver.conf_budget(conflicts)
        answer = solver.solve_limited()
        if answer is None:
            raise Undecided(f"no answer after {conflicts} conflicts over {len(problem.steps)} steps")
        return encoding.read(solver.get_model()) if answer else None


class Encoding:
    """The clauses of a problem and how a model is read back."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.clauses: list[list[int]] = []
        self.last = 0
        self.may: dict[str, dict[int, int]] = {}
        self.together: dict[tuple[str, str], int] = {}
        self.pasts: dict[int, str] = {}
        for step in problem.steps:
            self._add_step(step.key, step.candidates)
        self._add_pasts()
        self._equate()
        for constraint in problem.constraints:
            self._constrain(constraint)

    def read(self, model: list[int]) -> Plan:
        true = {literal for literal in model if literal > 0}
        return {
            step.key: min(person for person, literal in self.may[step.key].items() if literal in true)
            for step in self.problem.steps
        }

    def _new(self) -> int:
        self.last += 1
        return self.last

    def _add_step(self, key: str, candidates: Collection[int]) -> None:
        row = {person: self._new() for person in sorted(set(candidates))}
        for other in self.may:
            self.together[other, key] = self.together[key, other] = self._new()
        self.may[key] = row
        self.clauses.append(list(row.values()))

    def _add_pasts(self) -> None:
        """A past person of a counting constraint is a step that only he may take."""
        people = {
            person
            for constraint in self.problem.constraints
            if isinstance(constraint, AtMostPersons | AtLeastPersons)
            for person in constraint.past
        }
        for person in sorted(people):
            key = self.pasts[person] = f"\0past {person}"
            self._add_step(key, (person,))

    def _equate(self) -> None:
        """`together` is an equivalence, and it is equality of the rows."""
        for a, b, c in combinations(self.may, 3):
            ab, bc, ac = self.together[a, b], self.together[b, c], self.together[a, c]
            self.clauses += [[-ab, -bc, ac], [-ab, -ac, bc], [-ac, -bc, ab]]
        for a, b in combinations(self.may, 2):
            same, row, other = self.together[a, b], self.may[a], self.may[b]
            for person, literal in row.items():
                twin = other.get(person)
                if twin is None:
                    self.clauses.append([-same, -literal])
                else:
                    self.clauses += [
                        [-literal, -twin, same],
                        [-same, -literal, twin],
                        [-same, -twin, literal],
                    ]
            self.clauses += [[-same, -twin] for person, twin in other.items() if person not in row]

    def _constrain(self, constraint: object) -> None:
        if isinstance(constraint, NotEqual | Same):
            sign = 1 if isinstance(constraint, Same) else -1
            if constraint.a != constraint.b:
                self.clauses.append([sign * self.together[constraint.a, constraint.b]])
            elif sign < 0:
                self.clauses.append([])
        elif isinstance(constraint, AtMost):
            self._limit(constraint)
        elif isinstance(constraint, AtMostPersons):
            self._at_most(self._counted(constraint.over, constraint.past), constraint.maximum)
        elif isinstance(constraint, AtLeastPersons):
            self._at_least(self._counted(constraint.over, constraint.past), constraint.minimum)

    def _limit(self, constraint: AtMost) -> None:
        """Person by person: of the members not yet held, no more than what is left of the maximum."""
        taken: dict[int, dict[str, list[int]]] = {}
        for member, keys in constraint.members.items():
            for key in set(keys):
                for person, literal in self.may[key].items():
                    taken.setdefault(person, {}).setdefault(member, []).append(literal)
        for person, by_member in taken.items():
            held = set(constraint.held.get(person, ()))
            left = max(0, constraint.maximum - len(held))
            new = [literals for member, literals in by_member.items() if member not in held]
            for group in combinations(new, left + 1):
                self._never_all(group)

    def _never_all(self, groups: Iterable[list[int]]) -> None:
        """Not one of each group at once."""
        chosen: list[list[int]] = [[]]
        for literals in groups:
            chosen = [[*clause, -literal] for clause in chosen for literal in literals]
        self.clauses += chosen

    def _counted(self, over: Collection[str], past: Collection[int]) -> list[str]:
        return [*dict.fromkeys(over), *(self.pasts[person] for person in sorted(set(past)))]

    def _at_most(self, keys: list[str], most: int) -> None:
        if most < 1:
            self.clauses += [[]] if keys or most < 0 else []
            return
        groups = list(combinations(keys, most + 1)) if len(keys) < 12 else []
        if len(keys) < 12 and len(groups) <= WRITTEN_OUT:
            for group in groups:
                self.clauses.append([self.together[pair] for pair in combinations(group, 2)])
        elif most < len(keys):
            self._cardinality([-first for first in self._firsts(keys)], len(keys) - most)

    def _at_least(self, keys: list[str], least: int) -> None:
        if least > len(keys):
            self.clauses.append([])
        elif least > 1:
            self._cardinality(self._firsts(keys), least)

    def _firsts(self, keys: list[str]) -> list[int]:
        """A literal for each step: no earlier one of these is by the same person. As many as people are true."""
        firsts = []
        for place, key in enumerate(keys):
            first = self._new()
            before = [self.together[earlier, key] for earlier in keys[:place]]
            self.clauses += [[-first, -same] for same in before]
            self.clauses.append([first, *before])
            firsts.append(first)
        return firsts

    def _cardinality(self, literals: list[int], least: int) -> None:
        from pysat.card import CardEnc, EncType

        made: Any = CardEnc.atleast(lits=literals, bound=least, top_id=self.last, encoding=EncType.seqcounter)
        self.clauses += made.clauses
        self.last = max(self.last, made.nv)
