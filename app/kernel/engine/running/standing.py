"""Where a stored case stands, read off the library's tasks for the proof: tokens, waits at joins, what is armed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.check.proof.position import How, Marking, Path, Standing, Unplaced
from app.kernel.engine.joins import arrivals
from app.kernel.engine.repetition import RepeatedTask
from app.kernel.engine.stepping import Instance
from app.kernel.engine.vocabulary import ADDED

_LIVE: Final = TaskState.WAITING | TaskState.READY | TaskState.STARTED
_TRIGGER: Final = ADDED + "trigger"
SHOWN: Final = 2
"""Instances beside one another that the proof looks at: one more suffices to disturb one."""


def standing_of(instance: Instance) -> Marking:
    """The marking of an instance. Raises Unplaced where the proof can't say where it stands."""
    return _Reader(instance).read()


@dataclass
class _Reader:
    instance: Instance
    standings: list[Standing] = field(default_factory=list)
    armed: set[tuple[Path, str]] = field(default_factory=set)
    numbers: dict[Any, int | None] = field(default_factory=dict)
    """By the id of an instance's task: which instance the proof sees in it, None for one more like another."""

    def read(self) -> Marking:
        scopes = self.instance.scopes()
        for scope in scopes:
            for task in _live(scope):
                if isinstance(task.task_spec, RepeatedTask):
                    self._number(task)
        for scope in scopes:
            path = self._path(scope)
            if path is not None:
                for task in _live(scope):
                    self._read(task, path)
        return Marking(tuple(sorted(self.standings)), frozenset(self.armed))

    def _path(self, scope: Any) -> Path | None:
        """Where the proof finds the scope; None where it looks at another instance like it, or the scope is over."""
        path: list[tuple[str, int]] = []
        while scope.parent_task_id is not None:
            owner = scope.top_workflow.get_task_from_id(scope.parent_task_id)
            if owner.has_state(TaskState.FINISHED_MASK):
                return None
            number = self.numbers.get(owner.id, 0)
            if number is None:
                return None
            if ADDED not in owner.task_spec.bpmn_id:
                path.insert(0, (owner.task_spec.bpmn_id, number))
            scope = owner.workflow
        return tuple(path)

    # ---- repeated activities

    def _number(self, task: Any) -> None:
        """Which instances are looked at. More than two are only where they all stand alike."""
        instances = [child for child in task.children if "instance" in child.internal_data]
        still = [child for child in instances if not child.has_state(TaskState.FINISHED_MASK)]
        if len(still) > SHOWN and len({self._alike(child) for child in still}) > 1:
            raise Unplaced(task.task_spec.bpmn_id)
        for number, child in enumerate(still):
            self.numbers[child.id] = number if number < SHOWN else None

    def _alike(self, child: Any) -> frozenset[tuple[str, int]]:
        """What tells where an instance stands inside."""
        found, waiting = set(), [child.id]
        while waiting:
            scope = self.instance.workflow.subprocesses.get(waiting.pop())
            for task in _live(scope) if scope is not None else ():
                found.add((task.task_spec.name, task.state))
                waiting.append(task.id)
        return frozenset(found)

    def _repeated(self, task: Any, path: Path) -> None:
        key = task.task_spec.bpmn_id
        if task.has_state(TaskState.READY):
            self._put(path, key, "after")
            return
        self._put(path, key, "at")
        instances = [child for child in task.children if "instance" in child.internal_data]
        is_over = any(child.has_state(TaskState.FINISHED_MASK) for child in instances)
        numbers = [number for child in instances if (number := self.numbers.get(child.id)) is not None]
        if self._is_parallel(task) and is_over and len(numbers) < SHOWN:
            self._put(path, key, "done", number=len(numbers))

    def _is_parallel(self, task: Any) -> bool:
        step = self.instance.spec.steps[task.workflow.spec.name][task.task_spec.bpmn_id]
        return step.loop is not None and step.loop.kind == "parallel"

    # ---- tasks

    def _read(self, task: Any, path: Path) -> None:
        spec, key = task.task_spec, getattr(task.task_spec, "bpmn_id", None)
        if key is None:
            self._internal(task, path)
        elif key.endswith(_TRIGGER):
            self._event(task, path, key.removesuffix(_TRIGGER), "begun")
        elif isinstance(spec, BoundaryEvent):
            self._event(task, path, key, "after")
        elif ADDED in key:
            if not isinstance(spec, SubWorkflowTask) or task.has_state(TaskState.READY):
                raise Unplaced(key)
        elif isinstance(spec, RepeatedTask):
            self._repeated(task, path)
        elif isinstance(spec, ParallelGateway | InclusiveGateway) and not task.has_state(TaskState.READY):
            for arrived in arrivals(task):
                self._put(path, key, "arrived", by=_source(arrived))
        else:
            self._step(task, path, key)

    def _step(self, task: Any, path: Path, key: str) -> None:
        is_scope = isinstance(task.task_spec, SubWorkflowTask)
        if "instance" in task.internal_data:
            number = self.numbers.get(task.id)
            if number is not None and not (is_scope and task.id in self.instance.workflow.subprocesses):
                self._put(path, key, "run", number=number)
        elif is_scope and task.has_state(TaskState.READY):
            self._put(path, key, "before")
        else:
            self._put(path, key, "at")

    def _event(self, task: Any, path: Path, key: str, how: How) -> None:
        if task.has_state(TaskState.WAITING):
            self.armed.add((path, key))
        else:
            self._put(path, key, how)

    def _internal(self, task: Any, path: Path) -> None:
        """The library's own splits and joins around an activity with boundary events; ends wait for everybody."""
        spec = task.task_spec
        if isinstance(spec, _EndJoin) or (
            isinstance(spec, BoundaryEventJoin) and task.has_state(TaskState.WAITING)
        ):
            return
        if isinstance(spec, BoundaryEventSplit):
            self._put(path, _host(spec), "before")
        elif isinstance(spec, BoundaryEventJoin):
            self._put(path, _host(task.workflow.spec.task_specs[spec.split_task]), "after")
        else:
            raise Unplaced(spec.name)

    def _put(self, path: Path, key: str, how: How, *, number: int = 0, by: str = "") -> None:
        self.standings.append(Standing(path, key, how, number, by))


def _live(scope: Any) -> Iterator[Any]:
    return (task for task in list(scope.tasks.values()) if task.has_state(_LIVE))


def _host(split: Any) -> str:
    return next(str(spec.bpmn_id) for spec in split.outputs if not isinstance(spec, BoundaryEvent))


def _source(arrived: Any) -> str:
    """The node from which a token came to a join."""
    parent = arrived.parent
    if isinstance(parent.task_spec, BoundaryEventJoin):
        return _host(arrived.workflow.spec.task_specs[parent.task_spec.split_task])
    return str(parent.task_spec.bpmn_id)
