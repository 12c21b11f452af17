"""The process of controlled changes, saved and restored at every wait: every way through it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.kernel.engine.parsing import parse
from tests.process.drive import WORKFLOWS, Answer, Drive, shipped_spec

READY: Mapping[str, Answer] = {
    "check_change": {"change_outdated": False},
    "check_signatures": {"missing": "none"},
}


def change(**answers: Answer) -> Drive:
    return Drive(shipped_spec("controlled_change"), {"risk": "high"}, {**READY, **answers})


def to_approval(drive: Drive) -> Drive:
    return drive.complete("rule_edit", "submit_positive").complete("rule_recheck", "agree")


def test_a_change_is_applied_behind_the_gate_after_three_tasks_of_three_posts() -> None:
    drive = change()
    posts = []
    for step, outcome in (
        ("rule_edit", "submit_positive"),
        ("rule_recheck", "agree"),
        ("rule_approve", "approve"),
    ):
        task = drive.task(step)
        posts.append((task.candidate_group, task.step.duty, task.step.signs))
        drive.complete(step, outcome)
    assert posts == [
        ("rule_editor", "rule_edit", True),
        ("rule_checker", "rule_recheck", True),
        ("rule_approver", "rule_approve", True),
    ]
    assert drive.called == ["check_change", "check_signatures", "seal_decision", "apply_change"]
    assert drive.instance.is_completed()


def test_the_effect_stands_before_the_application_and_demands_the_three_duties() -> None:
    file = WORKFLOWS / "controlled_change/controlled_change.bpmn"
    steps = parse({file.name: file.read_bytes()}, "controlled_change").steps
    effects = {step.step_key: step.effect for step in steps if step.effect is not None}
    assert list(effects) == ["cc_seal"]
    effect = effects["cc_seal"]
    assert effect is not None
    three = ("rule_edit", "rule_recheck", "rule_approve")
    assert (effect.kind, effect.requires) == ("deployed", three)
    assert effect.requires_normal == effect.requires_routed == three


def test_withdrawal_by_the_editor_applies_nothing() -> None:
    drive = change().complete("rule_edit", "withdraw")
    assert drive.instance.is_completed()
    assert drive.called == ["drop_change"]


def test_rejection_by_the_approver_applies_nothing() -> None:
    drive = to_approval(change()).complete("rule_approve", "reject")
    assert drive.instance.is_completed()
    assert drive.called == ["drop_change"]


@pytest.mark.parametrize(
    ("step", "outcome", "next_step"),
    [
        ("rule_recheck", "return", "rule_edit"),
        ("rule_approve", "return_edit", "rule_edit"),
        ("rule_approve", "return_recheck", "rule_recheck"),
    ],
)
def test_a_return_goes_to_the_step_it_names(step: str, outcome: str, next_step: str) -> None:
    drive = change().complete("rule_edit", "submit_positive")
    if step == "rule_approve":
        drive.complete("rule_recheck", "agree")
    drive.complete(step, outcome)
    assert drive.open == [next_step]


def test_a_change_whose_target_moved_goes_back_to_editing_and_is_not_decided() -> None:
    outdated = iter([True, False])
    drive = change(check_change=lambda _call, _data: {"change_outdated": next(outdated)})
    to_approval(drive).complete("rule_approve", "approve")
    assert drive.open == ["rule_edit"]
    assert "seal_decision" not in drive.called
    to_approval(drive).complete("rule_approve", "approve")
    assert drive.instance.is_completed()
    assert drive.called[-2:] == ["seal_decision", "apply_change"]


@pytest.mark.parametrize("missing", ["rule_edit", "rule_recheck", "rule_approve"])
def test_a_missing_signature_sends_the_change_to_its_duty(missing: str) -> None:
    found = iter([missing, "none"])
    drive = change(check_signatures=lambda _call, _data: {"missing": next(found)})
    to_approval(drive).complete("rule_approve", "approve")
    assert drive.open == [missing]
    assert "seal_decision" not in drive.called
    steps = ("rule_edit", "rule_recheck", "rule_approve")
    outcomes = ("submit_positive", "agree", "approve")
    for step, outcome in list(zip(steps, outcomes, strict=True))[steps.index(missing) :]:
        drive.complete(step, outcome)
    assert drive.instance.is_completed()
