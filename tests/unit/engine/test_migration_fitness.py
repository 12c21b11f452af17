"""Which positions another version can take over, and what stays as it was: pure, on stored states."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.kernel.engine.running.fitness import list_obstacles
from app.kernel.engine.running.transfer import put_token, transferred
from app.kernel.engine.specs import Spec
from app.kernel.engine.stepping import Instance
from tests import trial
from tests.process.drive import Drive, spec_of

Flows = list[tuple[str, str, str]]


def spec(nodes: tuple[trial.Node, ...] = trial.NODES, flows: Flows | None = None) -> Spec:
    return spec_of({"trial.bpmn": trial.bpmn(nodes, flows or trial.FLOWS)}, "trial")


def swapped(key: str, node: trial.Node) -> tuple[trial.Node, ...]:
    return tuple(node if one.id == key else one for one in trial.NODES)


def renamed(old: str, new: str) -> tuple[tuple[trial.Node, ...], Flows]:
    nodes = tuple(replace(one, id=new) if one.id == old else one for one in trial.NODES)
    flows = [(new if a == old else a, new if b == old else b, c) for a, b, c in trial.FLOWS]
    return nodes, flows


def timer(duration: str = "P1D", key: str = "late") -> trial.Node:
    due = f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    return trial.Node("boundaryEvent", key, "|" + due, 'attachedToRef="draft"')


def timed(duration: str = "P1D") -> Spec:
    return spec((*trial.NODES, timer(duration)), [*trial.FLOWS, ("late", "compute", "")])


def at_draft(of: Spec) -> bytes:
    return Drive(of, {"risk": "normal"}).instance.dump()


def at_approval(of: Spec) -> bytes:
    return Drive(of, {"risk": "normal"}).complete("draft", "submit_positive").instance.dump()


def codes(state: bytes, old: Spec, new: Spec) -> list[tuple[str, str, str]]:
    return [(one.code, one.step, one.what) for one in list_obstacles(state, old, new)]


def inserted() -> Spec:
    """A recheck between the draft and the automatic step."""
    recheck = trial.user("recheck", "recheck", "rec_checker")
    flows: Flows = [*trial.FLOWS]
    flows[1] = ("draft", "recheck", "")
    return spec((*trial.NODES, recheck), [*flows, ("recheck", "compute", "")])


def test_a_step_added_ahead_is_gone_through_after_the_change() -> None:
    old, new = spec(), inserted()
    assert codes(at_draft(old), old, new) == []
    drive = Drive(new, {"risk": "normal"})
    drive.instance = Instance.restore(new, transferred(at_draft(old), old, new))
    drive.complete("draft", "submit_positive")
    assert drive.open == ["recheck"]
    assert drive.complete("recheck", "agree").open == ["approve"]


def test_due_times_ids_and_data_of_what_is_open_are_kept() -> None:
    old, new = timed(), timed("P30D")
    before = Drive(old, {"risk": "high"})
    after = Instance.restore(new, transferred(before.instance.dump(), old, new))
    assert after.next_due() == before.instance.next_due() == before.now + timedelta(days=1)
    (was,), (is_now,) = before.instance.ready_tasks(), after.ready_tasks()
    assert (was.engine_task_id, was.data) == (is_now.engine_task_id, is_now.data)


def test_state_of_another_version_is_refused_before_and_accepted_after() -> None:
    old, new = spec(), inserted()
    state = at_draft(old)
    with pytest.raises(ValueError, match="not written for this"):
        Instance.restore(new, state)
    Instance.restore(new, transferred(state, old, new))


def test_step_it_stands_at_must_be_there() -> None:
    old = spec()
    assert codes(at_draft(old), old, spec(*renamed("draft", "draft2"))) == [("step_removed", "draft", "")]


def test_step_it_has_passed_must_be_there() -> None:
    old = spec()
    new = spec(*renamed("draft", "draft2"))
    assert codes(at_approval(old), old, new) == [("step_removed", "draft", "")]


@pytest.mark.parametrize(
    ("node", "what"),
    [
        (trial.user("approve", "recheck", "rec_approver"), "duty"),
        (trial.user("approve", "final_review", "rec_approver", signs="false"), "signs"),
        (trial.user("approve", "final_review", "rec_approver", persons="2"), "persons"),
    ],
)
def test_what_the_open_step_means_must_not_change(node: trial.Node, what: str) -> None:
    old, new = spec(), spec(swapped("approve", node))
    assert codes(at_approval(old), old, new) == [("step_changed", "approve", what)]
    assert codes(at_draft(old), old, new) == [], "what lies ahead may change"


def test_what_was_done_must_mean_the_same() -> None:
    old = spec()
    new = spec(swapped("draft", trial.user("draft", "investigation", "rec_handler")))
    assert codes(at_approval(old), old, new) == [("done_step_changed", "draft", "duty, signs")]


def test_open_step_becoming_another_element_is_refused() -> None:
    old = spec()
    manual = trial.service("approve", "trial_compute")
    assert codes(at_approval(old), old, spec(swapped("approve", manual)))[0][:2] == (
        "step_changed",
        "approve",
    )


def test_name_form_and_post_of_the_open_step_may_change() -> None:
    old = spec()
    new = spec(swapped("approve", trial.user("approve", "final_review", "rec_checker", form="other")))
    assert codes(at_approval(old), old, new) == []


def test_a_new_event_on_the_border_of_the_open_step_is_refused() -> None:
    assert codes(at_draft(spec()), spec(), timed()) == [("boundary_changed", "draft", "")]
    assert codes(at_approval(spec()), spec(), timed()) == []


def test_changed_flow_is_refused_while_branches_are_open() -> None:
    fork, join = (trial.Node("parallelGateway", key) for key in ("fork", "join"))
    nodes = (
        *[one for one in trial.NODES if one.id in ("begin", "draft", "approve", "done")],
        fork,
        join,
    )
    flows: Flows = [
        ("begin", "fork", ""),
        ("fork", "draft", ""),
        ("fork", "approve", ""),
        ("draft", "join", ""),
        ("approve", "join", ""),
        ("join", "done", ""),
    ]
    old = spec(nodes, flows)
    more = trial.user("more", "serve", "rec_clerk")
    new = spec((*nodes, more), [*flows[:5], ("join", "more", ""), ("more", "done", "")])
    state = Drive(old, {"risk": "normal"}).complete("draft", "submit_positive").instance.dump()
    assert codes(state, old, new) == [("parallel_changed", "trial", "")]
    relabelled = spec(
        tuple(replace(one, more='id2="x"') if one.id == "none" else one for one in nodes), flows
    )
    assert codes(state, old, relabelled) == []


def calling(callee: tuple[trial.Node, ...], flows: Flows, *, behind: str = "done") -> Spec:
    """The process `trial` calls the process `block`."""
    call = trial.Node("callActivity", "call", '<zeebe:calledElement processId="block"/>')
    nodes = (trial.Node("startEvent", "begin"), call, trial.Node("endEvent", behind))
    caller = trial.bpmn(nodes, [("begin", "call", ""), ("call", behind, "")])
    block = trial.bpmn(callee, flows).replace(b'process id="trial"', b'process id="block"')
    return spec_of(
        {"trial.bpmn": caller, "block.bpmn": block.replace(b"definitions_trial", b"definitions_b")}, "trial"
    )


def test_active_callee_that_changed_is_refused_and_an_unchanged_one_goes_along() -> None:
    nodes = (
        trial.Node("startEvent", "b0"),
        trial.user("ask", "recheck", "rec_checker"),
        trial.Node("endEvent", "b9"),
    )
    flows: Flows = [("b0", "ask", ""), ("ask", "b9", "")]
    old, same = calling(nodes, flows), calling(nodes, flows, behind="over")
    more = trial.user("more", "serve", "rec_clerk")
    changed = calling((*nodes, more), [("b0", "ask", ""), ("ask", "more", ""), ("more", "b9", "")])
    inside = Drive(old, {"risk": "normal"})
    assert inside.open == ["ask"]
    state = inside.instance.dump()
    assert codes(state, old, changed) == [("callee_changed", "block", "")]
    assert codes(state, old, same) == []
    drive = Drive(same, {"risk": "normal"})
    drive.instance = Instance.restore(same, transferred(state, old, same))
    drive.complete("ask", "agree")
    assert drive.instance.is_completed()


def test_token_put_elsewhere_ends_what_was_open_and_runs_from_there() -> None:
    drive = Drive(timed(), {"risk": "normal"}, {"check_signatures": {"missing": "none"}})
    drive.complete("draft", "submit_positive")
    assert drive.open == ["approve"]
    put_token(drive.instance, drive.instance.workflow, "draft")
    drive.pass_time(timedelta(0))
    assert drive.open == ["draft"]
    assert drive.instance.next_due() == drive.now + timedelta(days=1), "its timer is armed anew"
    drive.complete("draft", "submit_positive").complete("approve", "approve")
    assert drive.instance.is_completed()
