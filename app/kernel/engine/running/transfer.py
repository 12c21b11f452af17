"""The stored state taken over by another version, and a token put elsewhere. Pure: nothing here knows a database."""

from __future__ import annotations

from typing import Any

import orjson
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.running.fitness import LIVE, NOT_BEGUN
from app.kernel.engine.running.tokens import OneOfSeveral
from app.kernel.engine.specs import Spec
from app.kernel.engine.states import unpack
from app.kernel.engine.stepping import Instance


def transferred(state: bytes, old: Spec, new: Spec) -> bytes:
    """The same position under another version: open tasks keep their ids, data and due times.

    Only what has not begun is foretold anew. Raises ValueError when, saved and loaded again, anything is
    elsewhere than before: the caller has asked `list_obstacles`, this is the last check.
    """
    before = Instance.restore(old, state)
    stored = orjson.loads(unpack(state))
    workflow = stored["workflow"]
    for scope in (workflow, *workflow["subprocesses"].values()):
        _forget_foretold(scope["tasks"])
    stored["spec"] = new.digest
    workflow["bpmn_events"] = []
    instance = Instance.restore(new, orjson.dumps(stored))
    for scope in instance.scopes():
        _foretell(scope)
    moved = instance.dump()
    if _seen(Instance.restore(new, moved)) != _seen(before):
        raise ValueError("the case would stand elsewhere")
    return moved


def _forget_foretold(tasks: dict[str, Any]) -> None:
    gone = {key for key, task in tasks.items() if task["state"] & NOT_BEGUN}
    for key in gone:
        del tasks[key]
    for task in tasks.values():
        task["children"] = [child for child in task["children"] if child not in gone]


def _foretell(scope: Any) -> None:
    for task in [task for task in scope.tasks.values() if task.has_state(LIVE)]:
        task.task_spec._predict(task, mask=NOT_BEGUN | LIVE)


def _seen(instance: Instance) -> tuple[object, ...]:
    """Where a case stands: what must not change by changing over."""
    ready = sorted((task.engine_task_id, task.step_key, task.path) for task in instance.ready_tasks())
    return (
        ready,
        sorted((place.step_key, place.path, place.state) for place in instance.position()),
        sorted((one.name, one.step_key) for one in instance.waiting_messages()),
        instance.next_due(),
        instance.is_completed(),
    )


def put_token(instance: Instance, token: Any, target: str) -> None:
    """Take the token from the step that holds it (`tokens.list_tokens`) to the element `target` of the same scope.

    What was open there ends; other branches stay. Nothing is run: the caller advances.
    """
    scope = token.workflow
    is_group = isinstance(getattr(token.parent, "task_spec", None), BoundaryEventSplit)
    group = token.parent if is_group else token
    left = [group, *group.children]
    for task in [one for child in left for one in (child, *child.children)]:
        if task.id in instance.workflow.subprocesses and not task.has_state(TaskState.FINISHED_MASK):
            instance.workflow.delete_subprocess(task)
    for task in left:
        task.cancel()
    if not is_group and isinstance(_entry(scope, target), ParallelGateway | InclusiveGateway):
        token._set_state(TaskState.COMPLETED)  # a join counts only what has come out of a step
    entry = Task(scope, _entry(scope, target), parent=group, state=TaskState.FUTURE)
    entry.task_spec._predict(entry, mask=NOT_BEGUN)
    entry.task_spec._update(entry)


def pass_over(instance: Instance, one: OneOfSeveral) -> None:
    """End an open instance of a repeated activity undone; the others stay. Nothing is run."""
    if one.child.id in instance.workflow.subprocesses:
        instance.workflow.delete_subprocess(one.child)
    one.owner.task_spec.pass_over(one.owner, one.child)


def do_again(one: OneOfSeveral) -> None:
    """Open an instance that is over once more, beside the others. Nothing is run."""
    one.owner.task_spec.do_again(one.owner, one.number)


def _entry(scope: Any, target: str) -> Any:
    """Where a token comes in: before a step's boundary events, where it has any."""
    spec = next(spec for spec in scope.spec.task_specs.values() if getattr(spec, "bpmn_id", None) == target)
    split = next((one for one in spec.inputs if isinstance(one, BoundaryEventSplit)), None)
    return split or spec
