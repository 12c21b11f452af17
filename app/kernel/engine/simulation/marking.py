"""What can be read off an instance that was never compacted: elements and flows passed, and a print of its future.

Two states with the same print go on alike, whatever way they came: the tokens, the variables anything reads, and
of the made-up case what the gate and the returns look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.simulation.case import SimulatedCase, content_of
from app.kernel.engine.simulation.liveness import live_names
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.stepping import Instance
from app.kernel.engine.submission import RETURN_TO
from app.kernel.engine.workflow import path_of
from app.kernel.worklist.form_schema import input_fields

Element = tuple[str, str]
"""Scope and BPMN id."""

_LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
_BEGUN = TaskState.READY | TaskState.STARTED | TaskState.COMPLETED


def passed(instance: Instance) -> tuple[set[Element], set[tuple[str, str, str]]]:
    """Elements that were begun or have happened, and (scope, source, target) of the flows between them."""
    elements: set[Element] = set()
    flows: set[tuple[str, str, str]] = set()
    for scope in _scopes(instance):
        for task in scope.tasks.values():
            key = getattr(task.task_spec, "bpmn_id", None)
            if key is None or not task.has_state(_BEGUN | TaskState.WAITING | TaskState.CANCELLED):
                continue
            if task.has_state(_BEGUN) and not _only_armed(task):
                elements.add((scope.spec.name, key))
            source = _source_of(task)
            if source is not None:
                flows.add((scope.spec.name, source, key))
    return elements, flows


def _only_armed(task: Any) -> bool:
    """An event that listens has not happened; the library calls it waiting, or ready for an instant."""
    return not task.has_state(TaskState.COMPLETED) and hasattr(task.task_spec, "event_definition")


def _source_of(task: Any) -> str | None:
    """The element a task was come to from; None at the start of a scope."""
    parent = task.parent
    while parent is not None and getattr(parent.task_spec, "bpmn_id", None) is None:
        parent = parent.parent
    return parent.task_spec.bpmn_id if parent is not None and parent.has_state(TaskState.COMPLETED) else None


class Print:
    """Makes prints of states of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.live = live_names(model)
        self.returns = _return_duties(model)

    def of(self, instance: Instance, case: SimulatedCase) -> object:
        """Equal for states that go on alike; hashable."""
        return frozenset(self._tokens(instance)), self._case(case)

    def _tokens(self, instance: Instance) -> Iterator[tuple[object, ...]]:
        counted: Counter[tuple[object, ...]] = Counter()
        for scope in _scopes(instance):
            for task in scope.tasks.values():
                if task.has_state(_LIVE):
                    counted[self._token(scope.spec.name, task)] += 1
        yield from counted.items()

    def _token(self, scope: str, task: Any) -> tuple[object, ...]:
        names = self.live.get((scope, getattr(task.task_spec, "bpmn_id", None) or ""), frozenset())
        data = tuple(sorted((key, str(task.data[key])) for key in names & task.data.keys()))
        fired = bool(task.internal_data.get("event_fired"))
        arrived = _arrived(task) if task.has_state(TaskState.WAITING) else ()
        repeated = (task.internal_data.get("done"), task.internal_data.get("created"))
        return path_of(task), scope, task.task_spec.name, task.state, data, fired, arrived, repeated

    def _case(self, case: SimulatedCase) -> tuple[object, ...]:
        content = content_of(self.model.schema, case)
        signatures = sorted(case.latest().values(), key=lambda one: one.seq)
        valid = [one for one in signatures if one.agrees and one.content_hash == content]
        return (
            case.risk,
            case.levels,
            case.outcome,
            case.decided,
            case.open_names,
            frozenset(act.duty for act in case.acts) & self.returns,
            tuple((one.duty, one.seq > case.used) for one in valid),
            tuple(sorted(len(parts) for parts in case.parts.values())),
        )


def _return_duties(model: Model) -> frozenset[str]:
    """Duties a return may name: whether they were done is asked for."""
    fields = (field for form in model.forms.values() for field in input_fields(form))
    return frozenset(option.value for field in fields if field.key == RETURN_TO for option in field.options)


def _arrived(task: Any) -> tuple[str, ...]:
    """At a join: the inputs whose token has come."""
    if len(task.task_spec._inputs) < 2:
        return ()
    same = (one for one in task.workflow.tasks.values() if one.task_spec is task.task_spec)
    come = (one for one in same if one.parent is not None and one.parent.has_state(TaskState.COMPLETED))
    return tuple(sorted(one.parent.task_spec.name for one in come if not one.has_state(TaskState.COMPLETED)))


def _scopes(instance: Instance) -> list[Any]:
    return [instance.workflow, *instance.workflow.subprocesses.values()]
