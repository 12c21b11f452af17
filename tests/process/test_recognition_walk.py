"""Injury recognition and the review block: every element and every flow, saved and restored at each wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.engine_data import Data
from app.kernel.engine.workflow import ServiceCall
from tests.process.drive import BEGINNING, Drive, shipped_spec

SPEC = shipped_spec("injury_recognition")
Pair = tuple[str, str]
UNTIL = (BEGINNING + timedelta(days=190)).isoformat()
_GONE = TaskState.COMPLETED | TaskState.READY | TaskState.WAITING | TaskState.STARTED


class Walk(Drive):
    """A drive that notes which elements were completed and which flows were taken."""

    passed: set[str] = set()  # noqa: RUF012 - of all walks together
    taken: set[Pair] = set()  # noqa: RUF012

    def _wait(self) -> None:
        for scope in self.instance.scopes():
            for task in scope.tasks.values():
                source = _before(task)
                if source is not None and task.has_state(_GONE) and getattr(task.task_spec, "bpmn_id", None):
                    self.taken.add((source, task.task_spec.bpmn_id))
        super()._wait()
        self.passed.update(self.completed_steps)


def _before(task: Any) -> str | None:
    """The element a token came from, the library's own tasks left out."""
    task = task.parent
    while task is not None and getattr(task.task_spec, "bpmn_id", None) is None:
        task = task.parent
    return None if task is None else str(task.task_spec.bpmn_id)


def recognition(risk: str = "high", **answers: Any) -> Walk:
    """A case at the material check; `answers` by service type, lists are given one after the other."""
    given = {
        "run_rules": {"block": False},
        "check_signatures": {"missing": "none"},
        "seal_decision": lambda call, data: (
            {} if call.step.effect.kind == "issued" else {"review_result": _drafted(data)}
        ),
        "set_procedure": lambda _call, data: {"procedure": data["procedure"]},
        "open_remedies": {"remedies_until": UNTIL},
        "open_suit_period": {"remedies_until": UNTIL},
        **{key: _one_by_one(value) if isinstance(value, list) else value for key, value in answers.items()},
    }
    return Walk(SPEC, {"risk": risk, "decided_at": None}, given, compacting=False)


def _drafted(data: Data) -> str:
    return str(data.get("drafted") or "approved_positive")


def _one_by_one(values: list[Mapping[str, object]]) -> Callable[[ServiceCall, Data], Mapping[str, object]]:
    waiting: Iterator[Mapping[str, object]] = iter(values)
    return lambda _call, _data: next(waiting)


def accept(drive: Walk) -> Walk:
    for step, outcome in (
        ("p01_02_material_check", "complete"),
        ("p01_06_accept", "accept"),
        ("p01_07_assign", "assigned"),
    ):
        drive.complete(step, outcome)
    return drive


def reviewed(drive: Walk, drafted: str = "approved_positive") -> Walk:
    """Through the open review block, agreed by everybody its risk class demands."""
    draft = "submit_positive" if drafted == "approved_positive" else "submit_negative"
    drive.complete("rb2_initial_review", draft, drafted=drafted)
    for step in ("rb3_recheck", "rb4_risk_review"):
        if drive.open == [step]:
            drive.complete(step, "agree")
    drive.complete("rb5_final_review", "approve")
    return drive


def decided(drafted: str = "approved_positive") -> Walk:
    drive = accept(recognition()).complete("p01_08_choose_procedure", "ordinary")
    drive.complete("p01_10_investigation", "done")
    return reviewed(drive, drafted)  # type: ignore[arg-type]


def served(drafted: str = "approved_positive") -> Walk:
    return serve(decided(drafted))


def serve(drive: Walk) -> Walk:
    """Worker and employer, each on a task of its own."""
    assert drive.open == ["sv1_serve", "sv1_serve"]
    for _ in range(2):
        drive.complete("sv1_serve", "served")
    return drive


def waits(drive: Walk) -> list[str]:
    return sorted(one.name for one in drive.instance.waiting_messages() if one.name != "withdrawal_requested")


def sent(drive: Walk) -> list[str]:
    return [one.name for one in drive.sent]


def suspended(ground: str = "other_body") -> Walk:
    drive = accept(recognition(check_signatures=[{"missing": "final_review"}] + [{"missing": "none"}] * 9))
    drive.complete("p01_08_choose_procedure", "ordinary").complete("p01_10_investigation", "other_body")
    drive.complete("p01_11_other_body", "suspend", suspension_ground=ground)
    drive.complete("p01_13_draft", "submit").complete("p01_13_approve", "return")
    drive.complete("p01_13_draft", "submit").complete("p01_13_approve", "refuse")
    drive.complete("p01_11_other_body", "suspend", suspension_ground=ground)
    drive.complete("p01_13_draft", "submit").complete("p01_13_approve", "approve")
    assert drive.open == ["p01_13_draft"], "a signature was missing"
    drive.complete("p01_13_draft", "submit").complete("p01_13_approve", "approve")
    return drive


def test_correction_and_refusal_returned_then_accepted() -> None:
    drive = recognition().complete("p01_02_material_check", "incomplete").deliver("correction_received")
    drive.complete("p01_02_material_check", "refuse")
    assert drive.task("rb2_initial_review").path == ("p01_05_refuse",)
    assert drive.task("rb2_initial_review").data["subject"] == "refusal"
    drive.complete("rb2_initial_review", "return_to_applicant")
    accept(drive)  # type: ignore[arg-type]
    assert drive.open == ["p01_08_choose_procedure"]


def test_refusal_is_decided_by_the_reviews_served_and_may_be_challenged() -> None:
    drive = recognition().complete("p01_02_material_check", "refuse")
    reviewed(drive, "approved_negative")  # type: ignore[arg-type]
    serve(drive)  # type: ignore[arg-type]
    assert sent(drive) == []  # type: ignore[arg-type]
    assert waits(drive) == ["challenge_filed", "rectification_opened"]  # type: ignore[arg-type]


@pytest.mark.parametrize("ground", ["other_body", "relation"])
def test_suspension_is_drafted_and_approved_waits_reminds_and_resumes(ground: str) -> None:
    drive = suspended(ground)
    assert waits(drive) == ["conclusion_received"]
    assert drive.open == []
    for _ in range(2):
        drive.pass_time(timedelta(days=31))
    assert drive.called.count("remind") == 2
    drive.deliver("conclusion_received")
    assert drive.open == ["p01_11_other_body"]
    drive.complete("p01_11_other_body", "none")
    assert drive.task("rb2_initial_review").path == ("p01_12_decide",)


def test_delegated_investigation_waits_for_its_findings() -> None:
    drive = accept(recognition()).complete("p01_08_choose_procedure", "delegated")
    assert waits(drive) == ["delegated_findings_received"]  # type: ignore[arg-type]
    drive.deliver("delegated_findings_received").complete("p01_11_other_body", "none")
    assert drive.open == ["rb2_initial_review"]


def test_simple_procedure_converts_and_an_ordinary_case_returns_to_the_investigation() -> None:
    drive = accept(recognition()).complete("p01_08_choose_procedure", "simple")
    drive.complete("rb2_initial_review", "return_to_applicant")
    assert drive.open == ["p01_10_investigation"]
    drive.complete("p01_10_investigation", "done").complete("rb2_initial_review", "return_to_applicant")
    assert drive.open == ["p01_10_investigation"]


def test_recognition_becomes_effective_with_service_and_ends_when_the_remedies_are_over() -> None:
    drive = served()
    assert sent(drive) == ["recognition.effective"]
    drive.pass_time(timedelta(days=189))
    assert not drive.instance.is_completed()
    drive.pass_time(timedelta(days=2))
    assert drive.instance.is_completed()
    assert drive.called[-1] == "archive_case"


def test_remedies_wait_for_the_party_that_could_only_be_served_by_public_notice() -> None:
    until = (BEGINNING + timedelta(days=31)).isoformat()
    drive = decided().complete("sv1_serve", "failed").complete("sv1_serve", "notice", notice_until=until)
    drive.complete("sv2_notice", "again").complete("sv1_serve", "notice", notice_until=until)
    drive.complete("sv2_notice", "served").complete("sv1_serve", "notice", notice_until=until)
    assert "open_remedies" not in drive.called
    drive.pass_time(timedelta(days=32))
    assert drive.called[-3:] == ["deem_served", "complete_service", "open_remedies"]


def test_negative_decision_tells_nobody() -> None:
    assert sent(served("approved_negative")) == []


def test_upheld_in_reconsideration_leaves_time_to_sue_and_a_final_result_archives() -> None:
    drive = served().deliver("challenge_filed").complete("p01_19_challenge", "upheld_reconsideration")
    assert waits(drive) == ["challenge_filed", "rectification_opened"]  # type: ignore[arg-type]
    drive.deliver("challenge_filed").complete("p01_19_challenge", "upheld_final")
    assert drive.instance.is_completed()


@pytest.mark.parametrize(
    ("outcome", "messages"),
    [
        ("revoked", ["recognition.revoked"]),
        ("redo", ["recognition.revoked", "recognition.redo_ordered"]),
    ],
)
def test_a_revoked_decision_is_told_and_a_redo_ordered(outcome: str, messages: list[str]) -> None:
    drive = served().deliver("challenge_filed").complete("p01_19_challenge", outcome)
    assert sent(drive) == ["recognition.effective", *messages]  # type: ignore[arg-type]
    assert drive.instance.is_completed()


@pytest.mark.parametrize(
    ("drafted", "message"),
    [("approved_positive", "recognition.effective"), ("approved_negative", "recognition.revoked")],
)
def test_rectification_passes_the_same_reviews_and_its_result_is_told(drafted: str, message: str) -> None:
    drive = served().deliver("rectification_opened").complete("p01_e1_propose", "propose")
    assert drive.task("rb2_initial_review").data["subject"] == "rectification"
    drive.complete("rb2_initial_review", "return_to_applicant").complete("p01_e1_propose", "propose")
    reviewed(drive, drafted)  # type: ignore[arg-type]
    assert drive.task("sv1_serve").path[0] == "p01_e1_serve"
    serve(drive)  # type: ignore[arg-type]
    assert sent(drive)[-1] == message  # type: ignore[arg-type]
    assert waits(drive) == ["challenge_filed", "rectification_opened"]  # type: ignore[arg-type]


def test_a_rectification_may_be_dropped_and_may_follow_a_challenge() -> None:
    drive = served().deliver("rectification_opened").complete("p01_e1_propose", "drop")
    drive.deliver("challenge_filed").complete("p01_19_challenge", "rectify")
    assert drive.open == ["p01_e1_propose"]


def test_a_confirmed_withdrawal_ends_the_case_wherever_it_stands() -> None:
    drive = accept(recognition()).deliver("withdrawal_requested")
    assert sorted(drive.open) == ["p01_08_choose_procedure", "p01_xw_confirm"]
    drive.complete("p01_xw_confirm", "confirmed")
    assert drive.instance.is_completed()
    assert drive.called[-1] == "withdraw_case"


def test_a_withdrawal_not_confirmed_or_too_late_changes_nothing() -> None:
    drive = accept(recognition()).deliver("withdrawal_requested").complete("p01_xw_confirm", "rejected")
    assert drive.open == ["p01_08_choose_procedure"]
    drive.deliver("withdrawal_requested").complete(
        "p01_xw_confirm", "confirmed", decided_at="2026-03-02T09:00:00+08:00"
    )
    assert drive.open == ["p01_08_choose_procedure"]


def test_the_review_block_whatever_its_risk_class() -> None:
    for risk in ("normal", "high", "routed"):
        simple = accept(recognition(risk)).complete("p01_08_choose_procedure", "simple")
        reviewed(simple)  # type: ignore[arg-type]
    drive = accept(recognition("routed")).complete("p01_08_choose_procedure", "simple")
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "return", return_to=None)
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "agree")
    drive.complete("rb4_risk_review", "return", return_to="recheck").complete("rb3_recheck", "agree")
    drive.complete("rb4_risk_review", "agree").complete(
        "rb5_final_review", "return", return_to="investigation"
    )
    assert drive.open == ["p01_10_investigation"]


def test_a_case_held_on_suspected_fraud_goes_on_only_with_a_conclusion_on_the_lead() -> None:
    drive = accept(recognition("routed")).complete("p01_08_choose_procedure", "simple")
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "agree")
    drive.complete("rb4_risk_review", "hold")
    assert (drive.called[-1], drive.open) == ("hold_for_lead", ["rb4h_lead"])
    task = drive.task("rb4h_lead")
    assert (task.step.duty, task.step.signs) == ("risk_review", True)
    for _ in range(2):
        drive.pass_time(timedelta(days=31))
    assert (drive.called.count("remind"), drive.open) == (2, ["rb4h_lead"]), "nothing is released by itself"
    drive.complete("rb4h_lead", "founded")
    assert drive.open == ["rb2_initial_review"]
    drive.complete("rb2_initial_review", "submit_negative", drafted="approved_negative")
    drive.complete("rb3_recheck", "agree").complete("rb4_risk_review", "hold")
    drive.complete("rb4h_lead", "agree_cleared")
    assert drive.open == ["rb5_final_review"]


def test_the_review_block_blocked_and_discussed() -> None:
    blocked = [{"block": True}, {"block": True}, {"block": False}]
    missing = ["recheck", "risk_review", "final_review", "final_review_2", "blocked", "initial_review"]
    drive = accept(
        recognition(
            "routed",
            run_rules=blocked,
            check_signatures=[{"missing": one} for one in (*missing, "none")],
        )
    ).complete("p01_08_choose_procedure", "simple")
    drive.complete("rb8_blocked", "fixed").complete("rb8_blocked", "stands")
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "agree")
    drive.complete("rb4_risk_review", "agree").complete("rb5_final_review", "discuss")
    drive.complete("rb5b_discuss", "agree", votes=3, votes_for=1).complete(
        "rb5c_chair", "return", return_to=None
    )
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "agree")
    drive.complete("rb4_risk_review", "agree").complete("rb5_final_review", "discuss")
    drive.complete("rb5b_discuss", "agree", votes=3, votes_for=3).complete("rb5c_chair", "approve")
    drive.complete("rb3_recheck", "agree").complete("rb4_risk_review", "agree").complete(
        "rb5_final_review", "approve"
    )
    drive.complete("rb4_risk_review", "agree").complete("rb5_final_review", "approve")
    drive.complete("rb5_final_review", "approve").complete("rb6b_final_review_2", "return", return_to=None)
    drive.complete("rb2_initial_review", "submit_positive").complete("rb3_recheck", "agree")
    drive.complete("rb4_risk_review", "agree").complete("rb5_final_review", "approve")
    drive.complete("rb8_blocked", "stands").complete("rb2_initial_review", "submit_positive")
    drive.complete("rb3_recheck", "agree").complete("rb4_risk_review", "agree").complete(
        "rb5_final_review", "approve"
    )
    assert drive.open == ["rb2_initial_review"]


def test_the_second_level_approves_what_the_gate_still_wants() -> None:
    drive = accept(recognition(check_signatures=[{"missing": "final_review_2"}, {"missing": "none"}]))
    reviewed(drive.complete("p01_08_choose_procedure", "simple"))  # type: ignore[arg-type]
    drive.complete("rb6b_final_review_2", "approve")
    assert drive.open == ["sv1_serve", "sv1_serve"]


def test_the_walks_above_pass_every_element_and_take_every_flow() -> None:
    drawn = {step.step_key for steps in SPEC.steps.values() for step in steps.values() if step.drawn}
    missing = sorted(
        drawn - Walk.passed - {source for source, _ in Walk.taken} - {to for _, to in Walk.taken}
    )
    flows = {(flow.source, flow.target) for flow in SPEC.flows if "~" not in flow.source + flow.target}
    untaken = sorted(flows - Walk.taken)
    print(
        f"elements {len(drawn) - len(missing)}/{len(drawn)}, flows {len(flows) - len(untaken)}/{len(flows)}"
    )
    assert (missing, untaken) == ([], [])
