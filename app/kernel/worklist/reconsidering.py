"""After what a case counts with has changed: claims that can't go on end, the rest is asked again for staff."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from app.kernel.cases.models import Case
from app.kernel.duties.queries import list_candidates, list_case_views, list_rules, list_task_views
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action
from app.kernel.transaction.unit import Unit
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
        notify(unit, holder, "task_taken_back", f"task:{task.id}:{task.version}:{cause}", case, task)


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
