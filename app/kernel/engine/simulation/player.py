"""`Simulation`: a process played step by step. Its list of choices alone makes it again.

Every move starts from the state before it; what fails or comes to a question leaves that state as it was, and the
answer is the next choice. Nothing here reads a clock: time begins where the first choice says and moves by choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from app.kernel.engine.engine_data import Scalar
from app.kernel.engine.simulation.actions import ACTIONS, first_case, played
from app.kernel.engine.simulation.carrying import carry_out
from app.kernel.engine.simulation.case import Entry, SimulatedCase
from app.kernel.engine.simulation.model import Model, read_model
from app.kernel.engine.simulation.office import MadeUpOffice, Office
from app.kernel.engine.simulation.questions import ChoiceInvalid, GateShut, Question, Unanswered
from app.kernel.engine.simulation.stage import Answer, Stage
from app.kernel.engine.simulation.steps import OpenStep, list_open
from app.kernel.engine.stepping import (
    Instance,
    Position,
    ReadyTask,
    StepFailed,
    WaitingMessage,
    WaitingSignal,
)

Choice = Mapping[str, Any]

MOST_CHOICES: Final = 300


@dataclass(frozen=True)
class Failure:
    """Why a move could not be made: `gate` (an effect without its signatures) or `step` (the process is wrong)."""

    kind: str
    step_key: str
    reason: str


class Simulation:
    """One play: begin with `start` or `replay`, go on with `play`; `choices` makes it again.

    `question`: what must be answered before anything else. `failure`: the last choice could not be carried out;
    a real case would have stayed where it was. Nothing goes on from there but the play without that choice.
    """

    def __init__(self, model: Model, office: Office | None = None, *, asking_rules: bool = False) -> None:
        self.model = model
        self.office = office or MadeUpOffice()
        self.asking_rules = asking_rules
        self.choices: list[Choice] = []
        self.question: Question | None = None
        self.failure: Failure | None = None
        self._instance: Instance | None = None
        self._state: bytes | None = None
        self._ready: Sequence[ReadyTask] = ()
        self._open: tuple[OpenStep, ...] | None = None
        self._case: SimulatedCase | None = None
        self._pending: Choice = {}
        self._answers: list[Answer] = []

    @classmethod
    def start(
        cls,
        files: Mapping[str, bytes],
        process_id: str,
        *,
        data: Mapping[str, object] | None = None,
        risk: str | None = None,
        now: datetime,
        office: Office | None = None,
    ) -> Self:
        """Begin with variables `data` in a case of class `risk` (else what the process says), at `now`.

        Raise DefinitionInvalid when the engine can't run the files, ChoiceInvalid for bad data.
        """
        return cls.replay(read_model(files, process_id), [first_choice(now, risk, data)], office)

    @classmethod
    def replay(cls, model: Model, choices: Sequence[Choice], office: Office | None = None) -> Self:
        """The play that a list of choices makes, the first of which starts it. Raise ChoiceInvalid."""
        simulation = cls(model, office)
        for choice in choices:
            simulation.play(choice)
        return simulation

    # -- moving

    def play(self, choice: Choice) -> None:
        """Make one choice. Raise ChoiceInvalid, and stay as before, when it can't be made here."""
        action = str(choice.get("do"))
        self._check_turn(action)
        if action == "answer":
            self._move(self._pending, [*self._answers, choice])
        else:
            self._move(choice, [])
        self.choices.append(choice)

    def _check_turn(self, action: str) -> None:
        if len(self.choices) >= MOST_CHOICES:
            raise ChoiceInvalid("too_many_choices", most=str(MOST_CHOICES))
        if self.failure is not None:
            raise ChoiceInvalid("failed_already")
        if (action == "start") is bool(self.choices):
            raise ChoiceInvalid("start_comes_first")
        if (action == "answer") is (self.question is None):
            raise ChoiceInvalid("answer_first" if self.question else "nothing_asked")

    def _move(self, choice: Choice, answers: list[Answer]) -> None:
        act = ACTIONS.get(str(choice.get("do")))
        if act is None:
            raise ChoiceInvalid("unknown_action")
        case = self._case or first_case(self.model, self.office, choice)
        stage = Stage(self.model, case, answers, asking_rules=self.asking_rules)
        question, failure = None, None
        try:
            instance = act(self, choice, stage)
            stage.check_used()
            carry_out(instance.take_events(), stage)
            instance.take_messages()
            self._stand(instance, stage.case)
        except StepFailed as failed:
            question, failure = _outcome_of(failed)
        except LookupError as error:
            failure = Failure("step", "", str(error))
        self.question, self.failure = question, failure
        self._pending, self._answers = choice, answers

    def _stand(self, instance: Instance, case: SimulatedCase) -> None:
        """The move is made: this is where the play stands now."""
        self._ready, self._open = instance.ready_tasks(), None
        self._instance, self._state, self._case = instance, None, case

    def after(self, choice: Choice) -> Simulation:
        """Another play that made one more choice; this one stays where it is. Raise ChoiceInvalid."""
        other = copy(self)
        other.choices = list(self.choices)
        other.play(choice)
        return other

    def restored(self, stage: Stage) -> Instance:
        """The engine as it stood before this move, saved and taken up again."""
        return played(Instance.restore(self.model.spec, self.rest()), stage)

    def rest(self) -> bytes:
        """The engine's state as bytes; the play holds nothing else of it until it is looked at again."""
        if self._state is None:
            if self._instance is None:
                raise ChoiceInvalid("start_comes_first")
            self._state = self._instance.dump()
        self._instance = None
        return self._state

    # -- looking

    @property
    def case(self) -> SimulatedCase:
        """The made-up case. Raise LookupError before the start is through."""
        if self._case is None:
            raise LookupError("the play has not begun")
        return self._case

    @property
    def instance(self) -> Instance | None:
        """The engine as it stands; None before the start is through."""
        if self._instance is None and self._state is not None:
            self._instance = Instance.restore(self.model.spec, self._state)
        return self._instance

    @property
    def open(self) -> tuple[OpenStep, ...]:
        """Tasks of people, with who could do them."""
        if self._case is None:
            return ()
        if self._open is None:
            self._open = tuple(list_open(self.model, self._case, self.office, self._ready))
        return self._open

    @property
    def has_begun(self) -> bool:
        """False while the first automatic steps wait for an answer."""
        return self._case is not None

    @property
    def is_completed(self) -> bool:
        """Has the process come to its end?"""
        return self.instance is not None and self.instance.is_completed()

    @property
    def positions(self) -> tuple[Position, ...]:
        """Where the tokens are."""
        return self.instance.position() if self.instance is not None else ()

    @property
    def messages(self) -> tuple[WaitingMessage, ...]:
        """Messages the process waits for."""
        return tuple(self.instance.waiting_messages()) if self.instance is not None else ()

    @property
    def signals(self) -> tuple[WaitingSignal, ...]:
        """Signals the process waits for."""
        return tuple(self.instance.waiting_signals()) if self.instance is not None else ()

    @property
    def next_due(self) -> datetime | None:
        """When the earliest timer fires."""
        return self.instance.next_due() if self.instance is not None else None

    @property
    def variables(self) -> Mapping[str, Scalar]:
        """Variables as the open steps see them, else those of the outermost process."""
        if self.instance is None:
            return {}
        return dict(self.open[0].ready.data) if self.open else self.instance.data

    @property
    def history(self) -> tuple[Entry, ...]:
        """What happened, in order."""
        return self._case.history if self._case is not None else ()

    def to_json(self) -> dict[str, Any]:
        """The play as plain data: its choices, where it stands, what happened."""
        return {
            "process": self.model.process_id,
            "choices": [dict(choice) for choice in self.choices],
            "completed": self.is_completed,
            "failure": vars(self.failure) if self.failure else None,
            "positions": [{"step": one.step_key, "path": one.path} for one in self.positions],
            "variables": dict(self.variables),
            "history": [
                {"at": one.at.isoformat(), "what": one.what, "step": one.step_key, **one.params}
                for one in self.history
            ],
        }

    @property
    def is_stuck(self) -> bool:
        """Nothing is open, nothing is waited for, and yet it isn't over."""
        moving = self.open or self.messages or self.signals or self.next_due or self.question or self.failure
        return not (moving or self.is_completed)


def first_choice(
    now: datetime, risk: str | None = None, data: Mapping[str, object] | None = None, levels: int = 1
) -> dict[str, Any]:
    """The choice that starts a play."""
    chosen: dict[str, Any] = {"do": "start", "at": now.isoformat()}
    if risk is not None:
        chosen["risk"] = risk
    if data:
        chosen["set"] = dict(data)
    if levels != 1:
        chosen["levels"] = levels
    return chosen


def _outcome_of(failed: StepFailed) -> tuple[Question | None, Failure | None]:
    """What stopped a move: a question, a shut gate, a fault of the process; a bad answer is raised."""
    match failed.cause:
        case Unanswered(question=question):
            return question, None
        case ChoiceInvalid() as invalid:
            raise invalid
        case GateShut(step_key=step, missing=missing):
            return None, Failure("gate", step, missing)
    return None, Failure("step", failed.element, f"{type(failed.cause).__name__}: {failed.cause}")
