"""Background jobs: Procrastinate's queue in the PostgreSQL schema `jobs`, written inside our own
transaction, so that a job exists exactly when its cause was committed.

The library's functions name their tables without a schema; `install_procrastinate_schema` pins
their search path, so our sessions keep theirs. A job runs at least once; `first_run` makes its
database effects happen exactly once, because the receipt commits together with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from procrastinate.schema import SchemaManager
from procrastinate.testing import InMemoryConnector
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

SCHEMA = "jobs"
QUEUE = "default"
# Jobs whose worker died wait here and run one at a time, so that a job that kills its worker
# takes no other suspect with it and the innocent ones are cleared.
SUSPECT_QUEUE = "suspect"

_DEFER = text(
    """
    SELECT unnest(jobs.procrastinate_defer_jobs_v1(ARRAY[ROW(
        :queue, :task, 0, :lock, :queueing_lock, CAST(:args AS jsonb),
        CAST(:at AS timestamptz))::jobs.procrastinate_job_to_defer_v1]))
    """
)

_FIRST_RUN = text(
    "INSERT INTO jobs.job_receipt (job_id) VALUES (:job_id) ON CONFLICT DO NOTHING RETURNING job_id"
)

# One statement, locked row by row: two janitors never handle the same death twice.
_RECOVER = text(
    """
    WITH stalled AS (
        SELECT job.id FROM jobs.procrastinate_jobs job
        LEFT JOIN jobs.procrastinate_workers worker ON worker.id = job.worker_id
        WHERE job.status = 'doing'
          AND (worker.id IS NULL
               OR worker.last_heartbeat < now() - make_interval(secs => :silence))
        FOR UPDATE OF job SKIP LOCKED)
    UPDATE jobs.procrastinate_jobs job
    SET attempts = job.attempts + 1,
        worker_id = NULL,
        queue_name = :suspect,
        status = CASE WHEN job.attempts + 1 >= :attempts THEN 'failed' ELSE 'todo' END
                 ::jobs.procrastinate_job_status
    FROM stalled WHERE stalled.id = job.id
    RETURNING job.id, job.task_name, job.attempts, job.status::text
    """
)

_SILENT_WORKERS = text(
    "DELETE FROM jobs.procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => :silence)"
)

_DEAD = text(
    """
    SELECT id, task_name, args, attempts FROM jobs.procrastinate_jobs
    WHERE status = 'failed' ORDER BY id DESC LIMIT :limit
    """
)

_REVIVE = text(
    """
    UPDATE jobs.procrastinate_jobs
    SET status = 'todo', attempts = 0, scheduled_at = NULL, queue_name = :suspect
    WHERE id = :job_id AND status = 'failed' RETURNING id
    """
)

_FORGET = text(
    """
    WITH receipts AS (
        DELETE FROM jobs.job_receipt receipt WHERE receipt.at < now() - make_interval(days => :days)
        AND NOT EXISTS (SELECT FROM jobs.procrastinate_jobs job WHERE job.id = receipt.job_id)
        RETURNING 1)
    SELECT count(*) FROM receipts
    """
)


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that failed for good or killed its worker too often; a person must look at it."""

    id: int
    task: str
    args: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class RecoveredJob:
    """A job taken from a silent worker: back in the queue, or dead after too many attempts."""

    id: int
    task: str
    attempts: int
    dead: bool


def defer(
    session: Session,
    task: str,
    args: Mapping[str, Any],
    *,
    at: datetime | None = None,
    queueing_lock: str | None = None,
    lock: str | None = None,
) -> int:
    """Queue a job in the session's transaction and return its id.

    `at`: not before this instant. `lock`: jobs with the same lock run one after the other; a job
    with `at` takes none, for the queue would hold back every later job of that lock until then.
    `queueing_lock`: at most one waiting job; a second one raises IntegrityError, and a concurrent
    transaction waits for the first to end, so never use it in a transaction that holds a case.
    """
    values = {
        "queue": QUEUE,
        "task": task,
        "lock": lock if at is None else None,
        "queueing_lock": queueing_lock,
        "args": orjson.dumps(dict(args)).decode(),
        "at": at,
    }
    return int(session.execute(_DEFER, values).scalar_one())


def first_run(session: Session, job_id: int) -> bool:
    """True exactly once per job: the receipt commits together with the effects of the job.

    A rival run of the same job waits here until the first one commits or rolls back.
    """
    return session.execute(_FIRST_RUN, {"job_id": job_id}).scalar_one_or_none() is not None


def recover_stalled(session: Session, *, silence: float, attempts: int) -> list[RecoveredJob]:
    """Take jobs from workers silent for `silence` seconds; dead after `attempts` such deaths."""
    values = {"silence": silence, "attempts": attempts, "suspect": SUSPECT_QUEUE}
    rows = session.execute(_RECOVER, values).all()
    session.execute(_SILENT_WORKERS, {"silence": silence})
    return [RecoveredJob(row[0], row[1], row[2], row[3] == "failed") for row in rows]


def dead_jobs(session: Session, limit: int = 100) -> list[DeadJob]:
    """Jobs given up, newest first."""
    return [DeadJob(*row) for row in session.execute(_DEAD, {"limit": limit})]


def revive(session: Session, job_id: int) -> bool:
    """Queue a dead job again with a clean slate; False when it isn't dead."""
    values = {"job_id": job_id, "suspect": SUSPECT_QUEUE}
    return session.execute(_REVIVE, values).scalar_one_or_none() is not None


def forget_receipts(session: Session, days: int) -> int:
    """Drop receipts of jobs finished and older than `days`; returns how many."""
    return int(session.execute(_FORGET, {"days": days}).scalar_one())


def install_procrastinate_schema(connection: Connection, *, role: str = "sanshen_app") -> None:
    """Create schema `jobs` with the library's tables and our receipts, and let `role` work in it.

    Called by the migration as the owner. Every function gets a fixed search path.
    """
    library = SchemaManager(InMemoryConnector()).get_schema()
    script = f"""
        CREATE SCHEMA {SCHEMA};
        SELECT set_config('sanshen.search_path', current_setting('search_path'), true);
        SET LOCAL search_path = {SCHEMA};
        {library}
        CREATE TABLE job_receipt (
            job_id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
        CREATE INDEX procrastinate_jobs_failed ON procrastinate_jobs (id) WHERE status = 'failed';
        DO $$
        DECLARE routine regprocedure;
        BEGIN
            FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = '{SCHEMA}'::regnamespace
            LOOP
                EXECUTE format('ALTER FUNCTION %s SET search_path = {SCHEMA}, pg_catalog', routine);
            END LOOP;
        END $$;
        GRANT USAGE ON SCHEMA {SCHEMA} TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {role};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {role};
        SELECT set_config('search_path', current_setting('sanshen.search_path'), true);
    """
    _run_script(connection, script)


def remove_procrastinate_schema(connection: Connection) -> None:
    """Undo `install_procrastinate_schema`; waiting jobs are lost."""
    _run_script(connection, f"DROP SCHEMA {SCHEMA} CASCADE")


def _run_script(connection: Connection, script: str) -> None:
    """Several statements at once, with percent signs left alone: the bare driver does that."""
    driver: Any = connection.connection.driver_connection
    driver.execute(script)
