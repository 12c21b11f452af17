"""Making an issued document again: by who has a task of its case open, with a reason, as a new version."""

from __future__ import annotations

from uuid import UUID

from app.kernel.documents.models import Document
from app.kernel.documents.queries import document_by_uid
from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.paperwork import make_again
from app.kernel.engine.receipts import RECEIPT, make_receipt_again
from app.kernel.refusals import CaseNotFound, InvalidInput, TaskNotOpened
from app.kernel.transaction import Unit
from app.kernel.worklist.operations import open_tasks

LONGEST_REASON = 500


def reissue_document(unit: Unit, uid: UUID, reason: str) -> Document:
    """A new version of a document of the locked case, from its facts as they are now; the old one is kept.

    Raise InvalidInput on `reason`, TaskNotOpened, DutyDenied, DocumentNotIssued, DocumentContentChanged.
    """
    case, words = unit.case, reason.strip()
    old = document_by_uid(unit.session, uid)
    if case is None or old is None or old.case_id != case.id:
        raise CaseNotFound(case_id=case.id if case is not None else 0)
    if not words or len(words) > LONGEST_REASON:
        raise InvalidInput(
            {"reason": ("required", {}) if not words else ("too_long", {"max": LONGEST_REASON})}
        )
    mine = (task for task in open_tasks(unit, case) if task.claimed_by == unit.actor.person_id)
    task = next((one for one in mine if one.opened_at is not None), None)
    if task is None:
        raise TaskNotOpened(task_id=0)
    require(unit, Action.UPLOAD, case=case, task=task)
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    again = make_receipt_again if old.template == RECEIPT else make_again
    return again(context, old, words)
