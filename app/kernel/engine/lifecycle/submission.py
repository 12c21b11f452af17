"""A draft proposed as a controlled change: its files frozen by digest, its editors bound, its effects listed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.kernel.cases.models import Case
from app.kernel.changes.refusals import ChangeNotEditable
from app.kernel.engine.changes import (
    EDIT_STEP,
    Proposal,
    compute_what_if,
    edit_change,
    propose_change,
    propose_weighed,
)
from app.kernel.engine.lifecycle.contents import list_sums
from app.kernel.engine.lifecycle.models import ProcessDraft
from app.kernel.engine.lifecycle.permission import hold_draft
from app.kernel.engine.lifecycle.plan import list_changed_folders
from app.kernel.engine.lifecycle.queries import Draft, load_digests
from app.kernel.engine.lifecycle.review import bind_editors
from app.kernel.engine.lifecycle.versions import load_files_of
from app.kernel.transaction.run import lock_case
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task


def submit_draft(
    unit: Unit, draft_id: int, *, reason: str, ground: str, notes: str = "", title: str = ""
) -> dict[str, Any]:
    """Propose the draft as it stands; answers {"case_id", "case_no"} of the change.

    Opens the change and gives its edit task, opened, to the owner, who then signs it there; in a change that came
    back to editing the content is replaced, and what was signed before is stale. Computes the what-if list.

    Raise InvalidInput (field `files`: `not_deployable`), ChangesNothing, DraftEditorReviewed, DraftNotYours,
    DraftFrozen, DraftSettled, DutyDenied.
    """
    row, draft = hold_draft(unit, draft_id)
    proposal = Proposal("process", _values(unit, row, draft, notes), reason, ground, title)
    if draft.pending and draft.case_id is not None:
        case = _edit_again(unit, draft.case_id, proposal)
    else:
        propose_change(unit, proposal)
        case = _case_of(unit)
    row.change_id, row.submitted_revision, row.updated_at = case.id, row.revision, unit.now
    unit.session.flush()
    bind_editors(unit, case, draft_id)
    compute_what_if(unit, _edit_task(unit, case).id)
    unit.record("draft.submitted", {"draft": draft_id, "revision": row.revision, "key": row.key})
    return {"case_id": case.id, "case_no": case.case_no}


def propose_release(
    unit: Unit, *, action: str, key: str, version: str, reason: str, ground: str
) -> dict[str, Any]:
    """Propose that an earlier version is in force, or that the process takes no new cases; as `submit_draft`.

    Raise InvalidInput by field, VersionNotFound, DutyDenied.
    """
    values = {"action": action, "key": key, "version": version if action == "roll_back" else ""}
    return propose_weighed(unit, Proposal("process", values, reason, ground))


def _values(unit: Unit, row: ProcessDraft, draft: Draft, notes: str) -> dict[str, Any]:
    base = load_files_of(unit.session, row.base_definition_id) if row.base_definition_id is not None else {}
    return {
        "action": "deploy",
        "key": draft.key,
        "draft": str(draft.id),
        "folders": " ".join(list_changed_folders(draft.key, draft.files, base)),
        "files": list_sums(load_digests(unit.session, draft.id)),
        "notes": notes,
    }


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
