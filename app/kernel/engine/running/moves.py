"""Which moves of a token are permitted: within the flow the case is in, and never across a guarded effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseState
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.compaction import only_token
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.routes import Diagram, Node, diagram_of
from app.kernel.engine.running.obstacles import Obstacle
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
    """A permitted move: from where, to which element of which scope (the index in `Instance.scopes`)."""

    source: StepSpec
    target: StepSpec
    scope: int


def plan_move(session: Session, case: Case, action: str, target: str) -> tuple[Move, Instance]:
    """What `action` means for the case as it stands. Raise MoveRefused.

    `target` is a step's key; for `skip` it is the step that is passed over.
    """
    deployed = get_deployed(session, case.definition_id)
    if deployed.key == "controlled_change":
        raise MoveRefused(Obstacle("controlled_change"))
    if case.closed_at is not None:
        raise MoveRefused(Obstacle("closed"))
    state: Any = session.scalar(select(CaseState.state).where(CaseState.case_id == case.id))
    instance = Instance.restore(deployed.spec, bytes(state))
    chain = _chain(instance)
    source = _step_at(deployed, chain[-1])
    if action == "skip":
        move, node = _skip(deployed, instance, chain, source, target)
    else:
        move, node = _go(session, case, deployed, instance, chain, source, action, target)
    _stay_on_this_side(deployed, case, node)
    return move, instance


def _chain(instance: Instance) -> list[Any]:
    """The token and the calls around it, outermost first. Raise MoveRefused when there is more than one."""
    tokens = [only_token(scope) for scope in instance.scopes() if not scope.completed]
    if not tokens or any(token is None for token in tokens):
        raise MoveRefused(Obstacle("parallel"))
    return sorted(
        (_held_by(token) for token in tokens if token is not None), key=lambda one: len(path_of(one))
    )


def _held_by(token: Any) -> Any:
    """The step itself, where the token is the group of a step and its boundary events."""
    if getattr(token.task_spec, "bpmn_id", None) is not None:
        return token
    return next(child for child in token.children if not hasattr(child.task_spec, "event_definition"))


def _step_at(deployed: Deployed, token: Any) -> StepSpec:
    return deployed.spec.steps[token.workflow.spec.name][token.task_spec.bpmn_id]


def _skip(
    deployed: Deployed, instance: Instance, chain: list[Any], source: StepSpec, target: str
) -> tuple[Move, Node]:
    if target != source.step_key:
        raise MoveRefused(Obstacle("moved", target))
    if source.task_type in GUARDING or (source.effect is not None and source.effect.kind != "notice"):
        raise MoveRefused(Obstacle("guarding_step", source.name))
    ways = [
        flow for flow in deployed.spec.flows if flow.scope == source.scope and flow.source == source.step_key
    ]
    if len(ways) != 1:
        raise MoveRefused(Obstacle("several_ways", source.name))
    following = deployed.spec.steps[source.scope][ways[0].target]
    node = (*path_of(chain[-1]), following.step_key)
    return Move(source, following, instance.scopes().index(chain[-1].workflow)), node


def _go(
    session: Session,
    case: Case,
    deployed: Deployed,
    instance: Instance,
    chain: list[Any],
    source: StepSpec,
    action: str,
    target: str,
) -> tuple[Move, Node]:
    """To a task or call of the flow the token is in, or of one around it."""
    for token in reversed(chain):
        step = deployed.spec.steps[token.workflow.spec.name].get(target)
        if step is None:
            continue
        if step.step_key == source.step_key and action == "move":
            raise MoveRefused(Obstacle("already_there", step.name))
        if step.kind not in ("user", "call", "subprocess"):
            raise MoveRefused(Obstacle("target_unfit", step.name))
        if action == "repeat" and not _was_done(session, case, step):
            raise MoveRefused(Obstacle("never_done", step.name))
        node = (*path_of(token), target)
        return Move(source, step, instance.scopes().index(token.workflow)), node
    raise MoveRefused(Obstacle("step_unknown", target))


def _was_done(session: Session, case: Case, step: StepSpec) -> bool:
    done = exists().where(Task.case_id == case.id, Task.step_key == step.step_key, Task.state == "completed")
    return step.kind != "user" or bool(session.scalar(select(done)))


def _stay_on_this_side(deployed: Deployed, case: Case, node: Node) -> None:
    """Before the decision only to where one gets without passing a guarded effect; after it, not back before."""
    diagram = diagram_of(deployed)
    effects = {
        one for one, (step, _) in diagram.steps.items() if step.effect and step.effect.kind != "notice"
    }
    before = _reach(diagram, case.risk, diagram.starts, effects)
    allowed = node in before if case.decided_at is None else node not in before
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
