"""The three award processes: every element and flow walked, saved and restored at each wait."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache

import pytest

from app.kernel.engine.messages.manifest import read_receives
from tests.process.covering import unreached
from tests.process.drive import WORKFLOWS, Answer, Drive, in_turn, shipped_spec

QUIET: Mapping[str, Answer] = {
    "run_rules": {"block": False},
    "check_signatures": {"missing": "none"},
    "seal_decision": {"review_result": "approved_positive"},
    "complete_service": {"service_result": "served"},
}
REFUSED = {**QUIET, "seal_decision": {"review_result": "approved_negative"}}
LIABLE = {"risk": "high", "fund_liable": True, "award_variant": "initial"}


spec = cache(shipped_spec)


def drive(process: str, answers: Mapping[str, Answer] = QUIET, **data: object) -> Drive:
    return Drive(spec(process), {**LIABLE, **data}, answers, compacting=False)


def reviewed(walk: Drive, first: str = "submit_positive") -> Drive:
    walk.complete("rb2_initial_review", first).complete("rb3_recheck", "agree")
    return walk.complete("rb5_final_review", "approve")


def served(walk: Drive) -> Drive:
    while "sv1_serve" in walk.open:
        walk.complete("sv1_serve", "served")
    return walk


def disability(answers: Mapping[str, Answer] = QUIET, **data: object) -> Drive:
    return drive("disability_benefit_award", answers, **data)


def to_reviews(walk: Drive) -> Drive:
    return walk.complete("p07_01_register", "complete").complete("p07_03_calculate", "ready")


def awarded(walk: Drive) -> Drive:
    return served(reviewed(to_reviews(walk)))


def disability_walks() -> Iterator[Drive]:
    """Correction, another reckoning, a return; then a year, a new grade, superseded."""
    walk = disability().complete("p07_01_register", "incomplete").deliver("materials_received")
    walk.complete("p07_01_register", "complete").complete("p07_03_calculate", "recalculate")
    walk.complete("p07_03_calculate", "ready").complete("rb2_initial_review", "return_to_applicant")
    assert walk.open == ["p07_01_register"]
    awarded(walk).pass_time(timedelta(days=366)).complete("p07_08_review", "unchanged")
    for told in ("recognition.effective", "confirmation.effective"):
        walk.deliver(told).complete("p07_08_review", "unchanged")
    walk.deliver("assessment.effective").complete("p07_08_review", "recalculate")
    assert [one.name for one in walk.sent] == ["award.payable", "award.recalculate"]
    walk.deliver("award.superseded")
    assert walk.instance.is_completed()
    yield walk
    # Not covered: the note on advance payment, a refusal by the same reviews.
    walk = disability(REFUSED, fund_liable=False).complete("p07_01_register", "complete")
    assert walk.called[-2:] == ["issue_document", "run_rules"]
    assert served(reviewed(walk, "submit_negative")).instance.is_completed()
    yield walk
    # A recalculation takes the place of the earlier award; what was granted too much is a lead.
    walk = awarded(disability(award_variant="recalculation", award_overpaid=10600))
    assert [one.name for one in walk.sent] == ["award.payable", "award.superseded", "recovery.lead"]
    walk.pass_time(timedelta(days=366)).complete("p07_08_review", "ended")
    assert walk.instance.is_completed()
    yield walk
    walk = awarded(disability(award_variant="recalculation", award_overpaid=0))
    yield walk.deliver("recognition.revoked").complete("p07_e1_handle", "verified")
    walk = to_reviews(disability()).deliver("assessment.revoked").complete("p07_e2_handle", "verified")
    assert walk.called[-2:] == ["freeze_payments", "stop_payments"]
    assert [one.name for one in walk.sent] == ["recovery.lead"]
    yield walk
    yield disability().deliver("withdrawal_received").complete("p07_w_confirm", "confirmed")
    walk = disability().complete("p07_01_register", "complete").deliver("withdrawal_received")
    yield walk.complete("p07_w_confirm", "refused")
    yield to_reviews(disability()).deliver("withdrawal_received").complete("p07_w_confirm", "confirmed")


def test_every_element_and_flow_of_the_disability_award_is_walked() -> None:
    walks = list(disability_walks())
    assert unreached("disability_benefit_award", walks) == []


@pytest.mark.parametrize(
    ("process", "step"),
    [
        ("disability_benefit_award", "p07_w_confirm"),
        ("death_benefit_award", "p08_w_confirm"),
        ("medical_reimbursement", "p09_w_confirm"),
    ],
)
def test_a_confirmed_withdrawal_ends_the_award_withdrawn_and_not_merely_closed(
    process: str, step: str
) -> None:
    walk = drive(process, QUIET).deliver("withdrawal_received").complete(step, "confirmed")
    assert walk.instance.is_completed()
    assert walk.called[-1] == "withdraw_case"


@pytest.mark.parametrize(
    "process", ["disability_benefit_award", "death_benefit_award", "medical_reimbursement"]
)
def test_a_revocation_from_before_an_award_was_opened_does_not_stop_it(process: str) -> None:
    """The chain keeps what the first recognition fell by; the award after its redo rests on another."""
    manifest = tomllib.loads((WORKFLOWS / process / "process.toml").read_text("utf-8"))
    revoked = [one for one in read_receives(manifest) if one.message.endswith(".revoked")]
    assert revoked and not any(one.kept for one in revoked)


def test_after_the_award_is_sealed_the_application_cannot_be_withdrawn() -> None:
    walk = reviewed(to_reviews(disability()))
    assert "withdrawal_received" not in {one.name for one in walk.instance.waiting_messages()}


def death(answers: Mapping[str, Answer] = QUIET, **data: object) -> Drive:
    return drive("death_benefit_award", answers, **data)


def to_death_reviews(walk: Drive) -> Drive:
    walk.complete("p08_01_register", "complete").complete("p08_03_dependants", "done")
    return walk.complete("p08_04_choice", "work_injury")


PENDING = {"assessments_pending": True}
ANSWERED = {"assessments_pending": False}
MISSING = {"death_circumstance": "missing", "missing_since": "2026-01-10"}


def death_walks() -> Iterator[Drive]:
    """Correction, assessments of two relatives, a return; then a year, a recalculation, superseded."""
    two = {**QUIET, "note_dependant_assessment": in_turn(PENDING, ANSWERED)}
    walk = death(two).complete("p08_01_register", "incomplete").deliver("materials_received")
    walk.complete("p08_01_register", "complete").complete("p08_03_dependants", "incapacity")
    walk.deliver("assessment.effective")
    assert walk.open == [], "one of the two hasn't answered"
    walk.deliver("assessment.not_concluded").complete("p08_03_dependants", "done")
    walk.complete("p08_04_choice", "work_injury").complete("rb2_initial_review", "return_to_applicant")
    served(reviewed(to_death_reviews(walk))).pass_time(timedelta(days=366))
    for told in ("recognition.effective", "assessment.revoked"):
        walk.complete("p08_08_review", "unchanged").deliver(told)
    walk.complete("p08_08_review", "unchanged").pass_time(timedelta(days=366))
    walk.complete("p08_08_review", "recalculate").deliver("death_award.superseded")
    sent = ["assessment.requested", "award.payable", "death_award.superseded", "death_award.recalculate"]
    assert ([one.name for one in walk.sent], walk.instance.is_completed()) == (sent, True)
    yield walk
    walk = served(reviewed(to_death_reviews(death()))).pass_time(timedelta(days=366))
    yield walk.complete("p08_08_review", "ended")
    yield (
        death()
        .complete("p08_01_register", "complete")
        .complete("p08_03_dependants", "done")
        .complete("p08_04_choice", "pension")
    )
    walk = death(REFUSED, fund_liable=False).complete("p08_01_register", "complete")
    yield served(reviewed(walk, "submit_negative"))
    # Missing: nothing before the fourth month; then declared dead, or back again.
    walk = death(**MISSING).complete("p08_01_register", "complete")
    assert walk.open == []
    walk.pass_time(timedelta(days=45)).complete("p08_03_dependants", "done").complete(
        "p08_04_choice", "work_injury"
    )
    served(reviewed(walk)).deliver("declared_dead").deliver("death_award.superseded")
    assert walk.instance.is_completed()
    yield walk
    walk = death(**MISSING).complete("p08_01_register", "complete").pass_time(timedelta(days=45))
    walk.complete("p08_03_dependants", "done").complete("p08_04_choice", "work_injury")
    yield served(reviewed(walk)).deliver("reappeared")
    walk = served(reviewed(to_death_reviews(death()))).deliver("recognition.revoked")
    yield walk.complete("p08_e1_handle", "verified")
    yield death().deliver("withdrawal_received").complete("p08_w_confirm", "confirmed")
    walk = death().complete("p08_01_register", "complete").complete("p08_03_dependants", "incapacity")
    yield walk.deliver("withdrawal_received").complete("p08_w_confirm", "confirmed")
    walk = death().complete("p08_01_register", "complete").deliver("withdrawal_received")
    yield walk.complete("p08_w_confirm", "refused")
    yield to_death_reviews(death()).deliver("withdrawal_received").complete("p08_w_confirm", "confirmed")


def test_every_element_and_flow_of_the_death_award_is_walked() -> None:
    assert unreached("death_benefit_award", list(death_walks())) == []


def medical(answers: Mapping[str, Answer] = QUIET, **data: object) -> Drive:
    return drive("medical_reimbursement", answers, **data)


def medical_walks() -> Iterator[Drive]:
    """Correction, another reckoning, a return; the sample finds nothing, or a fake bill."""
    walk = medical().complete("p09_01_register", "incomplete").deliver("materials_received")
    walk.complete("p09_01_register", "complete").complete("p09_03_third_party", "recalculate")
    walk.complete("p09_03_third_party", "ready").complete("rb2_initial_review", "return_to_applicant")
    walk.complete("p09_01_register", "complete").complete("p09_03_third_party", "ready")
    served(reviewed(walk)).pass_time(timedelta(days=93)).complete("p09_06_check", "genuine")
    assert walk.instance.is_completed()
    yield walk
    walk = (
        medical().complete("p09_01_register", "complete").complete("p09_03_third_party", "third_party_unpaid")
    )
    served(reviewed(walk)).pass_time(timedelta(days=93)).complete("p09_06_check", "fake")
    sent = ["recovery.lead", "award.payable", "recovery.lead", "incident.suspected"]
    assert [one.name for one in walk.sent] == sent
    yield walk
    walk = medical(REFUSED, fund_liable=False).complete("p09_01_register", "complete")
    yield served(reviewed(walk, "submit_negative"))
    yield medical().deliver("recognition.revoked").complete("p09_e1_handle", "verified")
    yield medical().deliver("withdrawal_received").complete("p09_w_confirm", "confirmed")
    walk = medical().complete("p09_01_register", "complete").deliver("withdrawal_received")
    walk.complete("p09_w_confirm", "refused").complete("p09_01_register", "complete")
    walk.complete("p09_03_third_party", "ready").deliver("withdrawal_received")
    yield walk.complete("p09_w_confirm", "confirmed")


def test_every_element_and_flow_of_the_reimbursement_is_walked() -> None:
    assert unreached("medical_reimbursement", list(medical_walks())) == []
