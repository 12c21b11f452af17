"""Absences: who may enter them, what they change for queues, assignments and the mark "waiting for staff"."""

from __future__ import annotations

from functools import partial

import orjson
import pytest
from sqlalchemy import select

from app.kernel.absences.models import Absence
from app.kernel.absences.operations import AbsenceEntry, cancel_absence, record_absence
from app.kernel.absences.preview import preview_absence
from app.kernel.absences.queries import list_absent, list_requests, list_substitutions
from app.kernel.absences.refusals import AbsenceNotFound, AbsenceOverlaps, AbsencePeriodInvalid
from app.kernel.absences.substitution import name_substitute
from app.kernel.audit.models import AuditEvent
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Verdict
from app.kernel.transaction import run
from app.kernel.worklist.models import Notification, Task
from app.kernel.worklist.operations import assign_task, claim_task
from app.kernel.worklist.staff import list_staff, spread
from app.kernel.worklist.staffing import recheck_staffing
from tests.moving_clock import MovingClock
from tests.office import Office, bring_to_review
from tests.substitution_office import DAY, act, ask, away, hire_more, substitute, today_of


@pytest.fixture
def staffed(office: Office) -> Office:
    hire_more(office)
    return office


def to_recheck(office: Office) -> int:
    """A case that waits for recheck."""
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    return case_id


def absence_of(office: Office, absence_id: int) -> Absence:
    with office.kernel.database.session() as session:
        return session.get_one(Absence, absence_id)


def test_officer_enters_own_absence_and_supervisors_hear_of_it(staffed: Office) -> None:
    absence_id = away(staffed, "checker")
    with staffed.kernel.database.session() as session:
        told = session.scalars(select(Notification.person_id).where(Notification.code == "absence_recorded"))
        assert set(told) == {staffed.person("supervisor"), staffed.person("head")}
        event = session.scalars(select(AuditEvent).where(AuditEvent.event == "absence.recorded")).one()
    assert orjson.loads(event.payload)["absence"] == absence_id
    assert event.chain == f"person:{staffed.person('checker')}"


def test_supervisor_enters_absence_of_own_people_only(staffed: Office) -> None:
    away(staffed, "checker", by="supervisor")
    with pytest.raises(DutyDenied):
        away(staffed, "handler", by="county_supervisor")
    with pytest.raises(DutyDenied):
        away(staffed, "handler", by="handler2")


def test_absence_must_be_a_sensible_period(staffed: Office) -> None:
    day, person = today_of(staffed), staffed.person("checker")
    for first, last in ((day, day - DAY), (day - 9 * DAY, day - DAY), (day, day + 400 * DAY)):
        with pytest.raises(AbsencePeriodInvalid):
            act(staffed, "checker", record_absence, AbsenceEntry(person, first, last, "leave"))
    away(staffed, "checker", days=5, starts=2)
    with pytest.raises(AbsenceOverlaps) as refused:
        away(staffed, "checker", days=3)
    assert refused.value.params["starts"] == (day + 2 * DAY).isoformat()


def test_nothing_is_assigned_to_whoever_is_away(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    task = staffed.open_task_of(case_id)
    away(staffed, "checker2")
    operation = partial(assign_task, task_id=task.id, person_id=staffed.person("checker2"), reason="平衡负荷")
    with pytest.raises(DutyDenied) as denied:
        run(staffed.kernel, operation, staffed.actors["supervisor"], case_id=case_id)
    assert denied.value.decision.reason == "absent"
    assert denied.value.decision.params["until"] == (today_of(staffed) + 4 * DAY).isoformat()
    operation = partial(assign_task, task_id=task.id, person_id=staffed.person("checker"), reason="平衡负荷")
    run(staffed.kernel, operation, staffed.actors["supervisor"], case_id=case_id)
    with staffed.kernel.database.session() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.event == "task.reassigned")).one()
    assert orjson.loads(event.payload)["reason"] == "平衡负荷"


def test_new_task_waits_for_staff_when_all_holders_are_away(staffed: Office, clock: MovingClock) -> None:
    case_id = bring_to_review(staffed)
    for name in ("checker", "checker2"):
        away(staffed, name, days=3)
    staffed.work(case_id, "handler", outcome="submit_positive")
    task = staffed.open_task_of(case_id)
    assert task.waiting_for_staff and task.waiting_since == clock()
    clock.move(days=3)
    assert recheck_staffing(staffed.kernel) == 1
    task = staffed.open_task_of(case_id)
    assert not task.waiting_for_staff and task.waiting_since is None


def test_task_waits_once_its_last_holder_has_left_and_not_while_a_substitute_is_here(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    away(staffed, "checker")
    away(staffed, "checker2")
    assert recheck_staffing(staffed.kernel) == 1
    assert staffed.open_task_of(case_id).waiting_for_staff
    substitute(staffed)
    assert recheck_staffing(staffed.kernel) == 1
    assert not staffed.open_task_of(case_id).waiting_for_staff


def test_substitute_who_is_away_finds_no_task(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    substitute(staffed)
    for name in ("checker", "checker2", "clerk2"):
        away(staffed, name)
    assert recheck_staffing(staffed.kernel) == 1
    assert staffed.open_task_of(case_id).waiting_for_staff


def test_cancelled_absence_ends_the_substitution_named_for_it(staffed: Office) -> None:
    absence_id = away(staffed, "checker")
    substitute(staffed, absence_id=absence_id)
    later = today_of(staffed) + 6 * DAY
    asked = ask(staffed, absence_id=absence_id, valid_from=later, valid_to=later + DAY)
    act(staffed, "checker", name_substitute, asked)
    act(staffed, "checker", cancel_absence, absence_id)
    with staffed.kernel.database.session() as session:
        person = staffed.person("checker")
        assert list_absent(session, [person], today_of(staffed)) == {}
        assert [
            s.ended_on for s in list_substitutions(session, persons=[person], first=today_of(staffed))
        ] == []
        assert list_requests(session, persons=[person]) == []
    with pytest.raises(AbsenceNotFound):
        act(staffed, "checker", cancel_absence, absence_id)
    assert absence_of(staffed, absence_id).cancelled_by == staffed.person("checker")


def test_only_oneself_or_a_supervisor_cancels(staffed: Office) -> None:
    absence_id = away(staffed, "checker")
    with pytest.raises(DutyDenied):
        act(staffed, "handler", cancel_absence, absence_id)
    act(staffed, "supervisor", cancel_absence, absence_id)


def test_preview_names_claimed_tasks_due_days_and_tasks_left_alone(staffed: Office) -> None:
    claimed, free = to_recheck(staffed), to_recheck(staffed)
    task = staffed.open_task_of(claimed)
    run(staffed.kernel, partial(claim_task, task_id=task.id), staffed.actors["checker"], case_id=claimed)
    day = today_of(staffed)
    away(staffed, "checker2", days=10)
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, ("*",))
        due = session.get_one(Task, task.id).due_on
        assert due is not None
        seen = preview_absence(
            session,
            staffed.person("checker"),
            day,
            due,
            staffed.kernel.clock(),
            day,
            reader=staffed.person("checker"),
        )
    assert [item.case.id for item in seen.claimed] == [claimed]
    assert seen.due_inside == 1 and seen.claimed[0].others == ()
    assert [item.case.id for item in seen.alone] == [free]
    possible = {one.name: one.refusal for one in seen.posts[0].possible}
    assert possible["clerk2"] == ""
    assert possible["handler"] == "substitution_excluded"
    assert possible["checker2"] == "substitution_needless"


def test_preview_sees_nobody_alone_when_a_colleague_is_here(staffed: Office) -> None:
    to_recheck(staffed)
    day = today_of(staffed)
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, ("*",))
        seen = preview_absence(
            session,
            staffed.person("checker"),
            day,
            day + DAY,
            staffed.kernel.clock(),
            day,
            reader=staffed.person("checker"),
        )
    assert seen.claimed == () and seen.alone == ()


def test_staff_list_tells_why_an_absent_holder_is_not_offered(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    task, case = staffed.open_task_of(case_id), staffed.case(case_id)
    away(staffed, "checker2")
    substitute(staffed)
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, ("*",))
        found = {
            one.name: one
            for one in list_staff(session, task, case, staffed.kernel.clock(), today_of(staffed))
        }
    assert found["checker2"].decision.reason == "absent"
    assert found["clerk2"].decision.verdict is Verdict.ALLOW and found["clerk2"].principal == "checker"
    assert spread({task.id: list(found.values())}, [one.person_id for one in found.values()]) == {
        task.id: min(staffed.person("checker"), staffed.person("clerk2"))
    }
