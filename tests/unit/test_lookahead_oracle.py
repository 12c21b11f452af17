"""Pattern search and SAT share no line; they must agree on every problem, and every plan must be valid."""

from __future__ import annotations

import random

import pytest

from app.demo.lookahead_families import HALF_POINTS, county, literature, office
from app.kernel.duties.lookahead import AtMostPersons, NotEqual, Problem, Step, Undecided, solve
from app.kernel.duties.lookahead.compiled import compile_problem
from app.kernel.duties.lookahead.sat import solve_by_sat
from app.kernel.duties.lookahead.solve import OutOfNodes, solve_by_patterns
from tests.lookahead_instances import broken, random_problem

ENOUGH = 1_000_000


def by_patterns(problem: Problem) -> dict[str, int] | None:
    """The search alone, never SAT."""
    compiled = compile_problem(problem)
    return solve_by_patterns(compiled, ENOUGH) if compiled.possible else None


def agree(problem: Problem) -> bool:
    plan, by_sat = by_patterns(problem), solve_by_sat(problem, conflicts=ENOUGH)
    assert (plan is None) == (by_sat is None), problem
    for answer in (plan, by_sat):
        assert answer is None or broken(problem, answer) == [], problem
    return plan is not None


def assert_both_common(answers: list[bool]) -> None:
    share = sum(answers) / len(answers)
    print(f"{len(answers)} agreements, {share:.0%} satisfiable")
    assert 0.3 <= share <= 0.7


def test_search_and_sat_agree(rng: random.Random) -> None:
    assert_both_common([agree(random_problem(rng, 14, 14)) for _ in range(500)])


@pytest.mark.long
def test_search_and_sat_agree_ten_thousand_times(rng: random.Random) -> None:
    answers = [agree(random_problem(rng, 14, 14)) for _ in range(8_000)]
    answers += [
        agree(literature(*size).make(rng)) for size in ((8, 80), (10, 100), (12, 120)) for _ in range(400)
    ]
    # Far from enough people for different steps is what SAT can't see: counties stay small.
    answers += [agree(county(rng.randint(3, 8)).make(rng)) for _ in range(800)]
    assert len(answers) == 10_000
    assert_both_common(answers)


@pytest.mark.parametrize("steps", [8, 12])
def test_half_of_the_hard_family_can_be_satisfied(steps: int, rng: random.Random) -> None:
    family = literature(steps, 200)
    answers = [agree(family.make(rng)) for _ in range(60)]
    assert 0.2 <= sum(answers) / len(answers) <= 0.8


def test_offices_agree(rng: random.Random) -> None:
    answers = [
        agree(office(rng.randint(3, 12), people).make(rng)) for people in (6, 12, 18, 60) for _ in range(25)
    ]
    assert {*answers} == {True, False}


def test_search_that_runs_out_is_answered_by_sat(rng: random.Random) -> None:
    ran_out = 0
    for _ in range(20):
        problem = literature(12, 120).make(rng)
        compiled = compile_problem(problem)
        try:
            solve_by_patterns(compiled, 3)
        except OutOfNodes:
            ran_out += 1
        assert (solve(problem, nodes=3) is None) == (by_patterns(problem) is None)
    assert ran_out > 5


def test_more_than_25_steps_are_answered(rng: random.Random) -> None:
    for _ in range(4):
        problem = literature(30, 300, HALF_POINTS[30, 300]).make(rng)
        plan = solve(problem)
        assert (plan is None) == (solve_by_sat(problem) is None)
        assert plan is None or broken(problem, plan) == []


def test_large_bound_on_people_is_counted_right() -> None:
    """Beyond a few steps the bound is no longer written out clause by clause."""
    keys = [f"s{number}" for number in range(14)]
    apart = [NotEqual(a, b) for number, a in enumerate(keys[:5]) for b in keys[:number]]
    steps = tuple(Step(key, range(1, 20)) for key in keys)
    for most, possible in ((5, True), (4, False)):
        problem = Problem(steps, (*apart, AtMostPersons(most, keys)))
        assert agree(problem) is possible


def test_sat_gives_no_answer_rather_than_a_wrong_one(rng: random.Random) -> None:
    keys = [f"s{number}" for number in range(11)]
    pairs = [NotEqual(a, b) for number, a in enumerate(keys) for b in keys[:number]]
    problem = Problem(tuple(Step(key, range(1, 11)) for key in keys), tuple(pairs))
    with pytest.raises(Undecided):
        solve_by_sat(problem, conflicts=50)
