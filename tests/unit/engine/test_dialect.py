"""The dialect's meaning: duties, signatures, effects and clocks of each step."""

import pytest
from lxml import etree

from app.kernel.decisions.expressions import compile_expression
from app.kernel.engine.check.flow_conditions import condition_of
from app.kernel.engine.dialect import (
    ClockAction,
    Effect,
    ProcessPolicy,
    StepSpec,
    required_duties,
)
from app.kernel.engine.parsing import parse
from app.kernel.engine.vocabulary import BPMN
from tests.unit.engine.diagrams import diagram, end, flow, node, sequence, service, start, user

THREE = ("initial_review", "recheck", "final_review")
POLICY = ProcessPolicy("p", "p", THREE)


@pytest.mark.parametrize(
    ("effect", "risk", "duties"),
    [
        (Effect("decided"), "normal", ("initial_review", "final_review")),
        (Effect("decided"), "high", THREE),
        (Effect("decided"), "routed", ("initial_review", "recheck", "risk_review", "final_review")),
        (Effect("notice"), "routed", ()),
        (None, "high", ()),
        (Effect("issued", ("initial_review", "final_review")), "high", ("initial_review", "final_review")),
        (
            Effect("issued", ("initial_review", "final_review")),
            "routed",
            ("initial_review", "risk_review", "final_review"),
        ),
        (Effect("paid", THREE, requires_normal=THREE), "normal", THREE),
        (Effect("paid", THREE, requires_routed=THREE), "routed", THREE),
        (Effect("decided", ("final_review",)), "normal", ("final_review",)),
        (
            Effect("decided", ("initial_review", "risk_review", "final_review")),
            "routed",
            ("initial_review", "risk_review", "final_review"),
        ),
    ],
)
def test_required_duties_follow_effect_policy_and_risk(
    effect: Effect | None, risk: str, duties: tuple[str, ...]
) -> None:
    assert required_duties(effect, POLICY, risk) == duties


def step_of(part: str, key: str = "x") -> StepSpec:
    data = diagram(start(), part, end(), sequence("start", key, "end"))
    return next(step for step in parse({"p": data}, "p").steps if step.step_key == key)


@pytest.mark.parametrize(
    ("duty", "signs"),
    [("initial_review", True), ("final_review_2", True), ("intake", False), ("investigation", False)],
)
def test_review_duties_sign_unless_said_otherwise(duty: str, signs: bool) -> None:
    assert step_of(user("x", duty=duty)).signs is signs
    said = user("x", duty=f'{duty}" signs="{str(not signs).lower()}')
    assert step_of(said).signs is not signs


def test_a_user_task_is_read_whole() -> None:
    extra = (
        '<sanshen:name en="Look"/><sanshen:clock ref="CR06" action="start"/><sanshen:clock ref="CR07" action="stop"/>'
        '<sanshen:document ref="letter"/><sanshen:rules set="=rule_set"/>'
        '<zeebe:taskSchedule dueDate="=due"/><zeebe:priorityDefinition priority="5"/>'
    )
    step = step_of(user("x", "=who", 'investigation" persons="2" resets="true', extra))
    assert (step.kind, step.duty, step.persons, step.resets, step.signs) == (
        "user",
        "investigation",
        2,
        True,
        False,
    )
    assert (step.candidate_group, step.form_id, step.document, step.rules) == (
        "=who",
        "x",
        "letter",
        "=rule_set",
    )
    assert step.clocks == (ClockAction("CR06", "start"), ClockAction("CR07", "stop"))
    assert (step.name, step.name_en, step.due_date, step.priority) == ("x", "Look", "=due", "5")


def test_an_effect_is_read_with_its_requirements() -> None:
    effect = (
        '<sanshen:effect kind="paid" requires="initial_review final_review" requires-normal="final_review"/>'
    )
    step = step_of(service("x", "pay", effect))
    assert step.effect == Effect("paid", ("initial_review", "final_review"), ("final_review",))
    assert (step.task_type, step.retries) == ("pay", 3)


def test_business_rule_tasks_ask_the_handler_of_their_decision() -> None:
    decision = '<zeebe:calledDecision decisionId="grade" resultVariable="level"/>'
    assert step_of(node("businessRuleTask", "x", extensions=decision)).task_type == "grade"
    assert (
        step_of(node("businessRuleTask", "x", extensions='<sanshen:rules set="basic"/>')).task_type == "rules"
    )


def test_flows_carry_condition_risk_and_default() -> None:
    data = diagram(
        start(),
        node("exclusiveGateway", "x", default="f_x_end"),
        user("y"),
        end(),
        sequence("start", "x", "end"),
        flow("x", "y", "a = 1", "high routed"),
        flow("y", "end"),
    )
    flows = {one.id: one for one in parse({"p": data}, "p").flows}
    assert flows["f_x_y"].risk == ("high", "routed")
    assert flows["f_x_y"].condition == "=a = 1"
    assert flows["f_x_end"].default
    assert not flows["f_start_x"].default


def test_steps_of_a_sub_process_know_their_scope() -> None:
    inner = start().replace("start", "begin") + user("y") + end("over") + sequence("begin", "y", "over")
    inner = inner.replace("<bpmn:beginEvent", "<bpmn:startEvent").replace(
        "</bpmn:beginEvent", "</bpmn:startEvent"
    )
    data = diagram(start(), node("subProcess", "x", inner), end(), sequence("start", "x", "end"))
    steps = {step.step_key: step for step in parse({"p": data}, "p").steps}
    assert (steps["y"].scope, steps["y"].process) == ("x", "p")


@pytest.mark.parametrize("text", ["late = true // why", "late /* why */ = true", "late\n= true"])
def test_a_condition_beside_a_risk_mark_may_be_commented(text: str) -> None:
    (edge,) = etree.fromstring(diagram(flow("x", "y", text, risk="high"))).iter(f"{{{BPMN}}}sequenceFlow")
    condition = compile_expression(condition_of(edge) or "")
    assert condition.holds({"late": True, "risk": "high"})
    assert not condition.holds({"late": True, "risk": "normal"})
    assert not condition.holds({"late": False, "risk": "high"})
