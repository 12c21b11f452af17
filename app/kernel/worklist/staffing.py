"""Waiting for staff: a task that nobody may do says so and alerts the supervisors. Duties never merge."""

from __future__ import annotations

import time
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.deadlines.models import Clock
from app.kernel.duties.models import PostGrant
from app.kernel.duties.queries import (
    ACTIVE_HOLDERS,
    UNTOUCHED_HOLDER,
    grant_in_force,
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_task_views,
)
from app.kernel.duties.records import permit_system
from app.kernel.duties.rules import Action, decide
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import notify_supervisors
from app.storage.core import execute, table

BATCH = 500


def place_task(unit: Unit, case: Case, task: Task) -> None:
    """Set what the queue sorts and marks a new task by: the nearest due day, and whether anybody may take it.

    Pending changes of clocks must have been flushed.
    """
    before = unit.open_tasks[0] if unit.open_tasks else None
    if before is not None and not _clocks_moved(unit) and _holders_are_plenty(unit, case, task):
        task.due_on, task.waiting_for_staff = before.due_on, False
        return
    found = _look(unit, case, task)
    task.due_on = found.due_on
    task.waiting_for_staff = not (found.staffed or list_able(unit, case, task))


def _clocks_moved(unit: Unit) -> bool:
    return any(event.event.startswith("clock.") for event in unit.events)


def _holders_are_plenty(unit: Unit, case: Case, task: Task) -> bool:
    """Is an active holder of the post left who never acted in the chain and is no party, without asking?

    The holders are at most `KNOWN_FOR` old; the mark they decide on is looked at again by
    `recheck_staffing` anyway. Parties are known by blind index only: each might be one of them.
    """
    view = unit.views.get(case.id)
    if view is None:
        return False
    touched = {act.person_id for act in view.acts} | {unit.actor.person_id}
    untouched = _active_holders(unit, task.post, task.region_code) - touched
    return len(untouched) > len(view.party_indexes)


def _active_holders(unit: Unit, post: str, region: str) -> frozenset[int]:
    key = (unit.kernel.database.url, post, region, unit.today)
    known = _HOLDERS.get(key)
    if known is None or time.monotonic() - known[1] > KNOWN_FOR:
        values = {"post": post, "region": region, "today": unit.today}
        found = frozenset(execute(unit.session, ACTIVE_HOLDERS, values).scalars())
        known = _HOLDERS[key] = (found, time.monotonic())
    return known[0]


KNOWN_FOR = 30.0
_HOLDERS: dict[tuple[str, str, str, date], tuple[frozenset[int], float]] = {}


def has_staff(unit: Unit, case: Case, task: Task) -> bool:
    """May anybody claim the task? Asks `decide` for every holder only when no untouched one is left."""
    return bool(_look(unit, case, task).staffed or list_able(unit, case, task))


_CLOCKS = table(Clock)
_PLACE = select(
    UNTOUCHED_HOLDER.label("staffed"),
    select(func.min(_CLOCKS.c.due_on))
    .where(_CLOCKS.c.case_id == bindparam("case"), _CLOCKS.c.state == "running", _CLOCKS.c.binding)
    .scalar_subquery()
    .label("due_on"),
)


def _look(unit: Unit, case: Case, task: Task) -> Any:
    values = {
        "post": task.post,
        "region": task.region_code,
        "today": unit.today,
        "chain": case.chain_id,
        "case": case.id,
    }
    return execute(unit.session, _PLACE, values).one()


def list_able(unit: Unit, case: Case, task: Task) -> list[int]:
    """Ids of the people who may claim the task now."""
    session, pair = unit.session, (task.post, task.region_code)
    people = list_candidates(session, list_holders(session, {pair}, unit.today)[pair], unit.today)
    case_view = list_case_views(session, [case])[case.id]
    task_view = list_task_views(session, [task])[task.id]
    rules = list_rules(session, unit.now)
    return [
        person.person_id
        for person in people.values()
        if decide(person, Action.CLAIM, case_view, task_view, rules).allowed
    ]


def announce_waiting(unit: Unit, case: Case, task: Task) -> None:
    """Record that nobody may do a task and tell everyone who supervises its region."""
    unit.record(
        "task.waiting_for_staff", {"step": task.step_key, "post": task.post}, case_id=case.id, task_id=task.id
    )
    notify_supervisors(unit, case, task, "waiting_for_staff")


def recheck_staffing(kernel: Kernel) -> int:
    """Look again at tasks that wait for staff, and at those whose post nobody holds any more.

    Grants begin and end by themselves. Answers how many tasks changed; each case in its own transaction.
    """
    with kernel.database.session() as session:
        kernel.database.scope(session, system_actor().regions)
        found = _list_doubtful(session, kernel)
    operations = [(case_id, partial(_recheck, task_id=task_id)) for case_id, task_id in found]
    return sum(run(kernel, operation, system_actor(), case_id=case_id) for case_id, operation in operations)


def _list_doubtful(session: Session, kernel: Kernel) -> list[tuple[int, int]]:
    today = Unit(kernel, session, system_actor(), kernel.clock()).today
    held = exists().where(
        PostGrant.post == Task.post, PostGrant.region_code == Task.region_code, grant_in_force(today)
    )
    rows = session.execute(
        select(Task.case_id, Task.id)
        .where(Task.state == "open", Task.claimed_by.is_(None), or_(Task.waiting_for_staff, ~held))
        .order_by(Task.id)
        .limit(BATCH)
    )
    return [(row.case_id, row.id) for row in rows]


def _recheck(unit: Unit, task_id: int) -> int:
    case, task = unit.case, unit.session.get(Task, task_id, populate_existing=True)
    if case is None or task is None or task.state != "open" or task.claimed_by is not None:
        return 0
    waiting = not has_staff(unit, case, task)
    if waiting == task.waiting_for_staff:
        return 0
    permit_system(unit, Action.SYSTEM, case.id)
    task.waiting_for_staff = waiting
    if waiting:
        announce_waiting(unit, case, task)
    else:
        unit.record("task.staff_found", {"step": task.step_key}, task_id=task.id)
    return 1
