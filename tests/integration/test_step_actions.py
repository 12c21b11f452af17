"""撤回, 退回, 加签, 会签, collective discussion and second-level approval on the real database."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import CaseState
from app.kernel.duties.levels import raise_approval_levels
from app.kernel.duties.models import CaseDecision, CaseRisk, Performance, PerformanceVoid, Signature
from app.kernel.duties.records import permit_system
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.engine.dossier import Dossier, read_dossier
from app.kernel.engine.materials import Upload, add_material
from app.kernel.engine.operations import complete_task
from app.kernel.engine.refusals import NothingToWithdraw, NotYourStep, OthersWentOn
from app.kernel.engine.withdrawal import withdraw_step
from app.kernel.refusals import InvalidInput, TaskNotOpened
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.consultation_queries import list_askable, list_my_consultations
from app.kernel.worklist.consultations import answer, ask, cancel, open_consultation, report
from app.kernel.worklist.models import Consultation, Notification, Task
from app.kernel.worklist.operations import claim_task, open_task, release_task
from app.kernel.worklist.refusals import (
    ConsultationClosed,
    ConsultationOpen,
    ConsultationRepeated,
    CountersignDisagrees,
    NotADiscussion,
    NotConsulted,
)
from tests.office import Office, bring_to_review
from tests.rules import changed_rule, put_in_force

MORE_PEOPLE = (("approver2", "rec_approver"), ("approver3", "rec_approver"), ("head", "dept_head"))


def rows(office: Office, statement: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def act(office: Office, who: str, case_id: int, operation: Any, **arguments: Any) -> Any:
    return run(office.kernel, partial(operation, **arguments), office.actors[who], case_id=case_id)


def refuse(
    office: Office, who: str, case_id: int, error: type[Exception], operation: Any, **arguments: Any
) -> Any:
    with pytest.raises(error) as caught:
        act(office, who, case_id, operation, **arguments)
    return caught.value


def dossier(office: Office, case_id: int, who: str = "auditor") -> Dossier:
    found: Dossier = run(office.kernel, partial(read_dossier, case_id=case_id), office.actors[who])
    return found


@pytest.fixture
def staffed(office: Office) -> Office:
    """The office with two more approvers and a head for the second level."""
    for number, (name, post) in enumerate(MORE_PEOPLE):
        office.hire(name, 700 + number)
        office.grant(name, post)
    return office


# -- 撤回


def test_reviewer_takes_back_his_step_while_nobody_has_opened_the_next(office: Office) -> None:
    case_id = bring_to_review(office)
    done = office.work(case_id, "handler", outcome="submit_positive", opinion="拟认定，证据另附。")
    first_next = office.open_task_of(case_id)
    again = act(office, "handler", case_id, withdraw_step)
    task = office.open_task_of(case_id)
    assert (task.id, task.step_key, task.claimed_by) == (
        again,
        "rb2_initial_review",
        office.person("handler"),
    )
    assert task.opened_at is not None
    assert (task.draft or {})["opinion"] == "拟认定，证据另附。"
    states = {row.id: row.state for row in rows(office, select(Task).where(Task.case_id == case_id))}
    assert (states[done.id], states[first_next.id]) == ("cancelled", "cancelled")
    void = rows(office, select(PerformanceVoid))[0]
    assert (void.cause, void.voided_by) == ("withdrawn", office.person("handler"))
    assert "task.withdrawn" in rows(office, select(AuditEvent.event))


def test_withdrawn_step_is_done_again_and_the_case_is_decided_on_the_new_signatures(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    act(office, "handler", case_id, withdraw_step)
    office.complete(case_id, office.open_task_of(case_id), "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    act(office, "checker", case_id, withdraw_step)
    office.complete(case_id, office.open_task_of(case_id), "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")
    decision = rows(office, select(CaseDecision))[0]
    voided = rows(office, select(PerformanceVoid.performance_id))
    used = rows(office, select(Signature).where(Signature.id.in_(decision.signature_ids)))
    assert len(voided) == 2
    assert not {signature.performance_id for signature in used} & set(voided)


def test_withdrawn_reviewer_stays_bound_to_his_duty(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    act(office, "handler", case_id, withdraw_step)
    bound = select(Performance.state).where(
        Performance.person_id == office.person("handler"), Performance.duty == "initial_review"
    )
    assert rows(office, bound).count("performed") == 2  # procedure chosen, and the review taken back


def test_claiming_the_next_task_does_not_stop_it_but_the_claimant_is_told(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.open_task_of(case_id)
    act(office, "checker", case_id, claim_task, task_id=task.id)
    act(office, "handler", case_id, withdraw_step)
    told = select(Notification.person_id).where(Notification.code == "step_withdrawn")
    assert rows(office, told) == [office.person("checker")]


def test_withdrawal_ends_when_the_next_person_has_opened_even_if_he_put_it_back(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.take(case_id, "checker")
    act(office, "checker", case_id, release_task, task_id=task.id)
    refusal = refuse(office, "handler", case_id, OthersWentOn, withdraw_step)
    assert refusal.params["name"] == "checker"
    assert rows(office, select(PerformanceVoid)) == []


def test_nobody_takes_back_anothers_step(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    refuse(office, "handler2", case_id, NotYourStep, withdraw_step)
    refuse(office, "supervisor", case_id, NotYourStep, withdraw_step)


def test_the_persons_other_account_may_withdraw(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.actors["second"] = office.account("second", office.person("handler"))
    act(office, "second", case_id, withdraw_step)
    assert office.open_task_of(case_id).claimed_by == office.person("handler")


def test_step_with_a_document_a_clock_or_two_people_is_never_withdrawn(office: Office) -> None:
    case_id = office.start()
    refuse(office, "window", case_id, NothingToWithdraw, withdraw_step)  # a start
    office.work(case_id, "window", outcome="complete")
    office.work(case_id, "window")  # issues the acceptance, starts and stops clocks
    refuse(office, "window", case_id, NothingToWithdraw, withdraw_step)
    office.work(case_id, "approver")
    office.work(case_id, "handler", outcome="ordinary")
    refuse(office, "handler", case_id, NothingToWithdraw, withdraw_step)
    for who in ("handler", "handler2"):
        office.work(case_id, who, investigated_on="2026-03-01")
        refuse(office, who, case_id, NothingToWithdraw, withdraw_step)


def test_decision_ends_withdrawal_for_good(office: Office) -> None:
    case_id = bring_to_review(office)
    for who, outcome in (("handler", "submit_positive"), ("checker", "agree"), ("approver", "approve")):
        office.work(case_id, who, outcome=outcome)
    refuse(office, "approver", case_id, NothingToWithdraw, withdraw_step)
    kept = rows(office, select(CaseState).where(CaseState.case_id == case_id))[0]
    assert (kept.undo_state, kept.undo_task_id) == (None, None)


def test_withdrawing_twice_is_refused(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    act(office, "handler", case_id, withdraw_step)
    refuse(office, "handler", case_id, NothingToWithdraw, withdraw_step)


def test_facts_stay_as_they_were_changed(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive", occupation="铣床操作工")
    act(office, "handler", case_id, withdraw_step)
    assert dossier(office, case_id).facts["occupation"] == "铣床操作工"


# -- 退回


def test_final_review_returns_to_recheck_and_the_initial_signature_still_counts(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="return", return_to="recheck", opinion="请核对工时证据。")
    task = office.open_task_of(case_id)
    assert (task.step_key, task.return_reason) == ("rb3_recheck", "请核对工时证据。")
    told = select(Notification.person_id).where(Notification.code == "task_returned")
    assert rows(office, told) == [office.person("checker")]
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")
    assert office.case(case_id).decided_at is not None


def test_final_review_returns_to_the_investigation_and_everything_is_signed_again(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="return", return_to="investigation", opinion="补充现场勘验。")
    task = office.open_task_of(case_id)
    assert (task.step_key, task.return_reason) == ("p01_10_investigation", "补充现场勘验。")
    for who in ("handler2", "handler"):
        office.work(case_id, who, investigated_on="2026-03-02")
    for who, outcome in (("handler2", "submit_positive"), ("checker2", "agree"), ("approver", "approve")):
        office.work(case_id, who, outcome=outcome)
    decision = rows(office, select(CaseDecision))[0]
    signers = rows(office, select(Signature.person_id).where(Signature.id.in_(decision.signature_ids)))
    assert set(signers) == {office.person(who) for who in ("handler2", "checker2", "approver")}


def test_return_goes_only_to_a_step_of_this_case(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.take(case_id, "checker")
    submitted = office.fill(case_id, task, {"outcome": "return", "return_to": "initial_review"})
    for target, code in (("final_review", "not_an_option"), ("", "required")):
        error = refuse(
            office,
            "checker",
            case_id,
            InvalidInput,
            complete_task,
            task_id=task.id,
            submitted={**submitted, "return_to": target},
        )
        assert error.errors["return_to"][0] == code


def test_simple_case_without_an_investigation_cannot_go_back_to_one(office: Office) -> None:
    case_id = office.start()
    for who, form in (("window", {"outcome": "complete"}), ("window", {}), ("approver", {})):
        office.work(case_id, who, **form)
    office.work(case_id, "handler", outcome="simple")
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.take(case_id, "checker")
    submitted = office.fill(case_id, task, {"outcome": "return", "return_to": "investigation"})
    error = refuse(
        office, "checker", case_id, InvalidInput, complete_task, task_id=task.id, submitted=submitted
    )
    assert error.errors["return_to"][0] == "not_an_option"


def test_assigner_may_name_the_handler(office: Office) -> None:
    case_id = office.start()
    for who, form in (("window", {"outcome": "complete"}), ("window", {})):
        office.work(case_id, who, **form)
    office.work(case_id, "approver", task_assignee=str(office.person("handler2")))
    assert office.open_task_of(case_id).claimed_by == office.person("handler2")
    case_id = office.start()
    for who, form in (("window", {"outcome": "complete"}), ("window", {})):
        office.work(case_id, who, **form)
    task = office.take(case_id, "approver")
    submitted = office.fill(case_id, task, {"task_assignee": str(office.person("checker"))})
    denied = refuse(
        office, "approver", case_id, DutyDenied, complete_task, task_id=task.id, submitted=submitted
    )
    assert denied.decision.reason == "post_not_held"


# -- 加签、会签


def test_extra_opinion_is_awaited_answered_and_bars_the_adviser_from_reviewing(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    asked = act(
        office,
        "handler",
        case_id,
        ask,
        task_id=task.id,
        kind="opinion",
        person_id=office.person("checker"),
        question="因果关系是否成立？",
    )
    waiting = refuse(
        office,
        "handler",
        case_id,
        ConsultationOpen,
        complete_task,
        task_id=task.id,
        submitted=office.fill(case_id, task, {"outcome": "submit_positive"}),
    )
    assert waiting.params["names"] == ["checker"]
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        mine = list_my_consultations(session, office.person("checker"))
    assert [(one.consultation.id, one.duty) for one in mine] == [(asked, "panel_opinion")]
    with pytest.raises(DutyDenied):
        dossier(office, case_id, "checker")
    act(office, "checker", case_id, open_consultation, consultation_id=asked)
    assert dossier(office, case_id, "checker").case.id == case_id
    act(office, "checker", case_id, answer, consultation_id=asked, text="成立。", agrees=True)
    office.complete(case_id, office.open_task_of(case_id), "handler", outcome="submit_positive")
    recheck = office.open_task_of(case_id)
    denied = refuse(office, "checker", case_id, DutyDenied, claim_task, task_id=recheck.id)
    assert (denied.decision.reason, denied.params["held"]) == ("conflicting_duty", "panel_opinion")
    office.work(case_id, "checker2", outcome="agree")


def test_only_eligible_people_are_asked_and_the_others_have_their_reasons(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.take(case_id, "checker")
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        now, today = office.kernel.clock(), office.kernel.clock().date()
        opinion = {
            choice.name: choice.decision.reason
            for choice in list_askable(session, task, office.case(case_id), ("opinion",), now, today)[
                "opinion"
            ]
        }
        counter = {
            choice.name: choice.decision.reason
            for choice in list_askable(session, task, office.case(case_id), ("countersign",), now, today)[
                "countersign"
            ]
        }
    assert opinion["handler"] == "conflicting_duty"
    assert opinion["risk"] == "allowed"
    assert "checker" not in opinion
    assert counter == {"checker2": "allowed"}
    refuse(
        office,
        "checker",
        case_id,
        DutyDenied,
        ask,
        task_id=task.id,
        kind="opinion",
        person_id=office.person("handler"),
        question="请说明。",
    )
    for person in ("supervisor", "checker"):
        refuse(
            office,
            "checker",
            case_id,
            DutyDenied,
            ask,
            task_id=task.id,
            kind="countersign",
            person_id=office.person(person),
            question="请会签。",
        )


def test_disagreeing_countersigner_blocks_agreeing_but_not_returning(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.take(case_id, "checker")
    asked = act(
        office,
        "checker",
        case_id,
        ask,
        task_id=task.id,
        kind="countersign",
        person_id=office.person("checker2"),
        question="请会签。",
    )
    act(office, "checker2", case_id, open_consultation, consultation_id=asked)
    act(office, "checker2", case_id, answer, consultation_id=asked, text="证据不足。", agrees=False)
    task = office.open_task_of(case_id)
    blocked = refuse(
        office,
        "checker",
        case_id,
        CountersignDisagrees,
        complete_task,
        task_id=task.id,
        submitted=office.fill(case_id, task, {"outcome": "agree"}),
    )
    assert blocked.params["names"] == ["checker2"]
    office.complete(case_id, task, "checker", outcome="return", return_to="initial_review")
    assert office.open_task_of(case_id).step_key == "rb2_initial_review"
    bound = select(Performance.duty).where(Performance.person_id == office.person("checker2"))
    assert set(rows(office, bound)) == {"recheck"}
    refuse(office, "checker", case_id, NothingToWithdraw, withdraw_step)  # two people's step


def test_asker_cancels_with_a_reason_and_nobody_else_answers_or_cancels(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    arguments = {"task_id": task.id, "kind": "opinion", "person_id": office.person("risk"), "question": "？"}
    asked = act(office, "handler", case_id, ask, **arguments)
    refuse(office, "handler", case_id, ConsultationRepeated, ask, **arguments)
    refuse(office, "checker", case_id, NotConsulted, answer, consultation_id=asked, text="好", agrees=True)
    refuse(office, "risk", case_id, NotConsulted, cancel, consultation_id=asked, reason="不想办")
    refuse(office, "handler", case_id, InvalidInput, cancel, consultation_id=asked, reason=" ")
    act(office, "handler", case_id, cancel, consultation_id=asked, reason="改由集体讨论")
    refuse(office, "risk", case_id, ConsultationClosed, answer, consultation_id=asked, text="好", agrees=True)
    office.complete(case_id, office.open_task_of(case_id), "handler", outcome="submit_positive")
    assert office.open_task_of(case_id).step_key == "rb3_recheck"


def test_asking_needs_the_opened_task(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    act(office, "handler", case_id, claim_task, task_id=task.id)
    refuse(
        office,
        "handler",
        case_id,
        TaskNotOpened,
        ask,
        task_id=task.id,
        kind="opinion",
        person_id=office.person("risk"),
        question="？",
    )
    assert rows(office, select(Consultation)) == []


# -- 集体讨论、二级审批


def to_discussion(office: Office) -> int:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="discuss")
    return case_id


@pytest.mark.parametrize(
    ("votes", "allowed", "refused"),
    [
        (("agree", "agree", "return"), "approve", "return"),
        (("agree", "abstain", "return"), "return", "approve"),
    ],
)
def test_majority_of_three_voters_binds_the_chair(
    staffed: Office, votes: tuple[str, ...], allowed: str, refused: str
) -> None:
    office, case_id = staffed, to_discussion(staffed)
    task = office.open_task_of(case_id)
    assert (task.step_key, task.persons_required, task.signs) == ("rb5b_discuss", 3, False)
    act(office, "handler", case_id, report, task_id=task.id, text="调查经过汇报。")
    denied = refuse(office, "handler", case_id, DutyDenied, claim_task, task_id=task.id)
    assert denied.decision.reason == "post_not_held"
    for who, vote in zip(("approver2", "approver", "approver3"), votes, strict=True):
        office.work(case_id, who, outcome=vote)
        if who != "approver3":
            again = office.open_task_of(case_id)
            twice = refuse(office, who, case_id, DutyDenied, claim_task, task_id=again.id)
            assert twice.decision.reason == "second_person_required"
    chair = office.take(case_id, "approver2")
    assert chair.step_key == "rb5c_chair"
    minutes = {"task_minutes": "三月二日下午于会议室，三人参加，记录在卷。", "return_to": "recheck"}
    error = refuse(
        office,
        "approver2",
        case_id,
        InvalidInput,
        complete_task,
        task_id=chair.id,
        submitted=office.fill(case_id, chair, {"outcome": refused, **minutes}),
    )
    assert error.errors["outcome"][0] == "outcome_voted"
    office.complete(case_id, chair, "approver2", outcome=allowed, **minutes)
    assert (office.case(case_id).decided_at is not None) is (allowed == "approve")
    voted = rows(office, select(Task).where(Task.step_key == "rb5b_discuss"))[0].result
    assert [part["outcome"] for part in voted["parts"]] == list(votes[:2])
    assert [said["text"] for said in voted["reports"]] == ["调查经过汇报。"]


def test_chair_needs_minutes(staffed: Office) -> None:
    case_id = to_discussion(staffed)
    for who in ("approver", "approver2", "approver3"):
        staffed.work(case_id, who, outcome="agree")
    chair = staffed.take(case_id, "approver")
    submitted = staffed.fill(case_id, chair, {"outcome": "approve"}) | {"task_minutes": ""}
    error = refuse(
        staffed, "approver", case_id, InvalidInput, complete_task, task_id=chair.id, submitted=submitted
    )
    assert error.errors["task_minutes"][0] == "required"


def test_reports_are_for_discussions_and_for_who_acted_on_the_case(staffed: Office) -> None:
    case_id = bring_to_review(staffed)
    task = staffed.open_task_of(case_id)
    refuse(staffed, "handler", case_id, NotADiscussion, report, task_id=task.id, text="汇报")
    for who, outcome in (("handler", "submit_positive"), ("checker", "agree"), ("approver", "discuss")):
        staffed.work(case_id, who, outcome=outcome)
    task = staffed.open_task_of(case_id)
    refuse(staffed, "checker2", case_id, DutyDenied, report, task_id=task.id, text="汇报")


def raise_levels(office: Office, case_id: int) -> None:
    def operation(unit: Unit) -> None:
        assert unit.case is not None
        permit_system(unit, Action.SYSTEM, unit.case.id)
        assert raise_approval_levels(unit, unit.case, "AMOUNT-2")

    run(office.kernel, operation, system_actor(), case_id=case_id)


def test_second_level_of_approval_is_asked_for_before_the_effect(staffed: Office) -> None:
    case_id = bring_to_review(staffed)
    for who, outcome in (("handler", "submit_positive"), ("checker", "agree")):
        staffed.work(case_id, who, outcome=outcome)
    raise_levels(staffed, case_id)
    staffed.work(case_id, "approver", outcome="approve")
    task = staffed.open_task_of(case_id)
    assert (task.step_key, task.duty, task.post) == ("rb6b_final_review_2", "final_review_2", "dept_head")
    seat = next(seat for seat in dossier(staffed, case_id).seats if seat.duty == "final_review_2")
    assert (seat.state, seat.again and seat.again.rule, seat.able) == ("now", "AMOUNT-2", ("head",))
    staffed.work(case_id, "head", outcome="approve")
    decision = rows(staffed, select(CaseDecision))[0]
    signed = rows(staffed, select(Signature).where(Signature.id.in_(decision.signature_ids)))
    assert [one.duty for one in sorted(signed, key=lambda one: one.seq)][-1] == "final_review_2"
    assert len({one.person_id for one in signed}) == 4


def test_a_rule_asks_for_the_second_level_and_a_later_rise_keeps_it(staffed: Office) -> None:
    kind = 'kind = "risk"'
    put_in_force(staffed.kernel, changed_rule("RSK-12", rule__toml=(kind, f"{kind}\napproval_levels = 2")))
    case_id = bring_to_review(staffed, enrolment_received_at="2026-02-19", insured_since="2026-02-10")
    case = staffed.case(case_id)
    assert (case.risk, case.approval_levels) == ("routed", 2)
    last = rows(staffed, select(CaseRisk).where(CaseRisk.case_id == case_id).order_by(CaseRisk.id))[-1]
    assert (last.risk, last.approval_levels, last.reason) == ("routed", 2, "RSK-12")


# -- 缺什么


def test_dossier_says_which_duty_is_stale_and_what_changed(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    task = office.take(case_id, "approver")
    upload = Upload("diagnosis_proof", "新.pdf", "application/pdf", b"%PDF-1.4 new", "applicant")
    act(office, "approver", case_id, add_material, task_id=task.id, upload=upload)
    office.complete(case_id, task, "approver", outcome="approve")
    seats = {seat.duty: seat for seat in dossier(office, case_id).seats}
    initial, recheck = seats["initial_review"], seats["recheck"]
    assert initial.again is not None and recheck.again is not None
    assert (initial.again.why, initial.again.materials) == ("stale", ("diagnosis_proof",))
    assert initial.again.facts == ()  # what he changed himself was signed with it
    assert recheck.state == "stale"
    assert set(initial.able) == {"handler", "handler2"}
    assert "checker" in seats["recheck"].able


def test_dossier_says_that_a_signature_was_withdrawn(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    act(office, "handler", case_id, withdraw_step)
    seat = dossier(office, case_id).seats[0]
    assert seat.again is not None
    assert (seat.again.why, seat.again.cause) == ("voided", "withdrawn")


def test_dossier_offers_withdrawal_to_nobody_once_the_next_has_opened(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    before = dossier(office, case_id).last_step
    assert before is not None
    assert (before.person_id, before.gone_on) == (office.person("handler"), None)
    task = office.open_task_of(case_id)
    act(office, "checker", case_id, claim_task, task_id=task.id)
    act(office, "checker", case_id, open_task, task_id=task.id)
    after = dossier(office, case_id).last_step
    assert after is not None
    assert after.gone_on == "checker"
