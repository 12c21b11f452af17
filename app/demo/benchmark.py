"""Measures cases of three signing tasks through the operations, and the same rows written bare.

Phases: all cases are started, then for each of the three tasks all are claimed, opened, completed. Rows and WAL are
read at the borders of phases from PostgreSQL's own counters; nobody else may work in the database meanwhile.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select

from app.demo.bare import BareCopy, Recorder
from app.demo.generator import Generator
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.operations import CaseStart, complete_task, start_case
from app.kernel.identity.operations import create_account, create_person
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.embedded import EmbeddedServer

FOLDERS = Path(__file__).resolve().parent / "workflows"
PROCESS, REGION = "bench_review", "640100"
REVIEWS = (("rec_handler", "submit"), ("rec_checker", "agree"), ("rec_approver", "approve"))
ROWS_ALLOWED, RATIO_ALLOWED = 12, 2.5
REPLAYS = ("bare_complete", "merged_complete")
WARM_UP = 5


@dataclass(frozen=True)
class Phase:
    """One kind of act over all cases: seconds each took, rows and WAL bytes of all together."""

    name: str
    seconds: Sequence[float]
    rows: int
    wal: int

    def summary(self) -> dict[str, Any]:
        """Milliseconds, and rows and bytes per act."""
        ordered = sorted(self.seconds)
        place = min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))
        return {
            "median_ms": round(statistics.median(ordered) * 1000, 2),
            "p99_ms": round(ordered[place] * 1000, 2),
            "rows": round(self.rows / len(ordered), 2),
            "wal_bytes": round(self.wal / len(ordered)),
        }


@dataclass(frozen=True)
class Place:
    """The database that is measured: alone on a server of ours, because it is copied while nobody is connected."""

    server: EmbeddedServer
    database: str


@dataclass(frozen=True)
class Crew:
    """The three reviewers, in the order of their tasks."""

    actors: Sequence[Actor]


def bench_cases(kernel: Kernel, where: Place, count: int, told: Callable[[str], None]) -> dict[str, Any]:
    """Run the benchmark in an empty database with reference data installed; answers what `--json` prints."""
    return _measure(kernel, where, Counters(where), count, told)


def _measure(
    kernel: Kernel, where: Place, counters: Counters, count: int, told: Callable[[str], None]
) -> dict[str, Any]:
    crew = _prepare(kernel)
    applications = _applications(count + WARM_UP)
    warm, facts = applications[:WARM_UP], applications[WARM_UP:]
    _Run(kernel, crew, counters).all_phases(_start_all(kernel, warm), where, lambda _: None)
    told(f"{count} 件 / cases")
    before_wal, before_rows = counters.wal(kernel), counters.rows(kernel)
    start, cases = _started(kernel, counters, facts)
    phases = _Run(kernel, crew, counters).all_phases(cases, where, told)
    whole_wal, whole_rows = counters.wal(kernel) - before_wal, counters.rows(kernel) - before_rows
    return _report(count, [start, *phases], whole_rows, whole_wal)


def _report(count: int, phases: list[Phase], rows: int, wal: int) -> dict[str, Any]:
    by_name: dict[str, list[Phase]] = {}
    for phase in phases:
        by_name.setdefault(phase.name, []).append(phase)
    acts = {name: _joined(name, found).summary() for name, found in by_name.items()}
    medians = {name: statistics.median(_joined(name, found).seconds) for name, found in by_name.items()}
    overall = medians["complete"] / medians["bare_complete"]
    most_rows = max(phase.rows / len(phase.seconds) for phase in by_name["complete"])
    bare_wal = sum(phase.wal for name in REPLAYS for phase in by_name[name])
    return {
        "cases": count,
        "tasks_per_case": len(REVIEWS),
        "acts": acts,
        "complete_by_task": [phase.summary() for phase in by_name["complete"]],
        "bare_by_task": [phase.summary() for phase in by_name["bare_complete"]],
        "per_case": {"wal_bytes": round((wal - bare_wal) / count), "rows": round(rows / count, 1)},
        "ratio": round(overall, 2),
        "ratio_complete_to_bare": _ratios(by_name, "bare_complete"),
        "ratio_complete_to_merged": _ratios(by_name, "merged_complete"),
        "limits": {"rows": ROWS_ALLOWED, "ratio": RATIO_ALLOWED},
        "within_limits": {
            "rows": most_rows <= ROWS_ALLOWED,
            "ratio": overall <= RATIO_ALLOWED,
        },
    }


def _ratios(by_name: Mapping[str, Sequence[Phase]], replay: str) -> list[float]:
    """Median of completing to the median of the replay, for each task."""
    return [
        round(statistics.median(done.seconds) / statistics.median(bare.seconds), 2)
        for done, bare in zip(by_name["complete"], by_name[replay], strict=True)
    ]


def _joined(name: str, phases: Sequence[Phase]) -> Phase:
    seconds = [second for phase in phases for second in phase.seconds]
    return Phase(name, seconds, sum(phase.rows for phase in phases), sum(phase.wal for phase in phases))


class Counters:
    """PostgreSQL's own counters of the database."""

    def __init__(self, where: Place) -> None:
        self._where = where

    def wal(self, kernel: Kernel) -> int:
        """Bytes of WAL ever written."""
        kernel.database.dispose()
        return int(self._one("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def rows(self, kernel: Kernel) -> int:
        """Rows ever inserted, updated or deleted in our tables, by statements and triggers."""
        kernel.database.dispose()  # a session hands its counts over at the latest when it ends
        return int(
            self._one(
                "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables"
                " WHERE schemaname = 'public'"
            )
        )

    def _one(self, statement: str) -> Any:
        """Asked when nobody else is connected any more: until then counts may not have been handed over."""
        with self._where.server.admin(self._where.database) as connection:
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and self._others(connection):
                time.sleep(0.01)
            row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else 0

    def _others(self, connection: psycopg.Connection[Any]) -> int:
        row = connection.execute(
            b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            b" AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
        return int(row[0]) if row else 0


class _Run:
    """One pass over cases that were started."""

    def __init__(self, kernel: Kernel, crew: Crew, counters: Counters) -> None:
        self._kernel, self._crew, self._counters = kernel, crew, counters

    def all_phases(self, cases: Sequence[int], where: Place, told: Callable[[str], None]) -> list[Phase]:
        phases = []
        for place, (actor, (_, outcome)) in enumerate(zip(self._crew.actors, REVIEWS, strict=True), start=1):
            tasks = self._tasks(cases)
            submitted = {"outcome": outcome, "opinion": "材料已核对，同意。"}
            phases.append(self._phase("claim", tasks, partial(self._act, actor, _claim)))
            phases.append(self._phase("open", tasks, partial(self._act, actor, _open)))
            self._kernel.database.dispose()
            with (
                BareCopy(where.server, where.database, REGION) as bare,
                BareCopy(where.server, where.database, REGION, suffix="merged") as merged,
            ):
                with Recorder(self._kernel.database.engine) as recorder:
                    act = partial(self._act, actor, partial(_complete, submitted=submitted))
                    phases.append(self._phase("complete", tasks, recorder.each(act)))
                for name, copy in (("bare_complete", bare), ("merged_complete", merged)):
                    before = self._counters.wal(self._kernel)
                    seconds, rows = copy.replay(recorder.acts, merged=copy is merged)
                    wal = self._counters.wal(self._kernel) - before
                    phases.append(Phase(name, seconds, rows, wal))
            told(f"任务 / task {place} / {len(REVIEWS)}")
        return phases

    def _phase(self, name: str, tasks: Mapping[int, int], act: Callable[[int, int], None]) -> Phase:
        wal, rows = self._counters.wal(self._kernel), self._counters.rows(self._kernel)
        with self._kernel.database.session() as session:  # connected before the first act is measured
            session.execute(select(1))
        seconds = []
        for case_id, task_id in tasks.items():
            began = time.perf_counter()
            act(case_id, task_id)
            seconds.append(time.perf_counter() - began)
        after = self._counters.rows(self._kernel)
        return Phase(name, seconds, after - rows, self._counters.wal(self._kernel) - wal)

    def _act(
        self, actor: Actor, operation: Callable[[Unit, int], object], case_id: int, task_id: int
    ) -> None:
        run(self._kernel, lambda unit: operation(unit, task_id), actor, case_id=case_id)

    def _tasks(self, cases: Sequence[int]) -> dict[int, int]:
        with self._kernel.database.session() as session:
            self._kernel.database.scope(session, (REGION,))
            rows = session.execute(
                select(Task.case_id, Task.id)
                .where(Task.case_id.in_(cases), Task.state == "open")
                .order_by(Task.id)
            )
            return {row.case_id: row.id for row in rows}


def _claim(unit: Unit, task_id: int) -> None:
    claim_task(unit, task_id)


def _open(unit: Unit, task_id: int) -> None:
    open_task(unit, task_id)


def _complete(unit: Unit, task_id: int, submitted: Mapping[str, str]) -> None:
    complete_task(unit, task_id, submitted)


def _prepare(kernel: Kernel) -> Crew:
    """Deploy the process; six people, three of whom hold the posts the others granted."""

    def prepare(unit: Unit) -> list[Actor]:
        files = read_folder(FOLDERS, PROCESS)
        deploy(unit, PROCESS, files, by="bench", approval={"kind": "bench"})
        generator = Generator("bench")
        citizens = [generator.citizen("640104") for _ in range(6)]
        people = [create_person(unit, citizen.name, citizen.id_number) for citizen in citizens]
        grant_posts(
            unit,
            [
                GrantRequest(person, post, REGION, date(2026, 1, 1), None, *people[3:])
                for person, (post, _) in zip(people, REVIEWS, strict=False)
            ],
        )
        return [
            Actor(create_account(unit, person, f"bench.{place}", "Liupan-Helan-77"), person, (REGION,))
            for place, person in enumerate(people[:3])
        ]

    return Crew(run(kernel, prepare, system_actor("bench")))


def _applications(count: int) -> list[dict[str, Any]]:
    generator = Generator("bench-cases")
    wanted = ("worker_name", "worker_id_no", "employer_name", "accident_at", "accident_course")
    employers = [generator.employer(REGION) for _ in range(50)]
    applications: list[dict[str, Any]] = []
    for place in range(count):
        employer = employers[place % len(employers)]
        facts = generator.application(REGION, employer, datetime(2026, 2, 20, 9), simple=False)  # noqa: DTZ001
        applications.append({key: facts[key] for key in wanted})
    return applications


def _start_all(kernel: Kernel, applications: Sequence[Mapping[str, Any]]) -> list[int]:
    return [_start(kernel, facts) for facts in applications]


def _start(kernel: Kernel, facts: Mapping[str, Any]) -> int:
    opened = run(kernel, partial(start_case, start=CaseStart(PROCESS, REGION, facts)), system_actor("bench"))
    return int(opened["case_id"])


def _started(
    kernel: Kernel, counters: Counters, facts: Sequence[Mapping[str, Any]]
) -> tuple[Phase, list[int]]:
    wal, rows = counters.wal(kernel), counters.rows(kernel)
    seconds, cases = [], []
    for application in facts:
        began = time.perf_counter()
        cases.append(_start(kernel, application))
        seconds.append(time.perf_counter() - began)
    after = counters.rows(kernel)
    return Phase("start", seconds, after - rows, counters.wal(kernel) - wal), cases
