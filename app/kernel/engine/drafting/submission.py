"""A draft proposed as a controlled change: its content frozen, its editors bound, its effects listed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.kernel.cases.models import Case
from app.kernel.changes.refusals import ChangeNotEditable
from app.kernel.engine.changes import EDIT_STEP, Proposal, compute_what_if, edit_change, propose_change
from app.kernel.engine.drafting.models import DraftRecord
from app.kernel.engine.drafting.queries import DraftStanding
from app.kernel.engine.drafting.review import bind_editors
from app.kernel.transaction.run import lock_case
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task


def propose_draft(unit: Unit, row: DraftRecord, draft: DraftStanding, proposal: Proposal) -> dict[str, Any]:
    """Propose a draft that is held; answers {"case_id", "case_no"} of the change.

    Opens the change and gives its edit task, opened, to the owner, who then signs it there; in a change that came
    back to editing the content is replaced, and what was signed before is stale. Computes the what-if list.

    Raise InvalidInput by field of the change's kind, ChangesNothing, DraftEditorReviewed.
    """
    if draft.pending and draft.case_id is not None:
        case = _edit_again(unit, draft.case_id, proposal)
    else:
        propose_change(unit, proposal)
        case = _case_of(unit)
    row.change_id, row.submitted_revision, row.updated_at = case.id, row.revision, unit.now
    unit.session.flush()
    bind_editors(unit, case, row.id)
    compute_what_if(unit, _edit_task(unit, case).id)
    unit.record("draft.submitted", {"draft": row.id, "revision": row.revision, "key": row.key})
    return {"case_id": case.id, "case_no": case.case_no}


def _edit_again(unit: Unit, case_id: int, proposal: Proposal) -> Case:
    unit.case = lock_case(unit.session, case_id)
    task = _edit_task(unit, unit.case)
    if task.claimed_by is None:
        claim_task(unit, task.id)
    if task.opened_at is None:
        open_task(unit, task.id)
    unit.flush_writes()
    unit.open_tasks = None
    edit_change(unit, task.id, proposal)
    return unit.case


def _case_of(unit: Unit) -> Case:
    if unit.case is None:
        raise LookupError("the change was proposed in this unit")
    return unit.case


def _edit_task(unit: Unit, case: Case) -> Task:
    task = unit.session.scalar(
        select(Task).where(Task.case_id == case.id, Task.state == "open", Task.step_key == EDIT_STEP)
    )
    if task is None:
        raise ChangeNotEditable
    return task
