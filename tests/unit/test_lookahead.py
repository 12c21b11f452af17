"""Can the rest of a case be finished? Small cases by hand and by trying everything."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from app.kernel.duties.lookahead import (
    AtLeastPersons,
    AtMost,
    AtMostPersons,
    Constraint,
    NotEqual,
    Problem,
    ProblemInvalid,
    Same,
    Step,
    Undecided,
    explain,
    finishable_choices,
    solve,
)
from app.kernel.duties.lookahead.sat import solve_by_sat
from tests.lookahead_instances import broken, brute_force, random_problem

REVIEWS = ("initial_review", "recheck", "final_review")


def reviews(held: dict[int, tuple[str, ...]] | None = None, left: tuple[str, ...] = REVIEWS) -> AtMost:
    members = {duty: (duty,) if duty in left else () for duty in REVIEWS}
    return AtMost(members, held=held or {}, label="case_reviews")


def case(candidates: dict[str, tuple[int, ...]], *constraints: Constraint) -> Problem:
    steps = tuple(Step(key, frozenset(people)) for key, people in candidates.items())
    return Problem(steps, constraints)


def test_three_reviews_go_to_three_people() -> None:
    problem = case({"initial_review": (1, 2), "recheck": (2,), "final_review": (2, 3)}, reviews())
    assert solve(problem) == {"initial_review": 1, "recheck": 2, "final_review": 3}


def test_taking_a_step_can_leave_the_rest_impossible() -> None:
    problem = case({"initial_review": (1, 2), "recheck": (2,), "final_review": (2, 3)}, reviews())
    assert solve(problem.assigned("initial_review", 1)) is not None
    assert solve(problem.assigned("initial_review", 2)) is None
    assert finishable_choices(problem, "initial_review") == {1}
    assert finishable_choices(problem, "final_review") == {3}


def test_who_did_initial_review_may_not_recheck_but_may_review_initially_again() -> None:
    left = ("initial_review", "recheck")
    rule = reviews({1: ("initial_review",)}, left)
    assert solve(case({"initial_review": (1,), "recheck": (1,)}, rule)) is None
    assert solve(case({"initial_review": (1,), "recheck": (2,)}, rule)) == {"initial_review": 1, "recheck": 2}


def test_whoever_holds_too_much_already_may_repeat_it_and_nothing_else() -> None:
    rule = reviews({1: ("initial_review", "recheck")})
    people = {"initial_review": (1,), "recheck": (1,), "final_review": (1, 2)}
    assert solve(case(people, rule)) == {"initial_review": 1, "recheck": 1, "final_review": 2}
    assert solve(case({**people, "final_review": (1,)}, rule)) is None


def test_at_most_two_members_counts_those_held() -> None:
    rule = AtMost({"a": ("a",), "b": ("b",), "c": ("c",)}, maximum=2)
    people = {"a": (1,), "b": (1,), "c": (1, 2)}
    assert solve(case(people, rule)) == {"a": 1, "b": 1, "c": 2}
    held = AtMost(rule.members, maximum=2, held={1: ("gone",)})
    assert solve(case(people, held)) is None


def test_steps_bound_to_one_person_need_one_who_may_do_both() -> None:
    assert solve(case({"a": (1, 2), "b": (2, 3)}, Same("a", "b"))) == {"a": 2, "b": 2}
    assert solve(case({"a": (1,), "b": (2,)}, Same("a", "b"))) is None
    assert (
        solve(case({"a": (1,), "b": (1,), "c": (1,)}, Same("a", "b"), Same("b", "c"), NotEqual("a", "c")))
        is None
    )


def test_counting_takes_the_past_into_account() -> None:
    people = {"a": (1, 2), "b": (1, 2)}
    assert solve(case(people, AtMostPersons(1, ("a", "b"), past=(2,)))) == {"a": 2, "b": 2}
    assert solve(case(people, AtMostPersons(1, ("a", "b"), past=(3,)))) is None
    assert solve(case(people, AtLeastPersons(3, ("a", "b"), past=(3,)))) is not None
    assert solve(case(people, AtLeastPersons(3, ("a", "b"), past=(2,)))) is None


def test_nothing_left_is_finished() -> None:
    assert solve(Problem(())) == {}


def test_step_nobody_may_take_is_named() -> None:
    tight = explain(case({"a": (1, 2), "serve": ()}, NotEqual("a", "serve")))
    assert (tight.slack, tight.satisfiable, tight.steps, tight.short_by) == (-1, False, ("serve",), 1)
    assert tight.constraints == ()


def test_explanation_names_the_steps_and_the_set_that_collide() -> None:
    problem = case(
        {"initial_review": (1, 2, 3), "recheck": (4,), "final_review": (4,), "serve": (7,)},
        NotEqual("initial_review", "serve", label="other"),
        reviews(),
    )
    tight = explain(problem)
    assert (tight.slack, tight.steps, tight.short_by) == (-1, ("recheck", "final_review"), 1)
    assert [rule.label for rule in tight.constraints] == ["case_reviews"]
    assert tight.people == {4}


def test_explanation_of_a_case_that_hangs_on_one_person() -> None:
    tight = explain(case({"initial_review": (1, 2, 3), "recheck": (4, 5), "final_review": (4, 5)}, reviews()))
    assert (tight.slack, tight.steps, tight.people) == (0, ("recheck", "final_review"), {4, 5})
    assert len(tight.stopped_by) == 1 and tight.stopped_by <= {4, 5}


def test_no_number_of_people_helps_against_a_contradiction() -> None:
    tight = explain(case({"a": (1, 2), "b": (1, 2)}, Same("a", "b"), NotEqual("a", "b")))
    assert (tight.slack, tight.short_by, set(tight.steps)) == (-1, None, {"a", "b"})
    assert len(tight.constraints) == 2


def test_absent_people_keep_what_they_did() -> None:
    problem = case({"a": (1, 2), "b": (2, 3)}, AtMostPersons(2, ("a", "b"), past=(2,)))
    assert solve(problem.without([2])) is None
    assert solve(problem.without([1])) is not None


@pytest.mark.parametrize(
    ("steps", "constraints", "said"),
    [
        ((Step("a", (1,)), Step("a", (2,))), (), "steps: a twice"),
        ((Step("a", (1,)),), (NotEqual("a", "b"),), r"constraints\[0\] \(NotEqual\): no step b"),
        ((Step("a", (1,)),), (AtMost({"m": ("a",), "n": ("z",)}),), r"\(AtMost\): no step z"),
    ],
)
def test_malformed_problem_is_refused(
    steps: tuple[Step, ...], constraints: tuple[Constraint, ...], said: str
) -> None:
    with pytest.raises(ProblemInvalid, match=said):
        Problem(steps, constraints)


def test_asking_for_an_unknown_step_is_refused() -> None:
    problem = case({"a": (1,)})
    with pytest.raises(ProblemInvalid, match="no step b"):
        problem.assigned("b", 1)
    with pytest.raises(ProblemInvalid, match="no step b"):
        finishable_choices(problem, "b")


@pytest.mark.parametrize("count", [12, 40])
def test_too_few_people_for_too_many_different_steps_is_seen_at_once(count: int) -> None:
    """SAT can't count: on these it meets its bound and says so."""
    keys = [f"s{number}" for number in range(count)]
    rule = AtMost({key: (key,) for key in keys})
    problem = Problem(tuple(Step(key, range(1, count)) for key in keys), (rule,))
    assert solve(problem) is None
    with pytest.raises(Undecided, match="100 conflicts"):
        solve_by_sat(problem, conflicts=100)


def test_solver_library_is_loaded_only_when_needed() -> None:
    code = (
        "import sys; from app.kernel.duties.lookahead import Problem, Step, solve;"
        "print(solve(Problem((Step('a', (1,)),))), 'pysat' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'a': 1} False"


def test_every_answer_is_that_of_trying_everything(rng: random.Random) -> None:
    answers = []
    for _ in range(400):
        problem = random_problem(rng, 5, 5)
        plan, by_sat = solve(problem), solve_by_sat(problem)
        possible = brute_force(problem) is not None
        assert (plan is not None) == (by_sat is not None) == possible, problem
        for answer in (plan, by_sat):
            assert answer is None or broken(problem, answer) == [], problem
        answers.append(possible)
    assert 0.3 <= sum(answers) / len(answers) <= 0.7


def test_choices_are_those_of_trying_everything(rng: random.Random) -> None:
    for _ in range(150):
        problem = random_problem(rng, 4, 6)
        key = rng.choice(problem.steps).key
        able = {
            p
            for s in problem.steps
            if s.key == key
            for p in s.candidates
            if brute_force(problem.assigned(key, p))
        }
        assert finishable_choices(problem, key) == able, problem


def test_explanation_is_true_and_minimal(rng: random.Random) -> None:
    tight_ones = 0
    for _ in range(300):
        problem = random_problem(rng, 5, 6)
        told = explain(problem)
        if told.slack == 2:
            continue
        tight_ones += 1
        assert len(told.stopped_by) == told.slack + 1
        stopped = problem.without(told.stopped_by)
        alone = Problem(stopped.steps, told.constraints).restricted(told.steps)
        assert brute_force(alone) is None, problem
        for key in told.steps:
            fewer = [other for other in told.steps if other != key]
            assert brute_force(stopped.restricted(fewer)) is not None, problem
        for rule in told.constraints:
            eased = tuple(other for other in told.constraints if other is not rule)
            assert brute_force(Problem(stopped.steps, eased).restricted(told.steps)) is not None, problem
    assert tight_ones > 100
