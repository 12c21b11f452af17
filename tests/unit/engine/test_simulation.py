"""A process played on paper: what happens, who may, and that the list of choices alone makes it again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.registry.reference import shipped_rules
from app.kernel.decisions.catalogue import read_catalogue
from app.kernel.decisions.catalogue.versions import Standing
from app.kernel.duties.views import Candidate
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.simulation.completing import PersonRefused
from app.kernel.engine.simulation.model import Model, list_processes, read_model
from app.kernel.engine.simulation.office import MadeUpOffice, RegionOffice
from app.kernel.engine.simulation.options import list_choices
from app.kernel.engine.simulation.player import Choice, Simulation, first_choice
from app.kernel.engine.simulation.questions import ChoiceInvalid
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

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WORKFLOWS = Path(__file__).parents[3] / "workflows"
REGION = "640100"


def shipped() -> dict[str, bytes]:
    paths = sorted(path for path in WORKFLOWS.glob("*/*") if path.is_file())
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}


def done(step: str, outcome: str = "", **more: object) -> dict[str, object]:
    values = {"values": {"outcome": outcome}} if outcome else {}
    return {"do": "complete", "step": step, **values, **more}


INTAKE = [
    first_choice(NOW, "high"),
    done("p01_02_material_check", "complete"),
    done("p01_06_accept", "accept"),
    done("p01_07_assign", "assigned"),
]
ORDINARY = [
    *INTAKE,
    done("p01_08_choose_procedure", "ordinary"),
    done("p01_10_investigation", "done"),
    done("p01_10_investigation", "done"),
]
TO_RECHECK = [*ORDINARY, done("rb2_initial_review", "submit_positive")]
TO_END = [
    *TO_RECHECK,
    done("rb3_recheck", "agree"),
    done("rb5_final_review", "approve"),
    done("sv1_serve", "served"),
    done("sv1_serve", "served"),
]


def played(
    choices: Sequence[Choice], process: str = "injury_recognition", office: object = None
) -> Simulation:
    rules = [Standing(None, rule) for rule in read_catalogue(WORKFLOWS / "rules").values()]
    model = read_model(shipped(), process, rules)
    return Simulation.replay(model, choices, office or MadeUpOffice(shipped_rules()))  # type: ignore[arg-type]


def officer(number: int, name: str, *posts: str) -> Candidate:
    held = frozenset((post, REGION) for post in posts)
    return Candidate(number, name, name, held, frozenset({"business"}))


def small(*parts: str, messages: Sequence[str] = (), root: str = "") -> Model:
    return read_model({"p.bpmn": diagram(*parts, messages=messages, root=root)}, "p")


def test_recognition_is_played_from_application_to_archive() -> None:
    simulation = played(TO_END)
    assert simulation.is_completed
    assert simulation.case.documents[-3:] == ("recognition_decision", "service_receipt", "service_receipt")
    assert [effect.carried for effect in simulation.case.effects] == [True]
    assert [duty for duty, _ in simulation.case.effects[0].earned] == [
        "initial_review",
        "recheck",
        "final_review",
    ]


def test_clocks_start_and_stop_as_in_a_real_case_with_their_last_days() -> None:
    clocks = played(INTAKE).case.clocks
    assert clocks["CR03"].state == "stopped"
    assert clocks["CR06"].state == "running"
    assert clocks["CR06"].started_on.isoformat() == "2026-03-02"


def test_the_list_of_choices_alone_makes_the_same_play_again() -> None:
    first = played(TO_RECHECK)
    again = played(first.choices)
    assert again.to_json() == first.to_json()
    assert [step.key for step in again.open] == ["rb3_recheck"]


def test_a_play_without_its_last_choice_stands_where_it_stood_before() -> None:
    before = played(ORDINARY).to_json()
    assert played(played(TO_RECHECK).choices[:-1]).to_json() == before


def test_every_wait_is_saved_and_taken_up_again() -> None:
    simulation = Simulation(read_model(shipped(), "injury_recognition"), MadeUpOffice())
    for choice in TO_END:
        simulation.play(choice)
        seen = (simulation.positions, simulation.variables, simulation.next_due, simulation.messages)
        simulation.rest()
        assert (simulation.positions, simulation.variables, simulation.next_due, simulation.messages) == seen


def test_who_did_the_initial_review_may_not_recheck_and_it_is_said_why() -> None:
    both = officer(1, "甲", "rec_window", "rec_handler", "rec_checker", "rec_approver")
    people = [
        both,
        officer(2, "乙", "rec_handler"),
        officer(3, "丙", "rec_approver"),
        officer(4, "丁", "rec_checker"),
    ]
    office = RegionOffice(people, shipped_rules(), REGION)
    investigated = [done("p01_10_investigation", "done", by=number) for number in (1, 2)]
    way = [*ORDINARY[:-2], *investigated, done("rb2_initial_review", "submit_positive", by=1)]
    simulation = played(way, office=office)
    decisions = {one.person.name: one.decision for one in simulation.open[0].people}
    assert decisions["丁"].allowed
    assert (decisions["甲"].reason, decisions["甲"].params["held"]) == ("conflicting_duty", "initial_review")
    with pytest.raises(PersonRefused) as refused:
        simulation.play(done("rb3_recheck", "agree", by=1))
    assert refused.value.decision.rule == "case_reviews"
    simulation.play(done("rb3_recheck", "agree"))
    assert simulation.case.acts[-1].name == "丁"


def test_two_investigators_are_two_people() -> None:
    office = RegionOffice(
        [officer(1, "甲", "rec_window", "rec_handler", "rec_approver")], shipped_rules(), REGION
    )
    simulation = played(ORDINARY[:-1], office=office)
    assert [part.name for part in simulation.open[0].parts] == ["甲"]
    assert simulation.open[0].people[0].decision.reason == "second_person_required"
    with pytest.raises(ChoiceInvalid, match="nobody_may"):
        simulation.play(done("p01_10_investigation", "done"))


def test_an_effect_without_its_signatures_stops_the_play_at_the_gate() -> None:
    seal = service("seal", "seal_decision", '<sanshen:effect kind="decided"/>')
    model = small(
        start(), user("a", duty="initial_review"), seal, end(), sequence("start", "a", "seal", "end")
    )
    simulation = Simulation.replay(model, [first_choice(NOW, "high"), done("a")])
    assert simulation.failure is not None
    assert (simulation.failure.kind, simulation.failure.reason) == ("gate", "recheck")
    with pytest.raises(ChoiceInvalid, match="failed_already"):
        simulation.play(done("a"))


def test_an_assumed_rule_raises_the_risk_and_with_it_the_signatures() -> None:
    simulation = played(
        [*ORDINARY, {"do": "assume", "rules": ["RSK-11"]}, done("rb2_initial_review", "submit_positive")]
    )
    assert simulation.case.risk == "routed"
    simulation.play(done("rb3_recheck", "agree"))
    assert [step.key for step in simulation.open] == ["rb4_risk_review"]
    assert "RSK-11" in simulation.case.hits


def test_a_rule_hits_on_the_facts_that_were_filled_in() -> None:
    late = {"enrolment_received_at": "2026-02-27", "accident_at": "2026-02-28T10:00"}
    choices = [{**first_choice(NOW, "high"), "facts": late}, *TO_RECHECK[1:]]
    assert played(choices).case.risk == "routed"


def test_changed_content_makes_earlier_signatures_stale() -> None:
    way = [*TO_RECHECK, done("rb3_recheck", "agree"), {"do": "change"}, done("rb5_final_review", "approve")]
    simulation = played(way)
    assert [step.key for step in simulation.open] == ["rb2_initial_review"]


def test_a_void_signature_sends_the_case_back_to_its_duty() -> None:
    way = [
        *TO_RECHECK,
        done("rb3_recheck", "agree"),
        {"do": "void", "duty": "recheck"},
        done("rb5_final_review", "approve"),
    ]
    assert [step.key for step in played(way).open] == ["rb3_recheck"]


def test_a_return_names_only_duties_that_were_done() -> None:
    simulation = played([*TO_RECHECK, done("rb3_recheck", "agree")])
    wrong = {"outcome": "return", "return_to": "risk_review"}
    with pytest.raises(ChoiceInvalid):
        simulation.play({"do": "complete", "step": "rb5_final_review", "values": wrong})
    simulation.play(
        {"do": "complete", "step": "rb5_final_review", "values": {**wrong, "return_to": "recheck"}}
    )
    assert [step.key for step in simulation.open] == ["rb3_recheck"]


def test_time_goes_to_the_next_timer_or_as_many_days_as_asked() -> None:
    wait = node("intermediateCatchEvent", "wait", timer("timeDuration", "P3D"))
    model = small(start(), wait, user("a"), end(), sequence("start", "wait", "a", "end"))
    simulation = Simulation.replay(model, [first_choice(NOW)])
    assert simulation.next_due == NOW + timedelta(days=3)
    assert [step.key for step in simulation.after({"do": "fire"}).open] == ["a"]
    assert simulation.after({"do": "wait", "days": 2}).open == ()
    later = simulation.after({"do": "wait", "days": 4})
    assert (later.case.now, [step.key for step in later.open]) == (NOW + timedelta(days=4), ["a"])


def test_a_message_is_delivered_and_one_nobody_waits_for_is_refused() -> None:
    wait = node("intermediateCatchEvent", "wait", message("m"))
    model = small(start(), wait, end(), sequence("start", "wait", "end"), messages=["m"])
    simulation = Simulation.replay(model, [first_choice(NOW)])
    with pytest.raises(ChoiceInvalid, match="not_waited_for"):
        simulation.play({"do": "message", "message": "other"})
    simulation.play({"do": "message", "message": "m"})
    assert simulation.is_completed


CHOOSING = (
    start(),
    node("manualTask", "a"),
    node("exclusiveGateway", "g"),
    node("manualTask", "b"),
    node("manualTask", "c"),
    end(),
    sequence("start", "a", "g"),
    flow("g", "b"),
    flow("g", "c"),
    sequence("b", "end"),
    sequence("c", "end"),
)


def test_a_gateway_without_conditions_of_a_foreign_file_asks_the_player() -> None:
    simulation = Simulation.replay(small(*CHOOSING), [first_choice(NOW), done("a")])
    step = simulation.open[0]
    assert [branch.id for branch in step.branches] == ["f_g_b", "f_g_c"]
    simulation.play({"do": "complete", "step": step.key, "flows": ["f_g_c"]})
    assert [step.key for step in simulation.open] == ["c"]


def test_a_condition_on_what_nobody_sets_is_the_players_branch() -> None:
    parts = [
        start(),
        user("a"),
        node("exclusiveGateway", "g", default="f_g_c"),
        user("b"),
        user("c"),
        end(),
        sequence("start", "a", "g"),
        flow("g", "b", "amount > 100"),
        flow("g", "c"),
        sequence("b", "end"),
        sequence("c", "end"),
    ]
    simulation = Simulation.replay(small(*parts), [first_choice(NOW, "normal"), done("a")])
    question = simulation.question
    assert question is not None
    assert [option.key for option in question.options] == ["f_g_b", "f_g_c"]
    with pytest.raises(ChoiceInvalid, match="answer_first"):
        simulation.play({"do": "fire"})
    simulation.play({"do": "answer", "step": "g", "flows": ["f_g_b"]})
    assert [step.key for step in simulation.open] == ["b"]
    told = Simulation.replay(small(*parts), [first_choice(NOW, "normal"), done("a", set={"amount": 7})])
    assert [step.key for step in told.open] == ["c"]


def test_no_flow_that_fits_is_said_instead_of_failing() -> None:
    parts = [
        start(),
        user("a"),
        node("exclusiveGateway", "g"),
        end(),
        end("other"),
        sequence("start", "a", "g"),
        flow("g", "end", 'outcome = "yes"'),
        flow("g", "other", 'outcome = "no"'),
    ]
    simulation = Simulation.replay(small(*parts), [first_choice(NOW, "normal"), done("a", "perhaps")])
    assert simulation.question is not None
    assert simulation.question.stuck


def test_what_a_service_would_set_is_asked_for() -> None:
    mapping = '<zeebe:ioMapping><zeebe:output source="=total" target="sum"/></zeebe:ioMapping>'
    model = small(
        start(),
        user("u"),
        service("s", "pay", mapping),
        user("a"),
        end(),
        sequence("start", "u", "s", "a", "end"),
    )
    simulation = Simulation.replay(model, [first_choice(NOW, "normal"), done("u")])
    assert simulation.question is not None
    assert simulation.question.names == ("total",)
    simulation.play({"do": "answer", "step": "s", "set": {"total": 12}})
    assert simulation.variables["sum"] == 12


def test_the_player_lets_a_service_end_with_an_error_it_declares() -> None:
    error = '<bpmn:errorEventDefinition errorRef="bad"/>'
    model = small(
        start(),
        service("s", "look", '<sanshen:error code="bad" when="=found = false"/>'),
        node("boundaryEvent", "failed", error, attachedToRef="s"),
        user("a"),
        user("b"),
        end(),
        sequence("start", "s", "a", "end"),
        sequence("failed", "b", "end"),
        root='<bpmn:error id="bad" name="bad" errorCode="bad"/>',
    )
    begun = Simulation.replay(model, [first_choice(NOW, "normal")])
    assert begun.question is not None
    assert begun.question.names == ("found",)
    assert {"do": "answer", "step": "s", "error": "bad"} in list_choices(begun)

    def opened(**answer: object) -> list[str]:
        return [step.key for step in begun.after({"do": "answer", "step": "s", **answer}).open]

    assert opened(error="bad") == opened(set={"found": False}) == ["b"]
    assert opened(set={"found": True}) == ["a"]
    with pytest.raises(ChoiceInvalid, match="bad_error"):
        begun.after({"do": "answer", "step": "s", "error": "other"})


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"do": "complete", "step": "nowhere"}, "not_open"),
        ({"do": "dance"}, "unknown_action"),
        ({"do": "fire"}, "no_timer"),
        ({"do": "wait", "days": 0}, "bad_wait"),
        ({"do": "answer", "step": "x"}, "nothing_asked"),
        ({"do": "start", "at": "2026-03-02"}, "start_comes_first"),
        ({"do": "assume", "rules": "all"}, "bad_rules"),
        ({"do": "set", "set": {"typename": "x"}}, "bad_variable"),
        (done("p01_02_material_check"), "outcome_missing"),
        (done("p01_02_material_check", "perhaps"), "bad_field"),
        (done("p01_02_material_check", "complete", by=99), "unknown_person"),
        ({"do": "complete", "step": "p01_02_material_check", "values": [1]}, "bad_form"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused_and_changes_nothing(
    choice: Mapping[str, object], code: str
) -> None:
    simulation = played(INTAKE[:1])
    before = simulation.to_json()
    with pytest.raises(ChoiceInvalid) as refused:
        simulation.play(choice)
    assert refused.value.code == code
    assert simulation.to_json() == before


@pytest.mark.parametrize("at", [None, "yesterday", "2026-03-02T09:00"])
def test_time_of_the_start_is_an_instant(at: object) -> None:
    with pytest.raises(ChoiceInvalid, match="bad_time"):
        played([{"do": "start", "at": at}])


def test_a_file_that_cannot_run_is_refused_with_its_findings() -> None:
    thrown = node("intermediateThrowEvent", "t", "<bpmn:cancelEventDefinition/>")
    with pytest.raises(DefinitionInvalid):
        small(start(), thrown, end(), sequence("start", "t", "end"))


def test_processes_of_a_set_are_listed_in_file_order() -> None:
    assert list_processes(shipped()) == (
        "capacity_assessment",
        "capacity_confirmation",
        "controlled_change",
        "death_benefit_award",
        "disability_benefit_award",
        "expert_draw",
        "injury_recognition",
        "medical_reimbursement",
        "review_block",
        "service_block",
    )
