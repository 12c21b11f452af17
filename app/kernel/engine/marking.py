"""X-A: whoever works on a case marks a suspected incident; fund supervision hears of it as of any message."""

from __future__ import annotations

from typing import Final

from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.engine.messages.sending import send_message
from app.kernel.refusals import TaskNotOpened
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import open_tasks
from app.kernel.worklist.refusals import ReasonMissing

SUSPECTED: Final = "incident.suspected"


def mark_incident(unit: Unit, reason: str) -> None:
    """Tell the chain of a suspected incident; the case goes on. Once marked it stays marked.

    Raise ReasonMissing, TaskNotOpened for who has no task of the case open, DutyDenied.
    """
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    why = reason.strip()
    if not why:
        raise ReasonMissing(field="reason")
    task = own_task(unit)
    require(unit, Action.UPLOAD, case=unit.case, task=task)
    unit.record("case.incident_suspected", {"reason": why}, task_id=task.id)
    send_message(unit, unit.case, SUSPECTED, {"reason": why, "case_no": unit.case.case_no})


def own_task(unit: Unit) -> Task:
    """The task of the locked case that the actor has open. Raise TaskNotOpened."""
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    for task in open_tasks(unit, unit.case):
        if task.claimed_by == unit.actor.person_id and task.opened_at is not None:
            return task
    raise TaskNotOpened(task_id=0)
