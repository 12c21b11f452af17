"""Our subclass of the library's workflow, its script engine and its automatic tasks.

The script engine is a property without a setter's effect: whatever the library does while deserialising,
expressions go to our own language and never to Python.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.defaults import (
    CallActivity,
    EndEvent,
    IntermediateThrowEvent,
    ScriptTask,
    ServiceTask,
)
from SpiffWorkflow.util.task import TaskState

from app.kernel.decisions.expressions import compile_expression, feel, why_null
from app.kernel.engine.catching import Boundary, CaseEvents, error_of
from app.kernel.engine.dialect import Assignment, StepSpec
from app.kernel.engine.engine_data import Data, Scalar, checked, from_expression
from app.kernel.engine.vocabulary import ADDED
from app.kernel.ports import BusinessError

MOST_PERSONS: Final = 9
"""The most different people one task may demand."""

# Variables of the whole case: they leave a called process even when its outputs don't name them.
CASE_WIDE: Final = ("risk",)


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """An automatic step asking for its handler; `path` are the call activities it stands in, outermost first."""

    engine_task_id: str
    step: StepSpec
    path: tuple[str, ...]
    rules: str | None


Handler = Callable[[str, ServiceCall, Data], Mapping[str, object]]
"""(task type, call, variables) -> variables to set. What it raises fails the step."""


class Asker(Protocol):
    """Whoever plays a process on paper: answers what a real case would find in its data."""

    def condition(self, task: Any, expression: str, data: Data) -> bool:
        """Whether a condition holds: of a flow that leaves the library task (a gateway), or of an event."""

    def timer(self, task: Any, text: str) -> object:
        """What a timer's text gives."""


StepHook = Callable[[Any], None]
"""Told of a library task before or after it is run."""


class NoHandler(RuntimeError):
    """An automatic step was reached in a place that gave no handler, or it names no task type."""


def value_of(text: str, data: Mapping[str, object], now: datetime | None = None) -> object:
    """`text` itself, or what the expression after its leading "=" gives, as a value of FEEL."""
    return compile_expression(feel(text)).evaluate(data, now) if text.lstrip().startswith("=") else text


def holds(condition: str, data: Mapping[str, object], now: datetime | None = None) -> bool:
    """Whether a condition is true; null and what isn't a boolean are not."""
    return compile_expression(feel(condition)).holds(data, now)


def assigned(
    assignments: tuple[Assignment, ...], data: Mapping[str, object], now: datetime | None = None
) -> dict[str, Scalar]:
    """Variables set by `assignments`; each sees the ones before it."""
    result: dict[str, Scalar] = {}
    for assignment in assignments:
        value = value_of(assignment.source, {**data, **result}, now)
        result[assignment.target] = from_expression(assignment.target, value)
    return result


def clock_of(task: Any) -> datetime | None:
    """The time lent to the workflow of a library task while it moves."""
    now: datetime | None = task.workflow.top_workflow.now
    return now


class ExpressionEngine:
    """The only script engine there is: conditions and values in our language, no scripts, no services."""

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> bool:
        """A condition; anything but true (null as well) is false."""
        return self.holds(task, expression, task.data)

    def holds(self, task: Any, expression: str, data: Mapping[str, object]) -> bool:
        """A condition on other variables than the task's own."""
        asker = task.workflow.top_workflow.asker
        if asker is not None:
            return bool(asker.condition(task, expression, data))
        return holds(expression, data, clock_of(task))

    def value(self, task: Any, text: str) -> object:
        """What a timer's text gives."""
        asker = task.workflow.top_workflow.asker
        return value_of(text, task.data, clock_of(task)) if asker is None else asker.timer(task, text)

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        raise PermissionError("scripts are not executed")

    def call_service(self, task: Any, **_: Any) -> None:
        raise PermissionError("services are called through the handler only")

    @property
    def environment(self) -> Any:
        raise PermissionError("there is no Python environment")


_ENGINE: Final = ExpressionEngine()


class CaseWorkflow(BpmnWorkflow):  # type: ignore[misc]
    """A process instance; `now` and `handler` are lent to it for the length of one advance.

    `asker` is set in simulations only: it sees every condition and timer before the expression language does.
    """

    def __init__(self, spec: Any, subprocess_specs: Any = None, **arguments: Any) -> None:
        self.now: datetime | None = None
        self.handler: Handler | None = None
        self.asker: Asker | None = None
        self.steps: Mapping[str, Mapping[str, StepSpec]] = {}
        super().__init__(spec, subprocess_specs, script_engine=_ENGINE, **arguments)
        self.event_manager = CaseEvents(self)
        self.task_removed_event.connect(self._forgotten)

    @property
    def script_engine(self) -> ExpressionEngine:
        return _ENGINE

    @script_engine.setter
    def script_engine(self, engine: object) -> None:
        raise PermissionError("the script engine can't be replaced")

    def do_engine_steps(
        self, will_complete_task: StepHook | None = None, did_complete_task: StepHook | None = None
    ) -> None:
        """Run automatic tasks until none is ready, then look at the timers once.

        One at a time: the library runs a list made beforehand, with tasks in it that an earlier one cancelled.
        """
        while (task := self._next_automatic()) is not None:
            if will_complete_task is not None:
                will_complete_task(task)
            task.run()
            if did_complete_task is not None:
                did_complete_task(task)
        self.refresh_timers()

    def next_before_start(self) -> Any:
        """Of what is ready, a task before any start event of the file: the library's own, or of the normal form."""
        ready = (
            task
            for scope in (self, *self.subprocesses.values())
            for task in scope.tasks.values()
            if task.has_state(TaskState.READY) and not task.task_spec.manual
        )
        return next((task for task in ready if not is_start(step_of(task))), None)

    def _next_automatic(self) -> Any:
        """A boundary event first, for what it interrupts must not go on; then the innermost scope's."""
        best, best_rank = None, (False, -1)
        for scope in (self, *self.subprocesses.values()):
            for task in scope.tasks.values():
                if task.has_state(TaskState.READY) and not task.task_spec.manual:
                    rank = (isinstance(task.task_spec, Boundary), scope.depth)
                    if rank > best_rank:
                        best, best_rank = task, rank
        return best

    def _forgotten(self, _workflow: Any, task: Any) -> None:
        """A task left the tree: so does the sub-workflow it owns, and nothing in it hears events any more."""
        self.event_manager.remove_task(task)
        inner = self.subprocesses.pop(task.id, None)
        for other in list(inner.tasks.values()) if inner is not None else ():
            self._forgotten(inner, other)


def step_of(task: Any) -> StepSpec | None:
    """The specification of a library task, None for the library's own splits and joins."""
    if getattr(task.task_spec, "bpmn_id", None) is None:
        return None
    steps: Mapping[str, Mapping[str, StepSpec]] = task.workflow.top_workflow.steps
    return steps.get(task.workflow.spec.name, {}).get(task.task_spec.bpmn_id)


def is_start(step: StepSpec | None) -> bool:
    """Whether a step is a start event of the file."""
    return step is not None and step.kind == "start" and step.drawn


def path_of(task: Any) -> tuple[str, ...]:
    """Ids of the call activities and sub-processes around a task, outermost first; of those that are drawn."""
    path: list[str] = []
    workflow = task.workflow
    while workflow.parent_task_id is not None:
        parent = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if ADDED not in parent.task_spec.bpmn_id:
            path.append(parent.task_spec.bpmn_id)
        workflow = parent.workflow
    return tuple(reversed(path))


def known_step(task: Any) -> StepSpec:
    step = step_of(task)
    if step is None:
        raise LookupError(f"no step specification for {task.task_spec.name}")
    return step


def text_of(text: str | None, data: Data) -> str | None:
    """A group or rule set written out or as an expression; None where it isn't given or gives no text."""
    value = value_of(text, data) if text else None
    return value if isinstance(value, str) and value else None


def persons_of(step: StepSpec, data: Data) -> int:
    """How many people must act: written out, or what the expression gives. Raise LookupError beyond 1 to 9."""
    if step.persons_from is None:
        return step.persons
    value = from_expression("persons", value_of(step.persons_from, data))
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PERSONS:
        reason = why_null(step.persons_from, data)
        raise LookupError(f"{step.step_key}: persons gives {value!r}, not 1 to {MOST_PERSONS}{reason}")
    return value


def instance_of(task: Any) -> int | None:
    """Number, from 1, of the instance of a repeated activity that a task is or stands in; the innermost one."""
    while "instance" not in task.internal_data:
        parent = task.workflow.parent_task_id
        if parent is None:
            return None
        task = task.workflow.top_workflow.get_task_from_id(parent)
    number: int = task.internal_data["instance"]
    return number


def _call(task: Any, step: StepSpec, data: Data) -> ServiceCall:
    return ServiceCall(str(task.id), step, path_of(task), text_of(step.rules, data))


class HandledTask(ServiceTask):  # type: ignore[misc]
    """Service, send and rule tasks: asks the handler lent to the workflow."""

    def _execute(self, task: Any) -> bool | None:
        """True when it is done; None when an event takes the token away, which cancels the task."""
        step = known_step(task)
        handler = task.workflow.top_workflow.handler
        if handler is None or step.task_type is None:
            raise NoHandler(f"no handler for step {step.step_key} of type {step.task_type}")
        now = clock_of(task)
        seen = {**task.data, **assigned(step.inputs, task.data, now)}
        try:
            answer = checked(handler(step.task_type, _call(task, step, seen), seen))
        except BusinessError as error:
            task.data.update(checked(error.variables))
            self._end_by(task, _declared(step, error))
            return None
        task.data.update(assigned(step.outputs, {**seen, **answer}, now) if step.outputs else answer)
        known = {**seen, **answer, **task.data}
        raised = next(
            (one.code for one in step.errors if one.condition and holds(one.condition, known, now)), None
        )
        if raised is None:
            return True
        self._end_by(task, raised)
        return None

    def _end_by(self, task: Any, code: str) -> None:
        """Let the nearest event around the step that catches the error have the token. Raise UncaughtError."""
        task.workflow.top_workflow.catch(error_of(task, code))


def _declared(step: StepSpec, error: BusinessError) -> str:
    if all(one.code != error.code for one in step.errors):
        raise LookupError(f"step {step.step_key} declares no error {error.code!r}") from error
    return error.code


class AssignmentTask(ScriptTask):  # type: ignore[misc]
    """A script task: assignments of expressions, nothing else."""

    def _execute(self, task: Any) -> bool:
        task.data.update(assigned(known_step(task).script, task.data, clock_of(task)))
        return True


class _MappedEvent:
    """Sets the event's output mappings before anything is thrown."""

    def _run_hook(self, task: Any) -> bool:
        task.data.update(assigned(known_step(task).outputs, task.data, clock_of(task)))
        return bool(super()._run_hook(task))  # type: ignore[misc]


class MappedEnd(_MappedEvent, EndEvent):  # type: ignore[misc]
    pass


class MappedThrow(_MappedEvent, IntermediateThrowEvent):  # type: ignore[misc]
    pass


class MappedCall(CallActivity):  # type: ignore[misc]
    """A call activity with input and output mappings.

    The called process sees the caller's variables and the mapped inputs. Outputs, where there are any, are all
    that comes back (beside the case-wide variables); without outputs every variable does.
    """

    def copy_data(self, my_task: Any, subworkflow: Any) -> None:
        inputs = assigned(known_step(my_task).inputs, my_task.data, clock_of(my_task))
        subworkflow.task_tree.set_data(**{**my_task.data, **inputs})

    def update_data(self, my_task: Any, subworkflow: Any) -> None:
        inner = subworkflow.last_task.data
        outputs = known_step(my_task).outputs
        if outputs:
            case_wide = {name: inner[name] for name in CASE_WIDE if name in inner}
            my_task.data.update({**case_wide, **assigned(outputs, inner, clock_of(my_task))})
        else:
            my_task.data = dict(inner)
