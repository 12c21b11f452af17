"""After what a case counts with has changed: claims that can't go on end, the rest is asked again for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, or_, select

from app.kernel.cases.models import Case
from app.kernel.duties.candidates import HOLDING
from app.kernel.duties.queries import list_candidates, list_case_views, list_rules, list_task_views
from app.kernel.duties.records import permit_system
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action
from app.kernel.identity.models import Person
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.claims import LAPSED
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import end_claim, notify
from app.kernel.worklist.staffing import announce_waiting, has_staff, mark_waiting


def reconsider_tasks(unit: Unit, cases: Sequence[Case], *, cause: str) -> list[int]:
    """Release claims whose holder may not go on and mark who waits for staff; answers the released tasks' ids.

    `cause` becomes the claim's release reason. The cases must be locked. Bindings of opened dossiers stay.
    """
    unit.flush_writes()
    unit.session.flush()
    tasks = _open_tasks(unit, cases)
    by_id = {case.id: case for case in cases}
    released = [task for task in tasks if task.claimed_by is not None and not _may_go_on(unit, by_id, task)]
    for task in released:
        release(unit, by_id[task.case_id], task, cause)
    for task in tasks:
        if task.claimed_by is None:
            _place(unit, by_id[task.case_id], task)
    return [task.id for task in released]


def release(unit: Unit, case: Case, task: Task, cause: str) -> None:
    """End a claim and tell its holder."""
    holder = task.claimed_by
    end_claim(unit, task, cause)
    unit.record(
        "task.claim_ended",
        {"step": task.step_key, "duty": task.duty, "from": holder, "cause": cause},
        case_id=case.id,
        task_id=task.id,
    )
    if holder is not None and holder != unit.actor.person_id:
        key = f"task:{task.id}:{task.version}:{cause}"
        notify(unit, holder, "task_taken_back", key, case, task, cause=cause)


def _open_tasks(unit: Unit, cases: Sequence[Case]) -> list[Task]:
    return list(
        unit.session.scalars(
            select(Task)
            .where(Task.case_id.in_(bindparam("cases", expanding=True)), Task.state == "open")
            .order_by(Task.id)
            .execution_options(populate_existing=True),
            {"cases": [case.id for case in cases]},
        )
    )


def _may_go_on(unit: Unit, cases: dict[int, Case], task: Task) -> bool:
    case = cases[task.case_id]
    candidate = list_candidates(unit.session, [task.claimed_by or 0], unit.today).get(task.claimed_by or 0)
    if candidate is None:
        return False
    view = list_case_views(unit.session, [case])[case.id]
    task_view = list_task_views(unit.session, [task])[task.id]
    return decide(candidate, Action.COMPLETE, view, task_view, list_rules(unit.session, unit.now)).allowed


def _place(unit: Unit, case: Case, task: Task) -> None:
    waiting = not has_staff(unit, case, task)
    if waiting == task.waiting_for_staff:
        return
    mark_waiting(unit, task, waiting)
    if waiting:
        announce_waiting(unit, case, task)
    else:
        unit.record("task.staff_found", {"step": task.step_key}, case_id=case.id, task_id=task.id)


def reconsider_claims(kernel: Kernel, wanted: Mapping[str, Any]) -> int:
    """What `claims.reconsider_later` asked for; answers how many claims ended. Each case in its own transaction."""
    condition = or_(
        Task.claimed_by.in_(select(Person.id).where(Person.canonical_id.in_(wanted["persons"]))),
        Task.duty.in_(wanted["duties"]),
        Task.case_id.in_(wanted["cases"]),
    )
    return _end_lost(kernel, condition, wanted["cause"])


def end_lapsed_claims(kernel: Kernel) -> int:
    """Claims of people who fill the task's post no longer: grants and substitutions end by themselves."""
    filled = exists().where(
        HOLDING.c.post == Task.post,
        HOLDING.c.region_code == Task.region_code,
        HOLDING.c.person_id == Person.canonical_id,
        Person.id == Task.claimed_by,
    )
    filled = filled.correlate(Task)
    return _end_lost(kernel, ~filled, LAPSED)


def _end_lost(kernel: Kernel, condition: ColumnElement[bool], cause: str) -> int:
    """Of the claims on open tasks of which the condition holds, end those whose holder may not go on."""
    claimed = select(Task.case_id).where(Task.state == "open", Task.claimed_by.is_not(None), condition)
    with kernel.database.session() as session:
        kernel.database.scope(session, system_actor().regions)
        today = Unit(kernel, session, system_actor(), kernel.clock()).today
        cases = session.scalars(claimed.distinct().order_by(Task.case_id), {"today": today}).all()
    return sum(
        run(kernel, partial(_reconsider, cause=cause), system_actor(), case_id=case_id) for case_id in cases
    )


def _reconsider(unit: Unit, cause: str) -> int:
    case = unit.case
    if case is None or case.status != "open":
        return 0
    claimed = [task for task in _open_tasks(unit, [case]) if task.claimed_by is not None]
    if all(_may_go_on(unit, {case.id: case}, task) for task in claimed):
        return 0
    permit_system(unit, Action.SYSTEM, case.id)
    return len(reconsider_tasks(unit, [case], cause=cause))
