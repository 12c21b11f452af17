"""All paths of a process: everything is come to, nothing fails in the middle, what isn't reached is named with why."""

import random
from pathlib import Path

import pytest

from app.kernel.engine.check.report import check_files
from app.kernel.engine.simulation.coverage import Coverage, Unreached
from app.kernel.engine.simulation.explore import Limits, explore
from app.kernel.engine.simulation.model import read_model
from app.kernel.engine.simulation.player import Simulation
from app.kernel.engine.simulation.verdict import Verdict, judge, totals
from app.kernel.engine.stepping import Instance
from tests.unit.engine.corpus.parts import Model
from tests.unit.engine.diagrams import (
    diagram,
    end,
    flow,
    message,
    node,
    sequence,
    service,
    start,
    timer,
    user,
)
from tests.unit.engine.random_models import random_model
from tests.unit.engine.test_check_corpus import MODELS
from tests.unit.engine.test_simulation import CHOOSING, shipped

FEW = Limits(moves=60, depth=60, seconds=60)


@pytest.mark.parametrize(("process", "moves"), [("controlled_change", 150), ("injury_recognition", 200)])
def test_every_element_of_a_shipped_process_is_come_to(
    process: str, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And at every wait on the way, saved and taken up again, the case is what it was."""
    waits = set[bytes]()
    rest = Simulation.rest

    def resting(simulation: Simulation) -> bytes:
        state = rest(simulation)
        assert Instance.restore(simulation.model.spec, state).dump() == state
        waits.add(state)
        return state

    monkeypatch.setattr(Simulation, "rest", resting)
    coverage = explore(shipped(), process, Limits(moves=moves, seconds=300))
    assert [one for one in missing(coverage) if one.scope == process] == []
    assert coverage.failures == coverage.dead_ends == ()
    assert coverage.runs > 0
    assert len(waits) > 30


@pytest.mark.long
@pytest.mark.parametrize(("process", "moves"), [("controlled_change", 150), ("injury_recognition", 900)])
def test_every_element_of_what_a_shipped_process_calls_is_come_to(process: str, moves: int) -> None:
    coverage = explore(shipped(), process, Limits(moves=moves, seconds=300))
    print(process, f"{coverage.flows_reached}/{coverage.flows} flows", coverage.runs, "runs", coverage.cut)
    assert missing(coverage) == []
    assert coverage.failures == coverage.dead_ends == ()


def missing(coverage: Coverage) -> list[Unreached]:
    return [one for one in coverage.unreached if one.element != "sequenceFlow"]


def test_the_same_limits_give_the_same_report() -> None:
    limits = Limits(moves=60, seconds=60)
    assert explore(shipped(), "review_block", limits) == explore(shipped(), "review_block", limits)


EVERY_OTHER = [
    pytest.param(model, id=model.name, marks=[pytest.mark.long] if number % 2 else [])
    for number, model in enumerate(MODELS)
]


@pytest.mark.parametrize("model", EVERY_OTHER)
def test_what_the_check_calls_simulatable_never_fails_in_the_middle(model: Model) -> None:
    simulatable = check_files(model.files).simulatable
    verdicts = judge(model.name, model.files, FEW)
    assert [verdict.reasons for verdict in verdicts if verdict.word == "failed"] == []
    assert simulatable is not any(verdict.word == "refused" for verdict in verdicts)


FOREIGN = {
    "a choice without conditions": CHOOSING,
    "no start and no end": (node("task", "a"), node("task", "b"), flow("a", "b")),
    "tasks without anything": (
        start(),
        node("serviceTask", "s"),
        node("task", "t"),
        end(),
        sequence("start", "s", "t", "end"),
    ),
    "several flows leave a task": (
        start(),
        node("task", "a"),
        node("task", "b"),
        node("task", "c"),
        sequence("start", "a", "b"),
        flow("a", "c"),
    ),
    "a message and a timer race": (
        start(),
        node("eventBasedGateway", "g"),
        node("intermediateCatchEvent", "letter", message("m")),
        node("intermediateCatchEvent", "t", timer("timeDuration", "PT1H")),
        end(),
        sequence("start", "g", "letter", "end"),
        sequence("g", "t", "end"),
    ),
    "a loop through a choice": (
        start(),
        node("task", "a"),
        node("exclusiveGateway", "g"),
        end(),
        sequence("start", "a", "g", "end"),
        flow("g", "a"),
    ),
    "parallel branches meet": (
        start(),
        node("parallelGateway", "f"),
        node("task", "a"),
        node("task", "b"),
        node("parallelGateway", "j"),
        end(),
        sequence("start", "f", "a", "j", "end"),
        sequence("f", "b", "j"),
    ),
    "conditions of another language": (
        start(),
        node("inclusiveGateway", "g"),
        node("task", "a"),
        node("task", "b"),
        end(),
        sequence("start", "g"),
        flow("g", "a", "${ok}"),
        flow("g", "b", "${!ok}"),
        sequence("a", "end"),
        sequence("b", "end"),
    ),
    "the default of an inclusive gateway along with others, and tokens that multiply": (
        start(),
        node("inclusiveGateway", "g", default="f_g_b"),
        node("task", "a"),
        node("boundaryEvent", "more", message("m"), attachedToRef="a", cancelActivity="false"),
        node("task", "b"),
        node("task", "c"),
        node("parallelGateway", "j"),
        end(),
        sequence("start", "g", "a", "j", "end"),
        sequence("g", "b", "j"),
        sequence("more", "c", "j"),
    ),
    "an error on a task": (
        start(),
        node("task", "a"),
        node("boundaryEvent", "e", "<bpmn:errorEventDefinition/>", attachedToRef="a"),
        end(),
        end("broken"),
        sequence("start", "a", "end"),
        sequence("e", "broken"),
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_model_runs_to_an_end_and_everything_in_it_is_come_to(name: str) -> None:
    (verdict,) = judge(name, {"f.bpmn": diagram(*FOREIGN[name], messages=["m"])}, FEW)
    assert verdict.word == "runs"
    assert verdict.coverage is not None
    assert verdict.coverage.unreached == ()
    stuck = {"j"} if "multiply" in name else set()  # a join of branches that needn't come waits for ever
    assert {stop.step_key for stop in verdict.coverage.stops} == stuck


@pytest.mark.parametrize("data", [b"", b"<a/>", b"\xff\xfe<", b"<!DOCTYPE a><a/>", diagram(key="empty")])
def test_what_cannot_be_played_is_refused_with_a_rule(data: bytes) -> None:
    (verdict,) = judge("x", {"x.bpmn": data}, FEW)
    assert verdict.word == "refused"
    assert verdict.rules


def test_a_way_past_the_gate_is_reported_with_the_choices_that_lead_there() -> None:
    seal = service("seal", "seal_decision", '<sanshen:effect kind="decided"/>')
    data = diagram(
        start(), user("a", duty="initial_review"), seal, end(), sequence("start", "a", "seal", "end")
    )
    coverage = explore({"p.bpmn": data}, "p", FEW)
    (stop, *_) = (stop for stop in coverage.stops if stop.kind == "gate")
    again = Simulation.replay(read_model({"p.bpmn": data}, "p"), stop.choices)
    assert again.failure is not None
    assert (again.failure.kind, again.failure.step_key) == ("gate", "seal")
    assert not coverage.runs_to_an_end


def test_why_something_was_not_reached_is_said() -> None:
    parts = [
        start(),
        user("a"),
        node("exclusiveGateway", "g", default="f_g_end"),
        user("never"),
        user("behind"),
        end(),
        sequence("start", "a", "g"),
        flow("g", "never", "1 = 2"),
        flow("g", "end"),
        sequence("never", "behind", "end"),
    ]
    coverage = explore({"p.bpmn": diagram(*parts)}, "p", FEW)
    why = {one.key: (one.why, one.detail) for one in coverage.unreached}
    assert why["never"] == ("condition", "=1 = 2")
    assert why["behind"] == ("behind", "never")


def test_a_search_cut_short_says_so() -> None:
    coverage = explore(shipped(), "review_block", Limits(moves=10, seconds=60))
    assert coverage.cut == "moves"
    assert {one.why for one in coverage.unreached} <= {"limit", "event", "unconnected"}
    assert explore(shipped(), "review_block", Limits(seconds=0.0)).cut == "seconds"


def test_random_small_models_run_or_stop_but_never_fail(rng: random.Random) -> None:
    verdicts: list[Verdict] = []
    for number in range(30):
        verdicts += judge(str(number), {"p.bpmn": random_model(rng)}, Limits(moves=40, depth=40, seconds=60))
    print(totals(verdicts))
    assert [(verdict.file, verdict.reasons) for verdict in verdicts if verdict.word == "failed"] == []
    assert sum(verdict.word == "runs" for verdict in verdicts) > 22


def test_command_prints_a_verdict_on_each_model_and_the_share(tmp_path: Path) -> None:
    import orjson
    from click.testing import CliRunner

    from app.faces.cli.commands import main

    (tmp_path / "good.bpmn").write_bytes(diagram(*CHOOSING))
    (tmp_path / "bad.bpmn").write_bytes(b"<!DOCTYPE a><a/>")
    result = CliRunner().invoke(main, ["process", "simulate", str(tmp_path), "--json"])
    found = orjson.loads(result.stdout)
    assert result.exit_code == 0, result.output
    assert (found["totals"]["runs"], found["totals"]["refused"], found["totals"]["share"]) == (1, 1, 0.5)
    assert found["totals"]["refusals"] == {"xml-unsafe": 1}
    text = CliRunner().invoke(main, ["process", "simulate", str(tmp_path / "good.bpmn"), "--all-paths"])
    assert text.exit_code == 0
    assert "100%" in text.output
    refused = CliRunner().invoke(main, ["process", "simulate", str(tmp_path / "bad.bpmn")])
    assert refused.exit_code == 1
    assert "xml-unsafe" in refused.output
