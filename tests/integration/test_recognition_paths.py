"""Injury recognition off the straight way: refusal, suspension, withdrawal, rectification, redo, with their clocks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.audit.verify import verify
from app.kernel.deadlines.models import Clock
from app.kernel.deadlines.refusals import ClockIntervalOverlaps, ClockNotExtendable
from app.kernel.documents.models import Document
from app.kernel.duties.models import CaseDecision, Performance, Signature
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.clock_acts import ClockAct, act_on_clock
from app.kernel.engine.incoming import DecidedAlready, NotAwaited, Paper, receive_paper
from app.kernel.engine.marking import mark_incident
from app.kernel.engine.messages.models import CaseMessage
from app.kernel.engine.operations import run_timers
from app.kernel.refusals import InvalidInput, TaskNotOpened
from app.kernel.transaction import run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.embedded import EmbeddedServer
from tests.conftest import START
from tests.message_office import chain_cases, hand_over, spread
from tests.moving_clock import MovingClock
from tests.office import TO_REVIEW, Office, bring_to_review, id_number, open_office, uscc
from tests.pages import sit_down


@pytest.fixture(scope="module")
def town(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for the module; each test has a case of its own."""
    with open_office(server, MovingClock(START), tmp_path_factory.mktemp("town") / "data") as office:
        yield office


@pytest.fixture(autouse=True)
def _monday(town: Office) -> None:
    moving = town.kernel.clock
    assert isinstance(moving, MovingClock)
    moving.set(START)


def rows(office: Office, query: Any) -> Sequence[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return session.scalars(query).all()


def clocks(office: Office, case_id: int) -> dict[str, str]:
    return {one.kind: one.state for one in rows(office, select(Clock).where(Clock.case_id == case_id))}


def templates(office: Office, case_id: int) -> dict[str, str]:
    found = rows(office, select(Document).where(Document.case_id == case_id).order_by(Document.id))
    return {one.template: one.state for one in found}


def subjects(office: Office, case_id: int) -> list[tuple[str, str]]:
    found = rows(
        office, select(CaseDecision).where(CaseDecision.case_id == case_id).order_by(CaseDecision.id)
    )
    return [(one.subject, one.kind) for one in found]


def paper(office: Office, case_id: int, message: str, by: str = "window", **facts: Any) -> None:
    operation = partial(receive_paper, paper=Paper(message, facts))
    run(office.kernel, operation, office.actors[by], case_id=case_id)


def conclude(office: Office, case_id: int, outcome: str = "submit_positive", **more: Any) -> None:
    office.work(case_id, "handler", outcome=outcome, **more)
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")


_NUMBERS = itertools.count(1)


def somebody_else() -> dict[str, Any]:
    """An application that has nothing to do with the others: no rule sees a duplicate or a cluster."""
    number = next(_NUMBERS)
    firm = f"宁夏第{number}机械制造有限公司"
    return {
        "worker_id_no": id_number(700 + number),
        "applicant_name": firm,
        "employer_name": firm,
        "employer_uscc": uscc(100 + number),
        "responsible_employer": firm,
        "responsible_employer_uscc": uscc(100 + number),
    }


def served(office: Office) -> int:
    case_id = bring_to_review(office, **somebody_else())
    conclude(office, case_id)
    serve(office, case_id)
    return case_id


def serve(office: Office, case_id: int) -> None:
    """Both parties, two hours later."""
    moving = office.kernel.clock
    assert isinstance(moving, MovingClock)
    moving.move(hours=2)
    office.serve(case_id)


def test_a_refusal_passes_three_people_on_its_own_form_and_ends_as_its_own_decision(town: Office) -> None:
    case_id = town.start(**somebody_else())
    town.work(case_id, "window", outcome="refuse", refusal_ground="out_of_time")
    task = town.open_task_of(case_id)
    assert (task.form_id, task.subject) == ("p01_05_refuse.rb2_initial_review", "refusal")
    with pytest.raises(InvalidInput):
        town.work(case_id, "handler", outcome="submit_negative", refusal_reasons="")
    town.complete(
        case_id,
        town.open_task_of(case_id),
        "handler",
        outcome="submit_negative",
        refusal_ground="out_of_time",
        refusal_reasons="自事故之日起已逾一年，无应扣除期间。",
    )
    town.work(case_id, "checker", outcome="agree")
    town.work(case_id, "approver", outcome="approve")
    assert subjects(town, case_id) == [("refusal", "decided")]
    assert "recognition_non_acceptance" in templates(town, case_id)
    assert "non_recognition_decision" not in templates(town, case_id)
    state = clocks(town, case_id)
    assert (state["CR03"], state["CR09"], state["CR02"]) == ("stopped", "running", "stopped")
    serve(town, case_id)
    assert rows(town, select(CaseMessage).where(CaseMessage.case_id == case_id)) == []
    town.let_remedies_pass(case_id)
    assert town.case(case_id).status == "closed"


def test_a_suspension_is_signed_by_two_stops_the_sixty_days_and_may_come_twice(town: Office) -> None:
    moving = town.kernel.clock
    assert isinstance(moving, MovingClock)
    case_id = town.start(**somebody_else())
    for who, form in TO_REVIEW[:4]:
        town.work(case_id, who, **form)
    town.work(case_id, "handler", outcome="other_body", investigated_on="2026-03-01")
    town.work(case_id, "handler2", outcome="other_body", investigated_on="2026-03-01")
    for number in (1, 2):
        town.work(case_id, "handler", outcome="suspend", suspension_ground="other_body")
        town.work(
            case_id,
            "handler",
            outcome="submit",
            suspension_ground="other_body",
            awaited_body="交警支队",
            awaited_conclusion="道路交通事故认定书",
            suspension_reasons=f"第 {number} 次：事故责任尚未认定。",
        )
        town.work(case_id, "approver", outcome="approve")
        state = clocks(town, case_id)
        assert (state["CR06"], state["CR08"]) == ("paused", "running")
        moving.move(days=31)
        run(town.kernel, run_timers, system_actor(), case_id=case_id)
        paper(town, case_id, "conclusion_received")
        state = clocks(town, case_id)
        assert (state["CR06"], state["CR08"]) == ("running", "stopped")
    assert subjects(town, case_id) == [("suspension", "issued"), ("suspension:2", "issued")]
    # Sixty days from 2 March are 1 May; 62 days later counts again as a plain day: no holiday to move off.
    due = rows(town, select(Clock).where(Clock.case_id == case_id, Clock.kind == "CR06"))[0].due_on
    assert due == date(2026, 7, 2)
    town.work(case_id, "handler", outcome="none")
    conclude(town, case_id)
    assert subjects(town, case_id)[-1] == ("conclusion", "decided")
    assert {"recognition_suspension_notice", "recognition_resumption_notice"} <= templates(
        town, case_id
    ).keys()
    signed = rows(town, select(Signature.subject).where(Signature.case_id == case_id))
    assert sorted(set(signed)) == ["conclusion", "suspension", "suspension:2"]


def test_a_withdrawal_is_confirmed_by_an_officer_and_leaves_everything_that_was(town: Office) -> None:
    case_id = bring_to_review(town, **somebody_else())
    paper(town, case_id, "withdrawal_requested")
    (confirm,) = rows(town, select(Task).where(Task.case_id == case_id, Task.step_key == "p01_xw_confirm"))
    before = len(rows(town, select(Performance).where(Performance.case_id == case_id)))
    _work(town, case_id, confirm.id, "window", outcome="confirmed")
    case = town.case(case_id)
    assert (case.status, case.outcome, case.closed_at is not None) == ("withdrawn", None, True)
    assert set(clocks(town, case_id).values()) == {"stopped"}
    assert len(rows(town, select(Performance).where(Performance.case_id == case_id))) > before
    assert rows(town, select(Task).where(Task.case_id == case_id, Task.state == "open")) == []


def _work(office: Office, case_id: int, task_id: int, by: str, **form: Any) -> None:
    for operation in (claim_task, open_task):
        run(office.kernel, partial(operation, task_id=task_id), office.actors[by], case_id=case_id)
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        task = session.get_one(Task, task_id)
    office.complete(case_id, task, by, **form)


def test_a_paper_the_case_does_not_wait_for_or_after_the_decision_is_refused(town: Office) -> None:
    case_id = served(town)
    for message, error in (("conclusion_received", NotAwaited), ("withdrawal_requested", DecidedAlready)):
        with pytest.raises(error):
            paper(town, case_id, message)
    with pytest.raises(InvalidInput) as caught:
        paper(town, case_id, "challenge_filed")
    assert set(caught.value.errors) == {"challenge_kind"}
    with pytest.raises(DutyDenied):
        paper(town, case_id, "challenge_filed", by="checker", challenge_kind="suit")


def test_a_rectification_is_decided_anew_and_tells_the_chain_that_recognition_fell(town: Office) -> None:
    case_id = served(town)
    paper(town, case_id, "rectification_opened", by="handler")
    town.work(case_id, "handler", outcome="propose", rectification_reasons="考勤记录系伪造。")
    conclude(town, case_id, "submit_negative", legal_basis_code="none", decision_reasons="当日未出勤。")
    state = templates(town, case_id)
    assert (state["recognition_decision"], state["rectification_decision"]) == ("revoked", "issued")
    serve(town, case_id)
    assert subjects(town, case_id) == [("conclusion", "decided"), ("rectification", "decided")]
    sent = rows(town, select(CaseMessage.name).where(CaseMessage.case_id == case_id).order_by(CaseMessage.id))
    assert list(sent) == ["recognition.effective", "recognition.revoked"]
    assert town.case(case_id).outcome == "approved_negative"


def test_a_redo_that_was_ordered_opens_a_case_whose_signers_must_be_others(town: Office) -> None:
    case_id = served(town)
    paper(town, case_id, "challenge_filed", challenge_kind="suit", challenge_number="（2026）宁01行初1号")
    town.work(
        case_id,
        "approver",
        outcome="redo",
        challenge_kind="suit",
        challenge_number="（2026）宁01行初1号",
        challenge_received_at="2026-03-02T08:00",
    )
    assert town.case(case_id).status == "closed"
    spread(town)
    hand_over(town)
    _, again = chain_cases(town, case_id, "injury_recognition")
    case = town.case(again)
    assert (case.case_role, case.subject_name, case.status) == ("redo", "苏国栋", "open")
    assert town.open_task_of(again).step_key == "p01_02_material_check"


def test_days_nobody_can_be_blamed_for_move_the_year_to_apply_and_only_once(town: Office) -> None:
    case_id = town.start(**somebody_else())
    town.take(case_id, "window")
    values = {"from": "2026-02-23", "to": "2026-02-25", "ground": "法释〔2014〕9号第七条：仲裁期间"}
    act = ClockAct.of("CR02", "exclude", values, START.date())
    before = rows(town, select(Clock).where(Clock.case_id == case_id, Clock.kind == "CR02"))[0]
    run(town.kernel, partial(act_on_clock, act=act), town.actors["window"], case_id=case_id)
    after = rows(town, select(Clock).where(Clock.case_id == case_id, Clock.kind == "CR02"))[0]
    # A Saturday moves to the Monday; three days left out end it on the Tuesday.
    assert (before.due_on, after.due_on) == (date(2027, 2, 22), date(2027, 2, 23))
    assert (after.warn_at, after.breach_at) == (None, None)
    with pytest.raises(ClockIntervalOverlaps):
        run(town.kernel, partial(act_on_clock, act=act), town.actors["window"], case_id=case_id)
    more = ClockAct("CR03", "extend", "无", length=1)
    with pytest.raises(ClockNotExtendable):
        run(town.kernel, partial(act_on_clock, act=more), town.actors["window"], case_id=case_id)
    with pytest.raises(TaskNotOpened):
        run(town.kernel, partial(act_on_clock, act=more), town.actors["handler"], case_id=case_id)


def test_a_suspected_incident_is_kept_for_fund_supervision(town: Office) -> None:
    case_id = town.start(**somebody_else())
    town.take(case_id, "window")
    marking = partial(mark_incident, reason="材料疑似伪造")
    run(town.kernel, marking, town.actors["window"], case_id=case_id)
    (message,) = rows(town, select(CaseMessage).where(CaseMessage.case_id == case_id))
    assert (message.name, message.payload["reason"]) == ("incident.suspected", "材料疑似伪造")


def test_a_case_held_on_suspected_fraud_is_told_onwards_and_released_by_a_signed_conclusion(
    town: Office,
) -> None:
    enrolled = {"insured_since": "2026-02-19", "enrolment_received_at": "2026-02-19"}
    case_id = bring_to_review(town, **somebody_else(), **enrolled)
    town.work(case_id, "handler", outcome="submit_positive")
    town.work(case_id, "checker", outcome="agree")
    town.work(case_id, "risk", outcome="hold", opinion="参保登记前一日方有伤情记录，疑似伪造事故时间。")
    sent = {one.name: one.payload["reason"] for one in rows(town, messages_of(case_id))}
    assert sent.keys() == {"incident.suspected", "recovery.lead"}
    assert set(sent.values()) == {"参保登记前一日方有伤情记录，疑似伪造事故时间。"}
    held = town.open_task_of(case_id)
    assert (held.step_key, clocks(town, case_id)["CR06"]) == ("rb4h_lead", "running")
    town.work(case_id, "risk", outcome="agree_cleared", task_lead_number="稽核〔2026〕3号")
    town.work(case_id, "approver", outcome="approve")
    signed = rows(town, select(Signature).where(Signature.case_id == case_id).order_by(Signature.seq))
    assert [(one.duty, one.verdict) for one in signed] == [
        ("initial_review", "agree"),
        ("recheck", "agree"),
        ("risk_review", "return"),
        ("risk_review", "agree"),
        ("final_review", "agree"),
    ]
    assert subjects(town, case_id) == [("conclusion", "decided")]


def messages_of(case_id: int) -> Any:
    return select(CaseMessage).where(CaseMessage.case_id == case_id)


def test_the_audit_chains_of_all_these_paths_are_whole(town: Office) -> None:
    with town.kernel.database.session() as session:
        assert verify(session, town.kernel.keyring).intact


def test_the_window_registers_a_paper_on_its_page_and_is_told_what_is_missing(
    town: Office,
) -> None:
    case_id = served(town)
    window = sit_down(town.kernel, "window")
    town.take(town.start(**somebody_else()), "window")
    page = f"/cases/{case_id}/papers/challenge_filed"
    shown = window.get(page)
    assert shown.status_code == 200
    assert "复议机关或者人民法院的通知" in shown.text
    missing = window.post(page, {"idempotency_key": "a1", "challenge_number": "1"})
    assert (missing.status_code, "challenge_kind" in missing.text) == (422, True)
    done = window.post(page, {"idempotency_key": "a2", "challenge_kind": "suit", "note": "收到应诉通知书"})
    assert done.status_code == 302
    assert town.open_task_of(case_id).step_key == "p01_19_challenge"
    again = window.post(page, {"idempotency_key": "a3", "challenge_kind": "suit"})
    assert (again.status_code, "本案现在不等候这项材料" in again.text) == (422, True)


def test_who_works_on_a_case_finds_its_entries_and_leaves_days_out_of_a_clock(
    town: Office,
) -> None:
    case_id = town.start(**somebody_else())
    town.take(case_id, "window")
    window = sit_down(town.kernel, "window")
    shown = window.get(f"/cases/{case_id}/")
    for words in ("申请人要求撤回申请", "扣除期间", "标记疑似要情"):
        assert words in shown.text, words
    page = f"/cases/{case_id}/clocks/CR02/exclude"
    wrong = window.post(
        page, {"idempotency_key": "b1", "from": "2026-02-25", "to": "2026-02-23", "ground": "仲裁"}
    )
    assert wrong.status_code == 422
    right = {"idempotency_key": "b2", "from": "2026-02-23", "to": "2026-02-25", "ground": "劳动仲裁期间"}
    assert window.post(page, right).status_code == 302
    assert window.get(f"/cases/{case_id}/clocks/CR03/extend").status_code in (400, 403, 409, 422)
    assert (
        window.post(f"/cases/{case_id}/incident", {"idempotency_key": "b3", "reason": ""}).status_code == 422
    )
