"""Walks a process the way people would: saved and restored at every wait, with chosen outcomes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from app.kernel.engine.engine_data import Data
from app.kernel.engine.parsing import parse
from app.kernel.engine.specs import Spec, dump_spec, load_spec, spec_digest
from app.kernel.engine.states import unpack
from app.kernel.engine.stepping import Instance, ReadyTask, SentMessage, StepEvent
from app.kernel.engine.workflow import ServiceCall

WORKFLOWS = Path(__file__).parents[2] / "workflows"
BEGINNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

Answer = Mapping[str, object] | Callable[[ServiceCall, Data], Mapping[str, object]]


def spec_of(files: Mapping[str, bytes], process_id: str) -> Spec:
    stored = dump_spec(parse(files, process_id))
    return load_spec(spec_digest(stored), stored)


@cache
def shipped_spec(process_id: str) -> Spec:
    """A process of the `workflows` folder, all of which are one deployment set."""
    files = {path.name: path.read_bytes() for path in sorted(WORKFLOWS.glob("*/*.bpmn"))}
    return spec_of(files, process_id)


@dataclass
class Drive:
    """One case under way. `answers` says what each service task type sets; types not named set nothing."""

    spec: Spec
    data: Mapping[str, object] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    saving: bool = True
    compacting: bool = True
    now: datetime = BEGINNING
    events: list[StepEvent] = field(default_factory=list)
    sent: list[SentMessage] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    packed: list[int] = field(default_factory=list)
    """Bytes of each saved state, as it is and as it is stored."""

    def __post_init__(self) -> None:
        self.instance = Instance.start(self.spec, self.data)
        self.instance.compacting = self.compacting
        self.instance.advance(self._handle, self.now)
        self._wait()

    def complete(self, step_key: str, outcome: str | None = None, **variables: object) -> "Drive":
        """Complete the open task of that step; with two open, the first."""
        given = {**variables, **({"outcome": outcome} if outcome is not None else {})}
        self.instance.complete(self.task(step_key).engine_task_id, given, self._handle, self.now)
        self._wait()
        return self

    def deliver(self, message: str, **payload: object) -> "Drive":
        self.instance.deliver_message(message, payload, self._handle, self.now)
        self._wait()
        return self

    def pass_time(self, time: timedelta) -> "Drive":
        self.now += time
        self.instance.advance(self._handle, self.now)
        self._wait()
        return self

    def task(self, step_key: str) -> ReadyTask:
        found = [task for task in self.instance.ready_tasks() if task.step_key == step_key]
        assert found, f"{step_key} is not open, but {self.open}"
        return found[0]

    @property
    def open(self) -> list[str]:
        return [task.step_key for task in self.instance.ready_tasks()]

    @property
    def completed_steps(self) -> list[str]:
        return [event.step_key for event in self.events if event.change == "completed"]

    def _handle(self, task_type: str, call: ServiceCall, data: Data) -> Mapping[str, object]:
        self.called.append(task_type)
        answer = self.answers.get(task_type, {})
        return answer(call, data) if callable(answer) else answer

    def _wait(self) -> None:
        self.events += self.instance.take_events()
        self.sent += self.instance.take_messages()
        if self.saving:
            before = self._seen()
            state = self.instance.dump()
            self.sizes.append(len(unpack(state)))
            self.packed.append(len(state))
            self.instance = Instance.restore(self.spec, state)
            self.instance.compacting = self.compacting
            assert self._seen() == before, "saving and restoring changed the instance"

    def _seen(self) -> tuple[object, ...]:
        instance = self.instance
        return (
            instance.ready_tasks(),
            instance.position(),
            instance.waiting_messages(),
            instance.next_due(),
            instance.is_completed(),
            instance.data,
        )


def in_turn(*answers: Mapping[str, object]) -> Answer:
    """One answer after the other; the last for ever."""
    left = list(answers)
    return lambda _call, _data: left.pop(0) if len(left) > 1 else left[0]
