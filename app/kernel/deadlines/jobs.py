"""Periodic work on clocks: announce warnings and breaches (RSK-28), reckon anew after a change
of the calendar. Each case in a transaction of its own; a case locked by somebody is left for the
next run. Nothing here ever decides a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.cases.models import Case
from app.kernel.deadlines import operations, queries
from app.kernel.deadlines.models import Clock
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Notification

RULE = "RSK-28"
BATCH = 200


def check_clocks(kernel: Kernel) -> int:
    """Announce every warning and breach that fell due; returns the number of announcements."""
    announced, last_case = 0, 0
    while True:
        with kernel.database.session() as session:
            kernel.database.scope(session, system_actor().regions)
            cases = queries.cases_with_due_clocks(session, kernel.clock(), last_case, BATCH)
        if not cases:
            return announced
        for case_id in cases:
            announced += run(kernel, partial(_announce, case_id=case_id), system_actor())
        last_case = cases[-1]


def recompute_clocks(kernel: Kernel, day: date | None = None) -> int:
    """Reckon anew the running clocks whose last day may depend on `day` (all provisional ones
    when None); returns how many moved. Running it twice changes nothing more."""
    touched = Clock.provisional if day is None else or_(Clock.provisional, Clock.due_on >= day)
    with kernel.database.session() as session:
        kernel.database.scope(session, system_actor().regions)
        query = select(Clock.case_id).where(Clock.state == "running", touched).distinct()
        cases = session.scalars(query).all()
    return sum(run(kernel, partial(_recompute, case_id=case_id), system_actor()) for case_id in cases)


def _announce(unit: Unit, case_id: int) -> int:
    case = _lock(unit, case_id, skip=True)
    if case is None:
        return 0
    rows = unit.session.scalars(select(Clock).where(Clock.case_id == case_id, Clock.state == "running"))
    return sum(_announce_clock(unit, case, row) for row in rows)


def _announce_clock(unit: Unit, case: Case, row: Clock) -> int:
    announced = 0
    people = queries.handlers_of(unit.session, case.id)
    heads = queries.heads_of(unit.session, case.region_code, unit.today)
    if row.warned_at is None and row.warn_at is not None and row.warn_at <= unit.now:
        row.warned_at = unit.now
        _tell(unit, case, row, "clock_warned", people | heads)
        announced += 1
    if row.breached_at is None and row.breach_at is not None and row.breach_at <= unit.now:
        row.breached_at = unit.now
        above = queries.heads_of(unit.session, case.region_code, unit.today, "above")
        _tell(unit, case, row, "clock_breached", people | heads | above)
        announced += 1
    return announced


def _tell(unit: Unit, case: Case, row: Clock, code: str, people: Iterable[int]) -> None:
    told = sorted(people)
    params = {
        "clock": row.kind,
        "title_zh": row.title_zh,
        "title_en": row.title_en,
        "due_on": None if row.due_on is None else row.due_on.isoformat(),
    }
    shown = {**params, "case_no": case.case_no or "", "subject": case.subject_name}
    for person_id in told:
        _notify(unit, person_id, f"{code}:{row.id}:{row.due_on}", code, shown, row.case_id)
    unit.record(
        code.replace("_", "."),
        {**params, "rule": RULE, "ground": row.ground_zh, "told": told, "length": row.length},
        case_id=row.case_id,
    )


def _notify(
    unit: Unit, person_id: int, key: str, code: str, params: Mapping[str, object], case_id: int
) -> None:
    """One line under a person's bell; a second one with the same key changes nothing."""
    statement = insert(Notification).values(
        person_id=person_id, key=key, code=code, params=params, case_id=case_id, at=unit.now
    )
    unit.session.execute(statement.on_conflict_do_nothing())


def _recompute(unit: Unit, case_id: int) -> int:
    if _lock(unit, case_id, skip=False) is None:
        return 0
    rows = unit.session.scalars(select(Clock).where(Clock.case_id == case_id, Clock.state == "running")).all()
    return sum(int(operations.recompute(unit, row)) for row in rows)


def _lock(unit: Unit, case_id: int, *, skip: bool) -> Case | None:
    """The case's row, locked but not made the unit's own: no duty is exercised here."""
    query = select(Case).where(Case.id == case_id).with_for_update(skip_locked=skip)
    return unit.session.scalars(query).one_or_none()
