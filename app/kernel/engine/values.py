"""Variables where tokens meet: what each branch changed, and what a scope's variables are right now.

Every library task carries its own copy of the variables. Copying a whole branch over another would bring back
values the other has changed since the fork; only what a branch itself changed may be merged.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

_MISSING = object()


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Variables that are new or different in `after`."""
    return {name: value for name, value in after.items() if before.get(name, _MISSING) != value}


def merged(branches: Iterable[Task]) -> dict[str, Any]:
    """The variables of tokens that come together: those of their fork with what each changed, the latest last."""
    ordered = sorted(branches, key=lambda task: task.last_state_change)
    base = dict(_fork(ordered).data)
    result = dict(base)
    for task in ordered:
        result.update(changes(base, task.data))
    return result


def _fork(tasks: list[Task]) -> Task:
    """The nearest task from which all of these came."""
    common = list(_line(tasks[0]))
    for task in tasks[1:]:
        line = {one.id for one in _line(task)}
        common = [one for one in common if one.id in line]
    return common[0]


def _line(task: Task) -> Iterator[Task]:
    current: Task | None = task
    while current is not None:
        yield current
        current = current.parent


def current(workflow: Any) -> dict[str, Any]:
    """The variables of a process or sub-process as they are now: every change of its tokens in order of time.

    Sub-processes inside count, called processes only by what they gave back.
    """
    inside = _inside(workflow)
    values = dict(workflow.task_tree.data)
    done = [task for scope in inside for task in scope.tasks.values() if task.has_state(TaskState.COMPLETED)]
    for task in sorted(done, key=lambda task: task.last_state_change):
        if task.parent is not None:
            values.update(changes(task.parent.data, task.data))
    return values


def _inside(workflow: Any) -> list[Any]:
    """The workflow and the embedded sub-processes within it, those of several instances left out."""
    top, found = workflow.top_workflow, [workflow]
    for key, scope in top.subprocesses.items():
        owner = top.get_task_from_id(key)
        if (
            owner.workflow in found
            and not isinstance(owner.task_spec, CallActivity)
            and "instance" not in owner.internal_data
        ):
            found.append(scope)
    return found


def around(task: Task) -> Any:
    """The outermost scope whose variables a task shares: up to a call, an instance of several, or the process."""
    workflow = task.workflow
    while workflow.parent_task_id is not None:
        owner = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if isinstance(owner.task_spec, CallActivity) or "instance" in owner.internal_data:
            break
        workflow = owner.workflow
    return workflow
