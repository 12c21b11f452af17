"""A running instance: start, restore, advance, complete, deliver, dump.

Nothing here knows a database. After any error the instance is unusable and must be thrown away with the
transaction: the library leaves it half advanced.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, Self
from uuid import UUID, uuid4

import orjson
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from app.kernel.engine.catching import Signal, is_met
from app.kernel.engine.compaction import compact
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.engine_data import Scalar, checked
from app.kernel.engine.repetition import RepeatedTask
from app.kernel.engine.specs import Spec, registry
from app.kernel.engine.states import pack, unpack
from app.kernel.engine.timers import due_at
from app.kernel.engine.views import (
    MOST_AUTOMATIC_STEPS,
    Change,
    EndlessLoop,
    MessageNotExpected,
    Position,
    ReadyTask,
    SentMessage,
    StepEvent,
    StepFailed,
    TaskNotReady,
    WaitingMessage,
    WaitingSignal,
)
from app.kernel.engine.vocabulary import ADDED
from app.kernel.engine.workflow import (
    CaseWorkflow,
    Handler,
    assigned,
    instance_of,
    is_start,
    path_of,
    persons_of,
    step_of,
    text_of,
)
from app.kernel.refusals import Refusal

__all__ = [
    "EndlessLoop",
    "Instance",
    "MessageNotExpected",
    "Position",
    "ReadyTask",
    "SentMessage",
    "StepEvent",
    "StepFailed",
    "TaskNotReady",
    "WaitingMessage",
    "WaitingSignal",
    "rekeyed",
]

STATE_FORMAT: Final = 1
_ACTIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED


@dataclass
class Instance:
    """One case's process instance over a shared Spec. Not for use by two threads at once."""

    spec: Spec
    workflow: CaseWorkflow
    compacting: bool = True
    stopped_at: str = ""
    """The step that refused to go on, after a Refusal came out of a move."""
    _events: list[StepEvent] = field(default_factory=list)
    _sent: list[SentMessage] = field(default_factory=list)
    _entered: dict[UUID, StepEvent] = field(default_factory=dict)

    @classmethod
    def start(cls, spec: Spec, data: Mapping[str, object]) -> Self:
        """A new instance with its first variables, not advanced yet. Raises EngineDataInvalid."""
        workflow = CaseWorkflow(spec.library, dict(spec.subprocesses))
        workflow.steps = spec.steps
        workflow.task_tree.set_data(**checked(data))
        return cls(spec, workflow)

    @classmethod
    def restore(cls, spec: Spec, state: bytes) -> Self:
        """The instance that `dump` wrote, over the same spec. Raises ValueError for any other state."""
        stored = orjson.loads(unpack(state))
        if stored.get("format") != STATE_FORMAT or stored.get("spec") != spec.digest:
            raise ValueError("the state was not written for this specification")
        workflow = registry().restore(stored["workflow"], spec=spec)
        instance = cls(spec, workflow)
        instance._entered = instance._active()
        return instance

    def dump(self) -> bytes:
        """The state. Bytes with their key order: parents stand before their children and must stay there."""
        workflow = registry().convert(self.workflow)
        return pack(orjson.dumps({"format": STATE_FORMAT, "spec": self.spec.digest, "workflow": workflow}))

    # -- moving

    def advance(self, handler: Handler, now: datetime) -> None:
        """Fire due timers, then run automatic steps to the next wait. Raises StepFailed, EndlessLoop, Refusal."""
        with self._moving(handler, now) as steps:
            self._run(steps)

    def begin(self, message: str, payload: Mapping[str, object], handler: Handler, now: datetime) -> None:
        """Start by a message: at the start event that waits for it, at the plain one where there is none."""
        event = BpmnEvent(MessageEventDefinition(message), checked(payload))
        with self._moving(handler, now) as steps:
            starts = self._reach_starts()
            if any(start.message == message for _, start in starts):
                for task, start in starts:
                    if start.message != message:
                        task.cancel()
                self.workflow.catch(event)
            self._run(steps)

    def reach_start(self, now: datetime) -> Any:
        """Come to the plain start event, which hasn't happened; answers the library's task of it, the others gone."""
        with self._moving(_nobody, now):
            starts = self._reach_starts()
            plain = next(task for task, start in starts if not start.events)
            for task, _ in starts:
                if task is not plain:
                    task.cancel()
        self.take_events()
        return plain

    def _reach_starts(self) -> list[tuple[Any, StepSpec]]:
        """Run what the library does before the start events; answers those with their specifications."""
        while (task := self.workflow.next_before_start()) is not None:
            task.run()
        active = ((task, step_of(task)) for task in self._tasks(_ACTIVE))
        return [(task, step) for task, step in active if step is not None and is_start(step)]

    def complete(
        self,
        engine_task_id: str,
        variables: Mapping[str, object],
        handler: Handler,
        now: datetime,
        *,
        further: bool = True,
    ) -> None:
        """Complete an open task with `variables`, then advance (`further`: else automatic steps are left waiting).

        Raises TaskNotReady beside what `advance` raises.
        """
        task = self._open_task(engine_task_id)
        step = step_of(task)
        given = checked(variables)
        with self._moving(handler, now) as steps:
            steps.enter(task)
            seen = {**task.data, **given}
            task.data.update(assigned(step.outputs, seen, now) if step and step.outputs else given)
            task.run()
            steps.leave(task)
            if further:
                self._run(steps)

    def deliver_message(
        self,
        name: str,
        payload: Mapping[str, object],
        handler: Handler,
        now: datetime,
        *,
        further: bool = True,
    ) -> None:
        """Hand a message to whoever waits for it, then advance (`further`). Raises MessageNotExpected."""
        if all(waiting.name != name for waiting in self.waiting_messages()):
            raise MessageNotExpected(name)
        event = BpmnEvent(MessageEventDefinition(name), checked(payload))
        self._deliver(event, handler, now, further=further)

    def deliver_signal(
        self, name: str, payload: Mapping[str, object], handler: Handler, now: datetime
    ) -> None:
        """Let everybody who waits for a signal hear it, then advance. Raises MessageNotExpected when nobody does."""
        if all(waiting.name != name for waiting in self.waiting_signals()):
            raise MessageNotExpected(name)
        self._deliver(BpmnEvent(Signal(name), checked(payload)), handler, now)

    def _deliver(self, event: BpmnEvent, handler: Handler, now: datetime, *, further: bool = True) -> None:
        with self._moving(handler, now) as steps:
            self.workflow.catch(event)
            if further:
                self._run(steps)

    def assign(self, variables: Mapping[str, object]) -> None:
        """Set variables everywhere in the instance, as a risk class that rose does."""
        given = checked(variables)
        for scope in self.scopes():
            for task in scope.tasks.values():
                task.data.update(given)

    @contextmanager
    def _moving(self, handler: Handler, now: datetime) -> Iterator["_Steps"]:
        if now.tzinfo is None:
            raise ValueError("the engine's clock must be aware of its zone")
        steps = _Steps(self._events)
        self.workflow.now, self.workflow.handler = now, handler
        try:
            yield steps
        except Refusal:
            self.stopped_at = steps.current
            raise
        except StepFailed as failed:
            failed.passed = steps.passed
            raise
        except RecursionError:
            raise steps.failed(EndlessLoop(steps.current)) from None
        except SpiffWorkflowException as error:
            raise steps.failed(StepFailed(steps.current, error.__cause__ or error)) from error
        except Exception as error:
            raise steps.failed(StepFailed(steps.current, error)) from error
        finally:
            self.workflow.now = self.workflow.handler = None
        self._settle()

    def _run(self, steps: "_Steps") -> None:
        self.workflow.refresh_timers()
        self.workflow.do_engine_steps(steps.enter, steps.leave)
        # The library looks at its timers once more at the end; what that made ready has still to run.
        while any(not task.task_spec.manual for task in self._tasks(TaskState.READY)):
            self.workflow.do_engine_steps(steps.enter, steps.leave)

    def _settle(self) -> None:
        """Collect what left the instance and what it came to wait for, and forget what is over."""
        for event in self.workflow.get_events():
            if isinstance(event.event_definition, MessageEventDefinition):
                self._sent.append(SentMessage(event.event_definition.name, dict(event.payload or {})))
        active = self._active()
        self._events += [event for key, event in active.items() if key not in self._entered]
        completed = {event.engine_task_id for event in self._events if event.change == "completed"}
        for key, event in self._entered.items():
            if key not in active and event.engine_task_id not in completed:
                self._events.append(_changed(event, "cancelled"))
        self._entered = active
        if self.compacting:
            compact(self.workflow)

    # -- looking

    def ready_tasks(self) -> list[ReadyTask]:
        """Open tasks of people, outermost process first."""
        return [
            self._ready(task)
            for task in self._tasks(TaskState.READY)
            if task.task_spec.manual and step_of(task) is not None
        ]

    def waiting_messages(self) -> list[WaitingMessage]:
        return [
            WaitingMessage(name, *_place(task))
            for task in self._tasks(TaskState.WAITING)
            for name in _names(task, MessageEventDefinition)
        ]

    def waiting_signals(self) -> list[WaitingSignal]:
        return [
            WaitingSignal(name, *_place(task))
            for task in self._tasks(TaskState.WAITING)
            for name in _names(task, Signal)
        ]

    def next_due(self) -> datetime | None:
        """When the earliest timer is due, None when none runs."""
        due = [at for task in self._tasks(TaskState.WAITING) if (at := due_at(task)) is not None]
        return min(due, default=None)

    def has_work(self, now: datetime) -> bool:
        """Whether `advance` would do anything: a step that waits to be run, a timer that is due, a condition met."""
        due = self.next_due()
        return (
            (due is not None and due <= now)
            or any(not task.task_spec.manual for task in self._tasks(TaskState.READY))
            or any(is_met(task) for task in self._tasks(TaskState.WAITING))
        )

    def position(self) -> tuple[Position, ...]:
        """Active elements, outermost process first."""
        found = []
        for task in self._tasks(_ACTIVE):
            event = _event(task, "entered")
            if event is not None:
                found.append(Position(event.step_key, event.path, _shown(task)))
        return tuple(found)

    def is_completed(self) -> bool:
        return bool(self.workflow.is_completed())

    @property
    def data(self) -> Mapping[str, Scalar]:
        """Variables of the outermost process: its result once it is completed."""
        last = self.workflow.last_task
        return dict(last.data if last is not None else self.workflow.task_tree.data)

    def take_events(self) -> list[StepEvent]:
        """What happened since the last call, in order: completed steps, then what was entered and cancelled."""
        events, self._events = self._events, []
        return events

    def take_messages(self) -> list[SentMessage]:
        """Messages thrown since the last call that nothing inside the instance caught."""
        sent, self._sent = self._sent, []
        return sent

    @property
    def has_sent(self) -> bool:
        """Whether a message left the instance since it was started or restored."""
        return bool(self._sent)

    def scopes(self) -> list[Any]:
        """The library's workflow and its sub-workflows, outermost first."""
        return [self.workflow, *self.workflow.subprocesses.values()]

    def _tasks(self, state: int) -> list[Any]:
        return [task for scope in self.scopes() for task in scope.tasks.values() if task.has_state(state)]

    def _active(self) -> dict[UUID, StepEvent]:
        found = ((task.id, _event(task, "entered")) for task in self._tasks(_ACTIVE))
        return {key: event for key, event in found if event is not None}

    def _open_task(self, engine_task_id: str) -> Any:
        for task in self._tasks(TaskState.READY):
            if str(task.id) == engine_task_id and task.task_spec.manual:
                return task
        raise TaskNotReady(engine_task_id)

    def _ready(self, task: Any) -> ReadyTask:
        step = step_of(task)
        if step is None:
            raise LookupError(task.task_spec.name)
        seen = {**task.data, **assigned(step.inputs, task.data)}
        return ReadyTask(
            engine_task_id=str(task.id),
            step_key=step.step_key,
            path=path_of(task),
            candidate_group=text_of(step.candidate_group, seen),
            data=seen,
            is_manual=step.kind == "manual",
            step=step,
            rules=text_of(step.rules, seen),
            persons=persons_of(step, seen),
            instance=instance_of(task),
        )


def _nobody(task_type: str, _call: object, _data: object) -> Mapping[str, object]:
    """Before the start event nothing is handled."""
    raise LookupError(f"{task_type} before the start")


def rekeyed(state: bytes, engine_task_ids: Iterable[str]) -> bytes:
    """A dumped state in which these tasks have new ids: taken up again, they are other tasks than the first time.

    The library names tasks ahead of time, so what follows a step may have its id in the state already.
    """
    plain = unpack(state)
    for key in engine_task_ids:
        plain = plain.replace(key.encode(), str(uuid4()).encode())
    return pack(plain)


class _Steps:
    """Counts automatic steps, remembers the one being run and records those completed."""

    def __init__(self, events: list[StepEvent]) -> None:
        self.current = ""
        self.passed = 0
        self._events = events
        self._count = 0

    def failed(self, failure: StepFailed) -> StepFailed:
        failure.passed = self.passed
        return failure

    def enter(self, task: Any) -> None:
        self.current = getattr(task.task_spec, "bpmn_id", None) or task.task_spec.name
        self._count += 1
        if self._count > MOST_AUTOMATIC_STEPS:
            raise EndlessLoop(self.current)

    def leave(self, task: Any) -> None:
        self.passed += 1
        event = _event(task, "completed")
        if event is not None and task.has_state(TaskState.COMPLETED):
            self._events.append(event)


def _event(task: Any, change: Change) -> StepEvent | None:
    step = step_of(task)
    if step is None or not step.drawn:
        return None
    number = task.internal_data.get("instance")
    if isinstance(task.task_spec, RepeatedTask):
        step = _as_whole(step)
    elif number is not None:
        step = _as_instance(step)
    decided = change == "completed" and step.kind in ("user", "manual")
    outcome = task.data.get("outcome") if decided else None
    outcome = outcome if isinstance(outcome, str) else None
    return StepEvent(change, step.step_key, path_of(task), str(task.id), step, outcome, number)


@lru_cache(maxsize=1024)
def _as_whole(step: StepSpec) -> StepSpec:
    """Of an activity done several times, what belongs to all instances together."""
    return replace(step, duty=None, document=None)


@lru_cache(maxsize=1024)
def _as_instance(step: StepSpec) -> StepSpec:
    return replace(step, clocks=())


def _place(task: Any) -> tuple[str, tuple[str, ...]]:
    """Step and path of a waiting event; of an event sub-process's trigger, the sub-process."""
    key = task.task_spec.bpmn_id or task.task_spec.name
    return key.partition(ADDED)[0], path_of(task)


def _changed(event: StepEvent, change: Change) -> StepEvent:
    return replace(event, change=change, outcome=None)


def _names(task: Any, kind: type[Any]) -> list[str]:
    """Names of the messages or signals that a task waits for."""
    definition = getattr(task.task_spec, "event_definition", None)
    alternatives = getattr(definition, "event_definitions", [definition])
    return [str(one.name) for one in alternatives if isinstance(one, kind)]


def _shown(task: Any) -> Literal["open", "waiting", "inside"]:
    if task.has_state(TaskState.STARTED):
        return "inside"
    return "open" if task.task_spec.manual else "waiting"
