"""The tokens of a stored case, each the step that holds it: which can be moved, and what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, InclusiveGateway, ParallelGateway
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.repetition import RepeatedTask
from app.kernel.engine.stepping import Instance
from app.kernel.engine.vocabulary import ADDED

_LIVE: Final = TaskState.WAITING | TaskState.READY | TaskState.STARTED


NUMBER: Final = "#"
"""Between a step's id and which of its instances is meant: `sv1_serve#2`, inside of another `count#2.1`."""


@dataclass(frozen=True)
class OneOfSeveral:
    """An instance of the repeated activity `owner` (a library task, open); `child` None: it is over."""

    owner: Any
    number: int
    child: Any


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


def reference_of(token: Any) -> str:
    """The step that holds it, with the numbers of the instances it stands in, outermost first."""
    return _reference(token.task_spec.bpmn_id, _numbers(token))


def list_references(instance: Instance) -> list[str]:
    """Everything that can be named: tokens, and each open instance of a repeated activity."""
    found = []
    for token in list_tokens(instance):
        found.append(reference_of(token))
        if isinstance(token.task_spec, RepeatedTask):
            numbers = [child.internal_data["instance"] for child in _open_instances(token)]
            found += [_reference(token.task_spec.bpmn_id, (*_numbers(token), one)) for one in numbers]
    return found


def find_instance(instance: Instance, reference: str) -> OneOfSeveral | None:
    """The instance that is named; None where the reference names something else."""
    key, _, last = reference.rpartition("." if "." in reference else NUMBER)
    for token in list_tokens(instance):
        if isinstance(token.task_spec, RepeatedTask) and reference_of(token) == key and last.isdecimal():
            number = int(last)
            child = next(
                (one for one in _open_instances(token) if one.internal_data["instance"] == number), None
            )
            if 1 <= number <= token.internal_data.get("created", 0):
                return OneOfSeveral(token, number, child)
    return None


def _reference(key: str, numbers: tuple[int, ...]) -> str:
    return key + (NUMBER + ".".join(map(str, numbers)) if numbers else "")


def _numbers(token: Any) -> tuple[int, ...]:
    return tuple(one.internal_data["instance"] for one in chain_to(token) if is_instance(one))


def _open_instances(repeated: Any) -> list[Any]:
    return [
        child
        for child in repeated.children
        if is_instance(child) and not child.has_state(TaskState.FINISHED_MASK)
    ]


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
