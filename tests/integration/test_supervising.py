"""What a supervisor may do with others' tasks, and may not: no by-pass. Routing to the next higher office."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from app.kernel.audit.models import AuditEvent
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.catalogue import list_routing
from app.kernel.refusals import TaskNotClaimed
from app.kernel.transaction import run
from app.kernel.worklist.models import Notification, Task
from app.kernel.worklist.operations import assign_task, claim_task, open_task
from app.kernel.worklist.refusals import NoHigherOffice, ReasonMissing
from app.kernel.worklist.staffing import recheck_staffing
from app.kernel.worklist.supervising import put_back_task, route_upward
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office, bring_to_review
from tests.substitution_office import act, away, hire_more

REGION = "640000"


@pytest.fixture
def staffed(office: Office) -> Office:
    hire_more(office)
    return office


def to_recheck(office: Office) -> Task:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    return office.open_task_of(case_id)


def waiting(office: Office) -> Task:
    """A recheck nobody in the city may do, because both checkers are away."""
    for name in ("checker", "checker2"):
        away(office, name, days=30)
    return to_recheck(office)


def now(office: Office, task: Task) -> Task:
    return office.open_task_of(task.case_id)


def test_supervisor_has_no_duty_to_claim_or_to_give_himself(staffed: Office) -> None:
    task = to_recheck(staffed)
    for operation in (
        partial(claim_task, task_id=task.id),
        partial(assign_task, task_id=task.id, person_id=staffed.person("supervisor"), reason="自己办"),
        partial(assign_task, task_id=task.id, person_id=staffed.person("head"), reason="自己办"),
        partial(assign_task, task_id=task.id, person_id=staffed.person("handler"), reason="初审人复核"),
    ):
        with pytest.raises(DutyDenied):
            run(staffed.kernel, operation, staffed.actors["supervisor"], case_id=task.case_id)
    assert now(staffed, task).claimed_by is None


def test_supervisor_cannot_open_what_was_claimed_by_another(staffed: Office) -> None:
    task = to_recheck(staffed)
    act(staffed, "checker", claim_task, task.id, case_id=task.case_id)
    with pytest.raises(Exception, match="task_not_claimed"):
        act(staffed, "supervisor", open_task, task.id, case_id=task.case_id)


def test_task_is_put_back_with_a_reason_and_by_a_supervisor_only(staffed: Office) -> None:
    task = to_recheck(staffed)
    act(staffed, "checker", claim_task, task.id, case_id=task.case_id)
    with pytest.raises(ReasonMissing):
        act(staffed, "supervisor", put_back_task, task.id, " ", case_id=task.case_id)
    for who in ("checker2", "county_supervisor"):
        with pytest.raises(DutyDenied):
            act(staffed, who, put_back_task, task.id, "离岗", case_id=task.case_id)
    act(staffed, "supervisor", put_back_task, task.id, "离岗", case_id=task.case_id)
    assert now(staffed, task).claimed_by is None
    with pytest.raises(TaskNotClaimed):
        act(staffed, "supervisor", put_back_task, task.id, "离岗", case_id=task.case_id)


def test_routed_task_is_done_above_while_the_case_stays(staffed: Office) -> None:
    staffed.grant("county_checker", "rec_checker", region=REGION)
    task = waiting(staffed)
    assert act(staffed, "supervisor", route_upward, task.id, "复核岗都不在岗", case_id=task.case_id) == REGION
    moved = now(staffed, task)
    assert (moved.region_code, moved.home_region_code, moved.waiting_for_staff) == (REGION, CITY, False)
    assert staffed.case(task.case_id).region_code == CITY
    with staffed.kernel.database.session() as session:
        told = session.scalars(
            select(Notification.person_id).where(Notification.code == "task_routed_upward")
        )
        assert set(told) == {staffed.person("head")}  # of both offices; whoever did it knows
        event = session.scalars(select(AuditEvent).where(AuditEvent.event == "task.routed_upward")).one()
    assert "复核岗都不在岗" in bytes(event.payload).decode()
    with pytest.raises(DutyDenied):
        act(staffed, "checker", claim_task, task.id, case_id=task.case_id)
    upper = staffed.actors["county_checker"]
    run(staffed.kernel, partial(claim_task, task_id=task.id), upper, case_id=task.case_id)
    run(staffed.kernel, partial(open_task, task_id=task.id), upper, case_id=task.case_id)
    staffed.complete(task.case_id, now(staffed, task), "county_checker", outcome="agree")
    following = now(staffed, task)
    assert following.duty != "recheck" and following.region_code == CITY


def test_office_that_handed_a_task_over_still_sees_it_and_goes_on_with_the_case(staffed: Office) -> None:
    """Else its units would take the task for missing and project it a second time."""
    staffed.grant("county_checker", "rec_checker", region=REGION)
    task = waiting(staffed)
    act(staffed, "supervisor", route_upward, task.id, "复核岗都不在岗", case_id=task.case_id)
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, (CITY,))
        assert session.get(Task, task.id) is not None
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, (COUNTY,))
        assert session.get(Task, task.id) is None


def test_routing_needs_somebody_above_and_a_supervisor_of_the_case(staffed: Office) -> None:
    task = waiting(staffed)
    with pytest.raises(NoHigherOffice):
        act(staffed, "supervisor", route_upward, task.id, "无人", case_id=task.case_id)
    staffed.grant("county_checker", "rec_checker", region=REGION)
    for who in ("handler", "county_supervisor"):
        with pytest.raises(DutyDenied):
            act(staffed, who, route_upward, task.id, "无人", case_id=task.case_id)
    away(staffed, "county_checker", days=30, by="head")
    with pytest.raises(NoHigherOffice):
        act(staffed, "supervisor", route_upward, task.id, "无人", case_id=task.case_id)


def test_task_goes_up_by_itself_only_after_the_hours_the_process_names(
    staffed: Office, clock: MovingClock
) -> None:
    staffed.grant("county_checker", "rec_checker", region=REGION)
    task = waiting(staffed)
    with staffed.kernel.database.session() as session:
        routing = list_routing(session)
    assert routing == {"injury_recognition": 16.0}
    clock.move(days=1, hours=6)  # Tuesday 15:00: 8 hours of Monday, 6 of Tuesday
    assert recheck_staffing(staffed.kernel, routing) == 0
    assert now(staffed, task).waiting_for_staff
    clock.move(hours=3)
    assert recheck_staffing(staffed.kernel) == 0  # without a policy a task stays
    assert recheck_staffing(staffed.kernel, routing) == 1
    moved = now(staffed, task)
    assert (moved.region_code, moved.home_region_code, moved.waiting_for_staff) == (REGION, CITY, False)
    assert recheck_staffing(staffed.kernel, routing) == 0
