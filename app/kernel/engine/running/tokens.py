"""The tokens of a stored case, each the step that holds it: which can be moved, and what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, InclusiveGateway, ParallelGateway
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.repetition import RepeatedTask
from app.kernel.engine.stepping import Instance
from app.kernel.engine.vocabulary import ADDED

_LIVE: Final = TaskState.WAITING | TaskState.READY | TaskState.STARTED


def list_tokens(instance: Instance) -> list[Any]:
    """Library tasks of the innermost steps that hold a token. A repeated activity is one step, whatever is in it."""
    return [task for task in _standing(instance) if not _is_around(instance, task)]


def chain_to(token: Any) -> list[Any]:
    """The token and the drawn calls and sub-processes around it, outermost first."""
    chain, scope = [token], token.workflow
    while scope.parent_task_id is not None:
        owner = scope.top_workflow.get_task_from_id(scope.parent_task_id)
        if ADDED not in owner.task_spec.bpmn_id:
            chain.insert(0, owner)
        scope = owner.workflow
    return chain


def is_at_join(token: Any) -> bool:
    """Whether it has arrived where others are waited for; a copy of it would stay there."""
    return isinstance(token.task_spec, ParallelGateway | InclusiveGateway)


def is_instance(task: Any) -> bool:
    """Whether it is one of several instances, or the round of a loop."""
    return "instance" in task.internal_data


def _standing(instance: Instance) -> Iterator[Any]:
    for scope in instance.scopes():
        for task in scope.tasks.values():
            key = getattr(task.task_spec, "bpmn_id", None)
            waits_on_border = isinstance(task.task_spec, BoundaryEvent) and task.has_state(TaskState.WAITING)
            if task.has_state(_LIVE) and key is not None and not waits_on_border and not is_instance(task):
                yield task


def _is_around(instance: Instance, task: Any) -> bool:
    """Whether a token is inside: of a sub-process or call that runs once, or of what the normal form added."""
    return task.id in instance.workflow.subprocesses and not isinstance(task.task_spec, RepeatedTask)
