"""What a supervisor does to a task that is not his: put it back, hand it over to the office above.

Supervising gives no duty: `assign_task` asks `decide` for whoever receives a task, himself included.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.absences.queries import absent_today
from app.kernel.cases.models import Case
from app.kernel.duties.candidates import HOLDING
from app.kernel.duties.operations import require_supervisor
from app.kernel.duties.queries import list_supervisors
from app.kernel.duties.records import keep_decision
from app.kernel.duties.views import ALLOWED, Action
from app.kernel.identity.regions import get_lineage
from app.kernel.refusals import TaskNotClaimed
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import end_claim, get_open_task, notify
from app.kernel.worklist.refusals import NoHigherOffice, ReasonMissing


def put_back_task(unit: Unit, task_id: int, reason: str) -> None:
    """Put a claimed task back into its queue. Raise TaskNotClaimed, ReasonMissing, DutyDenied."""
    case, task = get_open_task(unit, task_id)
    _permit(unit, case, task, reason)
    former = task.claimed_by
    if former is None:
        raise TaskNotClaimed(task_id=task_id)
    end_claim(unit, task, "put_back")
    told = {"step": task.step_key, "duty": task.duty, "from": former, "reason": reason.strip()}
    unit.record("task.put_back", told, task_id=task.id)
    if former != unit.actor.person_id:
        notify(unit, former, "task_put_back", f"task:{task.id}:{task.version}:put_back", case, task)


def route_upward(unit: Unit, task_id: int, reason: str) -> str:
    """Hand an open task to the next higher office that can do it; answers that office's region.

    The case stays where it is, and its next tasks come up there again. Raise TaskNotFound,
    TaskAlreadyCompleted, DutyDenied, NoHigherOffice, ReasonMissing.
    """
    case, task = get_open_task(unit, task_id)
    _permit(unit, case, task, reason)
    office = find_higher_office(unit.session, task, unit.today)
    if office is None:
        raise NoHigherOffice(post=task.post, region=task.region_code)
    task.waiting_for_staff, task.waiting_since = False, None
    move_upward(unit, case, task, office, reason.strip())
    return office


def _permit(unit: Unit, case: Case, task: Task, reason: str) -> None:
    """The actor supervises the case's region and says why; that answer covers what is written."""
    if not reason.strip():
        raise ReasonMissing(field="reason")
    require_supervisor(unit, case, task)
    keep_decision(unit, ALLOWED, Action.REASSIGN, case.id, task.id, task.duty)


def find_higher_office(session: Session, task: Task, today: date) -> str | None:
    """The nearest region above the task's where somebody who is here holds its post; None when there is none."""
    above = get_lineage(session, task.region_code)[:-1]
    held = session.scalars(
        select(HOLDING.c.region_code)
        .where(
            HOLDING.c.post == task.post,
            HOLDING.c.region_code.in_(above),
            ~absent_today(HOLDING.c.person_id),
        )
        .distinct(),
        {"today": today},
    ).all()
    return next((region for region in reversed(above) if region in held), None)


def move_upward(unit: Unit, case: Case, task: Task, office: str, reason: str) -> None:
    """Change the task's office, take it from whoever held it, tell the supervisors of both. The decision is kept."""
    before, holder = task.region_code, task.claimed_by
    if holder is not None:
        end_claim(unit, task, "routed")
    task.home_region_code = task.home_region_code or before
    task.region_code = office
    task.version += 1
    unit.session.flush()
    unit.record(
        "task.routed_upward",
        {"step": task.step_key, "duty": task.duty, "from": before, "to": office, "reason": reason},
        case_id=case.id,
        task_id=task.id,
    )
    told = set(list_supervisors(unit.session, get_lineage(unit.session, before), unit.today))
    for person_id in sorted(told | ({holder} if holder else set())):
        if person_id != unit.actor.person_id:
            notify(unit, person_id, "task_routed_upward", f"task:{task.id}:routed:{office}", case, task)
