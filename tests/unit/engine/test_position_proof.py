"""The proof from where a case stands: it finds every place, and says there what it says from the start."""

from __future__ import annotations

import random
import re
import time
from datetime import timedelta

import pytest

from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.check.proof.diagram import Process, read_processes
from app.kernel.engine.check.proof.position import Ahead, PositionProof
from app.kernel.engine.check.proof.verdicts import prove
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.running.standing import standing_of
from app.kernel.engine.specs import Spec
from app.kernel.engine.stepping import StepFailed
from app.kernel.engine.vocabulary import RISK_CLASSES
from tests.process.drive import Drive, spec_of
from tests.process.models import INNER, MODELS, spec_of_model
from tests.process.test_elements import act
from tests.unit.engine.corpus.parts import Model
from tests.unit.engine.test_check_corpus import MODELS as CORPUS


def processes_of(files: dict[str, bytes]) -> dict[str, Process]:
    return {
        process.id: process
        for file, data in files.items()
        for process in read_processes(file, parsed_xml(file, data))
    }


@pytest.mark.parametrize("name", list(MODELS))
def test_every_wait_of_every_model_has_its_place_and_leads_to_an_end(name: str) -> None:
    processes = processes_of({"p": MODELS[name], "q": INNER})
    main = next(iter(processes.values()))
    whole = prove(main, processes, time.thread_time() + 5)
    stuck = any(found.rule == "no-completion" for found in whole.findings)
    proof = PositionProof(main, processes, "normal")
    seen = 0
    for seed in range(2):
        rng = random.Random(seed)
        one = Drive(spec_of_model(name), {"number": 3, "outcome": "go", "which": ""})
        for _ in range(8):
            instance = one.instance
            if instance.is_completed() or not (instance.ready_tasks() or instance.waiting_messages()):
                break
            ahead: Ahead = proof.look_ahead(standing_of(instance), ())
            assert ahead.known
            assert ahead.stuck is None or stuck, (standing_of(instance), ahead)
            seen += 1
            act([one], rng)
    assert seen


class Walked:
    """A corpus model played at random; `earned` are the duties signed since the last reset or effect."""

    def __init__(self, spec: Spec, risk: str, rng: random.Random) -> None:
        self.drive = Drive(spec, {"risk": risk, "a": 1})
        self.rng = rng
        self.keys = [key for steps in spec.steps.values() for key in steps]
        self.seen = 0

    @property
    def earned(self) -> list[str]:
        found: list[str] = []
        for event in self.drive.events:
            if event.change == "completed":
                step = event.step
                if step.resets or (step.effect is not None and step.effect.kind != "notice"):
                    found = []
                found += [step.duty] if step.duty and step.signs and step.kind == "user" else []
        return found

    def move(self) -> bool:
        instance = self.drive.instance
        open_now = instance.ready_tasks()
        given = {"to": self.rng.choice(self.keys), "outcome": self.rng.choice(("agree", "return"))}
        if open_now and self.rng.random() < 0.8:
            task = self.rng.choice(open_now)
            instance.complete(task.engine_task_id, given, self.drive._handle, self.drive.now)
            self.drive._wait()
        elif instance.waiting_messages():
            self.drive.deliver(instance.waiting_messages()[0].name)
        elif instance.next_due() is not None:
            self.drive.pass_time(timedelta(days=1))
        return bool(open_now or instance.waiting_messages() or instance.next_due())


def begin(model: Model, risk: str, seed: int) -> tuple[Walked, PositionProof] | None:
    """The model at its first wait; None where it can't be run, or stops with an error before."""
    processes = processes_of(dict(model.files))
    try:
        spec = spec_of(dict(model.files), next(iter(processes)))
        walked = Walked(spec, risk, random.Random(seed))
    except (DefinitionInvalid, StepFailed):
        return None
    return walked, PositionProof(processes[spec.process_id], processes, risk)


SAFE = [model for model in CORPUS if not model.errors]
DECIDED_BEFORE = {"all reviews in a repeated sub-process", "a second start leads past the reviews"}
"""What makes them unsafe is decided before the first wait: how many instances there are, which start it was."""
UNSAFE = [
    model
    for model in CORPUS
    if {rule for rule, _ in model.errors} == {"duty-bypass"} and model.name not in DECIDED_BEFORE
]


@pytest.mark.parametrize("number", range(len(SAFE)), ids=lambda number: SAFE[number].name)
def test_from_no_place_of_a_proved_process_an_effect_is_reached_without_its_duties(number: int) -> None:
    begun = begin(SAFE[number], RISK_CLASSES[number % 3], number)
    if begun is None:
        return
    walked, proof = begun
    for _ in range(5):
        if walked.drive.instance.is_completed():
            return
        where = standing_of(walked.drive.instance)
        ahead = proof.look_ahead(where, walked.earned)
        assert ahead.is_clear, (where, walked.earned, ahead)
        try:
            if not walked.move():
                return
        except StepFailed:
            return


@pytest.mark.parametrize("number", range(len(UNSAFE)), ids=lambda number: UNSAFE[number].name)
def test_the_first_wait_shows_the_same_way_past_a_duty_as_the_start(number: int) -> None:
    risk = RISK_CLASSES[number % 3]
    begun = begin(UNSAFE[number], risk, number)
    if begun is None or begun[0].drive.instance.is_completed() or begun[0].drive.called:
        return
    walked, proof = begun
    main = proof.process
    whole = prove(main, proof.processes, time.thread_time() + 5)
    classes = [
        re.search(r"\(risk ([^)]*)\)", one.message_en) for one in whole.findings if one.rule == "duty-bypass"
    ]
    found = any(one is not None and risk in one[1].split(", ") for one in classes)
    assert (proof.look_ahead(standing_of(walked.drive.instance), ()).gap is not None) is found
