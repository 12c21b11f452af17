"""A draft of a process proposed as a controlled change, its files named by digest; and changes without a draft."""

from __future__ import annotations

from typing import Any

from app.kernel.engine.changes import Proposal, propose_weighed
from app.kernel.engine.drafting.contents import list_sums
from app.kernel.engine.drafting.permission import hold_draft
from app.kernel.engine.drafting.queries import load_digests, load_draft_files
from app.kernel.engine.drafting.submission import propose_draft
from app.kernel.engine.lifecycle.plan import list_changed_folders
from app.kernel.engine.lifecycle.versions import load_files_of
from app.kernel.transaction.unit import Unit


def submit_draft(
    unit: Unit, draft_id: int, *, reason: str, ground: str, notes: str = "", title: str = ""
) -> dict[str, Any]:
    """Propose the draft as it stands; answers {"case_id", "case_no"} of the change. As `propose_draft`.

    Raise InvalidInput (field `files`: `not_deployable`), ChangesNothing, DraftEditorReviewed, DraftNotYours,
    DraftFrozen, DraftSettled, DutyDenied.
    """
    row, draft = hold_draft(unit, draft_id, "process")
    base = load_files_of(unit.session, draft.base_id) if draft.base_id is not None else {}
    files = load_draft_files(unit.session, draft_id)
    values = {
        "action": "deploy",
        "key": row.key,
        "draft": str(draft_id),
        "folders": " ".join(list_changed_folders(row.key, files, base)),
        "files": list_sums(load_digests(unit.session, draft_id)),
        "notes": notes,
    }
    return propose_draft(unit, row, draft, Proposal("process", values, reason, ground, title))


def propose_release(
    unit: Unit, *, action: str, key: str, version: str, reason: str, ground: str
) -> dict[str, Any]:
    """Propose that an earlier version is in force, or that the process takes no new cases; as `submit_draft`.

    Raise InvalidInput by field, VersionNotFound, DutyDenied.
    """
    values = {"action": action, "key": key, "version": version if action == "roll_back" else ""}
    return propose_weighed(unit, Proposal("process", values, reason, ground))
