"""What drafts of either kind have in common: begun, copied, taken over, written, discarded. Proposing is submission.py.

The callers check what a path may be and how much a draft may hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kernel.engine.drafting.contents import keep_content
from app.kernel.engine.drafting.models import DraftEditor, DraftFile, DraftRecord
from app.kernel.engine.drafting.permission import hold_draft, lock_draft, lock_open, require_editor
from app.kernel.engine.drafting.queries import Kind, load_digests
from app.kernel.engine.drafting.refusals import DraftEditorReviewed, DraftFrozen
from app.kernel.engine.drafting.review import find_reviewer
from app.kernel.transaction.unit import Unit


def begin_draft(unit: Unit, draft: DraftRecord, files: Mapping[str, bytes]) -> int:
    """A draft owned by the actor; answers its id. Raise DutyDenied for who is no rule editor."""
    draft.owner_id = require_editor(unit)
    _insert(unit, draft)
    _write(unit, draft.id, dict(files))
    base = draft.base_definition_id or draft.base_rule_version_id
    unit.record("draft.created", {"draft": draft.id, "kind": draft.kind, "key": draft.key, "base": base})
    return draft.id


def copy_draft(unit: Unit, draft_id: int, kind: Kind) -> int:
    """A draft of one's own from somebody's; who edited that one counts as an editor here too. Answers its id."""
    owner = require_editor(unit)
    source = lock_draft(unit.session, draft_id, kind)
    copied = DraftRecord(
        kind=source.kind,
        key=source.key,
        base_definition_id=source.base_definition_id,
        base_rule_version_id=source.base_rule_version_id,
        copied_from=source.id,
        owner_id=owner,
    )
    _insert(unit, copied)
    _inherit_editors(unit.session, source.id, copied.id)
    _point(unit.session, copied.id, load_digests(unit.session, source.id))
    unit.record("draft.copied", {"draft": copied.id, "from": source.id, "key": copied.key})
    return copied.id


def take_over_draft(unit: Unit, draft_id: int, kind: Kind) -> int:
    """The actor owns the draft from here on; the editors before him stay on record. Answers the revision.

    Raise DraftFrozen, DraftSettled, DraftEditorReviewed for who reviewed its change, DutyDenied.
    """
    person_id = require_editor(unit)
    row, draft = lock_open(unit.session, draft_id, kind)
    if draft.pending and draft.case_id is not None:
        reviewer = find_reviewer(unit.session, draft.case_id, {person_id})
        if reviewer is not None:
            raise DraftEditorReviewed(name=reviewer)
    before, row.owner_id = row.owner_id, person_id
    _note_editor(unit, draft_id)
    unit.record("draft.taken_over", {"draft": draft_id, "from": before})
    return row.revision


def write_files(
    unit: Unit, row: DraftRecord, files: Mapping[str, bytes | None], what: Mapping[str, object]
) -> int:
    """Contents by path into a draft that is held (None removes), told in the audit as `what`; the new revision."""
    _write(unit, row.id, files)
    row.revision, row.updated_at = row.revision + 1, unit.now
    _note_editor(unit, row.id)
    unit.session.flush()
    unit.record("draft.edited", {"draft": row.id, "revision": row.revision, **what})
    return row.revision


def discard_draft(unit: Unit, draft_id: int, kind: Kind) -> None:
    """For good, by its owner; not while a change proposes it. Raise as `hold_draft`."""
    row, draft = hold_draft(unit, draft_id, kind)
    if draft.pending:
        raise DraftFrozen(case_no=draft.case_no)
    row.discarded_at = unit.now
    unit.record("draft.discarded", {"draft": draft_id, "key": row.key})


def _insert(unit: Unit, draft: DraftRecord) -> None:
    draft.revision, draft.created_at, draft.updated_at = 1, unit.now, unit.now
    unit.session.add(draft)
    unit.session.flush()
    _note_editor(unit, draft.id)


def _note_editor(unit: Unit, draft_id: int) -> None:
    """Under the record and account that act: the ledger is of records, comparisons are of natural persons."""
    row = upsert(DraftEditor).values(
        draft_id=draft_id,
        person_id=unit.actor.own_person_id,
        account_id=unit.actor.account_id,
        first_at=unit.now,
    )
    unit.session.execute(row.on_conflict_do_nothing())


def _inherit_editors(session: Session, source: int, draft_id: int) -> None:
    columns = ("draft_id", "person_id", "account_id", "first_at")
    editors = select(
        literal(draft_id), DraftEditor.person_id, DraftEditor.account_id, DraftEditor.first_at
    ).where(DraftEditor.draft_id == source)
    session.execute(upsert(DraftEditor).from_select(columns, editors).on_conflict_do_nothing())


def _write(unit: Unit, draft_id: int, files: Mapping[str, bytes | None]) -> None:
    """Contents by path; None removes."""
    digests = {
        path: None if content is None else keep_content(unit.session, content)
        for path, content in files.items()
    }
    _point(unit.session, draft_id, digests)


def _point(session: Session, draft_id: int, digests: Mapping[str, bytes | None]) -> None:
    rows = [{"draft_id": draft_id, "path": path, "digest": digest} for path, digest in digests.items()]
    if not rows:
        return
    statement = upsert(DraftFile).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["draft_id", "path"], set_={"digest": statement.excluded.digest}
        )
    )
