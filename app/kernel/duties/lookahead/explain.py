"""Why a case can't be finished, or how little is missing for that: what the page says beside a warning."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.duties.lookahead.compiled import compile_problem
from app.kernel.duties.lookahead.problem import Constraint, Problem, ProblemInvalid
from app.kernel.duties.lookahead.solve import solve
from app.kernel.duties.lookahead.staffing import LIMIT, Resilience, resilience


@dataclass(frozen=True)
class Tightness:
    """How tight a problem is. `slack`: people that may drop out (−1: it can't be finished; `limit`: as many or more).

    `steps`: a minimal set of tight steps; `constraints`: those needed to make them so; both empty when slack = limit.
    `people`: who there is for these steps; `stopped_by` and `short_by` as in Resilience.
    """

    slack: int
    steps: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    people: frozenset[int]
    stopped_by: frozenset[int]
    short_by: int | None

    @property
    def satisfiable(self) -> bool:
        return self.slack >= 0


def explain(problem: Problem, limit: int = LIMIT) -> Tightness:
    """The tight steps and what makes them so. Raises Undecided as `solve` does."""
    found: Resilience = resilience(problem, limit)
    reasons: tuple[Constraint, ...] = ()
    if found.level < limit:
        reasons = _minimal_constraints(
            problem.without(found.stopped_by).restricted(found.bottleneck), problem
        )
    return Tightness(found.level, found.bottleneck, reasons, found.people, found.stopped_by, found.short_by)


def _minimal_constraints(tight: Problem, whole: Problem) -> tuple[Constraint, ...]:
    """Constraints without any of which the tight steps could be done; as they stand in the whole problem."""
    kept = list(whole.constraints)
    keys = [step.key for step in tight.steps]
    for constraint in whole.constraints:
        fewer = [other for other in kept if other is not constraint]
        eased = Problem(whole.steps, tuple(fewer)).restricted(keys)
        if solve(Problem(tight.steps, eased.constraints)) is None:
            kept = fewer
    return tuple(kept)


def finishable_choices(problem: Problem, key: str) -> frozenset[int]:
    """Candidates of the step with whom on it the rest can still be finished: one question per kind of people."""
    compiled = compile_problem(problem)
    unit = next((unit for unit, keys in enumerate(compiled.keys) if key in keys), None)
    if unit is None:
        raise ProblemInvalid(f"no step {key}")
    answers: dict[tuple[int, int], bool] = {}
    able = set()
    for person in compiled.open_to[unit]:
        # People with a history beyond their open units are each a kind of their own (ids start at 1).
        kind = (compiled.open_units[person], person if person in compiled.marked else 0)
        if kind not in answers:
            answers[kind] = solve(problem.assigned(key, person)) is not None
        if answers[kind]:
            able.add(person)
    return frozenset(able)
