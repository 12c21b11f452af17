"""Awards on the real database: from an application to payables, frozen by a revocation, and what the fence refuses."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import docx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.kernel.deadlines.models import Clock
from app.kernel.decisions.models import RuleHit
from app.kernel.documents.models import Document
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.materials import Upload
from app.kernel.engine.operations import deliver_message
from app.kernel.engine.takeover.operations import TakeOver, take_over
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from tests.award_office import FAMILY, INJURED, AwardOffice, open_award_office
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.office import CITY
from tests.pages import sit_down

NUMBER = "银劳鉴〔2026〕3号"
GRADE_7 = {"disability_grade": 7, "own_wage": "5300", "award_from": "2026-03-01"}


@pytest.fixture(scope="module")
def awards(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwardOffice]:
    data: Path = tmp_path_factory.mktemp("awards") / "data"
    with open_award_office(server, MovingClock(START), data) as opened:
        yield opened


def hits(awards: AwardOffice, case_id: int) -> set[tuple[str, str | None]]:
    return {
        (one.rule_id, one.disposition)
        for one in awards.read(select(RuleHit).where(RuleHit.case_id == case_id))
    }


@pytest.fixture(scope="module")
def granted(awards: AwardOffice) -> int:
    """A grade 7 case through window, handler, three reviews, the second level and service; answers its id."""
    office, case_id = awards.office, awards.start("disability_benefit_award")
    office.work(case_id, "si_window", outcome="complete", assessment_number=NUMBER)
    office.work(case_id, "si_handler", outcome="recalculate", **GRADE_7)
    office.work(case_id, "si_handler", outcome="ready")
    awards.review(case_id, "si_handler", "si_checker", "si_approver")
    assert office.open_task_of(case_id).duty == "final_review_2", (
        "68,900 yuan are above the second level's amount"
    )
    office.work(case_id, "si_head", outcome="approve")
    assert awards.payables(case_id) == [], "nothing is payable before the parties were told"
    awards.serve(case_id)
    return case_id


def from_paper(awards: AwardOffice, reference: str, **facts: Any) -> int:
    """An award that was accepted on paper on the 25th."""
    dates = {"received_at": "2026-02-24T10:00", "accepted_at": "2026-02-25T10:00"}
    slip = Upload("other", "受理单.pdf", "application/pdf", b"%PDF-1.4 slip", "takeover")
    given = TakeOver(
        "disability_benefit_award",
        CITY,
        entry="p07_02_judge",
        origin="paper",
        reference=reference,
        facts={**INJURED, **GRADE_7, **dates, "assessment_number": NUMBER, **facts},
        evidence=[slip],
        done_before="2026-02-25 受理：窗口",
    )
    office = awards.office
    return int(run(office.kernel, partial(take_over, given=given), office.actors["si_window"])["case_id"])


def test_an_award_begun_on_paper_is_reckoned_here_before_its_reviews(awards: AwardOffice) -> None:
    office, case_id = awards.office, from_paper(awards, "银待受〔2026〕9号")
    (clock,) = awards.read(select(Clock).where(Clock.case_id == case_id, Clock.kind == "BN01"))
    assert str(clock.started_on) == "2026-02-25"
    assert str(office.case(case_id).accepted_at)[:10] == "2026-02-25", "it was accepted then, not here"
    office.work(case_id, "si_handler", outcome="ready")
    assert office.open_task_of(case_id).step_key == "rb2_initial_review"
    assert [str(one.amount) for one in awards.lines(case_id)] == ["68900.00"]


def test_an_award_from_paper_that_the_fund_does_not_bear_gets_its_note_too(awards: AwardOffice) -> None:
    case_id = from_paper(awards, "银待受〔2026〕10号", insurance_status="uninsured")
    templates = awards.read(select(Document.template).where(Document.case_id == case_id))
    assert templates == ["advance_payment_note"]
    assert awards.office.open_task_of(case_id).step_key == "rb2_initial_review", "people refuse"


def test_the_sealed_award_makes_payable_exactly_what_was_signed(awards: AwardOffice, granted: int) -> None:
    (line,) = awards.lines(granted)
    assert (line.item, line.payer, line.amount, line.base, line.coefficient) == (
        "lump_sum_disability",
        "fund",
        Decimal("68900.00"),
        Decimal(5300),
        Decimal(13),
    )
    (payable,) = awards.payables(granted)
    assert (payable.entitlement_id, payable.amount, payable.state) == (line.id, Decimal("68900.00"), "ready")
    assert hits(awards, granted) == set()
    documents = awards.read(select(Document).where(Document.case_id == granted))
    notice = next(one for one in documents if one.template == "benefit_award_notice")
    paper = docx.Document(io.BytesIO(awards.office.kernel.blobs.get(notice.docx_digest)))
    words = "\n".join(paragraph.text for paragraph in paper.paragraphs)
    assert "一次性支付 68900.00 元" in words.replace(",", "")
    assert "《工伤保险条例》37(1)" in words, "the notice says by which article each number stands"


def refused(awards: AwardOffice, statement: str, **values: Any) -> str:
    with awards.raw() as session, pytest.raises(DBAPIError) as caught:
        session.execute(text(statement), values)
    return str(getattr(caught.value.orig, "sqlstate", ""))


COPY = """
    INSERT INTO payable (uid, entitlement_id, case_id, decision_id, item, payer, payee, cycle, amount, period_from, at)
    SELECT gen_random_uuid(), p.entitlement_id, p.case_id, p.decision_id, p.item, {payer}, p.payee, p.cycle, {amount},
           p.period_from, now() FROM payable p WHERE p.id = :payable
"""
EVENT = """
    INSERT INTO payable_event (payable_id, event, ground, effective_on, at)
    VALUES (:payable, :event, :ground, '2026-03-02', now())
"""


def test_the_fence_lets_no_payment_be_made_up_or_altered(awards: AwardOffice, granted: int) -> None:
    (payable,) = awards.payables(granted)
    one = {"payable": payable.id}
    assert refused(awards, COPY.format(payer="p.payer", amount="p.amount + 1"), **one) == "SD051"
    assert refused(awards, COPY.format(payer="'employer'", amount="p.amount"), **one) == "SD051"
    assert refused(awards, "UPDATE payable SET amount = 1 WHERE id = :payable", **one) == "42501"
    assert refused(awards, "UPDATE payable SET state = 'stopped' WHERE id = :payable", **one) == "42501"
    assert refused(awards, "DELETE FROM entitlement WHERE case_id = :case", case=granted) == "42501"
    assert refused(awards, EVENT, **one, event="resume", ground="cause_gone") == "SD052"
    assert refused(awards, EVENT, **one, event="stop", ground="payee_died") == "SD052", (
        "a stop needs a decision"
    )
    again = """INSERT INTO entitlement (case_id, draft, line, item, payer, payee, grade, cycle, period_from, amount,
               provisional, inputs, parameters, derivation, formula_digest, draft_digest, at)
               SELECT case_id, {draft}, line, {item}, payer, payee, grade, cycle, period_from, amount, provisional,
               inputs, parameters, derivation, formula_digest, draft_digest, now() FROM entitlement
               WHERE case_id = :case"""
    assert refused(awards, again.format(draft=2, item="item"), case=granted) == "SD050"


def test_the_employers_items_cannot_be_the_funds(awards: AwardOffice) -> None:
    case_id = awards.start("disability_benefit_award")
    line = """INSERT INTO entitlement (case_id, draft, line, item, payer, payee, grade, cycle, period_from, amount,
              provisional, inputs, parameters, derivation, formula_digest, draft_digest, at)
              VALUES (:case, 1, 1, :item, 'fund', 'x', :grade, 'once', '2026-03-01', 1, false, '{}', '[]', '{}',
              'x', 'x', now())"""
    for item, grade in (("lump_sum_employment", 8), ("leave_wages", None), ("disability_allowance", 5)):
        assert refused(awards, line, case=case_id, item=item, grade=grade) == "23514", item


def test_data_changed_after_the_reckoning_stops_the_case_until_it_is_reckoned_again(
    awards: AwardOffice,
) -> None:
    office, case_id = awards.office, awards.start("disability_benefit_award")
    office.work(case_id, "si_window", outcome="complete", assessment_number=NUMBER)
    office.work(case_id, "si_handler", outcome="recalculate", **GRADE_7)
    office.work(case_id, "si_handler", outcome="ready", disability_grade=8)
    assert ("LOG-07", None) in hits(awards, case_id)
    assert office.open_task_of(case_id).step_key == "rb8_blocked"
    office.work(case_id, "si_handler", outcome="stands")
    office.work(case_id, "si_handler", outcome="return_to_applicant")
    office.work(case_id, "si_window", outcome="complete")
    office.work(case_id, "si_handler", outcome="ready")
    assert office.open_task_of(case_id).step_key == "rb2_initial_review"
    assert hits(awards, case_id) == {("LOG-07", "lapsed"), ("POL-05", "lapsed")}
    assert [(one.draft, one.amount) for one in awards.lines(case_id)] == [
        (1, Decimal("68900.00")),
        (2, Decimal("58300.00")),
    ]


def test_an_uninsured_employers_case_gets_the_note_on_advance_payment_and_people_refuse(
    awards: AwardOffice,
) -> None:
    office = awards.office
    case_id = awards.start("disability_benefit_award", insurance_status="uninsured")
    office.work(case_id, "si_window", outcome="complete", assessment_number=NUMBER)
    templates = awards.read(select(Document.template).where(Document.case_id == case_id))
    assert templates == ["advance_payment_note"]
    assert ("POL-16", None) in hits(awards, case_id)
    awards.review(case_id, "si_handler", "si_checker", "si_risk", "si_approver", first="submit_negative")
    awards.serve(case_id)
    assert office.case(case_id).status == "closed"
    assert awards.payables(case_id) == []


def test_the_case_page_shows_each_amount_with_its_article_and_its_parameters_in_both_languages(
    awards: AwardOffice, granted: int
) -> None:
    desk = sit_down(awards.office.kernel, "si_checker")
    page = desk.get(f"/cases/{granted}").text
    for words in ("待遇测算", "68,900.00", "5,300 × 13", "《工伤保险条例》37(1)", "待支付"):
        assert words in page, words
    desk.client.set_cookie("sanshen_lang", "en")
    assert "Lump-sum disability benefit" in desk.get(f"/cases/{granted}").text


def test_a_claim_is_reckoned_bill_by_bill_with_its_cuts(awards: AwardOffice) -> None:
    office, case_id = awards.office, awards.start("medical_reimbursement", recognised_diagnosis="骨折")
    bills = {
        "bill_1_kind": "medical",
        "bill_1_on": "2026-01-25",
        "bill_1_until": "2026-02-04",
        "bill_1_inpatient": True,
        "bill_1_claimed": "1200",
        "bill_1_diagnosis": "骨折",
        "bill_1_institution": "银川市某三级医院",
    }
    office.work(case_id, "si_window", outcome="complete", **bills)
    checked = {
        "bill_1_in_catalogue": True,
        "bill_1_agreement": True,
        "bill_1_cut": "200",
        "bill_1_cut_reason": "重复收费",
    }
    office.work(case_id, "si_handler", outcome="recalculate", **checked)
    lines = [(one.item, one.payer, one.amount) for one in awards.lines(case_id) if one.draft == 2]
    assert lines[0] == ("medical_benefit", "fund", Decimal("1000.00"))
    assert [one[0] for one in lines] == ["medical_benefit", "inpatient_meal_subsidy"]


def test_a_death_award_grants_the_pension_only_to_relatives_who_qualify(awards: AwardOffice) -> None:
    office, case_id = awards.office, awards.start("death_benefit_award")
    office.work(case_id, "si_window", outcome="complete", death_at="2026-01-20T16:00")
    office.work(case_id, "si_handler", outcome="done", **FAMILY)
    office.work(case_id, "si_window", outcome="work_injury", pension_choice="work_injury")
    pensions = [one for one in awards.lines(case_id) if one.item == "survivor_pension"]
    assert [(one.payee, one.amount, one.cycle) for one in pensions] == [
        ("马秀兰", Decimal("2120.00"), "monthly")
    ]
    assert office.open_task_of(case_id).step_key == "rb2_initial_review"


def revoke(unit: Unit) -> None:
    assert unit.case is not None
    permit_system(unit, Action.DELIVER, unit.case.id)
    deliver_message(unit, "recognition.revoked")


def test_a_revoked_recognition_freezes_the_payment_at_once_and_people_stop_it(
    awards: AwardOffice, granted: int
) -> None:
    run(awards.office.kernel, partial(revoke), system_actor(), case_id=granted)
    assert [one.state for one in awards.payables(granted)] == ["frozen"]
    awards.office.work(granted, "si_handler", outcome="verified")
    (payable,) = awards.payables(granted)
    assert (payable.state, payable.amount) == ("stopped", Decimal("68900.00")), "nothing is erased"
    told = [(one.event, one.ground) for one in awards.events(granted)]
    assert told == [("freeze", "recognition_revoked"), ("stop", "recognition_revoked")]
    one = {"payable": payable.id}
    assert refused(awards, EVENT, **one, event="resume", ground="cause_gone") == "SD052", "stopped is final"
