"""Plain backtracking: person by person, what the pattern search is measured against. Not used by the system."""

from __future__ import annotations

from collections.abc import Mapping

from app.kernel.duties.lookahead import (
    AtMost,
    AtMostPersons,
    Constraint,
    NotEqual,
    Plan,
    Problem,
    Same,
)


class GaveUp(Exception):
    """The bound on assignments tried was met."""


def solve_plainly(problem: Problem, bound: int) -> Plan | None:
    """Steps with few candidates first, each person tried; every constraint is looked at as soon as it can fail."""
    order = sorted(problem.steps, key=lambda step: len(step.candidates))
    about: dict[str, list[Constraint]] = {step.key: [] for step in order}
    for constraint in problem.constraints:
        for key in set(constraint.steps()):
            about[key].append(constraint)
    # What past acts break or fulfil by themselves shows before the first step.
    if not all(_may_hold(constraint, {}) for constraint in problem.constraints):
        return None
    plan: Plan = {}
    left = [bound]

    def place(depth: int) -> bool:
        if depth == len(order):
            return True
        step = order[depth]
        for person in sorted(step.candidates):
            left[0] -= 1
            if left[0] < 0:
                raise GaveUp
            plan[step.key] = person
            if all(_may_hold(constraint, plan) for constraint in about[step.key]) and place(depth + 1):
                return True
            del plan[step.key]
        return False

    return plan if place(0) else None


def _may_hold(constraint: Constraint, plan: Mapping[str, int]) -> bool:
    """False when no completion of the plan can keep the constraint."""
    if isinstance(constraint, NotEqual | Same):
        a, b = plan.get(constraint.a), plan.get(constraint.b)
        if constraint.a != constraint.b and (a is None or b is None):
            return True
        return (a == b) == isinstance(constraint, Same)
    if isinstance(constraint, AtMost):
        return _within(constraint, plan)
    people = {plan[key] for key in constraint.over if key in plan}.union(constraint.past)
    if isinstance(constraint, AtMostPersons):
        return len(people) <= constraint.maximum
    unplaced = sum(key not in plan for key in set(constraint.over))
    return len(people) + unplaced >= constraint.minimum


def _within(constraint: AtMost, plan: Mapping[str, int]) -> bool:
    wanted: dict[int, set[str]] = {}
    for member, keys in constraint.members.items():
        for key in keys:
            if key in plan:
                wanted.setdefault(plan[key], set()).add(member)
    return all(constraint.allows(person, members) for person, members in wanted.items())
