"""Returns to a named step, collective discussion, second-level approval and withdrawal, saved at every wait."""

import pytest

from app.kernel.engine.stepping import Instance, rekeyed
from tests.process.drive import Drive, shipped_spec
from tests.process.test_shipped_processes import GROUPS, QUIET, intake

REVIEWED = (("rb2_initial_review", "submit_positive"), ("rb3_recheck", "agree"))


def block(risk: str = "high", **more: object) -> Drive:
    return Drive(shipped_spec("review_block"), {**GROUPS, "risk": risk, **more}, QUIET)


def to_final(drive: Drive) -> Drive:
    for step, outcome in REVIEWED:
        drive.complete(step, outcome)
    return drive


@pytest.mark.parametrize(
    ("return_to", "opened"),
    [("initial_review", "rb2_initial_review"), ("recheck", "rb3_recheck"), (None, "rb2_initial_review")],
)
def test_final_review_returns_to_the_named_step(return_to: str | None, opened: str) -> None:
    drive = to_final(block()).complete("rb5_final_review", "return", return_to=return_to)
    assert drive.open == [opened]


@pytest.mark.parametrize("step", ["rb3_recheck", "rb4_risk_review", "rb5_final_review", "rb5c_chair"])
def test_return_to_the_investigation_leaves_the_block_and_reaches_it(step: str) -> None:
    drive = intake(Drive(shipped_spec("injury_recognition"), {"risk": "routed"}, QUIET))
    drive.complete("p01_08_choose_procedure", "ordinary").complete("p01_10_investigation", "done")
    for passed, outcome in (*REVIEWED, ("rb4_risk_review", "agree"), ("rb5_final_review", "discuss")):
        if passed == step:
            break
        drive.complete(passed, outcome)
    if step == "rb5c_chair":
        drive.complete("rb5b_discuss", "return", votes=3, votes_for=1)
    drive.complete(step, "return", return_to="investigation")
    assert drive.open == ["p01_10_investigation"]
    assert drive.instance.data["risk"] == "routed"


def test_normal_case_returned_to_recheck_goes_to_initial_review_because_it_has_none() -> None:
    drive = block("normal").complete("rb2_initial_review", "submit_positive")
    drive.complete("rb5_final_review", "return", return_to="recheck")
    assert drive.open == ["rb2_initial_review"]


@pytest.mark.parametrize(("voters", "asked"), [(None, 3), (2, 3), (3, 3), (5, 5)])
def test_collective_discussion_asks_at_least_three_voters(voters: int | None, asked: int) -> None:
    drive = to_final(block(voters=voters)).complete("rb5_final_review", "discuss")
    task = drive.task("rb5b_discuss")
    assert (task.persons, task.step.signs, task.step.duty) == (asked, False, "final_review")


@pytest.mark.parametrize(
    ("votes_for", "votes", "bound"),
    [(3, 3, "approve"), (2, 3, "approve"), (1, 3, "return"), (2, 4, "return"), (0, 3, "return")],
)
def test_the_majority_binds_the_chair(votes_for: int, votes: int, bound: str) -> None:
    drive = to_final(block()).complete("rb5_final_review", "discuss")
    drive.complete("rb5b_discuss", "agree", votes=votes, votes_for=votes_for)
    chair = drive.task("rb5c_chair")
    assert (chair.data["required_outcome"], chair.step.signs) == (bound, True)
    drive.complete("rb5c_chair", bound, return_to="recheck")
    assert drive.open == ([] if bound == "approve" else ["rb3_recheck"])
    assert drive.instance.is_completed() is (bound == "approve")


def test_missing_second_level_goes_to_it_and_back_to_the_check() -> None:
    missing = iter(["final_review_2", "none"])
    answers = {**QUIET, "check_signatures": lambda _call, _data: {"missing": next(missing)}}
    drive = to_final(Drive(shipped_spec("review_block"), {**GROUPS, "risk": "high"}, answers))
    drive.complete("rb5_final_review", "approve")
    second = drive.task("rb6b_final_review_2")
    assert (second.candidate_group, second.step.duty, second.step.signs) == (
        "dept_head",
        "final_review_2",
        True,
    )
    drive.complete("rb6b_final_review_2", "approve")
    assert drive.instance.is_completed()


def test_second_level_may_return_to_recheck() -> None:
    answers = {**QUIET, "check_signatures": {"missing": "final_review_2"}}
    drive = to_final(Drive(shipped_spec("review_block"), {**GROUPS, "risk": "high"}, answers))
    drive.complete("rb5_final_review", "approve")
    drive.complete("rb6b_final_review_2", "return", return_to="recheck")
    assert drive.open == ["rb3_recheck"]


def test_a_state_taken_up_again_opens_the_same_step_and_what_follows_under_new_ids() -> None:
    drive = block()
    before, first = drive.instance.dump(), drive.task("rb2_initial_review").engine_task_id
    drive.complete("rb2_initial_review", "submit_positive")
    following = drive.task("rb3_recheck").engine_task_id
    drive.instance = Instance.restore(drive.spec, rekeyed(before, [first, following]))
    assert drive.open == ["rb2_initial_review"]
    assert drive.task("rb2_initial_review").engine_task_id != first
    drive.complete("rb2_initial_review", "submit_negative")
    assert drive.task("rb3_recheck").engine_task_id not in (first, following)
    drive.complete("rb3_recheck", "agree")
    assert drive.open == ["rb5_final_review"]
