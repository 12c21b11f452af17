"""How many may be absent: against deleting every set of people, and by hand."""

from __future__ import annotations

import random
from itertools import combinations
from time import perf_counter

import orjson
import pytest
from click.testing import CliRunner

from app.demo import lookahead_benchmark
from app.demo.lookahead_families import county, literature, office
from app.demo.lookahead_plain import GaveUp, solve_plainly
from app.faces.cli.bench import bench
from app.kernel.duties.lookahead import (
    AtMost,
    AtMostPersons,
    NotEqual,
    Problem,
    Same,
    Step,
    resilience,
    solve,
)
from tests.lookahead_instances import broken, brute_force, brute_level, random_problem


def all_different(duties: dict[str, set[int]]) -> Problem:
    rule = AtMost({duty: (duty,) for duty in duties})
    return Problem(tuple(Step(duty, frozenset(people)) for duty, people in duties.items()), (rule,))


def test_level_is_people_over_duties_where_they_are_fewest() -> None:
    found = resilience({"initial": {1, 2, 3, 4}, "recheck": {5, 6}, "final": {5, 6}, "serve": {7, 8, 9}})
    assert (found.level, found.bottleneck, found.people, found.short_by) == (
        0,
        ("recheck", "final"),
        {5, 6},
        0,
    )


def test_too_few_people_are_told_by_how_many() -> None:
    found = resilience({"initial": {1}, "recheck": {1}, "final": {1}, "serve": {2}})
    assert (found.level, found.bottleneck, found.short_by) == (-1, ("initial", "recheck", "final"), 2)
    assert found.stopped_by == set()


def test_level_of_a_map_is_not_cut_off() -> None:
    assert resilience({"a": range(10), "b": range(10)}).level == 8


def test_problem_is_rated_up_to_two() -> None:
    plenty = all_different({"a": set(range(10)), "b": set(range(10))})
    assert (resilience(plenty).level, resilience(plenty).bottleneck) == (2, ())
    assert resilience(plenty, limit=20).level == 8


def test_person_who_did_a_step_before_is_no_reserve_for_the_next() -> None:
    rule = AtMost({"initial": (), "recheck": ("recheck",)}, held={1: ("initial",)})
    found = resilience(Problem((Step("recheck", (1, 2)),), (rule,)))
    assert (found.level, found.people, found.stopped_by) == (0, {2}, {2})


def test_absence_does_not_undo_the_past() -> None:
    """The past person counts towards the bound although away, so the other's absence stops the case."""
    rule = AtMostPersons(2, ("a", "b"), past=(1,))
    found = resilience(Problem((Step("a", (1, 2)), Step("b", (1, 2))), (rule, NotEqual("a", "b"))))
    assert (found.level, len(found.stopped_by)) == (0, 1)


def test_no_duties_have_no_resilience() -> None:
    with pytest.raises(ValueError, match="none given"):
        resilience({})
    with pytest.raises(ValueError, match="at most 16"):
        resilience({str(number): {number} for number in range(17)})


def test_map_agrees_with_deleting_people(rng: random.Random) -> None:
    levels = set()
    for _ in range(200):
        people = range(1, rng.randint(2, 7))
        duties = {f"d{n}": {p for p in people if rng.random() < 0.6} for n in range(rng.randint(1, 4))}
        found = resilience(duties)
        assert min(found.level, 2) == brute_level(all_different(duties), 2), duties
        tight = [duties[duty] for duty in found.bottleneck]
        assert len(set().union(*tight)) - len(tight) == (
            found.level if found.level >= 0 else -(found.short_by or 0)
        )
        levels.add(min(found.level, 2))
    assert levels == {-1, 0, 1, 2}


def test_problem_agrees_with_deleting_people(rng: random.Random) -> None:
    levels = []
    for _ in range(300):
        problem = random_problem(rng, 4, 7)
        found = resilience(problem)
        assert found.level == brute_level(problem, 2), problem
        if found.level == -1 and found.short_by is not None:
            assert_short_by(problem, found.short_by)
        levels.append(found.level)
    assert {*levels} == {-1, 0, 1, 2}


def assert_short_by(problem: Problem, count: int) -> None:
    def joined_by(number: int) -> Problem:
        more = range(1000, 1000 + number)
        return Problem(tuple(Step(s.key, {*s.candidates, *more}) for s in problem.steps), problem.constraints)

    assert brute_force(joined_by(count)) is not None, problem
    assert brute_force(joined_by(count - 1)) is None, problem


def test_large_parts_are_rated_with_sat(rng: random.Random) -> None:
    """Thirty steps, two of which hang on two people."""
    keys = [f"s{number}" for number in range(30)]
    steps = [Step(key, frozenset(rng.sample(range(100, 200), 12))) for key in keys[:28]]
    steps += [Step(key, frozenset({1, 2})) for key in keys[28:]]
    rules = [NotEqual(*pair) for pair in rng.sample(list(combinations(keys, 2)), 60)]
    rules.append(NotEqual("s28", "s29"))
    few = AtMostPersons(29, keys)
    found = resilience(Problem(tuple(steps), (*rules, few)))
    assert (found.level, set(found.bottleneck), found.people) == (0, {"s28", "s29"}, {1, 2})


def test_bound_steps_need_one_who_stays() -> None:
    found = resilience(Problem((Step("a", (1, 2, 3)), Step("b", (3, 4, 5))), (Same("a", "b"),)))
    assert (found.level, found.stopped_by, set(found.bottleneck)) == (0, {3}, {"a", "b"})


def test_two_hundred_people_and_twelve_duties_are_rated_within_milliseconds(rng: random.Random) -> None:
    """A loose bound, for busy machines; the figures are in docs/lookahead.md."""
    problems = [office(12, 200).make(rng) for _ in range(20)]
    duties = {f"d{number}": frozenset(rng.sample(range(200), 40)) for number in range(12)}
    times = []
    for problem in problems:
        began = perf_counter()
        assert resilience(problem).level >= -1
        times.append(perf_counter() - began)
    began = perf_counter()
    resilience(duties)
    assert perf_counter() - began < 0.05
    assert sorted(times)[len(times) // 2] < 0.01


def test_plain_backtracking_is_exact_where_it_ends(rng: random.Random) -> None:
    ended = 0
    for _ in range(200):
        problem = random_problem(rng, 8, 8)
        try:
            plan = solve_plainly(problem, 20_000)
        except GaveUp:
            continue
        ended += 1
        assert (plan is None) == (solve(problem) is None), problem
        assert plan is None or broken(problem, plan) == [], problem
    assert ended > 150


def test_benchmark_measures_and_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [(county(5), 1.0), (literature(6, 60), 0.5), (office(12, 200), 0.5)]
    monkeypatch.setattr(lookahead_benchmark, "families", lambda: iter(few))
    done = CliRunner().invoke(bench, ["lookahead", "--count", "10", "--json"])
    assert done.exit_code == 0, done.output
    result = orjson.loads(done.stdout)
    assert [(row["family"], row["instances"]) for row in result["families"]] == [
        ("county", 10),
        ("literature", 5),
        ("office", 5),
    ]
    assert result["target"]["median_ms"] == result["families"][2]["lookahead"]["median_ms"] > 0
    shown = CliRunner().invoke(bench, ["lookahead", "--count", "10"])
    assert "literature      6     60" in shown.stdout


def test_benchmark_does_not_hide_a_disagreement(monkeypatch: pytest.MonkeyPatch, rng: random.Random) -> None:
    monkeypatch.setattr(lookahead_benchmark, "solve", lambda problem: None)
    with pytest.raises(lookahead_benchmark.Disagreement):
        lookahead_benchmark.measure(office(4, 200), 5, rng)
