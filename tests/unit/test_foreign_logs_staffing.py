"""What separation would have needed in people, held against trying everything."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.kernel.audit.logs import Policy, analyse, assignment, read_log, staffing
from app.kernel.audit.logs.assignment import Tasks, TooHard, can_be_done, fewest_people, people_missing
from app.kernel.audit.logs.matching import missing_people, slacks
from app.kernel.audit.logs.staffing import Staffing
from tests.foreign_logs import acted, log


def random_tasks(rng: random.Random) -> Tasks:
    size, people, density = rng.randint(1, 5), rng.randint(1, 4), rng.choice([0.3, 0.7, 1.0])
    allowed = tuple(frozenset(p for p in range(people) if rng.random() < 0.5) for _ in range(size))
    rivals = {frozenset(pair) for pair in itertools.combinations(range(size), 2) if rng.random() < density}
    return Tasks(
        allowed,
        tuple(
            frozenset(u for u in range(size) if frozenset((t, u)) in rivals and u != t) for t in range(size)
        ),
    )


def fewest_by_trying(allowed: Sequence[frozenset[int]], conflicts: Sequence[frozenset[int]]) -> int | None:
    """The definition: every way to give the tasks to people."""
    ways = (
        len(set(way))
        for way in itertools.product(*allowed)
        if all(way[task] != way[rival] for task, rivals in enumerate(conflicts) for rival in rivals)
    )
    return min(ways, default=None)


def test_answers_are_those_of_trying_everything(rng: random.Random) -> None:
    feasible = 0
    for _ in range(600):
        tasks = random_tasks(rng)
        fewest = fewest_by_trying(tasks.allowed, tasks.conflicts)
        assert can_be_done(tasks) == (fewest is not None), tasks
        if fewest is not None:
            feasible += 1
            assert fewest_people(tasks) == fewest, tasks
        added = next(
            n
            for n in range(6)
            if fewest_by_trying(tasks.with_anybody(n).allowed, tasks.conflicts) is not None
        )
        assert people_missing(tasks) == added, tasks
    assert 100 < feasible < 500


def test_slack_is_the_minimum_over_all_sets(rng: random.Random) -> None:
    for _ in range(600):
        allowed = random_tasks(rng).allowed
        tasks = range(len(allowed))
        spare = {
            frozenset(some): len(frozenset().union(*(allowed[t] for t in some))) - size
            for size in range(1, len(allowed) + 1)
            for some in itertools.combinations(tasks, size)
        }
        for task, slack in enumerate(slacks(allowed, tasks)):
            assert slack.value == min(value for some, value in spare.items() if task in some), allowed
            assert task in slack.tight and spare[slack.tight] == slack.value, allowed
        assert missing_people(allowed) == max(0, -min(spare.values()))


def test_many_repetitions_are_answered_at_once() -> None:
    many = Tasks((frozenset(range(300)),) * 400, tuple(frozenset(range(400)) - {t} for t in range(400)))
    assert not can_be_done(many)
    assert people_missing(many) == 100


def test_what_is_too_hard_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Tasks((frozenset({1, 2}),) * 5, tuple(frozenset({(t + 1) % 5, (t - 1) % 5}) for t in range(5)))
    assert not can_be_done(ring), "an odd ring takes three"
    monkeypatch.setattr(assignment, "MOST_TASKS", 4)
    with pytest.raises(TooHard):
        can_be_done(ring)


def staffing_of(at: Path, traces: list[str], *pairs: tuple[str, str]) -> Staffing:
    at.write_text(log(*traces), encoding="utf-8")
    found = analyse(read_log(at), Policy(pairs)).staffing
    assert found is not None
    return found


REVIEWS = (("初审", "复核"), ("复核", "审核"), ("初审", "审核"))


def test_two_people_for_three_reviews_are_one_too_few(tmp_path: Path) -> None:
    traces = [
        acted("1", ("初审", "李"), ("复核", "王"), ("审核", "李")),
        acted("2", ("初审", "王"), ("复核", "王"), ("审核", "王")),
        acted("3", ("初审", "李"), ("审核", "王")),
        acted("4", ("受理", "孙")),
    ]
    found = staffing_of(tmp_path / "log.xes", traces, *REVIEWS)
    assert (found.cases_concerned, found.feasible, found.infeasible, found.undecided) == (3, 2, 2, 0)
    assert (found.resilience, found.people_to_add, found.people_to_add_spare) == (-1, 1, 2)
    assert set(found.bottleneck) == {"初审", "复核", "审核"}
    assert (found.people_needed, found.needs) == (3, {2: 1, 3: 2})
    kind = found.impossible[0]
    assert (kind.cases, kind.people_missing, kind.examples) == (2, 1, ("1", "2"))


def test_whole_roster_counts_not_who_did_the_case(tmp_path: Path) -> None:
    traces = [acted("1", *[(act, "李") for act in ("初审", "复核", "审核")])]
    traces += [acted(f"o{n}", (act, name)) for n, (act, name) in enumerate([("复核", "王"), ("审核", "孙")])]
    found = staffing_of(tmp_path / "log.xes", traces, *REVIEWS)
    assert (found.infeasible, found.resilience) == (0, 0)
    assert {one.activity: (one.people, one.slack) for one in found.activities} == {
        "初审": (1, 0),
        "复核": (2, 0),
        "审核": (2, 0),
    }


def test_activity_that_names_nobody_can_t_be_separated(tmp_path: Path) -> None:
    found = staffing_of(tmp_path / "log.xes", [acted("1", ("A", "李"), ("B", None))], ("A", "B"))
    assert (found.infeasible, found.people_to_add, found.bottleneck) == (1, 1, ("B",))


def test_pair_with_itself_needs_somebody_new_each_time(tmp_path: Path) -> None:
    traces = [acted("1", ("A", "李"), ("A", "王"), ("A", "李")), acted("2", ("A", "李"))]
    found = staffing_of(tmp_path / "log.xes", traces, ("A", "A"))
    assert (found.cases_concerned, found.infeasible, found.people_to_add) == (1, 1, 1)
    assert found.impossible[0].activities == ("A ×3",)


def test_pairs_that_never_meet_need_nobody(tmp_path: Path) -> None:
    found = staffing_of(tmp_path / "log.xes", [acted("1", ("A", "李")), acted("2", ("B", "李"))], ("A", "B"))
    assert (found.cases_concerned, found.infeasible, found.resilience, found.people_needed) == (0, 0, None, 0)
    assert [one.slack for one in found.activities] == [None, None]


def test_undecided_cases_are_counted_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = "ABCDE"
    ring = [(names[n], names[(n + 1) % 5]) for n in range(5)]
    traces = [acted(str(n), *[(name, who) for name in names]) for n, who in enumerate(["李", "王"])]
    assert staffing_of(tmp_path / "log.xes", traces, *ring).infeasible == 2
    monkeypatch.setattr(assignment, "MOST_TASKS", 4)
    found = staffing_of(tmp_path / "log.xes", traces, *ring)
    assert (found.feasible, found.infeasible, found.undecided, found.needs) == (0, 0, 2, {})
    assert found.people_needed is None


def test_too_many_sets_make_the_resilience_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staffing, "MOST_CLIQUES", 1)
    traces = [acted("1", ("A", "李"), ("B", "王"), ("C", "李"), ("D", "王"))]
    assert not staffing_of(tmp_path / "log.xes", traces, ("A", "B"), ("C", "D"), ("A", "D")).resilience_exact


def test_endless_repetitions_are_not_decided(tmp_path: Path) -> None:
    traces = [acted("1", *[("A", "李")] * 201), acted("2", *[("A", f"p{n}") for n in range(200)])]
    found = staffing_of(tmp_path / "log.xes", traces, ("A", "A"))
    assert (found.feasible, found.infeasible, found.undecided, found.needs) == (1, 0, 1, {200: 1})
    assert (found.resilience, found.resilience_exact) == (1, False)
