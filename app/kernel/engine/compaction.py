"""Forgets finished rounds of loops and finished sub-workflows, so that a case returned a hundred times stays small.

The library's task tree grows by every return; near 190 rounds it exceeds the recursion limit. History lives in
our own tables. The path to the token is loop-erased: it becomes the path a case would have taken that was never
returned. That is only safe where the scope has one token and no join is open, else the scope is left alone.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.joins import is_open
from app.kernel.engine.workflow import CaseWorkflow

_LIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED


def compact(workflow: CaseWorkflow) -> None:
    """Shrink every scope of the instance that may be shrunk."""
    _drop_finished(workflow)
    for scope in (workflow, *workflow.subprocesses.values()):
        _erase_loops(scope)
    _drop_orphans(workflow)


def _drop_finished(workflow: CaseWorkflow) -> None:
    for key in list(workflow.subprocesses):
        owner = _owner(workflow, key)
        if owner is None or owner.has_state(TaskState.FINISHED_MASK):
            del workflow.subprocesses[key]


def _drop_orphans(workflow: CaseWorkflow) -> None:
    """Sub-workflows whose task was erased, and those inside them."""
    while orphans := [key for key in workflow.subprocesses if _owner(workflow, key) is None]:
        for key in orphans:
            del workflow.subprocesses[key]


def _owner(workflow: CaseWorkflow, key: Any) -> Task | None:
    scopes = (workflow, *workflow.subprocesses.values())
    return next((scope.tasks[key] for scope in scopes if key in scope.tasks), None)


def _erase_loops(scope: CaseWorkflow | BpmnSubWorkflow) -> None:
    token = only_token(scope)
    if token is None or is_open(scope):
        return
    kept: list[Task] = []
    for task in _path(token):
        before = _visited(kept, task)
        if before is not None and _open_forks(kept[:before]) == 0:
            _replace(kept[before], task)
            del kept[before:]
        kept.append(task)
    if scope.last_task is not None and scope.last_task.id not in scope.tasks:
        scope.last_task = kept[-2] if len(kept) > 1 else kept[-1]


def only_token(scope: CaseWorkflow | BpmnSubWorkflow) -> Task | None:
    """The task that holds the scope's only token; a task with its boundary events counts as one."""
    live = [task for task in scope.tasks.values() if task.has_state(_LIVE)]
    if len(live) == 1:
        return live[0]
    parents = {task._parent for task in live}
    parent = live[0].parent if len(parents) == 1 else None
    grouped = parent is not None and isinstance(parent.task_spec, BoundaryEventSplit)
    return parent if grouped else None


def _path(task: Task) -> list[Task]:
    path = []
    current: Task | None = task
    while current is not None:
        path.append(current)
        current = current.parent
    return path[::-1]


def _visited(kept: list[Task], task: Task) -> int | None:
    return next((index for index, other in enumerate(kept) if other.task_spec is task.task_spec), None)


def _open_forks(path: list[Task]) -> int:
    """Parallel branches begun and not joined on the way; a round that began inside one isn't erased."""
    gateways = [
        task.task_spec for task in path if isinstance(task.task_spec, ParallelGateway | InclusiveGateway)
    ]
    forks = sum(1 for spec in gateways if len(spec._outputs) > 1)
    return forks - sum(1 for spec in gateways if len(spec._inputs) > 1)


def _replace(old: Task, new: Task) -> None:
    """Put `new` where `old` stands and forget everything in between."""
    parent, stale_parent = old.parent, new.parent
    if parent is None or stale_parent is None:
        return
    stale_parent._children.remove(new.id)
    parent._children[parent._children.index(old.id)] = new.id
    # A waiting task inherits from its parent again and again: it must not find values of the first round there.
    parent.data = dict(stale_parent.data)
    new.parent = parent
    _forget(old)


def _forget(root: Task) -> None:
    workflow = root.workflow
    waiting = [root]
    while waiting:
        task = waiting.pop()
        waiting += [child for child in task.children if child is not None]
        workflow.tasks.pop(task.id, None)
        workflow.top_workflow.event_manager.remove_task(task)
