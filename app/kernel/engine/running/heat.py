"""Where the cases of a process are, how long they wait, and what is late, by step: for the heat map and its table."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.kernel.sharing.reports import find_report, keep_report
from app.kernel.transaction import run, system_actor

PERIOD_DAYS: Final = 90
"""Finished work counts this far back."""
SLOW: Final = 0.2
"""Seconds above which figures are kept for the next readers."""
FRESH: Final = timedelta(minutes=5)
"""How long they serve."""

_OPEN = """
SELECT t.step_key, count(*) AS open, count(*) FILTER (WHERE t.due_on < :today) AS late,
       count(*) FILTER (WHERE t.waiting_for_staff) AS short,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM :now - t.created_at)) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM :now - t.created_at)) AS p90
FROM task t JOIN "case" c ON c.id = t.case_id
WHERE c.process_key = :key AND (CAST(:definition AS bigint) IS NULL OR c.definition_id = :definition)
  AND t.state = 'open'
GROUP BY t.step_key
"""
_DONE = """
SELECT t.step_key, count(*) AS done,
       count(*) FILTER (WHERE (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date > t.due_on) AS late,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.created_at)) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.created_at)) AS p90
FROM task t JOIN "case" c ON c.id = t.case_id
WHERE c.process_key = :key AND (CAST(:definition AS bigint) IS NULL OR c.definition_id = :definition)
  AND t.state = 'completed' AND t.completed_at >= :since
GROUP BY t.step_key
"""
_WAITING = """
SELECT step_key, count(*) AS waiting
FROM "case" c JOIN case_state s ON s.case_id = c.id CROSS JOIN LATERAL unnest(s.waiting) AS step_key
WHERE c.process_key = :key AND (CAST(:definition AS bigint) IS NULL OR c.definition_id = :definition)
  AND c.closed_at IS NULL AND s.waiting IS NOT NULL
GROUP BY step_key
"""
_INCIDENTS = """
SELECT i.step_key, count(*) AS incidents
FROM incident i JOIN "case" c ON c.id = i.case_id
WHERE c.process_key = :key AND (CAST(:definition AS bigint) IS NULL OR c.definition_id = :definition)
  AND i.state <> 'resolved'
GROUP BY i.step_key
"""


@dataclass(frozen=True)
class StepHeat:
    """One step. Times in seconds: of open tasks since they came up, of finished ones from coming up to completion.

    `late`: open and past the due day; `done_late`: finished after it, within the period.
    """

    step_key: str
    open: int = 0
    late: int = 0
    short: int = 0
    median: float | None = None
    p90: float | None = None
    done: int = 0
    done_late: int = 0
    done_median: float | None = None
    done_p90: float | None = None
    waiting: int = 0
    incidents: int = 0

    @property
    def here(self) -> int:
        """Cases at this step now, by task or by event."""
        return self.open + self.waiting


@dataclass(frozen=True)
class Heat:
    """Every step at which anything is or was, and as of when."""

    steps: Mapping[str, StepHeat]
    as_of: datetime


def shared_heat(
    kernel: Kernel,
    session: Session,
    key: str,
    now: datetime,
    regions: Sequence[str],
    definition_id: int | None = None,
) -> Heat:
    """`list_heat` of the last PERIOD_DAYS in the regions seen; figures that took long serve other readers too."""
    today = local_day(now)
    asked = [key, definition_id, sorted(regions), today.isoformat()]
    digest = hashlib.sha256(orjson.dumps(asked)).digest()
    kept = find_report(session, "heat", digest, now - FRESH)
    if kept is not None:
        return Heat({one: StepHeat(**entry) for one, entry in kept.body.items()}, kept.made_at)
    begun = time.perf_counter()
    found = list_heat(session, key, now, today, now - timedelta(days=PERIOD_DAYS), definition_id)
    if time.perf_counter() - begun > SLOW:
        body = {one: asdict(step) for one, step in found.items()}
        run(kernel, partial(keep_report, kind="heat", key=digest, body=body), system_actor("reports"))
    return Heat(found, now)


def list_heat(
    session: Session, key: str, now: datetime, today: date, since: datetime, definition_id: int | None = None
) -> dict[str, StepHeat]:
    """Every step at which anything is or was since `since`, over all versions or one, of the regions seen."""
    asked = {"key": key, "definition": definition_id, "now": now, "today": today, "since": since}
    found: dict[str, dict[str, Any]] = {}
    for row in session.execute(text(_OPEN), asked):
        entry = found.setdefault(row.step_key, {})
        entry |= {"open": row.open, "late": row.late, "short": row.short}
        entry |= {"median": float(row.median), "p90": float(row.p90)}
    for row in session.execute(text(_DONE), asked):
        entry = found.setdefault(row.step_key, {})
        entry |= {"done": row.done, "done_late": row.late}
        entry |= {"done_median": float(row.median), "done_p90": float(row.p90)}
    for row in session.execute(text(_WAITING), asked):
        found.setdefault(row.step_key, {})["waiting"] = row.waiting
    for row in session.execute(text(_INCIDENTS), asked):
        found.setdefault(row.step_key, {})["incidents"] = row.incidents
    return {step_key: StepHeat(step_key, **entry) for step_key, entry in found.items()}
