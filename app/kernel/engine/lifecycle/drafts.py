"""Operations on drafts: begin, copy, take over, save files, discard. Proposing is `submission.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kernel.engine.catalogue import find_release, list_in_force
from app.kernel.engine.lifecycle.contents import KEY, check_path, check_sizes, keep_content, part_of
from app.kernel.engine.lifecycle.models import DraftEditor, DraftFile, ProcessDraft
from app.kernel.engine.lifecycle.permission import hold_draft, lock_draft, require_editor
from app.kernel.engine.lifecycle.queries import get_draft, load_digests
from app.kernel.engine.lifecycle.refusals import DraftEditorReviewed, DraftFrozen, DraftSettled
from app.kernel.engine.lifecycle.review import find_reviewer
from app.kernel.engine.lifecycle.skeleton import make_skeleton
from app.kernel.engine.lifecycle.submission import submit_draft
from app.kernel.engine.lifecycle.versions import get_version, load_files_of
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

__all__ = [
    "copy_draft",
    "create_draft",
    "discard_draft",
    "import_draft",
    "remove_draft_file",
    "replace_draft_files",
    "save_draft_file",
    "submit_draft",
    "take_over_draft",
]


@dataclass(frozen=True)
class _Beginning:
    definition_id: int | None
    files: Mapping[str, bytes]


def create_draft(unit: Unit, key: str, *, base: int | None = None) -> int:
    """A draft owned by the actor: a copy of version `base`, else of the newest, else a skeleton; answers its id.

    Raise InvalidInput for a key that is none, VersionNotFound, DutyDenied for who is no rule editor.
    """
    owner = require_editor(unit)
    if not KEY.fullmatch(key):
        raise InvalidInput({"key": ("process_key_invalid", {})})
    beginning = _beginning(unit.session, key, base)
    draft = _insert(unit, ProcessDraft(key=key, base_definition_id=beginning.definition_id, owner_id=owner))
    _write(unit, draft.id, dict(beginning.files))
    unit.record("draft.created", {"draft": draft.id, "key": key, "base": beginning.definition_id})
    return draft.id


def copy_draft(unit: Unit, draft_id: int) -> int:
    """A draft of one's own from somebody's; who edited that one counts as an editor here too. Answers its id."""
    owner = require_editor(unit)
    source = lock_draft(unit.session, draft_id)
    copied = ProcessDraft(
        key=source.key,
        base_definition_id=source.base_definition_id,
        copied_from=source.id,
        owner_id=owner,
    )
    draft = _insert(unit, copied)
    _inherit_editors(unit.session, source.id, draft.id)
    _point(unit.session, draft.id, load_digests(unit.session, source.id))
    unit.record("draft.copied", {"draft": draft.id, "from": source.id, "key": draft.key})
    return draft.id


def take_over_draft(unit: Unit, draft_id: int) -> int:
    """The actor owns the draft from here on; the editors before him stay on record. Answers the revision.

    Raise DraftFrozen, DraftSettled, DraftEditorReviewed for who reviewed its change, DutyDenied.
    """
    person_id = require_editor(unit)
    row = lock_draft(unit.session, draft_id)
    draft = get_draft(unit.session, draft_id)
    if draft.state == "submitted":
        raise DraftFrozen(case_no=draft.case_no)
    if draft.state != "editing":
        raise DraftSettled
    if draft.pending and draft.case_id is not None:
        reviewer = find_reviewer(unit.session, draft.case_id, {person_id})
        if reviewer is not None:
            raise DraftEditorReviewed(name=reviewer)
    before, row.owner_id = row.owner_id, person_id
    _note_editor(unit, draft_id)
    unit.record("draft.taken_over", {"draft": draft_id, "from": before})
    return row.revision


def save_draft_file(unit: Unit, draft_id: int, path: str, content: bytes, *, revision: int) -> int:
    """Keep a file under `folder/name`; answers the new revision (the same when nothing changed).

    Raise InvalidInput by path, DraftChanged when somebody saved since `revision`, DraftNotYours, DraftFrozen,
    DraftSettled, DutyDenied.
    """
    row, draft = hold_draft(unit, draft_id, revision=revision)
    check_path(path)
    if draft.files.get(path) == content:
        return row.revision
    check_sizes({name: len(data) for name, data in {**draft.files, path: content}.items()})
    _write(unit, draft_id, {path: content})
    return _revised(unit, row, {"saved": path, "bytes": len(content)})


def remove_draft_file(unit: Unit, draft_id: int, path: str, *, revision: int) -> int:
    """Answers the new revision. Raise as `save_draft_file`, InvalidInput for a file that isn't there."""
    row, draft = hold_draft(unit, draft_id, revision=revision)
    if path not in draft.files:
        raise InvalidInput({path[:200]: ("process_file_missing", {})})
    _write(unit, draft_id, {path: None})
    return _revised(unit, row, {"removed": path})


def replace_draft_files(unit: Unit, draft_id: int, files: Mapping[str, bytes], *, revision: int) -> int:
    """All files at once (an import): what is not among them is removed. Raise as `save_draft_file`."""
    row, draft = hold_draft(unit, draft_id, revision=revision)
    for path in files:
        check_path(path)
    check_sizes({path: len(content) for path, content in files.items()})
    gone = draft.files.keys() - files.keys()
    _write(unit, draft_id, {**dict.fromkeys(gone), **files})
    return _revised(unit, row, {"replaced": len(files), "removed": len(gone)})


def import_draft(unit: Unit, key: str, files: Mapping[str, bytes]) -> int:
    """A draft of one's own with exactly these files, compared with the version in force; answers its id.

    Raise InvalidInput when none of them is in the process's folder, and as `create_draft`.
    """
    if not any(path.startswith(f"{key}/") for path in files):
        raise InvalidInput({"archive": ("archive_of_other", {"key": key})})
    draft_id = create_draft(unit, key)
    replace_draft_files(unit, draft_id, files, revision=1)
    return draft_id


def discard_draft(unit: Unit, draft_id: int) -> None:
    """For good, by its owner; not while a change proposes it. Raise as `save_draft_file`."""
    row, draft = hold_draft(unit, draft_id)
    if draft.pending:
        raise DraftFrozen(case_no=draft.case_no)
    row.discarded_at = unit.now
    unit.record("draft.discarded", {"draft": draft_id, "key": row.key})


def _beginning(session: Session, key: str, base: int | None) -> _Beginning:
    if base is not None:
        version = get_version(session, key, version=base)
        return _Beginning(version.id, load_files_of(session, version.id))
    standing = find_release(session, key)
    if standing is not None and standing.definition_id is not None:
        return _Beginning(standing.definition_id, load_files_of(session, standing.definition_id))
    for deployed in list_in_force(session):  # only called by others, and never deployed by itself
        if f"{key}/process.toml" in deployed.files:
            return _Beginning(None, part_of(deployed.files, key))
    return _Beginning(None, make_skeleton(key))


def _insert(unit: Unit, draft: ProcessDraft) -> ProcessDraft:
    draft.revision, draft.created_at, draft.updated_at = 1, unit.now, unit.now
    unit.session.add(draft)
    unit.session.flush()
    _note_editor(unit, draft.id)
    return draft


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


def _revised(unit: Unit, row: ProcessDraft, what: Mapping[str, object]) -> int:
    row.revision, row.updated_at = row.revision + 1, unit.now
    _note_editor(unit, row.id)
    unit.session.flush()
    unit.record("draft.edited", {"draft": row.id, "revision": row.revision, **what})
    return row.revision
