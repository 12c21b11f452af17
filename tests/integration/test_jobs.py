"""Jobs and the outbox in our own transaction: deferral, receipts, recovery, delivery."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.faces.worker.delivery import channels, deliver_due
from app.faces.worker.registry import JOBS
from app.faces.worker.run import queue_app
from app.faces.worker.timers import advance_case, sweep_timers
from app.kernel.cases.models import CaseState
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor
from app.storage import jobs, outbox
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database
from app.storage.outbox import Outbox
from app.wiring import build_ports
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock
from tests.office import Office, prepare_database

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture
def kernel(fresh_database: CopiedDatabase, clock: MovingClock, tmp_path: Path) -> Iterator[Kernel]:
    database = Database(fresh_database.app_url)
    clock.set(NOW)
    keyring = KeyRing.create(tmp_path / "keys.json")
    yield Kernel(database, keyring, BlobStore(tmp_path / "blobs"), clock=clock, ports=build_ports())
    database.dispose()


def queued(session: Session) -> list[tuple[Any, ...]]:
    query = "SELECT task_name, args, lock, queue_name, status::text FROM jobs.procrastinate_jobs"
    return [tuple(row) for row in session.execute(text(query))]


def test_job_exists_exactly_when_its_cause_was_committed(kernel: Kernel) -> None:
    with kernel.database.session() as session:
        jobs.defer(session, "check_clocks", {"case": 1}, lock="case:1")
    with kernel.database.session() as session:
        assert queued(session) == []
        jobs.defer(session, "check_clocks", {"case": 1}, lock="case:1")
        session.commit()
    with kernel.database.session() as session:
        assert queued(session) == [("check_clocks", {"case": 1}, "case:1", "default", "todo")]


def test_deferring_leaves_the_search_path_of_the_session_alone(kernel: Kernel) -> None:
    with kernel.database.session() as session:
        before = session.execute(text("SHOW search_path")).scalar_one()
        jobs.defer(session, "check_clocks", {})
        assert session.execute(text("SHOW search_path")).scalar_one() == before
        assert "jobs" not in before


def test_application_role_cannot_change_the_schema_of_the_queue(kernel: Kernel) -> None:
    with kernel.database.session() as session, pytest.raises(ProgrammingError, match="must be owner"):
        session.execute(text("ALTER TABLE jobs.procrastinate_jobs ADD COLUMN x integer"))


def test_job_for_later_is_not_fetched_before_its_time(kernel: Kernel) -> None:
    fetch = text("SELECT id FROM jobs.procrastinate_fetch_job_v2(NULL, NULL)")
    with kernel.database.session() as session:
        jobs.defer(session, "late", {}, at=datetime.now(UTC) + timedelta(hours=1))
        assert session.execute(fetch).scalar_one() is None
        due = jobs.defer(session, "due", {}, at=datetime.now(UTC) - timedelta(seconds=1))
        assert session.execute(fetch).scalar_one() == due


def test_job_for_later_holds_back_no_job_of_the_same_lock(kernel: Kernel) -> None:
    fetch = text("SELECT id FROM jobs.procrastinate_fetch_job_v2(NULL, NULL)")
    with kernel.database.session() as session:
        jobs.defer(session, "late", {}, at=datetime.now(UTC) + timedelta(days=30), lock="case:1")
        now = jobs.defer(session, "now", {}, lock="case:1")
        second = jobs.defer(session, "now", {}, lock="case:1")
        assert session.execute(fetch).scalar_one() == now
        assert session.execute(fetch).scalar_one() is None, "one at a time"
        session.execute(text("SELECT jobs.procrastinate_finish_job_v1(:id, 'succeeded', true)"), {"id": now})
        assert session.execute(fetch).scalar_one() == second


def test_receipt_counts_only_when_the_effect_committed(kernel: Kernel) -> None:
    with kernel.database.session() as session:
        assert jobs.first_run(session, 7)
    with kernel.database.session() as session:
        assert jobs.first_run(session, 7)
        session.commit()
    with kernel.database.session() as session:
        assert not jobs.first_run(session, 7)


def stalled_job(session: Session, task: str) -> int:
    job = jobs.defer(session, task, {})
    session.execute(text("UPDATE jobs.procrastinate_jobs SET status = 'doing' WHERE id = :id"), {"id": job})
    return job


def test_job_of_a_vanished_worker_becomes_a_suspect_then_dead(kernel: Kernel) -> None:
    with kernel.database.session() as session:
        job = stalled_job(session, "work")
        (again,) = jobs.recover_stalled(session, silence=30, attempts=2)
        assert (again.id, again.attempts, again.dead) == (job, 1, False)
        assert queued(session) == [("work", {}, None, jobs.SUSPECT_QUEUE, "todo")]
        assert jobs.recover_stalled(session, silence=30, attempts=2) == []
        session.execute(text("UPDATE jobs.procrastinate_jobs SET status = 'doing'"))
        (dead,) = jobs.recover_stalled(session, silence=30, attempts=2)
        assert dead.dead
        assert [item.id for item in jobs.dead_jobs(session)] == [job]
        assert jobs.revive(session, job)
        assert not jobs.revive(session, job)


def test_job_of_a_living_worker_is_left_alone(kernel: Kernel) -> None:
    with kernel.database.session() as session:
        worker = session.execute(
            text("SELECT worker_id FROM jobs.procrastinate_register_worker_v1()")
        ).scalar_one()
        job = stalled_job(session, "work")
        session.execute(
            text("UPDATE jobs.procrastinate_jobs SET worker_id = :w WHERE id = :id"),
            {"w": worker, "id": job},
        )
        assert jobs.recover_stalled(session, silence=30, attempts=2) == []
        assert [item.id for item in jobs.recover_stalled(session, silence=-1, attempts=2)] == [job]


def test_every_registered_job_is_known_to_the_queue(kernel: Kernel) -> None:
    app = queue_app(kernel, JOBS)
    assert {job.name for job in JOBS} <= set(app.tasks)
    periodic = {name for name, _ in app.periodic_registry.periodic_tasks}
    assert periodic == {job.name for job in JOBS if job.cron}


def send(kernel: Kernel, topic: str, key: str, payload: dict[str, Any]) -> None:
    with kernel.database.session() as session:
        outbox.send(session, topic, key, payload, kernel.clock())
        session.commit()


def the_row(kernel: Kernel) -> Outbox:
    with kernel.database.session() as session:
        return session.scalars(select(Outbox)).one()


def test_letter_is_written_once_with_its_content(kernel: Kernel, tmp_path: Path) -> None:
    digest = kernel.blobs.put(b"letter")
    send(kernel, "file", "letter:1", {"digest": digest, "name": "../决定书.docx"})
    known = channels(tmp_path / "outgoing")
    assert deliver_due(kernel, known) == 1
    assert deliver_due(kernel, known) == 0
    (letter,) = (tmp_path / "outgoing").iterdir()
    assert letter.name == f"{digest[:16]}-决定书.docx"
    assert letter.read_bytes() == b"letter"
    assert (the_row(kernel).state, the_row(kernel).attempts) == ("sent", 1)


def test_two_effects_of_one_key_cannot_both_commit(kernel: Kernel) -> None:
    send(kernel, "file", "letter:1", {})
    with pytest.raises(Exception, match="uq_outbox_key"):
        send(kernel, "file", "letter:1", {})


def test_failing_channel_is_tried_later_and_at_last_given_up(
    kernel: Kernel, clock: MovingClock, caplog: pytest.LogCaptureFixture
) -> None:
    send(kernel, "telegraph", "t:1", {})
    for attempt in range(1, outbox.ATTEMPTS + 1):
        assert deliver_due(kernel, {}) == 1
        row = the_row(kernel)
        assert (row.state, row.attempts, row.last_error) == ("waiting", attempt, "ChannelUnknown")
        assert deliver_due(kernel, {}) == 0
        clock.move(hours=2)
    assert deliver_due(kernel, {}) == 0
    assert the_row(kernel).state == "dead"


def test_delivery_cut_off_by_a_death_is_counted_and_tried_again(
    kernel: Kernel, clock: MovingClock, tmp_path: Path
) -> None:
    digest = kernel.blobs.put(b"letter")
    send(kernel, "file", "letter:1", {"digest": digest, "name": "a.docx"})
    claimed = run(kernel, lambda unit: outbox.claim(unit.session, unit.now), system_actor())
    assert len(claimed) == 1  # here the worker dies
    known = channels(tmp_path / "outgoing")
    assert deliver_due(kernel, known) == 0
    clock.move(minutes=2)
    assert deliver_due(kernel, known) == 1
    assert (the_row(kernel).state, the_row(kernel).attempts) == ("sent", 2)


def test_timer_job_advances_a_case_only_when_its_timer_is_due(
    kernel: Kernel, clock: MovingClock, fresh_database: CopiedDatabase
) -> None:
    prepare_database(fresh_database)
    case_id = Office.found(kernel).start()
    set_timer(kernel, case_id, NOW + timedelta(days=30))
    advance_case(kernel, 1, {"case_id": case_id})
    assert timers_run(kernel) == 0
    clock.move(days=30)
    advance_case(kernel, 1, {"case_id": case_id})
    assert timers_run(kernel) == 1


def test_sweep_catches_a_timer_whose_job_was_lost(
    kernel: Kernel, clock: MovingClock, fresh_database: CopiedDatabase
) -> None:
    prepare_database(fresh_database)
    case_id = Office.found(kernel).start()
    set_timer(kernel, case_id, NOW)
    clock.move(minutes=1)
    assert sweep_timers(kernel, 1, {}) == 0, "the timer's own job comes first"
    clock.move(minutes=5)
    assert sweep_timers(kernel, 1, {}) == 1
    assert timers_run(kernel) == 1
    assert sweep_timers(kernel, 1, {}) == 0


def set_timer(kernel: Kernel, case_id: int, due: datetime) -> None:
    with kernel.database.session() as session:
        session.execute(update(CaseState).where(CaseState.case_id == case_id).values(next_due_at=due))
        session.commit()


def timers_run(kernel: Kernel) -> int:
    with kernel.database.session() as session:
        query = text("SELECT count(*) FROM audit_event WHERE event = 'case.timers_run'")
        return int(session.execute(query).scalar_one())
