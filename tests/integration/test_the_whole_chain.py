"""From an accident to an approved disability award through three authorities, and what a recognition that falls takes.

The amounts are those of the worked examples 1 and 5: six months of 5,000 and six of 5,600 are 5,300 a month, and grade
7 is thirteen of them, 68,900.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app.domain.benefits.dependants import check_dependants
from app.kernel.audit.models import AuditEvent
from app.kernel.audit.verify import verify
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.documents.models import Document, Service
from app.kernel.duties.models import CaseDecision, Performance
from app.kernel.engine.incoming import Paper, receive_paper
from app.kernel.engine.messages.models import CaseMessage
from app.kernel.engine.messages.sending import send_message
from app.kernel.engine.operations import run_timers
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.storage.embedded import EmbeddedServer
from tests.award_office import FAMILY
from tests.conftest import START
from tests.message_office import chain_cases
from tests.moving_clock import MovingClock
from tests.office import id_number
from tests.whole_chain import WholeChain, open_whole_chain

PROCESSES = ("injury_recognition", "capacity_assessment", "disability_benefit_award")
KEPT = ("entitlement", "payable", "document", "performance", "signature", "case_decision", "material")
"""Tables of which a revocation may take nothing away."""


@pytest.fixture(scope="module")
def chain(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeChain]:
    data: Path = tmp_path_factory.mktemp("whole_chain") / "data"
    with open_whole_chain(server, MovingClock(START), data) as opened:
        yield opened


@pytest.fixture(scope="module")
def awarded(chain: WholeChain) -> WholeChain:
    """An injury that was recognised, graded and awarded."""
    chain.recognise()
    chain.assess()
    chain.award()
    return chain


def test_an_accident_becomes_an_award_of_the_worked_examples_amount(awarded: WholeChain) -> None:
    facts = awarded.facts("disability_benefit_award")
    assert Decimal(facts["own_wage"]) == Decimal("5300.00")
    (line,) = awarded.awards.lines(awarded.cases["disability_benefit_award"])
    (payable,) = awarded.awards.payables(awarded.cases["disability_benefit_award"])
    assert (line.item, line.payer, line.coefficient) == ("lump_sum_disability", "fund", Decimal(13))
    assert (payable.amount, payable.state) == (Decimal("68900.00"), "ready")


def test_nothing_is_typed_twice_what_one_authority_decided_reaches_the_next(awarded: WholeChain) -> None:
    recognition, assessment, award = (awarded.facts(process) for process in PROCESSES)
    assert assessment["recognition_no"] == award["recognition_number"] == recognition["decision_number"]
    assert award["assessment_number"] == assessment["conclusion_no"]
    assert (award["disability_grade"], award["care_level"]) == (7, "none")
    assert award["worker_id_no"] == assessment["worker_id_no"] == recognition["worker_id_no"]
    assert (award["wage_month_01"], award["wage_month_12"]) == ("5600", "5000")
    assert len({awarded.office.case(case_id).chain_id for case_id in awarded.cases.values()}) == 1


def performers(chain: WholeChain, process: str, *duties: str) -> list[int]:
    """Who did these duties of a case, each person once for each duty."""
    case_id = chain.cases[process]
    done = select(Performance).where(Performance.case_id == case_id, Performance.duty.in_(duties))
    return [person for _, person in sorted({(one.duty, one.person_id) for one in chain.rows(done)})]


def test_each_decision_took_different_people_and_the_draw_two_more(awarded: WholeChain) -> None:
    reviews = ("initial_review", "recheck", "final_review")
    for process in PROCESSES:
        if process != "injury_recognition":
            found = performers(awarded, process, *reviews)
            assert len(found) == len(set(found)) == 3, process
    reviewers = performers(awarded, "injury_recognition", "recheck", "final_review")
    assert not set(reviewers) & set(performers(awarded, "disability_benefit_award", *reviews))
    drawn = performers(awarded, "capacity_assessment", "draw", "witness")
    panel = performers(awarded, "capacity_assessment", "panel_opinion")
    assert len(set(drawn)) == 2
    assert len(set(panel)) == 3
    assert not set(panel) & {*drawn, *performers(awarded, "capacity_assessment", *reviews)}


def test_every_document_of_the_chain_is_issued_once_and_readable(awarded: WholeChain) -> None:
    ids = tuple(awarded.cases.values())
    documents = awarded.rows(select(Document).where(Document.case_id.in_(ids)).order_by(Document.id))
    kinds = [one.template for one in documents]
    for kind in ("recognition_decision", "panel_opinion", "assessment_conclusion", "benefit_award_notice"):
        assert kinds.count(kind) == 1, kind
    for one in documents:
        pdf = awarded.office.kernel.blobs.get(one.pdf_digest)
        assert pdf.startswith(b"%PDF-"), one.template


def test_a_recognition_that_falls_stops_the_award_and_erases_nothing(awarded: WholeChain) -> None:
    award = awarded.cases["disability_benefit_award"]
    before = {table: contents(awarded, table) for table in KEPT}
    events = len(awarded.rows(select(AuditEvent.id)))
    awarded.annul()
    (payable,) = awarded.awards.payables(award)
    assert payable.state == "frozen", "frozen before anybody has looked"
    assert sent(awarded, "recovery.lead") == []
    verified = {"outcome": "verified", "revocation_handling": "认定已被撤销，已付 68,900 元应当退回。"}
    awarded.office.work(award, "si_handler", **verified)
    (payable,) = awarded.awards.payables(award)
    assert (payable.amount, payable.state) == (Decimal("68900.00"), "stopped")
    (lead,) = sent(awarded, "recovery.lead")
    assert "68,900" in lead.payload["revocation_handling"]
    assert awarded.office.case(award).status == "closed"
    for table, rows in before.items():
        assert rows <= contents(awarded, table), f"{table}: something is gone or was changed"
    decided = select(CaseDecision.id).where(CaseDecision.case_id == award)
    assert len(awarded.rows(decided)) == 1, "the award's own decision stays what it was"
    assert len(awarded.rows(select(AuditEvent.id))) > events
    with awarded.office.kernel.database.session() as session:
        assert verify(session, awarded.office.kernel.keyring).intact


def sent(chain: WholeChain, name: str) -> list[Any]:
    return chain.rows(select(CaseMessage).where(CaseMessage.name == name))


def contents(chain: WholeChain, table: str) -> set[str]:
    """Every row of a table as text, but for what may move on: states and the link to what follows."""
    with chain.office.kernel.database.session() as session:
        chain.office.kernel.database.scope(session, ("*",))
        moving = "'{state,revoked_at,served_at,version,replaced_by}'::text[]"
        return set(session.scalars(text(f"SELECT (to_jsonb(t) - {moving})::text FROM {table} t")))


WITH_BROTHER = {
    **FAMILY,
    "dependant_3_name": "苏国梁",
    "dependant_3_id_no": id_number(556),
    "dependant_3_relation": "sibling",
    "dependant_3_supported": True,
    "dependant_3_kin_gone": True,
}


def test_a_death_award_hears_of_each_dependant_it_asks_for_and_of_nobody_else(chain: WholeChain) -> None:
    """Of two dependants one is assessed, one withdraws: only the answer to both brings the award back."""
    office, committee = chain.office, chain.committee
    award = chain.awards.start("death_benefit_award")
    office.work(award, "si_window", outcome="complete", death_at="2026-01-20T16:00")
    office.work(award, "si_handler", outcome="incapacity", dependants_to_assess=["2", "3"], **WITH_BROTHER)
    chain.tell()
    son, brother = chain_cases(office, award, "capacity_assessment")
    told = facts_of(chain, son)
    assert (told["dependant_name"], told["dependant_id_no"]) == ("苏小川", "640102199003010035")
    assert (told["worker_name"], told["recognition_no"]) == ("苏国栋", "银人社认〔2026〕12号")
    assert (told["assessment_kind"], told["requested_by"]) == ("dependant", office.case(award).case_no)
    assert [office.case(one).subject_name for one in (son, brother)] == ["苏小川", "苏国梁"]
    assert all("id_no" not in str(one.payload) for one in sent(chain, "assessment.requested"))

    committee.work(son, "window", outcome="complete", diagnosis_text="重度脑性瘫痪")
    plan = {"lead_speciality": "orthopaedics", "specialities": [], "panel_size": "3"}
    committee.work(son, "handler", outcome="reviewed", **plan)
    committee.draw(son)
    committee.work(son, "clerk", appointment_at="2026-12-12T09:00", appointment_place="鉴定中心二楼")
    committee.work(son, "handler", outcome="done")
    for role in committee.panel(son):
        committee.work(son, role, outcome="agree_signed", task_incapacity="incapacitated", task_items="甲")
    draft = {"outcome": "submit_positive", "condition_text": "重度脑性瘫痪，不能独立行动"}
    with pytest.raises(InvalidInput, match="departs_from_panel"):
        committee.work(son, "handler", **draft, incapacity="capable")
    committee.complete(son, "handler", committee.task(son).id, **draft)
    committee.work(son, "checker", outcome="agree")
    committee.work(son, "approver", outcome="approve")
    office.serve(son, committee.name("clerk"))
    served = chain.rows(
        select(Service).join(Document, Document.id == Service.document_id).where(Document.case_id == son)
    )
    assert {one.party for one in served} == {"dependant", "agency"}
    chain.clock.move(days=17)
    run(office.kernel, run_timers, system_actor(), case_id=son)
    chain.tell()
    assert open_steps(chain, award) == [], "the brother's case hasn't answered"

    chain.clock.move(hours=1)
    withdraw = partial(receive_paper, paper=Paper("withdrawal_requested", {}))
    window = office.actors[committee.name("window")]
    run(office.kernel, withdraw, window, case_id=brother)
    committee.work(brother, "window", step="p02_xw_confirm", outcome="confirmed")
    chain.tell()
    found = facts_of(chain, award)
    assert [found[f"dependant_{place}_assessment"] for place in (2, 3)] == ["incapacitated", "none"]
    assert found["dependant_2_incapacitated"] and not found.get("dependant_3_incapacitated")
    with pytest.raises(InvalidInput, match="departs_from_conclusion"):
        office.work(award, "si_handler", outcome="done", dependant_2_incapacitated=False)
    office.complete(award, office.open_task_of(award), "si_handler", outcome="done")
    office.work(award, "si_window", outcome="work_injury", pension_choice="work_injury")
    pensions = {one.payee for one in chain.awards.lines(award) if one.item == "survivor_pension"}
    assert pensions == {"马秀兰", "苏小川"}
    assert chain_cases(office, award, "disability_benefit_award") == [], "it is no conclusion on the worker"
    run(
        office.kernel, partial(depart_after_revocation, son=son, facts=facts_of(chain, award)), system_actor()
    )


def depart_after_revocation(unit: Unit, son: int, facts: dict[str, Any]) -> None:
    """What the committee revoked binds nobody."""
    case, form = unit.session.get_one(Case, son), {"outcome": "done"}
    nobody: Any = None
    with pytest.raises(InvalidInput):
        check_dependants(unit, case, nobody, {**facts, "dependant_2_incapacitated": False}, form)
    revoked = {"assessment_kind": "dependant", "dependant_name": "苏小川"}
    send_message(unit, case, "assessment.revoked", revoked)
    check_dependants(unit, case, nobody, {**facts, "dependant_2_incapacitated": False}, form)


def facts_of(chain: WholeChain, case_id: int) -> dict[str, Any]:
    with chain.office.kernel.database.session() as session:
        chain.office.kernel.database.scope(session, ("*",))
        return load_facts(session, chain.office.kernel.keyring, session.get_one(Case, case_id))


def open_steps(chain: WholeChain, case_id: int) -> list[str]:
    tasks = chain.rows(select(Task).where(Task.case_id == case_id, Task.state == "open"))
    return [one.step_key for one in tasks]
