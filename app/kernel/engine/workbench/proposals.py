"""A rule's draft proposed as a controlled change; an earlier version restored, a rule retired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kernel.decisions.catalogue.reading import FILES, MANIFEST
from app.kernel.decisions.catalogue.versions import newest_version
from app.kernel.decisions.workbench.properties import with_version
from app.kernel.engine.changes import Proposal, propose_weighed
from app.kernel.engine.drafting.permission import hold_draft
from app.kernel.engine.drafting.queries import load_draft_files
from app.kernel.engine.drafting.room import write_files
from app.kernel.engine.drafting.submission import propose_draft
from app.kernel.engine.workbench.drafts import KIND, create_rule_draft
from app.kernel.transaction.unit import Unit


def submit_rule_draft(unit: Unit, draft_id: int, *, reason: str, ground: str) -> dict[str, Any]:
    """Propose the draft as it stands; answers {"case_id", "case_no"} of the change, as `propose_draft`.

    The manifest is made to name the next version first. Raise InvalidInput (`rule_toml`, `rule_dmn`, `cases_toml`: a
    file that is wrong, a case that fails), ChangesNothing, DraftEditorReviewed, DraftNotYours, DraftFrozen,
    DraftSettled, DutyDenied.
    """
    row, draft = hold_draft(unit, draft_id, KIND)
    path = f"{row.key}/{MANIFEST}"
    files = load_draft_files(unit.session, draft_id)
    renumbered = with_version(files.get(path, b""), newest_version(unit.session, row.key) + 1)
    if path in files and renumbered != files[path]:
        write_files(unit, row, {path: renumbered}, {"renumbered": path})
        files[path] = renumbered
    proposal = Proposal(KIND, {"action": "deploy", **_texts(row.key, files)}, reason, ground)
    return propose_draft(unit, row, draft, proposal)


def restore_rule_version(
    unit: Unit, rule_id: str, version: int, *, reason: str, ground: str
) -> dict[str, Any]:
    """Propose an earlier version's content as the next version, through a draft of the actor's own.

    Answers as `submit_rule_draft`. Raise InvalidInput (`version`, `rule`), and as `submit_rule_draft`.
    """
    draft_id = create_rule_draft(unit, rule_id, base=version)
    return submit_rule_draft(unit, draft_id, reason=reason, ground=ground)


def retire_rule(unit: Unit, rule_id: str, day: str, *, reason: str, ground: str) -> dict[str, Any]:
    """Propose that the rule judges nothing from a day on (ISO 8601); answers as `submit_rule_draft`.

    Raise InvalidInput (`effective_from`, `rule`), DutyDenied.
    """
    values = {"action": "retire", "rule": rule_id, "effective_from": day}
    return propose_weighed(unit, Proposal(KIND, values, reason, ground))


def _texts(rule_id: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """The fields of the kind `rule` that carry the files; the day follows from the manifest."""
    found = {
        name.replace(".", "_"): files.get(f"{rule_id}/{name}", b"").decode("utf-8", "replace").strip()
        for name in FILES
    }
    return {"rule": rule_id, "effective_from": "", **found}
