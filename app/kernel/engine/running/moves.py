"""Which moves of a token are permitted: within the flow the case is in, and never across a guarded effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseState
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.check.proof.position import Unplaced
from app.kernel.engine.dialect import FlowSpec, StepSpec
from app.kernel.engine.routes import Diagram, Node, diagram_of
from app.kernel.engine.running.ahead import list_ahead
from app.kernel.engine.running.obstacles import Obstacle
from app.kernel.engine.running.standing import standing_of
from app.kernel.engine.running.tokens import (
    NUMBER,
    OneOfSeveral,
    chain_to,
    find_instance,
    is_at_join,
    is_instance,
    list_references,
    list_tokens,
    reference_of,
)
from app.kernel.engine.running.transfer import do_again, pass_over, put_token
from app.kernel.engine.seats import effect_kind
from app.kernel.engine.stepping import Instance
from app.kernel.engine.workflow import path_of
from app.kernel.worklist.models import Task

ACTIONS: Final = ("move", "skip", "repeat")
GUARDING: Final = frozenset(
    {"check_signatures", "seal_decision", "run_rules", "check_change", "apply_change"}
)
"""Automatic steps that check or decide: passing over them would be passing over the check."""


class MoveRefused(Exception):
    """`obstacle` says why."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.code)
        self.obstacle = obstacle


@dataclass(frozen=True)
class Move:
    """A permitted move, made on `instance` and not yet run: from where, to which element.

    `gap` names a guarded effect that can be come to from there without a signature: the gate will ask for it.
    `number`: only this instance of the step is passed over or done again; the others stay.
    """

    source: StepSpec
    target: StepSpec
    instance: Instance
    gap: str = ""
    number: int | None = None


def plan_move(session: Session, case: Case, action: str, target: str, at: str | None = None) -> Move:
    """What `action` means for the case as it stands. Raise MoveRefused.

    `target` is a step's key; for `skip` it is the step that is passed over. `at`: the step whose token is meant,
    where several branches are open. Of several instances one is named by its number: `sv1_serve#2`.
    """
    deployed = get_deployed(session, case.definition_id)
    if deployed.key == "controlled_change":
        raise MoveRefused(Obstacle("controlled_change"))
    if case.closed_at is not None:
        raise MoveRefused(Obstacle("closed"))
    state: Any = session.scalar(select(CaseState.state).where(CaseState.case_id == case.id))
    instance = Instance.restore(deployed.spec, bytes(state))
    one = find_instance(instance, target) if action in ("skip", "repeat") else None
    if one is not None:
        return _of_one(deployed, case, instance, action, one)
    token = _meant(instance, target if action == "skip" else at)
    source = _step_at(deployed, token)
    if action == "skip":
        moved, step, node = _skip(deployed, token, source, target.partition(NUMBER)[0])
    else:
        moved, step, node = _go(session, case, deployed, token, source, action, target)
    others = [_node_of(one) for one in list_tokens(instance) if one is not token]
    _stay_on_this_side(deployed, case, node, others)
    _check_instances(moved, token)
    _check_alone(instance, moved, token)
    put_token(instance, moved, step.step_key)
    return Move(source, step, instance, _prove(deployed, instance, case.risk))


def _of_one(deployed: Deployed, case: Case, instance: Instance, action: str, one: OneOfSeveral) -> Move:
    """One of several instances passed over, or done again; the others stay as they are."""
    step = _step_at(deployed, one.owner)
    inside = [token for token in list_tokens(instance) if one.owner.id in map(_owner_of, chain_to(token))]
    others = [
        _node_of(token) for token in list_tokens(instance) if token not in inside and token is not one.owner
    ]
    if action == "skip":
        _check_passable(step)
        if one.child is None:
            raise MoveRefused(Obstacle("moved", step.name))
        for way in _ways_from(deployed, step):
            _stay_on_this_side(deployed, case, (*path_of(one.owner), way.target), others)
        pass_over(instance, one)
    else:
        _check_again(step, one)
        _stay_on_this_side(deployed, case, _node_of(one.owner), others)
        do_again(one)
    return Move(step, step, instance, _prove(deployed, instance, case.risk), one.number)


def _check_again(step: StepSpec, one: OneOfSeveral) -> None:
    if one.child is not None:
        raise MoveRefused(Obstacle("already_there", step.name))
    if step.loop is None or step.loop.kind != "parallel":
        raise MoveRefused(Obstacle("one_after_another", step.name))


def _owner_of(task: Any) -> Any:
    """The repeated activity of which a library task is an instance."""
    return task.parent.id if is_instance(task) else None


def _node_of(token: Any) -> Node:
    return (*path_of(token), token.task_spec.bpmn_id)


def _meant(instance: Instance, at: str | None) -> Any:
    """The token to be moved: the only one, or that of the step named. Raise MoveRefused."""
    tokens = list_tokens(instance)
    named = [token for token in tokens if at in (token.task_spec.bpmn_id, reference_of(token))]
    if (len(tokens) > 1 and not at) or len({reference_of(token) for token in named}) > 1:
        raise MoveRefused(Obstacle("parallel", "、".join(list_references(instance))))
    if at and not named:
        raise MoveRefused(Obstacle("moved", at))
    token = (named or tokens)[0]
    if is_at_join(token):
        raise MoveRefused(Obstacle("at_join", token.task_spec.bpmn_name or token.task_spec.bpmn_id))
    return token


def _check_instances(moved: Any, token: Any) -> None:
    """Inside of an instance its token moves like any other; out of it, the others would be left without a sense."""
    chain = chain_to(token)
    if any(is_instance(one) for one in chain[chain.index(moved) :]):
        raise MoveRefused(Obstacle("several_instances", token.task_spec.bpmn_name or token.task_spec.bpmn_id))


def _check_alone(instance: Instance, moved: Any, token: Any) -> None:
    """Leaving a sub-process with one branch would end the others in it unsaid. Raise MoveRefused."""
    if any(other is not token and moved in chain_to(other) for other in list_tokens(instance)):
        raise MoveRefused(Obstacle("others_inside", moved.task_spec.bpmn_name or moved.task_spec.bpmn_id))


def _prove(deployed: Deployed, instance: Instance, risk: str) -> str:
    """From where it stands now, with no signature: can it come to an end? Raise MoveRefused; answers `Move.gap`."""
    try:
        found = list_ahead(deployed, standing_of(instance), (), risk)
    except Unplaced as unplaced:
        raise MoveRefused(Obstacle("unplaced", str(unplaced.args[0]))) from None
    if not found or found[0].code == "uncovered":
        return found[0].step if found else ""
    raise MoveRefused(found[0])


def _step_at(deployed: Deployed, token: Any) -> StepSpec:
    return deployed.spec.steps[token.workflow.spec.name][token.task_spec.bpmn_id]


def _skip(deployed: Deployed, token: Any, source: StepSpec, target: str) -> tuple[Any, StepSpec, Node]:
    if target != source.step_key:
        raise MoveRefused(Obstacle("moved", target))
    _check_passable(source)
    ways = _ways_from(deployed, source)
    if len(ways) != 1:
        raise MoveRefused(Obstacle("several_ways", source.name))
    following = deployed.spec.steps[source.scope][ways[0].target]
    return token, following, (*path_of(token), following.step_key)


def _check_passable(step: StepSpec) -> None:
    if step.task_type in GUARDING or (step.effect is not None and step.effect.kind != "notice"):
        raise MoveRefused(Obstacle("guarding_step", step.name))


def _ways_from(deployed: Deployed, step: StepSpec) -> list[FlowSpec]:
    return [flow for flow in deployed.spec.flows if (flow.scope, flow.source) == (step.scope, step.step_key)]


def _go(
    session: Session,
    case: Case,
    deployed: Deployed,
    token: Any,
    source: StepSpec,
    action: str,
    target: str,
) -> tuple[Any, StepSpec, Node]:
    """To a task or call of the flow the token is in, or of one around it."""
    for moved in reversed(chain_to(token)):
        step = deployed.spec.steps[moved.workflow.spec.name].get(target)
        if step is None:
            continue
        if step.step_key == source.step_key and action == "move":
            raise MoveRefused(Obstacle("already_there", step.name))
        if step.kind not in ("user", "call", "subprocess"):
            raise MoveRefused(Obstacle("target_unfit", step.name))
        if action == "repeat" and not _was_done(session, case, step):
            raise MoveRefused(Obstacle("never_done", step.name))
        return moved, step, (*path_of(moved), target)
    raise MoveRefused(Obstacle("step_unknown", target))


def _was_done(session: Session, case: Case, step: StepSpec) -> bool:
    done = exists().where(Task.case_id == case.id, Task.step_key == step.step_key, Task.state == "completed")
    return step.kind != "user" or bool(session.scalar(select(done)))


def _stay_on_this_side(deployed: Deployed, case: Case, node: Node, others: list[Node]) -> None:
    """Before the decision only to where one gets without passing a guarded effect; after it, not back before."""
    diagram = diagram_of(deployed)
    effects = {
        one for one, (step, _) in diagram.steps.items() if step.effect and step.effect.kind != "notice"
    }
    before = _reach(diagram, case.risk, diagram.starts, effects)
    # Conditions aren't looked at: a way that only a decision opens leads on to serving it. So the decision must
    # also lie ahead, of this token or of another branch.
    ahead = _reach(diagram, case.risk, [node, *others], set())
    deciding = diagram.deciding(effect_kind(deployed))
    undecided = node in before and (not deciding or not deciding.isdisjoint(ahead))
    allowed = undecided if case.decided_at is None else not undecided
    if node in effects or not allowed:
        title = diagram.steps[node][0].name if node in diagram.steps else node[-1]
        raise MoveRefused(Obstacle("beyond_effect", title))


def _reach(diagram: Diagram, risk: str, sources: list[Node], walls: set[Node]) -> set[Node]:
    onward = diagram.onward(risk)
    found, waiting = set(sources), list(sources)
    while waiting:
        for target in onward.get(waiting.pop(), ()):
            if target not in found and target not in walls:
                found.add(target)
                waiting.append(target)
    return found
