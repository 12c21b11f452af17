"""A recognition case worked by different people through the service layer, on the real database."""

from __future__ import annotations

import io
from datetime import date
from functools import partial
from typing import Any

import docx
import pytest
from sqlalchemy import func, select, text

from app.kernel.audit.models import AuditEvent
from app.kernel.audit.verify import verify
from app.kernel.deadlines.models import Clock
from app.kernel.documents.models import Document
from app.kernel.duties.models import CaseDecision, DutyDecision, Performance, PostGrant, Signature
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.dossier import read_dossier
from app.kernel.engine.materials import Upload, add_material, receive_correction
from app.kernel.engine.operations import complete_task
from app.kernel.refusals import (
    IdempotencyConflict,
    InvalidInput,
    StaleForm,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotOpened,
)
from app.kernel.transaction import Idempotency, run
from app.kernel.worklist.models import Notification, Task
from app.kernel.worklist.operations import assign_task, claim_task, open_task, release_task, save_draft
from app.kernel.worklist.staffing import recheck_staffing
from tests.office import APPLICATION, COUNTY, Office, bring_to_review


def rows(office: Office, statement: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def refuse(
    office: Office, case_id: int, who: str, operation: Any, error: type[Exception], **arguments: Any
) -> Any:
    with pytest.raises(error) as caught:
        run(office.kernel, partial(operation, **arguments), office.actors[who], case_id=case_id)
    return caught.value


def decide_positive(office: Office, case_id: int) -> None:
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")


def test_case_goes_from_application_to_archive_through_three_reviewers(office: Office) -> None:
    case_id = bring_to_review(office)
    decide_positive(office, case_id)
    office.serve(case_id)
    assert office.case(case_id).status == "open"
    office.let_remedies_pass(case_id)
    case = office.case(case_id)
    assert (case.status, case.outcome, case.track) == ("closed", "approved_positive", "ordinary")
    signatures = rows(office, select(Signature).order_by(Signature.seq))
    assert [signature.duty for signature in signatures] == ["initial_review", "recheck", "final_review"]
    assert len({signature.person_id for signature in signatures}) == 3
    decision = rows(office, select(CaseDecision))[0]
    assert decision.signature_ids == [signature.id for signature in signatures]
    document = next(
        item for item in rows(office, select(Document)) if item.template == "recognition_decision"
    )
    assert (document.decision_id, document.state) == (decision.id, "served")
    content = docx.Document(io.BytesIO(office.kernel.blobs.get(document.docx_digest)))
    words = "\n".join(paragraph.text for paragraph in content.paragraphs)
    assert "苏国栋" in words and document.number in words
    with office.kernel.database.session() as session:
        assert verify(session, office.kernel.keyring).intact


def test_reviewer_who_also_has_a_second_account_is_refused_with_reason_and_evidence(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.actors["second"] = office.account("second", office.person("handler"))
    task = office.open_task_of(case_id)
    before = refuse(office, case_id, "second", claim_task, DutyDenied, task_id=task.id)
    assert before.decision.reason == "post_not_held"
    with pytest.raises(Exception, match="SD012"):
        office.grant("handler", "rec_checker")  # the static wall stops the grant itself


def test_former_initial_reviewer_now_rechecker_is_stopped_by_the_dynamic_wall(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    _move_to_recheck_post(office, "handler")
    office.actors["second"] = office.account("second", office.person("handler"))
    task = office.open_task_of(case_id)
    denied = refuse(office, case_id, "second", claim_task, DutyDenied, task_id=task.id)
    assert (denied.decision.reason, denied.params["held"]) == ("conflicting_duty", "initial_review")
    kept = rows(office, select(DutyDecision).where(DutyDecision.verdict == "deny"))
    assert kept[-1].evidence["acts"][0]["duty"] == "initial_review"
    assert rows(office, select(AuditEvent.event).where(AuditEvent.event == "duty.denied")) == ["duty.denied"]


def _move_to_recheck_post(office: Office, name: str) -> None:
    """Ends the handler's post and gives the rechecker's from the same day, as a lawful transfer does."""
    chiefs = [office.person(f"chief{n}") for n in (1, 2, 3)]
    with office.kernel.database.session() as session:
        grant = session.scalars(
            select(PostGrant).where(
                PostGrant.person_id == office.person(name), PostGrant.post == "rec_handler"
            )
        ).one()
        session.add(
            PostGrant(
                person_id=grant.person_id,
                post=grant.post,
                region_code=grant.region_code,
                valid_from=date(2026, 3, 2),
                revokes=grant.id,
                recorded_at=office.kernel.clock(),
                requested_by=chiefs[0],
                reviewed_by=chiefs[1],
                approved_by=chiefs[2],
            )
        )
        session.commit()
    office.grant(name, "rec_checker", since=date(2026, 3, 2))


def test_return_makes_the_draft_stale_and_the_same_people_may_repeat_their_duty(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="return", opinion="事故调查结论已到卷，但未引用，请补充。")
    again = office.open_task_of(case_id)
    assert (again.step_key, again.return_reason) == (
        "rb2_initial_review",
        "事故调查结论已到卷，但未引用，请补充。",
    )
    decide_positive(office, case_id)
    assert office.case(case_id).decided_at is not None
    assert office.case(case_id).draft_no == 2


def test_material_added_after_recheck_sends_the_case_back_for_stale_signatures(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    task = office.take(case_id, "approver")
    upload = Upload("other", "证明.pdf", "application/pdf", b"%PDF-1.4 test", "applicant")
    run(
        office.kernel,
        partial(add_material, task_id=task.id, upload=upload),
        office.actors["approver"],
        case_id=case_id,
    )
    office.complete(case_id, task, "approver", outcome="approve")
    assert office.open_task_of(case_id).step_key == "rb2_initial_review"
    assert rows(office, select(CaseDecision)) == []
    decide_positive(office, case_id)
    assert office.case(case_id).outcome == "approved_positive"


def test_route_rule_adds_a_fourth_person_before_approval(office: Office) -> None:
    case_id = bring_to_review(office, enrolment_received_at="2026-02-19", insured_since="2026-02-19")
    assert office.case(case_id).risk == "routed"
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    assert office.open_task_of(case_id).duty == "risk_review"
    office.work(case_id, "risk", outcome="agree")
    office.work(case_id, "approver", outcome="approve")
    assert len(rows(office, select(Signature))) == 4


def test_negative_conclusion_passes_the_same_three_people(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(
        case_id, "handler", outcome="submit_negative", legal_basis_code="16-2", decision_reasons="饮酒所致。"
    )
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")
    assert office.case(case_id).outcome == "approved_negative"
    assert "non_recognition_decision" in {item.template for item in rows(office, select(Document))}


def test_incomplete_application_waits_for_corrections_and_restarts_the_clock(office: Office) -> None:
    case_id = office.start()
    office.work(case_id, "window", outcome="incomplete", materials_missing=["diagnosis_proof"])
    assert rows(office, select(Task).where(Task.state == "open")) == []
    assert {item.template for item in rows(office, select(Document))} == {"recognition_correction_notice"}
    upload = Upload("diagnosis_proof", "诊断.pdf", "application/pdf", b"%PDF-1.4 d", "applicant")
    operation = partial(receive_correction, uploads=[upload], complete=True)
    run(office.kernel, operation, office.actors["window"], case_id=case_id)
    assert office.open_task_of(case_id).step_key == "p01_02_material_check"
    running = rows(office, select(Clock.kind).where(Clock.state == "running"))
    assert sorted(running) == ["CR01", "CR02", "CR04"]


def test_investigation_needs_two_different_officers(office: Office) -> None:
    case_id = office.start()
    for who, form in (
        ("window", {"outcome": "complete"}),
        ("window", {}),
        ("approver", {}),
        ("handler", {"outcome": "ordinary"}),
    ):
        office.work(case_id, who, **form)
    office.work(case_id, "handler", investigated_on="2026-03-01")
    task = office.open_task_of(case_id)
    assert (task.step_key, task.acts, task.claimed_by) == ("p01_10_investigation", 1, None)
    denied = refuse(office, case_id, "handler", claim_task, DutyDenied, task_id=task.id)
    assert denied.decision.reason == "second_person_required"
    office.work(case_id, "handler2", investigated_on="2026-03-01")
    assert office.open_task_of(case_id).duty == "initial_review"


def test_clocks_follow_the_case(office: Office) -> None:
    case_id = bring_to_review(office)
    clocks = {clock.kind: clock for clock in rows(office, select(Clock).where(Clock.case_id == case_id))}
    assert clocks["CR03"].state == "stopped"
    assert (clocks["CR06"].state, clocks["CR06"].length) == ("running", 60)
    assert office.open_task_of(case_id).due_on == clocks["CR06"].due_on
    decide_positive(office, case_id)
    states = {clock.kind: clock.state for clock in rows(office, select(Clock))}
    assert (states["CR06"], states["CR09"]) == ("stopped", "running")


def test_second_claimant_is_told_who_was_first(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    refusal = refuse(office, case_id, "handler2", claim_task, TaskAlreadyClaimed, task_id=task.id)
    assert refusal.params["name"] == "handler"


def test_release_before_opening_leaves_no_trace_and_after_opening_stays_bound(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors["handler2"], case_id=case_id)
    run(office.kernel, partial(release_task, task_id=task.id), office.actors["handler2"], case_id=case_id)
    acts = select(func.count()).select_from(Performance).where(Performance.task_id == task.id)
    assert rows(office, acts) == [0]
    office.take(case_id, "handler2")
    run(office.kernel, partial(release_task, task_id=task.id), office.actors["handler2"], case_id=case_id)
    assert rows(office, acts) == [1]


def test_work_needs_claim_and_opening(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    refuse(office, case_id, "handler", open_task, TaskNotClaimed, task_id=task.id)
    refuse(office, case_id, "handler", complete_task, TaskNotClaimed, task_id=task.id, submitted={})
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors["handler"], case_id=case_id)
    refuse(office, case_id, "handler", complete_task, TaskNotOpened, task_id=task.id, submitted={})
    refuse(office, case_id, "handler", save_draft, TaskNotOpened, task_id=task.id, values={}, version=None)


def test_wrong_form_names_every_field_and_changes_nothing(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    before = office.case(case_id)
    submitted = office.fill(
        case_id, task, {"outcome": "submit_positive", "responsible_employer_uscc": "91640100MA75000X"}
    )
    submitted["opinion"] = ""
    error = refuse(
        office, case_id, "handler", complete_task, InvalidInput, task_id=task.id, submitted=submitted
    )
    assert "opinion" in error.errors
    after = office.case(case_id)
    assert (after.version, after.content_hash) == (before.version, before.content_hash)


def test_stale_form_and_double_submit_have_one_effect(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    form = office.fill(case_id, task, {"outcome": "submit_positive"})
    refuse(
        office,
        case_id,
        "handler",
        complete_task,
        StaleForm,
        task_id=task.id,
        submitted=form,
        version=task.version - 1,
    )
    operation = partial(complete_task, task_id=task.id, submitted=form, version=task.version)
    once = Idempotency.of("key-1", form)
    for _ in range(2):
        run(office.kernel, operation, office.actors["handler"], case_id=case_id, idempotency=once)
    assert len(rows(office, select(Signature))) == 1
    other = Idempotency.of("key-1", {**form, "opinion": "另一意见"})
    with pytest.raises(IdempotencyConflict):
        run(office.kernel, operation, office.actors["handler"], case_id=case_id, idempotency=other)
    refuse(office, case_id, "handler", complete_task, TaskAlreadyCompleted, task_id=task.id, submitted=form)


def test_supervisor_reassigns_to_the_eligible_only_and_not_to_himself(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.open_task_of(case_id)
    for target in ("handler", "supervisor"):
        refuse(
            office,
            case_id,
            "supervisor",
            assign_task,
            DutyDenied,
            task_id=task.id,
            person_id=office.person(target),
        )
    refuse(
        office,
        case_id,
        "handler",
        assign_task,
        DutyDenied,
        task_id=task.id,
        person_id=office.person("checker"),
    )
    operation = partial(assign_task, task_id=task.id, person_id=office.person("checker2"))
    run(office.kernel, operation, office.actors["supervisor"], case_id=case_id)
    assert office.open_task_of(case_id).claimed_by == office.person("checker2")
    assert rows(office, select(Notification.code)) == ["task_assigned"]


def test_case_without_eligible_people_waits_for_staff_and_alerts_the_supervisor(office: Office) -> None:
    """A county with a window and nobody to assign: duties never merge, the region's supervisor is told."""
    office.grant("window", "rec_window", region=COUNTY)
    case_id = office.start(region=COUNTY)
    for form in ({"outcome": "complete"}, {}):
        office.work(case_id, "window", **form)
    task = office.open_task_of(case_id)
    assert (task.step_key, task.waiting_for_staff) == ("p01_07_assign", True)
    alert = rows(office, select(Notification))[0]
    assert (alert.person_id, alert.code) == (office.person("supervisor"), "waiting_for_staff")
    assert recheck_staffing(office.kernel) == 0
    office.grant("approver", "rec_approver", region=COUNTY)
    assert recheck_staffing(office.kernel) == 1
    assert not office.open_task_of(case_id).waiting_for_staff


def test_reading_needs_a_reason_and_is_audited(office: Office) -> None:
    case_id = bring_to_review(office)
    read = partial(read_dossier, case_id=case_id)
    with pytest.raises(DutyDenied):
        run(office.kernel, read, office.actors["checker"])
    for who in ("handler", "supervisor", "auditor"):
        dossier = run(office.kernel, read, office.actors[who])
        assert dossier.facts["worker_name"] == "苏国栋"
    events = rows(office, select(AuditEvent.person_id).where(AuditEvent.event == "case.read"))
    assert events == [office.person(who) for who in ("handler", "supervisor", "auditor")]


def test_worker_of_the_case_cannot_act_in_it_even_with_the_post(office: Office) -> None:
    case_id = office.start(worker_id_no=office.id_number_of("handler"))
    for who, form in (("window", {"outcome": "complete"}), ("window", {}), ("approver", {})):
        office.work(case_id, who, **form)
    task = office.open_task_of(case_id)
    denied = refuse(office, case_id, "handler", claim_task, DutyDenied, task_id=task.id)
    assert denied.decision.reason == "party_of_case"
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors["handler2"], case_id=case_id)


def test_sensitive_facts_are_not_readable_in_the_database(office: Office) -> None:
    case_id = office.start()
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        stored = session.execute(
            text("SELECT facts::text || encode(sealed, 'escape') FROM case_facts")
        ).scalar_one()
    assert "苏国栋" in stored
    assert APPLICATION["worker_id_no"] not in stored
    assert office.case(case_id).subject_index is not None
