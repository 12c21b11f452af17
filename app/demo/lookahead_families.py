"""Generated look-ahead problems: hard ones to compare with the literature, and cases like those of an office.

`literature`: Karapetyan, Gagarin and Gutin (FAW 2015): k steps, each user authorised for 1..⌊(k−1)/2⌋ random steps,
k constraints "5 steps by at most 3 people", and so many not-equal pairs that half of the instances can be satisfied.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from app.kernel.duties.lookahead import AtMost, AtMostPersons, Constraint, NotEqual, Problem, Step, solve

# Below five steps a user may do one step only, and the family says nothing.
FEWEST_STEPS = 5
# (steps, people) → not-equal pairs at which half can be satisfied, as `find_half_point` found them.
HALF_POINTS = {
    **dict(zip([(steps, 200) for steps in range(5, 13)], [8, 9, 12, 13, 16, 17, 21, 20], strict=True)),
    **dict(zip([(steps, 10 * steps) for steps in range(5, 13)], [7, 9, 11, 11, 15, 14, 19, 19], strict=True)),
    (15, 150): 28,
    (18, 180): 32,
    (25, 250): 50,
    (30, 300): 57,
}

DUTIES = (
    "intake",
    "investigation_1",
    "investigation_2",
    "initial_review",
    "recheck",
    "risk_review",
    "final_review",
    "final_review_2",
    "panel_opinion",
    "draw",
    "witness",
    "serve",
)
REVIEWS = ("initial_review", "recheck", "risk_review", "final_review", "final_review_2")
# The shipped sets of one case: members, each a duty.
SETS = (
    REVIEWS,
    ("intake", "final_review"),
    ("intake", "final_review_2"),
    ("draw", "witness"),
    ("draw", "recheck"),
)


@dataclass(frozen=True)
class Family:
    """A kind of instances; `make` draws one."""

    name: str
    steps: int
    people: int
    make: Callable[[random.Random], Problem]


def literature(steps: int, people: int, pairs: int | None = None) -> Family:
    """The family of the literature, at its half point unless `pairs` says otherwise."""
    if steps < FEWEST_STEPS:
        raise ValueError(f"steps: {steps}; this family begins at {FEWEST_STEPS}")
    chosen = HALF_POINTS[steps, people] if pairs is None else pairs

    def make(rng: random.Random) -> Problem:
        keys = [f"s{number}" for number in range(steps)]
        may: dict[str, set[int]] = {key: set() for key in keys}
        for person in range(1, people + 1):
            for key in rng.sample(keys, rng.randint(1, (steps - 1) // 2)):
                may[key].add(person)
        rules: list[Constraint] = [AtMostPersons(3, frozenset(rng.sample(keys, 5))) for _ in keys]
        rules += [NotEqual(a, b) for a, b in rng.sample(list(combinations(keys, 2)), chosen)]
        return Problem(tuple(Step(key, frozenset(may[key])) for key in keys), tuple(rules))

    return Family("literature", steps, people, make)


def find_half_point(steps: int, people: int, rng: random.Random, tries: int = 200) -> int:
    """The number of not-equal pairs at which the share of satisfiable instances comes nearest to one half."""
    low, high = 0, steps * (steps - 1) // 2
    shares = {}
    while low <= high:
        pairs = (low + high) // 2
        family = literature(steps, people, pairs)
        shares[pairs] = sum(solve(family.make(rng)) is not None for _ in range(tries)) / tries
        if shares[pairs] >= 0.5:
            low = pairs + 1
        else:
            high = pairs - 1
    return min(shares, key=lambda pairs: abs(shares[pairs] - 0.5))


def office(steps: int, people: int) -> Family:
    """A case of an office: everybody in one post or two, the shipped sets, one or two duties done already."""

    def make(rng: random.Random) -> Problem:
        posts = [rng.sample(DUTIES, 1 if rng.random() < 0.6 else 2) for _ in range(people)]
        return case_of(rng, steps, posts)

    return Family("office", steps, people, make)


def county(steps: int) -> Family:
    """A county whose few people hold many posts: as many people as steps, or one fewer, and every step by another."""

    def make(rng: random.Random) -> Problem:
        posts = [rng.sample(DUTIES, rng.randint(7, 11)) for _ in range(steps - rng.randint(0, 1))]
        problem = case_of(rng, steps, posts)
        keys = [step.key for step in problem.steps]
        return Problem(problem.steps, (AtMost({key: (key,) for key in keys}),))

    return Family("county", steps, steps, make)


def case_of(rng: random.Random, steps: int, posts: list[list[str]]) -> Problem:
    """Some duties are to be done, by whom the posts let; some others have been done."""
    todo = sorted(rng.sample(DUTIES, steps), key=DUTIES.index)
    holders = {d: frozenset(n for n, held in enumerate(posts, 1) if d in held) for d in DUTIES}
    done = {d: rng.choice(sorted(holders[d])) for d in DUTIES if d not in todo and holders[d]}
    rules: list[Constraint] = [
        AtMost(
            {duty: (duty,) if duty in todo else () for duty in members},
            held=_held({duty: done[duty] for duty in members if duty in done}),
        )
        for members in SETS
    ]
    rules += [
        AtMost({"panel_opinion": {"panel_opinion"} & {*todo}, review: {review} & {*todo}})
        for review in REVIEWS
    ]
    if {"investigation_1", "investigation_2"} <= {*todo}:
        rules.append(NotEqual("investigation_1", "investigation_2"))
    return Problem(tuple(Step(duty, holders[duty]) for duty in todo), tuple(rules))


def _held(done: dict[str, int]) -> dict[int, frozenset[str]]:
    return {person: frozenset(d for d, by in done.items() if by == person) for person in done.values()}
