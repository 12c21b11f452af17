"""The supervisor's reads: load by person and duty, urgency of open cases, tasks that wait for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, and_, cast, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.kernel.cases.models import Case
from app.kernel.deadlines.models import Clock, ClockSuspension
from app.kernel.duties.queries import list_holders
from app.kernel.identity.models import Person
from app.kernel.local_time import start_of_day
from app.kernel.recusal.queries import barring
from app.kernel.worklist.models import Task
from app.storage.reading import remembered_one


@dataclass(frozen=True)
class LoadCell:
    """Open tasks of one person (None: unclaimed) in one duty, and the nearest last day among them."""

    person_id: int | None
    name: str
    duty: str
    count: int
    nearest: date | None


def _task_in(office: str) -> ColumnElement[bool]:
    """Tasks of one office; of all visible ones when no office is named."""
    return Task.region_code == office if office else true()


def _case_in(office: str) -> ColumnElement[bool]:
    return Case.region_code == office if office else true()


def count_load_by_duty(session: Session, office: str = "") -> list[LoadCell]:
    """Open tasks of an office or of all visible ones, by holder and duty; people in pinyin order, unclaimed last."""
    return remembered_one(session, "load by duty", office, lambda: _load_by_duty(session, office))


def _load_by_duty(session: Session, office: str) -> list[LoadCell]:
    rows = session.execute(
        select(
            Task.claimed_by,
            func.coalesce(Person.name, "").label("name"),
            Task.duty,
            func.count().label("count"),
            func.min(Task.due_on).label("nearest"),
        )
        .outerjoin(Person, Person.id == Task.claimed_by)
        .where(Task.state == "open", _task_in(office))
        .group_by(Task.claimed_by, Person.name, Person.pinyin, Task.duty)
        .order_by(Person.pinyin.asc().nulls_last(), Task.duty)
    )
    return [LoadCell(row.claimed_by, row.name, row.duty, row._mapping["count"], row.nearest) for row in rows]


def count_without_post(session: Session, today: date, office: str = "") -> dict[int, int]:
    """Claimed tasks whose holder neither holds nor fills their post today, by holder: they must be given on."""
    rows = session.execute(
        select(Task.claimed_by, Person.canonical_id, Task.post, Task.region_code, func.count())
        .join(Person, Person.id == Task.claimed_by)
        .where(Task.state == "open", _task_in(office))
        .group_by(Task.claimed_by, Person.canonical_id, Task.post, Task.region_code)
    ).all()
    holders = list_holders(session, {(row[2], row[3]) for row in rows}, today)
    stranded: dict[int, int] = {}
    for holder, person, post, region, count in rows:
        if holder is not None and person not in holders[post, region]:
            stranded[holder] = stranded.get(holder, 0) + count
    return stranded


def count_due_days(session: Session, office: str = "") -> dict[date | None, int]:
    """Open cases of an office or of all visible ones by the last day of their nearest running binding clock."""
    nearest = (
        select(func.min(Clock.due_on).label("due_on"))
        .join(Case, Case.id == Clock.case_id)
        .where(Case.status == "open", Clock.state == "running", Clock.binding, _case_in(office))
        .group_by(Clock.case_id)
        .subquery()
    )
    rows = session.execute(select(nearest.c.due_on, func.count()).group_by(nearest.c.due_on))
    return {row[0]: row[1] for row in rows}


def count_suspended(session: Session, office: str = "") -> tuple[int, date | None]:
    """Open cases with a suspended binding clock, and the day the longest suspension began."""
    rows = session.execute(
        select(func.count(func.distinct(Clock.case_id)), func.min(ClockSuspension.began_on))
        .join(Case, Case.id == Clock.case_id)
        .outerjoin(
            ClockSuspension, and_(ClockSuspension.clock_id == Clock.id, ClockSuspension.ended_on.is_(None))
        )
        .where(Case.status == "open", Clock.state == "paused", Clock.binding, _case_in(office))
    ).one()
    return rows[0], rows[1]


def list_waiting(
    session: Session, office: str = "", limit: int = 50, *, reader: int
) -> Sequence[tuple[Task, Case]]:
    """Tasks that nobody of the office may take, most urgent first; cases the reader is barred from left out."""
    rows = session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", Task.waiting_for_staff, _task_in(office), ~barring(Case.id, reader))
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def list_routed(
    session: Session, office: str = "", limit: int = 50, *, reader: int
) -> Sequence[tuple[Task, Case]]:
    """Open tasks that were handed to a higher office, most urgent first; barred cases left out."""
    ours = Task.home_region_code == office if office else Task.home_region_code.is_not(None)
    rows = session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", ours, ~barring(Case.id, reader))
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def count_weeks(session: Session, since: date, office: str = "") -> dict[date, tuple[int, int]]:
    """Cases received and closed by week (its Monday, Asia/Shanghai) from the Monday `since` on."""
    counts = []
    begins = start_of_day(since)
    for moment in (Case.received_at, Case.closed_at):
        monday = cast(func.date_trunc("week", func.timezone("Asia/Shanghai", moment)), Date)
        rows = session.execute(
            select(monday, func.count()).where(moment >= begins, _case_in(office)).group_by(monday)
        )
        counts.append({row[0]: row[1] for row in rows})
    received, closed = counts
    return {day: (received.get(day, 0), closed.get(day, 0)) for day in sorted({*received, *closed})}


def list_held(
    session: Session, person_id: int | None, limit: int = 100, *, reader: int
) -> Sequence[tuple[Task, Case]]:
    """Open tasks that a person holds (None: nobody), most urgent first; cases the reader is barred from left out."""
    holder = Task.claimed_by.is_(None) if person_id is None else Task.claimed_by == person_id
    rows = session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", holder, ~barring(Case.id, reader))
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]
