"""The supervisor's reads: load by person and duty, urgency of open cases, tasks that wait for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.deadlines.models import Clock
from app.kernel.identity.models import Person
from app.kernel.worklist.models import Task


@dataclass(frozen=True)
class LoadCell:
    """Open tasks of one person (None: unclaimed) in one duty, and the nearest last day among them."""

    person_id: int | None
    name: str
    duty: str
    count: int
    nearest: date | None


def count_load_by_duty(session: Session) -> list[LoadCell]:
    """Open tasks in the visible regions, by holder and duty; people in pinyin order, unclaimed last."""
    rows = session.execute(
        select(
            Task.claimed_by,
            func.coalesce(Person.name, "").label("name"),
            Task.duty,
            func.count().label("count"),
            func.min(Task.due_on).label("nearest"),
        )
        .outerjoin(Person, Person.id == Task.claimed_by)
        .where(Task.state == "open")
        .group_by(Task.claimed_by, Person.name, Person.pinyin, Task.duty)
        .order_by(Person.pinyin.asc().nulls_last(), Task.duty)
    )
    return [LoadCell(row.claimed_by, row.name, row.duty, row._mapping["count"], row.nearest) for row in rows]


def count_due_days(session: Session) -> dict[date | None, int]:
    """Open cases in the visible regions by the last day of their nearest running binding clock."""
    nearest = (
        select(func.min(Clock.due_on).label("due_on"))
        .join(Case, Case.id == Clock.case_id)
        .where(Case.status == "open", Clock.state == "running", Clock.binding)
        .group_by(Clock.case_id)
        .subquery()
    )
    rows = session.execute(select(nearest.c.due_on, func.count()).group_by(nearest.c.due_on))
    return {row[0]: row[1] for row in rows}


def count_suspended(session: Session) -> int:
    """Open cases in the visible regions with a suspended binding clock."""
    return (
        session.scalar(
            select(func.count(func.distinct(Clock.case_id)))
            .join(Case, Case.id == Clock.case_id)
            .where(Case.status == "open", Clock.state == "paused", Clock.binding)
        )
        or 0
    )


def list_waiting(session: Session, limit: int = 50) -> Sequence[tuple[Task, Case]]:
    """Tasks that nobody of the office may take, most urgent first."""
    rows = session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", Task.waiting_for_staff)
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def list_held(session: Session, person_id: int | None, limit: int = 100) -> Sequence[tuple[Task, Case]]:
    """Open tasks that a person holds (None: that nobody holds), most urgent first."""
    holder = Task.claimed_by.is_(None) if person_id is None else Task.claimed_by == person_id
    rows = session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", holder)
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]
