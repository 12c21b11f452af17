"""Waiting for staff: a task that nobody may do says so and alerts the supervisors. Duties never merge.

People who are away don't count; whoever fills a post for somebody does. Both are `decide`'s to judge all the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import bindparam, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.kernel.absences.queries import absent_today
from app.kernel.absences.rules import working_hours_between
from app.kernel.cases.models import Case
from app.kernel.deadlines.models import Clock
from app.kernel.deadlines.queries import load_calendar
from app.kernel.duties.candidates import HOLDING
from app.kernel.duties.queries import (
    ACTIVE_HOLDERS,
    UNTOUCHED_HOLDER,
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_task_views,
)
from app.kernel.duties.records import permit_system
from app.kernel.duties.rules import decide
from app.kernel.duties.views import PANEL_DUTY, Action
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import notify_supervisors
from app.kernel.worklist.supervising import find_higher_office, move_upward
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
    mark_waiting(unit, task, not (_is_staffed(found, task) or list_able(unit, case, task)))


def mark_waiting(unit: Unit, task: Task, waiting: bool) -> None:
    """Whether the task waits for staff, and since when."""
    task.waiting_for_staff = waiting
    task.waiting_since = unit.now if waiting else None


def _clocks_moved(unit: Unit) -> bool:
    return any(event.event.startswith("clock.") for event in unit.events)


def _holders_are_plenty(unit: Unit, case: Case, task: Task) -> bool:
    """Is an active holder of the post left who never acted in the chain and is no party, without asking?

    The holders are at most `KNOWN_FOR` old; the mark they decide on is looked at again by
    `recheck_staffing` anyway. Parties are known by blind index only: each might be one of them.
    """
    view = unit.views.get(case.id)
    if view is None or task.duty == PANEL_DUTY:
        return False
    touched = {act.person_id for act in view.acts} | {unit.actor.person_id}
    untouched = _active_holders(unit, task.post, task.region_code) - touched
    return bool(untouched - view.bars.keys())


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
    return _is_staffed(_look(unit, case, task), task) or bool(list_able(unit, case, task))


def _is_staffed(found: Any, task: Task) -> bool:
    """An untouched holder may claim without being asked about, but for a task of those who were drawn."""
    return bool(found.staffed) and task.duty != PANEL_DUTY


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
    """Ids of the people who are here and may claim the task now, substitutes included."""
    session, pair = unit.session, (task.post, task.region_code)
    people = list_candidates(session, list_holders(session, {pair}, unit.today)[pair], unit.today)
    case_view = list_case_views(session, [case])[case.id]
    task_view = list_task_views(session, [task])[task.id]
    rules = list_rules(session, unit.now)
    return [
        person.person_id
        for person in people.values()
        if person.absent_until is None
        and decide(person, Action.CLAIM, case_view.unheld, task_view, rules).allowed
    ]


def announce_waiting(unit: Unit, case: Case, task: Task) -> None:
    """Record that nobody may do a task and tell everyone who supervises its region."""
    unit.record(
        "task.waiting_for_staff", {"step": task.step_key, "post": task.post}, case_id=case.id, task_id=task.id
    )
    notify_supervisors(unit, case, task, "waiting_for_staff")


def recheck_staffing(kernel: Kernel, routing: Mapping[str, float] | None = None) -> int:
    """Look again at tasks that wait for staff, and at those whose post nobody who is here holds any more.

    Grants, absences and substitutions begin and end by themselves. `routing`: working hours after which a
    waiting task goes to the next higher office, by process; processes not named stay. Answers how many
    tasks changed; each case in its own transaction.
    """
    with kernel.database.session() as session:
        kernel.database.scope(session, system_actor().regions)
        found = _list_doubtful(session, kernel)
    hours = routing or {}
    operations = [(case_id, partial(_recheck, task_id=task_id, routing=hours)) for case_id, task_id in found]
    return sum(run(kernel, operation, system_actor(), case_id=case_id) for case_id, operation in operations)


def _list_doubtful(session: Session, kernel: Kernel) -> list[tuple[int, int]]:
    today = Unit(kernel, session, system_actor(), kernel.clock()).today
    staffed = session.execute(
        select(HOLDING.c.post, HOLDING.c.region_code).where(~absent_today(HOLDING.c.person_id)).distinct(),
        {"today": today},
    )
    unclaimed = (Task.state == "open", Task.claimed_by.is_(None))
    wanted = session.execute(select(Task.post, Task.region_code).where(*unclaimed).distinct())
    left = {(row[0], row[1]) for row in wanted} - {(row[0], row[1]) for row in staffed}
    alone = tuple_(Task.post, Task.region_code).in_(sorted(left)) if left else false()
    rows = session.execute(
        select(Task.case_id, Task.id)
        .where(*unclaimed, or_(Task.waiting_for_staff, alone))
        .order_by(Task.id)
        .limit(BATCH)
    )
    return [(row.case_id, row.id) for row in rows]


def _recheck(unit: Unit, task_id: int, routing: Mapping[str, float]) -> int:
    case, task = unit.case, unit.session.get(Task, task_id, populate_existing=True)
    if case is None or task is None or task.state != "open" or task.claimed_by is not None:
        return 0
    waiting = not has_staff(unit, case, task)
    if waiting and task.waiting_for_staff:
        return _route(unit, case, task, routing.get(case.process_key))
    if waiting == task.waiting_for_staff:
        return 0
    permit_system(unit, Action.SYSTEM, case.id)
    mark_waiting(unit, task, waiting)
    if waiting:
        announce_waiting(unit, case, task)
    else:
        unit.record("task.staff_found", {"step": task.step_key}, task_id=task.id)
    return 1


def _route(unit: Unit, case: Case, task: Task, after_hours: float | None) -> int:
    """Hand a task that waited long enough to the next higher office, where somebody may do it."""
    if after_hours is None or task.waiting_since is None:
        return 0
    waited = working_hours_between(load_calendar(unit.session).is_working_day, task.waiting_since, unit.now)
    if waited < after_hours:
        return 0
    office = find_higher_office(unit.session, task, unit.today)
    if office is None:
        return 0
    permit_system(unit, Action.SYSTEM, case.id)
    move_upward(unit, case, task, office, f"waited {after_hours:g} working hours")
    mark_waiting(unit, task, not has_staff(unit, case, task))
    return 1
