"""Gateways at which tokens meet, as the standard has them.

The library's forget a branch's later values when an earlier copy of them arrives after, let an inclusive join go
on while a sub-process of another branch still runs, and look along one incoming way of several only. Tokens that
arrived are remembered here by a mark on them, taken when the gateway fires: one of each incoming flow.
"""

from collections import Counter, deque
from typing import Any, Final

from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.catching import wait_as_new
from app.kernel.engine.values import merged

_TAKEN: Final = "joined"
_TOKEN: Final = TaskState.READY | TaskState.WAITING | TaskState.STARTED


def arrivals(task: Task) -> list[Task]:
    """Tokens at the task's gateway that it has not taken yet, in order of arrival, `task` among them."""
    return [
        other
        for other in task.workflow.tasks.values()
        if other.task_spec is task.task_spec
        and other.parent is not None
        and other.parent.has_state(TaskState.COMPLETED)
        and not other.internal_data.get(_TAKEN)
        and not other.has_state(TaskState.COMPLETED)
    ]


def is_open(scope: Any) -> bool:
    """Whether a token waits at a join of the scope, seen or folded into another one's waiting."""
    return any(
        isinstance(task.task_spec, ParallelGateway | InclusiveGateway)
        and task.has_state(TaskState.CANCELLED)
        and not task.internal_data.get(_TAKEN)
        for task in scope.tasks.values()
    )


class _Join:
    """Waits until it `may_fire`, then goes on with what the tokens it takes bring."""

    def _update_hook(self, my_task: Task) -> bool:
        waiting = arrivals(my_task)
        taken = self.taken(my_task, waiting)
        for other in waiting:
            # One of the waiting tasks stands for all: the others needn't be looked at again and again.
            if other is not my_task and not other.has_state(TaskState.FINISHED_MASK):
                other.cancel()
        if not taken:
            my_task._set_state(TaskState.WAITING)
            return False
        for other in {my_task, *taken}:
            other.internal_data[_TAKEN] = True
        my_task.data = merged(parent for other in taken if (parent := other.parent) is not None)
        left = [other for other in waiting if other not in taken and other is not my_task]
        if left:
            # A token too many stays where it is, and is seen there.
            wait_as_new(left[-1])
        return True

    def taken(self, my_task: Task, waiting: list[Task]) -> list[Task]:
        """The tokens with which the gateway fires now, none when it has to wait."""
        raise NotImplementedError


class JoiningParallel(_Join, ParallelGateway):  # type: ignore[misc]
    """One token of each incoming flow; others wait for the next time."""

    def taken(self, my_task: Task, waiting: list[Task]) -> list[Task]:
        wanted: Counter[str] = Counter(self._inputs)
        taken = []
        for other in waiting:
            name = other.parent.task_spec.name if other.parent is not None else ""
            if wanted[name] > 0:
                wanted[name] -= 1
                taken.append(other)
        return taken if not +wanted else []

    def _run_hook(self, my_task: Task) -> bool:
        return True


class JoiningInclusive(_Join, InclusiveGateway):  # type: ignore[misc]
    """Every token that can still come has come: none elsewhere in the scope has a way to an empty incoming flow
    without one to a flow that has a token already."""

    def taken(self, my_task: Task, waiting: list[Task]) -> list[Task]:
        arrived = {other.parent.task_spec.name for other in waiting if other.parent is not None}
        empty = set(self._inputs) - arrived
        if not empty:
            return waiting
        for task in my_task.workflow.tasks.values():
            if task.task_spec is self or not _holds_token(task):
                continue
            reached = self._reached(task.task_spec)
            if reached & empty and not reached & arrived:
                return []
        return waiting

    def _reached(self, start: Any) -> set[str]:
        """Names of the nodes on the ways onward from `start`, itself included, that don't pass this gateway."""
        seen: set[str] = set()
        edge = deque([start])
        while edge:
            spec = edge.popleft()
            if spec.name not in seen and spec is not self:
                seen.add(spec.name)
                edge.extend(spec.outputs)
        return seen

    def _run_hook(self, my_task: Task) -> bool:
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise WorkflowTaskException("No conditions satisfied on gateway", task=my_task)
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


def _holds_token(task: Task) -> bool:
    if task.has_state(_TOKEN):
        return True
    coming = task.parent is not None and task.parent.has_state(TaskState.COMPLETED)
    return bool(coming and task.has_state(TaskState.FUTURE))


class ScopeEnd(_EndJoin):  # type: ignore[misc]
    """The end of a scope: its result is what the tokens that ended in it changed."""

    def _run_hook(self, my_task: Task) -> bool:
        ended = [
            other.parent
            for other in my_task.workflow.tasks.values()
            if other.task_spec is self and other.parent is not None
        ]
        my_task.data = merged(task for task in ended if task.has_state(TaskState.COMPLETED))
        return True
