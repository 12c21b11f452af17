"""The shipped processes, saved and restored at every wait."""

from datetime import timedelta

import pytest

from app.kernel.engine.stepping import StepFailed
from tests.process.drive import Drive, shipped_spec

GROUPS = {
    "initial_group": "rec_handler",
    "recheck_group": "rec_checker",
    "risk_group": "rec_risk",
    "final_group": "rec_approver",
    "final_2_group": "dept_head",
    "rule_set": "recognition",
}
QUIET = {
    "run_rules": {"block": False},
    "check_signatures": {"missing": "none"},
    "seal_decision": {"review_result": "approved_positive"},
    "open_remedies": {"remedies_until": "2026-09-01T00:00:00+08:00"},
}


def intake(drive: Drive) -> Drive:
    drive.complete("p01_02_material_check", "complete").complete("p01_06_accept", "accept")
    return drive.complete("p01_07_assign", "assigned")


def test_recognition_runs_from_application_to_archive_through_three_duties() -> None:
    drive = intake(Drive(shipped_spec("injury_recognition"), {"risk": "high"}, QUIET))
    drive.complete("p01_08_choose_procedure", "ordinary").complete("p01_10_investigation", "done")
    assert drive.task("rb2_initial_review").path == ("p01_12_decide",)
    assert drive.task("rb2_initial_review").candidate_group == "rec_handler"
    drive.complete("rb2_initial_review", "submit_positive")
    assert drive.task("rb3_recheck").candidate_group == "rec_checker"
    drive.complete("rb3_recheck", "agree")
    assert drive.task("rb5_final_review").rules is None
    drive.complete("rb5_final_review", "approve")
    assert drive.open == ["sv1_serve", "sv1_serve"]
    drive.complete("sv1_serve", "served").complete("sv1_serve", "served")
    assert not drive.instance.is_completed()
    drive.pass_time(timedelta(days=200))
    assert drive.instance.is_completed()
    assert drive.called[-1] == "archive_case"


@pytest.mark.parametrize(
    ("risk", "steps"),
    [
        ("normal", ["rb2_initial_review", "rb5_final_review"]),
        ("high", ["rb2_initial_review", "rb3_recheck", "rb5_final_review"]),
        ("routed", ["rb2_initial_review", "rb3_recheck", "rb4_risk_review", "rb5_final_review"]),
    ],
)
def test_review_block_asks_as_many_people_as_the_risk_class(risk: str, steps: list[str]) -> None:
    drive = Drive(shipped_spec("review_block"), {**GROUPS, "risk": risk}, QUIET)
    outcomes = {"rb2_initial_review": "submit_positive", "rb5_final_review": "approve"}
    for step in steps:
        assert drive.open == [step]
        drive.complete(step, outcomes.get(step, "agree"))
    assert drive.instance.is_completed()


def test_return_goes_back_to_the_initial_review_of_the_same_block() -> None:
    drive = Drive(shipped_spec("review_block"), {**GROUPS, "risk": "high"}, QUIET)
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "return")
    assert drive.open == ["rb2_initial_review"]


def test_normal_case_never_takes_a_flow_of_another_risk_class() -> None:
    drive = Drive(shipped_spec("review_block"), {**GROUPS, "risk": "normal"}, QUIET)
    with pytest.raises(StepFailed, match="rb2_result"):
        drive.complete("rb2_initial_review", "an outcome no flow knows")


def test_risk_raised_inside_the_block_is_known_outside_it() -> None:
    answers = {**QUIET, "run_rules": {"block": False, "risk": "routed"}}
    drive = intake(Drive(shipped_spec("injury_recognition"), {"risk": "high"}, answers))
    drive.complete("p01_08_choose_procedure", "simple")
    for step, outcome in (
        ("rb2_initial_review", "submit_positive"),
        ("rb3_recheck", "agree"),
        ("rb4_risk_review", "agree"),
        ("rb5_final_review", "approve"),
    ):
        drive.complete(step, outcome)
    assert drive.task("sv1_serve").data["risk"] == "routed"


def test_missing_signature_sends_the_case_back_to_its_duty() -> None:
    missing = iter(["recheck", "none"])
    answers = {**QUIET, "check_signatures": lambda _call, _data: {"missing": next(missing)}}
    drive = Drive(shipped_spec("review_block"), {**GROUPS, "risk": "high"}, answers)
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "agree")
    drive.complete("rb5_final_review", "approve")
    assert drive.open == ["rb3_recheck"]
    drive.complete("rb3_recheck", "agree").complete("rb5_final_review", "approve")
    assert drive.instance.is_completed()


def test_correction_waits_for_its_message_and_returns_to_the_material_check() -> None:
    drive = Drive(shipped_spec("injury_recognition"), {"risk": "high"}, QUIET)
    drive.complete("p01_02_material_check", "incomplete")
    waiting = {one.name for one in drive.instance.waiting_messages()}
    assert waiting == {"correction_received", "withdrawal_requested"}
    drive.deliver("correction_received")
    assert drive.open == ["p01_02_material_check"]
