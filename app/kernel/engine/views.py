"""What an instance shows of itself: open tasks, events, positions, messages, and how a step can fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.engine_data import Scalar

# Far more than any process does between two waits, far fewer than the recursion limit bears.
MOST_AUTOMATIC_STEPS: Final = 300

Change = Literal["entered", "completed", "cancelled"]


class StepFailed(Exception):
    """A step raised; `element` is its BPMN id (or the library's name for a step of its own).

    `passed`: how many steps had been completed in the same move.
    """

    def __init__(self, element: str, cause: BaseException) -> None:
        super().__init__(f"step {element} failed: {type(cause).__name__}: {cause}")
        self.element = element
        self.cause = cause
        self.passed = 0


class EndlessLoop(StepFailed):
    """Automatic steps that never come to a wait."""

    def __init__(self, element: str) -> None:
        super().__init__(element, RuntimeError(f"more than {MOST_AUTOMATIC_STEPS} automatic steps"))


class TaskNotReady(Exception):
    """The task doesn't exist in this instance, isn't for people, or is not (any more) open."""


class MessageNotExpected(Exception):
    """Nothing in the instance waits for that message or signal now."""


@dataclass(frozen=True, slots=True)
class ReadyTask:
    """An open user or manual task. `path`: call activities around it; `data`: variables with the task's inputs;
    `candidate_group`, `rules` and `persons` are the role, the rule set and the number of people their expressions
    give now; `instance` is its number, from 1, where an activity is done several times."""

    engine_task_id: str
    step_key: str
    path: tuple[str, ...]
    candidate_group: str | None
    data: Mapping[str, Scalar]
    is_manual: bool
    step: StepSpec
    rules: str | None
    persons: int = 1
    instance: int | None = None


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step was entered, completed or cancelled; `outcome` is the variable of that name when it completed.

    An activity done several times has an event of its own, without duty and document, and one of each `instance`,
    without clocks.
    """

    change: Change
    step_key: str
    path: tuple[str, ...]
    engine_task_id: str
    step: StepSpec
    outcome: str | None = None
    instance: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """An active element, for the diagram; `state` is `open` (people), `waiting` (event) or `inside` (call)."""

    step_key: str
    path: tuple[str, ...]
    state: Literal["open", "waiting", "inside"]


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    name: str
    step_key: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingSignal:
    name: str
    step_key: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message the process threw and nothing inside it caught, with the variables at that point."""

    name: str
    data: Mapping[str, Scalar]
