"""Returned cases stay small, and forgetting finished rounds changes nothing that can be seen."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.process.drive import Drive, spec_of
from tests.unit.engine.diagrams import (
    REVIEW_LOOP,
    call,
    diagram,
    end,
    flow,
    message,
    node,
    sequence,
    start,
    timer,
    user,
)

OUTCOMES = ("agree", "return", "approve", "return_recheck")
RELAXED = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])

CALLER = diagram(
    start(),
    user("investigate"),
    call("review_call", "review", [("initial_group", '="x"')], [("review_result", "=outcome")]),
    node("exclusiveGateway", "again", default="f_again_end"),
    end(),
    sequence("start", "investigate", "review_call", "again"),
    flow("again", "investigate", 'rounds = "more"'),
    flow("again", "end"),
    key="caller",
)
TIMED_LOOP = diagram(
    start(),
    user("work"),
    node("boundaryEvent", "late", timer("timeDuration", "P3D"), attachedToRef="work"),
    node("boundaryEvent", "told", message("news"), attachedToRef="work", cancelActivity="false"),
    user("look"),
    user("escalated"),
    user("noted"),
    user("filed"),
    node("exclusiveGateway", "decided", default="f_decided_work"),
    end(),
    end("end_noted"),
    sequence("start", "work", "look", "decided"),
    sequence("late", "escalated", "work"),
    sequence("told", "noted", "filed", "end_noted"),
    flow("decided", "end", 'outcome = "approve"'),
    flow("decided", "work"),
    key="timed",
    messages=["news"],
)
FORKED_LOOP = diagram(
    start(),
    user("prepare"),
    node("parallelGateway", "fork"),
    user("left"),
    user("right"),
    node("parallelGateway", "join"),
    user("check"),
    node("exclusiveGateway", "decided", default="f_decided_prepare"),
    end(),
    sequence("start", "prepare", "fork", "left", "join", "check", "decided"),
    sequence("fork", "right", "join"),
    flow("decided", "end", 'outcome = "approve"'),
    flow("decided", "prepare"),
    key="forked",
)
REENTERED_FORK = diagram(
    start(),
    node("parallelGateway", "fork"),
    user("left"),
    user("right"),
    node("parallelGateway", "join"),
    user("check"),
    node("exclusiveGateway", "decided", default="f_decided_left"),
    end(),
    sequence("start", "fork", "left", "join", "check", "decided"),
    sequence("fork", "right", "join"),
    flow("decided", "end", 'outcome = "approve"'),
    flow("decided", "left"),
    key="reentered",
)
FILES = {
    "review": REVIEW_LOOP,
    "caller": CALLER,
    "timed": TIMED_LOOP,
    "forked": FORKED_LOOP,
    "reentered": REENTERED_FORK,
}


def drive_of(key: str, risk: str, *, compacting: bool) -> Drive:
    return Drive(spec_of(FILES, key), {"risk": risk}, compacting=compacting)


def visible(drive: Drive) -> tuple[object, ...]:
    instance = drive.instance
    return (
        [
            (task.step_key, task.path, dict(task.data), task.candidate_group)
            for task in instance.ready_tasks()
        ],
        sorted((place.step_key, place.path, place.state) for place in instance.position()),
        instance.waiting_messages(),
        instance.next_due(),
        instance.is_completed(),
        dict(instance.data),
        [
            (event.change, event.step_key, event.path, event.outcome)
            for event in drive.events
            if event.change == "completed"
        ],
    )


def act(drive: Drive, outcome: str, index: int) -> None:
    open_steps = drive.open
    drive.complete(
        open_steps[index % len(open_steps)],
        outcome,
        rounds="more" if outcome != "approve" else "no",
        turn=index,
    )


@RELAXED
@pytest.mark.parametrize("key", ["review", "caller", "forked", "reentered"])
@given(
    risk=st.sampled_from(["normal", "high", "routed"]),
    outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=24),
)
def test_compacted_and_uncompacted_runs_are_the_same_to_the_eye(
    key: str, risk: str, outcomes: Sequence[str]
) -> None:
    compacted, plain = drive_of(key, risk, compacting=True), drive_of(key, risk, compacting=False)
    for index, outcome in enumerate(outcomes):
        assert visible(compacted) == visible(plain)
        if not compacted.open:
            break
        act(compacted, outcome, index)
        act(plain, outcome, index)
    assert visible(compacted) == visible(plain)


@RELAXED
@given(st.lists(st.sampled_from(["approve", "return", "wait", "news"]), max_size=16))
def test_compaction_keeps_timers_and_boundary_messages(acts: Sequence[str]) -> None:
    drives = [drive_of("timed", "high", compacting=compacting) for compacting in (True, False)]
    for index, what in enumerate(acts):
        for drive in drives:
            if what == "wait":
                drive.pass_time(timedelta(days=2))
            elif what == "news" and drive.instance.waiting_messages():
                drive.deliver("news", turn=index)
            elif drive.open and what != "news":
                act(drive, what, index)
        assert visible(drives[0]) == visible(drives[1])


@pytest.mark.parametrize("key", ["review", "caller", "forked"])
def test_a_hundred_rounds_cost_no_more_than_five(key: str) -> None:
    drive = drive_of(key, "high", compacting=True)
    for index in range(400):
        act(drive, "agree" if drive.open[0] == "recheck" else "return", index)
    assert max(drive.sizes) <= max(drive.sizes[:20]) * 1.05
    assert len(drive.completed_steps) > 400


def test_without_compaction_the_state_grows() -> None:
    drive = drive_of("review", "normal", compacting=False)
    for index in range(60):
        act(drive, "return", index)
    assert drive.sizes[-1] > 8 * drive.sizes[2]


def test_values_of_the_first_round_do_not_come_back() -> None:
    drive = drive_of("review", "normal", compacting=True)
    for turn in range(6):
        drive.complete("initial", "agree", turn=turn, **{f"only_{turn}": True})
        drive.complete("final", "return", turn=turn)
    assert drive.task("initial").data["turn"] == 5
    assert drive.task("initial").data["only_5"] is True


def test_a_token_left_behind_in_an_earlier_round_is_not_forgotten() -> None:
    drive = drive_of("timed", "high", compacting=True)
    drive.deliver("news").complete("work").complete("look", "return").complete("noted")
    assert sorted(drive.open) == ["filed", "work"]
    drive.complete("work").complete("look", "approve").complete("filed")
    assert drive.instance.is_completed()


def test_finished_sub_workflows_are_forgotten() -> None:
    drive = drive_of("caller", "normal", compacting=True)
    for _ in range(3):
        drive.complete("investigate", rounds="more")
        drive.complete("initial").complete("final", "approve")
    assert drive.open == ["investigate"]
    assert drive.instance.workflow.subprocesses == {}
