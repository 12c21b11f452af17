"""Technical holds: a held case is read and nothing is done in it; clocks and what is due wait for nobody's hold."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from app.faces.worker.timers import advance_case, sweep_timers
from app.kernel.deadlines.models import Clock
from app.kernel.duties.operations import require
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.engine.operations import complete_task
from app.kernel.holds.operations import end_case_hold, end_process_hold, hold_case, hold_process
from app.kernel.holds.queries import list_open_holds
from app.kernel.holds.refusals import AlreadyHeld, HoldNotFound, NothingToHold, ProcessHeld
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit, run
from app.kernel.worklist.operations import claim_task, release_task, save_draft
from app.kernel.worklist.queries import QueueFilter, Tab, list_queue
from app.kernel.worklist.staffing import recheck_staffing
from tests import trial
from tests.integration.test_incidents import timed
from tests.moving_clock import MovingClock
from tests.office import CITY, Office


@pytest.fixture
def case_id(office: Office) -> int:
    """A case of the trial process with a timer, waiting for its draft."""
    trial.compute(office, {})
    trial.put(office, trial.files(bpmn=timed()))
    return trial.begin(office)


def hold(office: Office, case_id: int, by: str = "supervisor") -> int:
    return run(office.kernel, partial(hold_case, reason="模板有误"), office.actors[by], case_id=case_id)


def test_held_case_is_read_and_nothing_is_done_in_it(office: Office, case_id: int) -> None:
    task = office.take(case_id, "handler")
    hold_id = hold(office, case_id)
    handler = office.actors["handler"]
    submitted = office.fill(case_id, task, {"outcome": "submit_positive"})
    for operation in (
        partial(save_draft, task_id=task.id, values={}, version=None),
        partial(complete_task, task_id=task.id, submitted=submitted),
    ):
        with pytest.raises(DutyDenied) as denied:
            run(office.kernel, operation, handler, case_id=case_id)
        assert denied.value.params["reason"] == "case_held"
        assert (denied.value.params["by"], denied.value.params["why"]) == ("supervisor", "模板有误")

    def read(unit: Unit) -> bool:
        assert unit.case is not None
        return require(unit, Action.READ, case=unit.case).allowed

    run(
        office.kernel,
        lambda unit: unit.record("test.read", {"allowed": read(unit)}),
        handler,
        case_id=case_id,
    )
    run(office.kernel, partial(release_task, task_id=task.id), handler, case_id=case_id)
    with pytest.raises(DutyDenied):
        run(office.kernel, partial(claim_task, task_id=task.id), handler, case_id=case_id)
    run(
        office.kernel,
        partial(end_case_hold, hold_id=hold_id, reason="已改正"),
        office.actors["supervisor"],
        case_id=case_id,
    )
    office.work(case_id, "handler", outcome="submit_positive")


def test_queue_says_before_the_click_that_the_case_is_held(office: Office, case_id: int) -> None:
    hold(office, case_id)
    actor = office.actors["handler"]
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, actor.regions)
        now = office.kernel.clock()
        page = list_queue(session, office.person("handler"), QueueFilter(tab=Tab.ALL), now, now.date())
        (row,) = page.rows
        assert (row.decision.allowed, row.decision.reason) == (False, "case_held")
        takeable = list_queue(
            session, office.person("handler"), QueueFilter(tab=Tab.CAN_TAKE), now, now.date()
        )
        assert takeable.rows == ()


def test_held_case_lacks_no_staff(office: Office, case_id: int, clock: MovingClock) -> None:
    """Nobody may claim it, yet it neither waits for staff nor goes to the office above."""
    hold(office, case_id)
    clock.move(days=4)
    recheck_staffing(office.kernel, {"trial": 1.0})
    task = office.open_task_of(case_id)
    assert (task.waiting_for_staff, task.region_code) == (False, CITY)


def test_timers_of_a_held_case_fire_after_the_hold_and_clocks_go_on(
    office: Office, case_id: int, clock: MovingClock
) -> None:
    recognition = office.start()
    hold(office, recognition)
    hold_id = hold(office, case_id)
    before = office.open_task_of(case_id)
    clock.move(days=1, minutes=10)
    advance_case(office.kernel, 1, {"case_id": case_id})
    assert sweep_timers(office.kernel, 1, {}) == 0
    assert office.open_task_of(case_id).id == before.id
    with office.kernel.database.session() as session:
        states = set(session.scalars(select(Clock.state).where(Clock.case_id == recognition)))
    assert "paused" not in states, "a technical hold is no statutory suspension"
    end = partial(end_case_hold, hold_id=hold_id, reason="已改正")
    run(office.kernel, end, office.actors["supervisor"], case_id=case_id)
    assert sweep_timers(office.kernel, 1, {}) == 1
    assert office.open_task_of(case_id).id != before.id


def test_held_process_stops_its_cases_and_takes_no_new_ones(office: Office, case_id: int) -> None:
    other = office.start()
    supervisor = office.actors["supervisor"]
    with pytest.raises(DutyDenied):
        run(
            office.kernel,
            partial(hold_process, process_key="trial", region_code="640000", reason="x"),
            supervisor,
        )
    stop = partial(hold_process, process_key="trial", region_code=CITY, reason="程序有误")
    hold_id = run(office.kernel, stop, supervisor)
    with pytest.raises(AlreadyHeld):
        run(office.kernel, stop, supervisor)
    with pytest.raises(DutyDenied):
        office.take(case_id, "handler")
    with pytest.raises(ProcessHeld):
        trial.begin(office, number=702)
    office.work(other, "window", outcome="complete")
    run(office.kernel, partial(end_process_hold, hold_id=hold_id, reason="已改正"), supervisor)
    office.take(case_id, "handler")
    with pytest.raises(HoldNotFound):
        run(office.kernel, partial(end_process_hold, hold_id=hold_id, reason="已改正"), supervisor)


def test_hold_of_one_version_leaves_the_others_alone(office: Office, case_id: int) -> None:
    trial.put(office, trial.files())
    newer = trial.begin(office, number=703)
    stop = partial(hold_process, process_key="trial", region_code=CITY, reason="旧版有误", version=1)
    run(office.kernel, stop, office.actors["supervisor"])
    with pytest.raises(DutyDenied):
        office.take(case_id, "handler")
    office.take(newer, "handler")
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, (CITY,))
        assert [(row.process_key, row.version) for row in list_open_holds(session)] == [("trial", 1)]


def test_hold_needs_a_reason_a_supervisor_and_something_to_hold(office: Office, case_id: int) -> None:
    with pytest.raises(DutyDenied):
        hold(office, case_id, by="approver")
    with pytest.raises(InvalidInput):
        run(office.kernel, partial(hold_case, reason="  "), office.actors["supervisor"], case_id=case_id)
    stop = partial(hold_process, process_key="nothing", region_code=CITY, reason="x")
    with pytest.raises(NothingToHold):
        run(office.kernel, stop, office.actors["supervisor"])
