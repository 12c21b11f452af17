"""The proof agrees with playing every game of small random models, tokens and all."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

import pytest

from app.kernel.engine.check.proof.diagram import read_processes
from app.kernel.engine.check.proof.verdicts import Proof, prove
from app.kernel.engine.check.xml_safety import parsed_xml
from tests.unit.engine.grown_models import RISKS, Grower, Model, as_bpmn
from tests.unit.engine.token_game import Game, Outcome, TooBig

# Elements that every run must have met, with the events that make them different.
WANTED = {
    "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "manualTask", "businessRuleTask",
    "callActivity",
    "subProcess", "exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "startEvent",
    "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "event sub-process",
    "parallel instances", "sequential instances", "several starts", "risk flows", "resets",
    "error before the work", "error after the work",
    *(f"boundaryEvent {event}" for event in ("timer", "message", "signal", "conditional", "error", "escalation")),
    *(f"endEvent {event}" for event in ("error", "escalation", "terminate")),
    "intermediateThrowEvent link", "intermediateCatchEvent link", "intermediateThrowEvent escalation",
}  # fmt: skip


@dataclass
class Compared:
    """`effects` counts effects by risk class and verdict."""

    models: int
    unsafe: int
    stuck: int
    skipped: int
    met: Counter[str]
    effects: Counter[str]
    seconds: float


def proof_of(model: Model) -> Proof:
    root = parsed_xml("m.bpmn", as_bpmn(model))
    processes = {process.id: process for process in read_processes("m.bpmn", root)}
    return prove(processes["main"], processes, time.thread_time() + 60)


def outcomes_of(model: Model) -> dict[str, Outcome] | None:
    """What happens in each class; None when there are too many games to play, or no effect to reach."""
    if not any(step.requires is not None for step in model.every_step()):
        return None
    try:
        return {risk: Game(model, risk).play() for risk in RISKS}
    except TooBig:
        return None


def compare(count: int, rng: random.Random) -> Compared:
    compared = Compared(0, 0, 0, 0, Counter(), Counter(), 0.0)
    while compared.models < count:
        seed = rng.getrandbits(40)
        model = Grower(random.Random(seed)).grow()
        outcomes = outcomes_of(model)
        if outcomes is None:
            compared.skipped += 1
            continue
        begun = time.perf_counter()
        proof = proof_of(model)
        compared.seconds += time.perf_counter() - begun
        agree(seed, model, proof, outcomes)
        tally(compared, model, outcomes)
    return compared


def agree(seed: int, model: Model, proof: Proof, outcomes: dict[str, Outcome]) -> None:
    where = f"Grower(random.Random({seed}))"
    assert proof.complete, where
    unguarded = {found.element for found in proof.findings if found.rule == "duty-bypass"}
    assert unguarded == set().union(*(outcome.unguarded for outcome in outcomes.values())), where
    proved = {(one.effect, one.risk) for one in proof.proved}
    assert proved == {(key, risk) for risk, outcome in outcomes.items() for key in outcome.guarded}, where
    keys = {step.id for step in model.every_step()}
    assert proof.alive & keys == set().union(*(outcome.happened for outcome in outcomes.values())), where
    stuck = any(found.rule == "no-completion" for found in proof.findings)
    assert stuck == any(outcome.can_be_stuck for outcome in outcomes.values()), where


def tally(compared: Compared, model: Model, outcomes: dict[str, Outcome]) -> None:
    compared.models += 1
    compared.unsafe += any(outcome.unguarded for outcome in outcomes.values())
    compared.stuck += any(outcome.can_be_stuck for outcome in outcomes.values())
    for risk, outcome in outcomes.items():
        compared.effects[f"{risk} unsafe"] += len(outcome.unguarded)
        compared.effects[f"{risk} safe"] += len(outcome.guarded)
    for step in model.every_step():
        compared.met.update([step.tag, f"{step.tag} {step.event}", *(["resets"] if step.resets else [])])
        compared.met.update([f"{step.loop} instances"] if step.loop else [])
        compared.met.update([f"error {step.raises} the work"] if step.raises else [])
        compared.met.update(["event sub-process"] if step.inner and step.inner.triggered else [])
    compared.met.update(["risk flows"] if any(arrow.risk for arrow in model.main.arrows) else [])
    starts = sum(step.tag == "startEvent" for step in model.main.steps.values())
    compared.met.update(["several starts"] if starts > 1 else [])


@pytest.mark.parametrize("seed", [907750385440])
def test_a_model_on_which_they_disagreed_once_stays_agreed(seed: int) -> None:
    """907750385440: an inclusive join went on while a sub-process before it ran that could never end."""
    model = Grower(random.Random(seed)).grow()
    outcomes = outcomes_of(model)
    assert outcomes is not None
    agree(seed, model, proof_of(model), outcomes)


def told(compared: Compared) -> str:
    return (
        f"{compared.models} models ({compared.skipped} too big or without effect), {compared.unsafe} unsafe, "
        f"{compared.stuck} can be stuck, effects {dict(compared.effects)}, {compared.seconds:.1f} s of proofs"
    )


def test_the_proof_agrees_with_every_game_of_small_models(rng: random.Random) -> None:
    compared = compare(40, rng)
    print(told(compared))
    assert compared.unsafe / compared.models >= 0.3
    assert min(compared.effects.values()) > 0


@pytest.mark.long
def test_the_proof_agrees_with_every_game_of_a_thousand_models(rng: random.Random) -> None:
    compared = compare(1_500, rng)
    print(told(compared))
    assert compared.unsafe / compared.models >= 0.3
    assert compared.unsafe / compared.models <= 0.8
    assert min(compared.effects.values()) > 0
    assert {name for name in WANTED if not compared.met[name]} == set()


@pytest.mark.parametrize("name", ["event sub-process", "parallel instances", "several starts"])
def test_the_game_meets_what_the_proof_is_asked(name: str) -> None:
    rng = random.Random(4)
    compared = Compared(0, 0, 0, 0, Counter(), Counter(), 0.0)
    while not compared.met[name]:
        tally(compared, Grower(random.Random(rng.getrandbits(40))).grow(), {})
    assert compared.models < 200
