"""Who hears an event: signals and messages by name, errors and escalations along the scopes around their source.

The library hands an error to any boundary event of the scopes outside, also of another sub-process beside the one
that failed, and forgets one that nobody catches.
"""

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util import PendingBpmnEvent
from SpiffWorkflow.bpmn.util.event import EventManager
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.values import around, current


class UncaughtError(RuntimeError):
    """An error was raised that nothing around its source catches."""


def error_of(task: Task, code: str) -> BpmnEvent:
    """The error that an activity ends with; its own border hears it first."""
    definition = ErrorEventDefinition(code, code)
    return BpmnEvent(definition, payload=dict(task.data), target=task)


class CaseEvents(EventManager):  # type: ignore[misc]
    """Finds the tasks that an event reaches."""

    def catch(self, event: BpmnEvent, internal: bool = True) -> int:
        definition = event.event_definition
        if isinstance(definition, TerminateEventDefinition):
            return 0
        if event.target is not None:
            tasks = self._along(event)
            if not tasks and isinstance(definition, ErrorEventDefinition):
                raise UncaughtError(f"nothing catches the error {definition.name!r}")
        else:
            tasks = [task for task in self.tasks.values() if task.task_spec.catches(task, event)]
            if not tasks and internal:
                self.workflow.bpmn_events.append(event)
        for task in tasks:
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
        return len(tasks)

    def _along(self, event: BpmnEvent) -> list[Task]:
        """The boundary event nearest around the source; of several there, the one that names the code."""
        for owner in self._around(event.target):
            found = [task for task in _on_border(owner) if task.task_spec.catches(task, event)]
            if found:
                return sorted(found, key=lambda task: task.task_spec.event_definition.code is None)[:1]
        return []

    def _around(self, source: Any) -> Iterator[Task]:
        """The activities around a source, innermost first: itself, where an activity is the source."""
        if isinstance(source, Task):
            yield source
            source = source.workflow
        while source.parent_task_id is not None:
            owner = self.workflow.get_task_from_id(source.parent_task_id)
            yield owner
            source = owner.workflow


def _on_border(owner: Task) -> list[Task]:
    """Boundary events of an activity, of one of its instances too."""
    activity = owner.parent if "instance" in owner.internal_data else owner
    split = activity.parent if activity is not None else None
    children = split.children if split is not None else []
    return [task for task in children if isinstance(task.task_spec, BoundaryEvent)]


class Signal(SignalEventDefinition):  # type: ignore[misc]
    """Heard by everybody in the case who waits for it; it carries nothing, for it would undo what others changed."""

    def throw(self, my_task: Task) -> None:
        my_task.workflow.top_workflow.catch(BpmnEvent(self, payload={}))


# Of an event that happened already: its condition has not been false since.
_HELD = "held"


class ConditionMet(TimerEventDefinition):  # type: ignore[misc]
    """`conditionalEventDefinition`: happens when its condition is true of the variables as they are now.

    A kind of timer to the library, so that it is asked again whenever the engine has come to rest. One that has
    happened happens again only after its condition was false (BPMN 2.0, 10.4.2, "Conditional").
    """

    def has_fired(self, task: Task) -> bool:
        if not task.internal_data.get("event_fired"):
            happens = self.happens(task)
            if not self.holds(task):
                task.internal_data.pop(_HELD, None)
            task.internal_data["event_fired"] = happens
        return bool(task.internal_data.get("event_fired", False))

    def happens(self, task: Task) -> bool:
        """Whether the condition has become true: it holds, and didn't when the event was last armed."""
        return _HELD not in task.internal_data and self.holds(task)

    def holds(self, task: Task) -> bool:
        """Whether the condition is true of the variables around a task."""
        seen = {**task.data, **current(around(task))}
        return bool(task.workflow.script_engine.holds(task, self.expression, seen))

    def details(self, task: Task) -> PendingBpmnEvent:
        return PendingBpmnEvent(self.name, type(self).__name__, self.expression)


def is_met(task: Task) -> bool:
    """Whether a waiting task waits for a condition that is true now."""
    definition = getattr(task.task_spec, "event_definition", None)
    alternatives = getattr(definition, "event_definitions", [definition])
    return any(isinstance(one, ConditionMet) and one.happens(task) for one in alternatives)


class FirstOf(MultipleEventDefinition):  # type: ignore[misc]
    """What an event-based gateway waits for: the first to happen, and only that."""

    def has_fired(self, task: Task) -> bool:
        seen = task.internal_data.get("seen_events", [])
        for definition in () if seen else self.event_definitions:
            if isinstance(definition, TimerEventDefinition) and definition.has_fired(task):
                seen = [BpmnEvent(definition)]
                break
        task.internal_data["seen_events"] = seen
        return bool(seen)

    def catch(self, task: Task, event: BpmnEvent | None = None) -> None:
        if not task.internal_data.get("seen_events"):
            super().catch(task, event)


class Boundary(BoundaryEvent):  # type: ignore[misc]
    """A boundary event; one of a sub-process goes on with the sub-process's variables as they are."""

    def _run_hook(self, my_task: Task) -> bool:
        attached = _attached(my_task)
        scope = my_task.workflow.top_workflow.subprocesses.get(attached.id) if attached is not None else None
        carries = isinstance(self.event_definition, ErrorEventDefinition | EscalationEventDefinition)
        if scope is not None and not carries and around_is_shared(scope):
            my_task.data.update(current(scope))
        return bool(super()._run_hook(my_task))

    def _on_complete_hook(self, my_task: Task) -> None:
        """One that doesn't interrupt waits again; a timer has its own count, a condition must be false first."""
        super()._on_complete_hook(my_task)
        is_condition = isinstance(self.event_definition, ConditionMet)
        if self.cancel_activity or (
            isinstance(self.event_definition, TimerEventDefinition) and not is_condition
        ):
            return
        again = my_task.parent._add_child(self, TaskState.FUTURE)
        again.triggered = True
        if is_condition:
            again.internal_data[_HELD] = True
        wait_as_new(again)


def wait_as_new(task: Task) -> None:
    """Let a task wait with its way onward before it, which the library lays out only for tasks it foresees."""
    task._set_state(TaskState.FUTURE)
    task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    task._set_state(TaskState.WAITING)
    task.task_spec._update(task)


def _attached(boundary: Task) -> Task | None:
    beside = boundary.parent.children if boundary.parent is not None else []
    return next((task for task in beside if not isinstance(task.task_spec, BoundaryEvent)), None)


def around_is_shared(scope: Any) -> bool:
    """Whether a scope's variables are its surroundings': not a called process's."""
    return around(scope.task_tree) is not scope
