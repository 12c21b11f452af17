"""Which positions another version can take over, and what stays as it was: pure, on stored states."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from app.kernel.engine.check.proof.diagram import read_processes
from app.kernel.engine.check.proof.position import Ahead, PositionProof, Unplaced
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.running.fitness import list_obstacles
from app.kernel.engine.running.standing import standing_of
from app.kernel.engine.running.tokens import list_tokens
from app.kernel.engine.running.transfer import put_token, transferred
from app.kernel.engine.specs import Spec
from app.kernel.engine.stepping import Instance
from tests import trial
from tests.process.drive import Drive, spec_of
from tests.process.models import INNER, MODELS, instances, model, repeated, spec_of_model
from tests.process.test_elements import act, visible
from tests.unit.engine.diagrams import end, sequence, start, user

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


FORK, JOIN = (trial.Node("parallelGateway", key) for key in ("fork", "join"))
BRANCHED = (*[one for one in trial.NODES if one.id in ("begin", "draft", "approve", "done")], FORK, JOIN)
BRANCHES: Flows = [
    ("begin", "fork", ""), ("fork", "draft", ""), ("fork", "approve", ""), ("draft", "join", ""),
    ("approve", "join", ""), ("join", "done", ""),
]  # fmt: skip
MORE = trial.user("more", "serve", "rec_clerk")


def ahead(state: bytes, old: Spec, nodes: tuple[trial.Node, ...], flows: Flows) -> Ahead:
    """What lies ahead in a version of these nodes and flows, of a case that stands where `state` does."""
    root = parsed_xml("t", trial.bpmn(nodes, flows))
    (process,) = read_processes("t", root)
    return PositionProof(process, {"trial": process}, "normal").look_ahead(
        standing_of(Instance.restore(old, state)), ()
    )


def test_open_branches_go_over_to_what_is_new_behind_them() -> None:
    old = spec(BRANCHED, BRANCHES)
    nodes, flows = (*BRANCHED, MORE), [*BRANCHES[:5], ("join", "more", ""), ("more", "done", "")]
    new = spec(nodes, flows)
    before = Drive(old, {"risk": "normal"})
    one_done = Drive(old, {"risk": "normal"}).complete("draft", "submit_positive")
    for state, left in (
        (before.instance.dump(), ["draft", "approve"]),
        (one_done.instance.dump(), ["approve"]),
    ):
        assert codes(state, old, new) == []
        assert ahead(state, old, nodes, flows).is_clear
        drive = Drive(new, {"risk": "normal"})
        drive.instance = Instance.restore(new, transferred(state, old, new))
        assert drive.open == left
        for key in left:
            drive.complete(key, "agree")
        assert drive.open == ["more"]
        assert drive.complete("more").instance.is_completed()


def test_a_join_that_waits_for_a_branch_the_case_never_began_is_told() -> None:
    old = spec(BRANCHED, BRANCHES)
    state = Drive(old, {"risk": "normal"}).complete("draft", "submit_positive").instance.dump()
    third = ahead(state, old, (*BRANCHED, MORE), [*BRANCHES, ("fork", "more", ""), ("more", "join", "")])
    assert third.stuck == "join"


def test_a_branch_that_has_arrived_where_no_way_leads_any_more_is_told() -> None:
    old = spec(BRANCHED, BRANCHES)
    state = Drive(old, {"risk": "normal"}).complete("draft", "submit_positive").instance.dump()
    flows: Flows = [("draft", "more", "") if one == ("draft", "join", "") else one for one in BRANCHES]
    with pytest.raises(Unplaced, match="join"):
        ahead(state, old, (*BRANCHED, MORE), [*flows, ("more", "join", "")])


@pytest.mark.parametrize("name", list(MODELS))
def test_gone_over_at_every_wait_a_case_goes_on_as_if_it_had_stayed(name: str) -> None:
    """Between two versions that differ in a name only, with several branches, instances and events."""
    old, files = spec_of_model(name), {"p.bpmn": MODELS[name].replace(b'name="end"', b'name="over"')}
    new = spec_of({**files, "inner.bpmn": INNER}, "p")
    for seed in range(2):
        rng, given = random.Random(seed), {"number": 3, "outcome": "go", "which": ""}
        stays, goes = Drive(old, given), Drive(old, given)
        for _ in range(15):
            moved = transferred(goes.instance.dump(), goes.spec, new)
            goes.instance, goes.spec, new = Instance.restore(new, moved), new, goes.spec
            assert repr(visible(stays)) == repr(visible(goes))
            instance = stays.instance
            if instance.is_completed() or not (instance.ready_tasks() or instance.waiting_messages()):
                break
            act([stays, goes], rng)


def calling_files(
    callee: tuple[trial.Node, ...], flows: Flows, *, behind: str = "done", given: str = ""
) -> dict[str, bytes]:
    """The process `trial` calls the process `block`; `given` is mapped into it."""
    said = (
        f'<zeebe:ioMapping><zeebe:input source="={given}" target="about"/></zeebe:ioMapping>' if given else ""
    )
    call = trial.Node("callActivity", "call", f'<zeebe:calledElement processId="block"/>{said}')
    nodes = (trial.Node("startEvent", "begin"), call, trial.Node("endEvent", behind))
    caller = trial.bpmn(nodes, [("begin", "call", ""), ("call", behind, "")])
    block = trial.bpmn(callee, flows).replace(b'process id="trial"', b'process id="block"')
    return {"trial.bpmn": caller, "block.bpmn": block.replace(b"definitions_trial", b"definitions_b")}


def calling(callee: tuple[trial.Node, ...], flows: Flows, *, behind: str = "done", given: str = "") -> Spec:
    return spec_of(calling_files(callee, flows, behind=behind, given=given), "trial")


WITHDRAWN = trial.Node(
    "subProcess",
    "withdrawn",
    '|<bpmn:startEvent id="w_on"><bpmn:outgoing>w1</bpmn:outgoing>'
    '<bpmn:messageEventDefinition messageRef="m_papers"/></bpmn:startEvent>'
    '<bpmn:endEvent id="w_off"><bpmn:incoming>w1</bpmn:incoming></bpmn:endEvent>'
    '<bpmn:sequenceFlow id="w1" sourceRef="w_on" targetRef="w_off"/>',
    'triggeredByEvent="true"',
)


def withdrawable(nodes: tuple[trial.Node, ...] = trial.NODES, flows: Flows | None = None) -> Spec:
    """With an event sub-process: everything else stands in a body that the engine puts around it."""
    return spec((*nodes, WITHDRAWN), flows)


def test_a_process_with_event_sub_processes_changes_ahead_like_any_other() -> None:
    recheck = trial.user("recheck", "recheck", "rec_checker")
    flows: Flows = [*trial.FLOWS]
    flows[1] = ("draft", "recheck", "")
    old, new = withdrawable(), withdrawable((*trial.NODES, recheck), [*flows, ("recheck", "compute", "")])
    state = at_draft(old)
    assert codes(state, old, new) == []
    drive = Drive(new, {"risk": "normal"})
    drive.instance = Instance.restore(new, transferred(state, old, new))
    drive.complete("draft", "submit_positive")
    assert drive.open == ["recheck"]
    drive.deliver("papers_received")
    assert drive.instance.is_completed()


def test_what_stands_or_was_done_inside_of_the_body_is_still_compared() -> None:
    old = withdrawable()
    assert ("scope_removed", "trial~body", "") in codes(at_draft(old), old, spec())
    other = withdrawable(swapped("draft", trial.user("draft", "recheck", "rec_handler")))
    assert ("step_changed", "draft", "duty") in codes(at_draft(old), old, other)
    assert codes(at_approval(old), old, other)[0][:2] == ("done_step_changed", "draft")


BLOCK = (
    trial.Node("startEvent", "b0"),
    trial.user("ask", "recheck", "rec_checker"),
    trial.Node("endEvent", "b9"),
)
BLOCK_FLOWS: Flows = [("b0", "ask", ""), ("ask", "b9", "")]
LONGER = (*BLOCK, MORE)
LONGER_FLOWS: Flows = [("b0", "ask", ""), ("ask", "more", ""), ("more", "b9", "")]


def test_inside_of_a_call_what_lies_ahead_may_change_and_is_gone_through() -> None:
    old = calling(BLOCK, BLOCK_FLOWS)
    state = Drive(old, {"risk": "normal"}).instance.dump()
    for new, later in (
        (calling(BLOCK, BLOCK_FLOWS, behind="over"), []),
        (calling(LONGER, LONGER_FLOWS), ["more"]),
    ):
        assert codes(state, old, new) == []
        drive = Drive(new, {"risk": "normal"})
        drive.instance = Instance.restore(new, transferred(state, old, new))
        assert drive.open == ["ask"]
        assert drive.complete("ask", "agree").open == later
        for key in later:
            drive.complete(key)
        assert drive.instance.is_completed()


def test_inside_of_a_call_the_open_and_the_done_steps_are_compared() -> None:
    old = calling(LONGER, LONGER_FLOWS)
    at_ask = Drive(old, {"risk": "normal"})
    state, later = at_ask.instance.dump(), at_ask.complete("ask", "agree").instance.dump()
    other = (LONGER[0], trial.user("ask", "final_review", "rec_checker"), *LONGER[2:])
    new = calling(other, LONGER_FLOWS)
    assert codes(state, old, new) == [("step_changed", "ask", "duty")]
    assert codes(later, old, new) == [("done_step_changed", "ask", "duty")]
    assert codes(later, old, calling(BLOCK, BLOCK_FLOWS)) == [("step_removed", "more", "")]


def test_a_changed_callee_must_have_been_called_with_the_data_it_reads() -> None:
    old, flows = calling(BLOCK, BLOCK_FLOWS, given="risk"), LONGER_FLOWS
    state = Drive(old, {"risk": "normal"}).instance.dump()
    assert codes(state, old, calling(LONGER, flows, given="other")) == [("callee_changed", "block", "")]
    assert codes(state, old, calling(LONGER, flows, given="risk")) == []
    assert codes(state, old, calling(BLOCK, BLOCK_FLOWS, given="other")) == [], (
        "the same goes on as it was called"
    )


def test_a_changed_callee_in_which_a_review_ahead_is_missing_is_told() -> None:
    nodes = (
        *BLOCK,
        trial.user("approve", "final_review", "rec_approver"),
        trial.seal("recheck", "final_review"),
    )
    whole: Flows = [("b0", "ask", ""), ("ask", "approve", ""), ("approve", "seal", ""), ("seal", "b9", "")]
    holed: Flows = [("b0", "ask", ""), ("ask", "seal", ""), ("seal", "approve", ""), ("approve", "b9", "")]
    old = calling(nodes, whole)
    where = standing_of(Drive(old, {"risk": "normal"}).instance)
    for flows, missing in ((whole, ""), (holed, "final_review")):
        files = calling_files(nodes, flows)
        processes = {
            one.id: one for name in files for one in read_processes(name, parsed_xml(name, files[name]))
        }
        found = PositionProof(processes["trial"], processes, "normal").look_ahead(where, ())
        assert (found.missing, found.is_clear) == (missing, not missing)


@pytest.mark.parametrize("name", [name for name in MODELS if b"inner_process" in MODELS[name]])
def test_a_changed_callee_is_gone_through_by_each_instance_that_is_inside(name: str) -> None:
    flows = sequence("start", "inner", "more", "well", "end")
    grown = INNER.replace(sequence("start", "inner", "well", "end").encode(), (user("more") + flows).encode())
    assert grown != INNER
    old, new = spec_of_model(name), spec_of({"p.bpmn": MODELS[name], "inner.bpmn": grown}, "p")
    drive = Drive(old, {"outcome": "go"})
    assert set(drive.open) == {"inner"}
    state = drive.instance.dump()
    assert codes(state, old, new) == []
    drive.instance, drive.spec = Instance.restore(new, transferred(state, old, new)), new
    inside = 0
    while set(drive.open) & {"inner", "more"}:
        inside += drive.open[0] == "more"
        drive.complete(drive.open[0], "go")
    assert inside == (2 if "instances" in name else 1)


def test_how_often_the_open_step_is_done_must_not_change() -> None:
    """In the middle of three beside one another, the two still open would be forgotten by "one after another"."""
    parallel, one_by_one = (
        spec_of({"p": model(start(), repeated(user("a"), mark), end(), sequence("start", "a", "end"))}, "p")
        for mark in (instances(cardinality="3"), instances(cardinality="3", sequential=True))
    )
    state = Drive(parallel, {}).complete("a").instance.dump()
    assert codes(state, parallel, one_by_one) == [("step_changed", "a", "loop")]


def test_token_put_elsewhere_ends_what_was_open_and_runs_from_there() -> None:
    drive = Drive(timed(), {"risk": "normal"}, {"check_signatures": {"missing": "none"}})
    drive.complete("draft", "submit_positive")
    assert drive.open == ["approve"]
    (token,) = list_tokens(drive.instance)
    put_token(drive.instance, token, "draft")
    drive.pass_time(timedelta(0))
    assert drive.open == ["draft"]
    assert drive.instance.next_due() == drive.now + timedelta(days=1), "its timer is armed anew"
    drive.complete("draft", "submit_positive").complete("approve", "approve")
    assert drive.instance.is_completed()
