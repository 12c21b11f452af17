"""Reads of a case's own steps: who did one before, which duties it has been through, who acted on one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.kernel.identity.models import Person
from app.kernel.worklist.models import Task


def list_last_doers(session: Session, tasks: Collection[Task]) -> dict[int, str]:
    """Who completed the same step of the same case last, by task id; tasks done for the first time are left out."""
    wanted = {(task.case_id, task.step_key) for task in tasks if task.state == "open"}
    if not wanted:
        return {}
    rows = session.execute(
        select(Task.case_id, Task.step_key, Person.name)
        .join(Person, Person.id == Task.completed_by)
        .where(Task.state == "completed", tuple_(Task.case_id, Task.step_key).in_(sorted(wanted)))
        .order_by(Task.id)
    )
    names = {(row.case_id, row.step_key): row.name for row in rows}
    found = {task.id: names.get((task.case_id, task.step_key), "") for task in tasks if task.state == "open"}
    return {key: name for key, name in found.items() if name}


def list_done_duties(session: Session, case_id: int) -> frozenset[str]:
    """Duties of the steps a case has completed."""
    done = select(Task.duty).where(Task.case_id == case_id, Task.state == "completed").distinct()
    return frozenset(session.scalars(done))


def list_parts(task: Task) -> list[dict[str, Any]]:
    """What each of several people gave to a task: person, outcome, opinion; the last one's included."""
    parts = [dict(part) for part in (task.result or {}).get("parts", [])]
    if task.persons_required > 1 and task.state == "completed":
        parts.append({"person": task.completed_by, "outcome": task.outcome, "opinion": task.opinion})
    return parts
