"""Workers killed at random lose no job and double no effect; a job that kills its worker dies.

The file is also the program of the workers: `python test_worker_kill.py DATABASE_URL DIRECTORY`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app.faces.worker import WorkerOptions, run_worker
from app.faces.worker.registry import Job
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.storage import jobs
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database
from tests.databases import CopiedDatabase

ROOT = Path(__file__).resolve().parents[2]
DEATHS = 3


def count_effect(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    """Write one row of effect, slowly, so that a kill often hits the middle of it."""

    def operation(unit: Unit) -> None:
        if not jobs.first_run(unit.session, job_id):
            return
        unit.session.execute(text("INSERT INTO effect (number) VALUES (:n)"), {"n": args["number"]})
        time.sleep(args["seconds"])

    run(kernel, operation, system_actor())


def kill_worker(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    raise ValueError("this job always fails")


JOBS = (
    Job("count_effect", count_effect),
    Job("kill_worker", kill_worker),
    Job("fail", fail, attempts=2),
)


def kernel_for(url: str, directory: Path) -> Kernel:
    keyring = KeyRing.load(directory / "keys.json")
    return Kernel(Database(url), keyring, BlobStore(directory / "blobs"))


def main() -> None:
    options = WorkerOptions(
        outgoing=Path(sys.argv[2]) / "outgoing",
        heartbeat=0.4,
        silence=1.5,
        recovery=0.5,
        polling=0.5,
        delivery=0.5,
        deaths=DEATHS,
        grace=10,
    )
    run_worker(kernel_for(sys.argv[1], Path(sys.argv[2])), options, JOBS)


class Pack:
    """A few workers that are replaced as soon as they die."""

    def __init__(self, url: str, directory: Path, size: int) -> None:
        self._command = [sys.executable, str(Path(__file__).resolve()), url, str(directory)]
        self._log = (directory / "workers.log").open("a", encoding="utf-8")
        self._workers = [self._start() for _ in range(size)]
        self.kills = 0

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(self._command, env=environment, stderr=self._log)

    def refill(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.poll() is not None:
                self._workers[place] = self._start()

    def kill_one(self, rng: random.Random) -> None:
        place = rng.randrange(len(self._workers))
        self._workers[place].kill()
        self._workers[place].wait()
        self._workers[place] = self._start()
        self.kills += 1

    def stop(self) -> list[int]:
        """Ask them all to end; their exit codes."""
        for worker in self._workers:
            worker.terminate()
        codes = [worker.wait(30) for worker in self._workers]
        self._log.close()
        return codes


@contextmanager
def pack_of(url: str, directory: Path, size: int) -> Iterator[Pack]:
    pack = Pack(url, directory, size)
    try:
        yield pack
    finally:
        pack.stop()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    KeyRing.create(tmp_path / "keys.json")
    return tmp_path


@pytest.fixture
def url(fresh_database: CopiedDatabase) -> str:
    with fresh_database.admin() as connection:
        connection.execute("CREATE TABLE public.effect (number integer NOT NULL)")
        connection.execute("GRANT SELECT, INSERT ON public.effect TO sanshen_app")
    return fresh_database.app_url


def defer(url: str, *wanted: tuple[str, Mapping[str, Any]]) -> None:
    database = Database(url)
    with database.session() as session:
        for task, args in wanted:
            jobs.defer(session, task, args)
        session.commit()
    database.dispose()


def effects(url: str) -> list[int]:
    return [row[0] for row in rows(url, "SELECT number FROM public.effect ORDER BY number")]


def waiting(url: str) -> int:
    query = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE status IN ('todo', 'doing')"
    return int(rows(url, query)[0][0])


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query.encode()).fetchall()


def work_until_done(url: str, pack: Pack, rng: random.Random, kills: int, limit: float) -> None:
    """Kill a worker now and then until `kills` are spent; then wait for the rest of the jobs."""
    deadline = time.monotonic() + limit
    while waiting(url) and time.monotonic() < deadline:
        time.sleep(rng.uniform(0.3, 1.0))
        pack.refill()
        if pack.kills < kills:
            pack.kill_one(rng)


def survive_kills(url: str, directory: Path, rng: random.Random, size: int, kills: int) -> None:
    work = [("count_effect", {"number": n, "seconds": rng.uniform(0, 0.15)}) for n in range(size)]
    work.insert(rng.randrange(size), ("kill_worker", {}))
    defer(url, *work)
    with pack_of(url, directory, 3) as pack:
        work_until_done(url, pack, rng, kills, limit=45 + size / 10)
        assert pack.kills >= kills / 2, "too few kills to prove anything"
    assert waiting(url) == 0
    dead = rows(url, "SELECT task_name FROM jobs.procrastinate_jobs WHERE status = 'failed'")
    finished = effects(url)
    assert len(finished) == len(set(finished)), "an effect happened twice"
    assert finished == list(range(size)), "a job was lost"
    assert dead == [("kill_worker",)]


def test_killed_workers_lose_nothing_and_double_nothing(
    url: str, directory: Path, rng: random.Random
) -> None:
    survive_kills(url, directory, rng, size=150, kills=6)


@pytest.mark.long
def test_many_kills_lose_nothing_and_double_nothing(url: str, directory: Path, rng: random.Random) -> None:
    survive_kills(url, directory, rng, size=3000, kills=60)


def test_job_that_kills_its_worker_is_dead_lettered_and_recorded(url: str, directory: Path) -> None:
    defer(url, ("kill_worker", {}), ("count_effect", {"number": 1, "seconds": 0}))
    with pack_of(url, directory, 1) as pack:
        work_until_done(url, pack, random.Random(0), kills=0, limit=40)
    assert effects(url) == [1]
    dead = rows(url, "SELECT task_name, attempts FROM jobs.procrastinate_jobs")
    assert dead == [("kill_worker", DEATHS)]
    assert rows(url, "SELECT count(*) FROM audit_event WHERE event = 'job.dead'") == [(1,)]


def test_worker_told_to_end_finishes_what_it_runs(url: str, directory: Path) -> None:
    defer(url, ("count_effect", {"number": 7, "seconds": 2}))
    pack = Pack(url, directory, 1)
    deadline = time.monotonic() + 20
    doing = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'doing'"
    while rows(url, doing) == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert pack.stop() == [0]
    assert effects(url) == [7]
    assert rows(url, "SELECT count(*) FROM jobs.procrastinate_jobs") == [(0,)]


def test_job_that_always_fails_is_tried_as_often_as_said_then_kept(url: str, directory: Path) -> None:
    defer(url, ("fail", {}))
    with pack_of(url, directory, 1) as pack:
        work_until_done(url, pack, random.Random(0), kills=0, limit=30)
    query = "SELECT task_name, status::text, attempts FROM jobs.procrastinate_jobs"
    assert rows(url, query) == [("fail", "failed", 2)]


if __name__ == "__main__":
    main()
