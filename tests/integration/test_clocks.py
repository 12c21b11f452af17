"""Statutory clocks on the real database: changes, warnings, breaches, a corrected calendar."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case
from app.kernel.deadlines import calendar_operations, operations, queries, refusals
from app.kernel.deadlines.jobs import check_clocks, recompute_clocks
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.kernel import Kernel
from app.kernel.local_time import LOCAL_ZONE
from app.kernel.transaction import Actor, run
from app.kernel.worklist.models import Notification
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database
from tests.clock_office import ClockOffice
from tests.clock_specs import CR06
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock

CR07 = replace(CR06, kind="CR07", length=15, title_zh="简易程序 15 日")
ACCEPTED = date(2026, 9, 18)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=LOCAL_ZONE)


@pytest.fixture
def office(fresh_database: CopiedDatabase, clock: MovingClock, tmp_path: Path) -> Iterator[ClockOffice]:
    keyring = KeyRing.create(tmp_path / "keys.json")
    database = Database(fresh_database.app_url)
    kernel = Kernel(database, keyring, BlobStore(tmp_path / "blobs"), clock=clock)
    clock.set(noon(ACCEPTED))
    place = ClockOffice(fresh_database, kernel)
    yield place
    place.close()
    database.dispose()


def start(office: ClockOffice, spec: ClockSpec = CR06) -> None:
    office.do(lambda unit: operations.start_clock(unit, office.case_id, spec))


def pause(office: ClockOffice, clock: MovingClock, began: date, ended: date) -> None:
    clock.set(noon(began))
    office.do(
        lambda unit: operations.pause_clock(
            unit, office.case_id, "CR06", reason="等结论", ground="认定办法 20"
        )
    )
    clock.set(noon(ended))
    office.do(lambda unit: operations.resume_clock(unit, office.case_id, "CR06", ground="认定办法 20"))


def test_suspension_is_stored_reckoned_audited_and_sorts_the_queue(
    office: ClockOffice, clock: MovingClock
) -> None:
    start(office)
    assert office.clock().due_on == date(2026, 11, 17)
    pause(office, clock, date(2026, 10, 12), date(2026, 10, 21))
    row = office.clock()
    assert (row.state, row.due_on) == ("running", date(2026, 11, 26))
    assert row.warn_at == datetime(2026, 11, 15, tzinfo=LOCAL_ZONE)
    assert row.breach_at == datetime(2026, 11, 27, tzinfo=LOCAL_ZONE)
    assert office.task().due_on == date(2026, 11, 26)
    assert [office.events(f"clock.{what}") for what in ("started", "paused", "resumed")] == [1, 1, 1]


def test_view_of_the_case_page_explains_the_last_day(office: ClockOffice, clock: MovingClock) -> None:
    start(office)
    pause(office, clock, date(2026, 10, 12), date(2026, 10, 21))
    with office.kernel.database.session() as session:
        (view,) = queries.clocks_of(session, office.case_id, date(2026, 11, 23))
    assert (view.due.raw_end, view.due.suspended_days) == (date(2026, 11, 17), 9)
    assert (view.remaining.used, view.remaining.working_days) == (57, 3)
    assert [item.reason for item in view.suspensions] == ["等结论"]


def test_suspended_clock_neither_warns_nor_breaches(office: ClockOffice, clock: MovingClock) -> None:
    start(office)
    clock.set(noon(date(2026, 10, 12)))
    office.do(lambda unit: operations.pause_clock(unit, office.case_id, "CR06", reason="r", ground="g"))
    clock.set(noon(date(2027, 6, 1)))
    assert check_clocks(office.kernel) == 0
    assert office.clock().due_on is None


def test_four_fifths_warn_handler_and_head_once(office: ClockOffice, clock: MovingClock) -> None:
    start(office)
    clock.set(datetime(2026, 11, 5, 23, 59, tzinfo=LOCAL_ZONE))
    assert check_clocks(office.kernel) == 0
    clock.set(datetime(2026, 11, 6, 0, 0, tzinfo=LOCAL_ZONE))
    assert check_clocks(office.kernel) == 1
    assert check_clocks(office.kernel) == 0
    assert office.told("clock_warned") == sorted([office.handler, office.head])
    with office.owner.session() as session:
        params = session.scalars(select(Notification.params)).all()
        case_no, subject = session.execute(select(Case.case_no, Case.subject_name)).one()
    assert {(one["case_no"], one["subject"]) for one in params} == {(case_no, subject)}
    assert office.events("clock.warned") == 1
    assert office.clock().breached_at is None


def test_breach_escalates_to_the_region_above_and_decides_nothing(
    office: ClockOffice, clock: MovingClock
) -> None:
    start(office)
    clock.set(datetime(2026, 11, 17, 23, 59, tzinfo=LOCAL_ZONE))
    check_clocks(office.kernel)
    assert office.clock().breached_at is None
    clock.set(datetime(2026, 11, 18, 0, 0, tzinfo=LOCAL_ZONE))
    assert check_clocks(office.kernel) == 1
    assert check_clocks(office.kernel) == 0
    assert office.told("clock_breached") == sorted([office.handler, office.head, office.above])
    assert office.clock().state == "running"
    assert office.task().state == "open"
    assert office.events("clock.breached") == 1


def test_case_that_somebody_works_in_is_left_for_the_next_run(
    office: ClockOffice, clock: MovingClock
) -> None:
    start(office)
    clock.set(noon(date(2026, 11, 10)))
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        session.execute(select(Case.id).where(Case.id == office.case_id).with_for_update())
        assert check_clocks(office.kernel) == 0
    assert check_clocks(office.kernel) == 1


def test_stopped_clock_never_speaks_again_and_the_kind_may_start_anew(
    office: ClockOffice, clock: MovingClock
) -> None:
    start(office)
    with pytest.raises(refusals.ClockAlreadyRunning):
        start(office)
    office.do(lambda unit: operations.stop_clock(unit, office.case_id, "CR06", reason="decided"))
    clock.set(noon(date(2027, 6, 1)))
    assert check_clocks(office.kernel) == 0
    with pytest.raises(refusals.ClockNotFound):
        office.do(lambda unit: operations.stop_clock(unit, office.case_id, "CR06", reason="again"))
    start(office)
    assert (office.clock().run, office.clock().state) == (2, "running")


def test_conversion_counts_from_the_same_acceptance_day(office: ClockOffice, clock: MovingClock) -> None:
    start(office, CR07)
    assert office.clock("CR07").due_on == date(2026, 10, 8)  # 3 October lies in the holiday
    clock.set(noon(date(2026, 9, 29)))
    office.do(lambda unit: operations.convert_clock(unit, office.case_id, "CR07", CR06, ground="认定办法 21"))
    assert office.clock("CR07").state == "stopped"
    assert office.clock("CR06").started_on == ACCEPTED
    assert office.clock("CR06").due_on == date(2026, 11, 17)


def test_law_without_extension_refuses_one(office: ClockOffice) -> None:
    start(office)
    with pytest.raises(refusals.ClockNotExtendable):
        office.do(
            lambda unit: operations.extend_clock(
                unit, office.case_id, "CR06", length=30, allowed=0, ground="none"
            )
        )
    assert office.clock().due_on == date(2026, 11, 17)


def test_corrected_holiday_moves_the_last_day_once(office: ClockOffice) -> None:
    start(office)
    holiday = date(2026, 11, 17)
    office.do(lambda unit: calendar_operations.override_day(unit, holiday, "holiday", "宁政办发〔2026〕1号"))
    assert recompute_clocks(office.kernel, holiday) == 1
    assert recompute_clocks(office.kernel, holiday) == 0
    assert office.clock().due_on == date(2026, 11, 18)
    assert office.task().due_on == date(2026, 11, 18)
    assert office.events("clock.recomputed") == 1


def test_publishing_the_year_makes_a_provisional_date_final(office: ClockOffice, clock: MovingClock) -> None:
    clock.set(noon(date(2026, 12, 1)))
    start(office)
    assert office.clock().provisional
    office.do(lambda unit: calendar_operations.publish_year(unit, 2027, "国办通知"))
    assert recompute_clocks(office.kernel, date(2027, 1, 1)) == 1
    assert not office.clock().provisional


def test_change_of_a_clock_by_a_person_names_the_person(office: ClockOffice) -> None:
    actor = Actor(account_id=1, person_id=office.handler, regions=("640100",))
    run(
        office.kernel,
        lambda unit: operations.start_clock(unit, office.case_id, CR06).kind,
        actor,
    )
    with office.owner.session() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.event == "clock.started")).one()
    assert event.person_id == office.handler
    assert "第二十条" in event.payload.decode()
