"""Random small and middling problems of look-ahead, with every kind of constraint, and answers by brute force."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import combinations, product

from app.kernel.duties.lookahead import (
    AtLeastPersons,
    AtMost,
    AtMostPersons,
    Constraint,
    NotEqual,
    Plan,
    Problem,
    Same,
    Step,
)


def random_problem(rng: random.Random, most_steps: int, most_people: int) -> Problem:
    """Near the border between possible and impossible, where mistakes show."""
    keys = [f"s{number}" for number in range(rng.randint(1, most_steps))]
    people = range(1, rng.randint(1, most_people) + 1)
    # Half of the problems have few people for each step, so that both answers are common at every size.
    scarce = rng.random() < 0.5
    steps = []
    for key in keys:
        most = min(len(people), 3 if scarce else max(2, len(people) // 2))
        steps.append(
            Step(key, frozenset(rng.sample(people, rng.randint(0 if rng.random() < 0.03 else 1, most))))
        )
    wanted = rng.randint(0, len(keys) + 2)
    return Problem(tuple(steps), tuple(random_constraint(rng, keys, people) for _ in range(wanted)))


def random_constraint(rng: random.Random, keys: list[str], people: range) -> Constraint:
    kind = rng.choices(["apart", "same", "limit", "few", "many"], [6, 1, 3, 2, 2])[0]
    label = f"rule {rng.randrange(1000)}"
    if kind in ("apart", "same") and len(keys) > 1:
        a, b = rng.sample(keys, 2)
        return NotEqual(a, b, label) if kind == "apart" else Same(a, b, label)
    over = frozenset(rng.sample(keys, rng.randint(1, min(5, len(keys)))))
    past = (
        frozenset(rng.sample(people, rng.randint(0, min(2, len(people)))))
        if rng.random() < 0.3
        else frozenset()
    )
    if kind == "few":
        return AtMostPersons(rng.randint(1, 3) + len(past) // 2, over, past, label)
    if kind == "many":
        return AtLeastPersons(rng.randint(1, len(over) + len(past)), over, past, label)
    return random_limit(rng, keys, people, label)


def random_limit(rng: random.Random, keys: list[str], people: range, label: str) -> AtMost:
    names = [f"m{number}" for number in range(rng.randint(2, 4))]
    members: dict[str, set[str]] = {name: set() for name in names}
    for key in rng.sample(keys, rng.randint(1, len(keys))):
        for name in rng.sample(names, 2 if rng.random() < 0.1 else 1):
            members[name].add(key)
    held = {}
    for person in rng.sample(people, rng.randint(0, min(3, len(people)))):
        held[person] = frozenset(rng.sample([*names, "gone"], rng.randint(1, 3 if rng.random() < 0.2 else 1)))
    return AtMost(members, rng.choice([1, 1, 1, 2, 3]), held, label)


def broken(problem: Problem, plan: Mapping[str, int]) -> list[str]:
    """What is wrong with a plan, read off the definitions alone; empty when it is valid."""
    wrong = [step.key for step in problem.steps if plan.get(step.key) not in step.candidates]
    return wrong or [f"{rule!r}" for rule in problem.constraints if not keeps(rule, plan)]


def keeps(rule: Constraint, plan: Mapping[str, int]) -> bool:
    if isinstance(rule, NotEqual):
        return plan[rule.a] != plan[rule.b]
    if isinstance(rule, Same):
        return plan[rule.a] == plan[rule.b]
    if isinstance(rule, AtMostPersons):
        return len({plan[key] for key in rule.over} | set(rule.past)) <= rule.maximum
    if isinstance(rule, AtLeastPersons):
        return len({plan[key] for key in rule.over} | set(rule.past)) >= rule.minimum
    for person in set(plan.values()):
        before = set(rule.held.get(person, ()))
        after = before | {m for m, keys in rule.members.items() if any(plan[key] == person for key in keys)}
        if after != before and len(after) > rule.maximum:
            return False
    return True


def brute_force(problem: Problem) -> Plan | None:
    """The first valid plan of all there are."""
    keys = [step.key for step in problem.steps]
    for people in product(*(sorted(step.candidates) for step in problem.steps)):
        plan = dict(zip(keys, people, strict=True))
        if not broken(problem, plan):
            return plan
    return None


def brute_level(problem: Problem, limit: int) -> int:
    """Delete every set of people, the small ones first, until nothing works."""
    everybody = sorted({person for step in problem.steps for person in step.candidates})
    for size in range(limit + 1):
        for absent in combinations(everybody, size):
            if brute_force(problem.without(absent)) is None:
                return size - 1
    return limit
