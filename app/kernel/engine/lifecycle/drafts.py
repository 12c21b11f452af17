"""Operations on drafts of processes: begin, copy, take over, save files, discard. Proposing is `submission.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kernel.engine.catalogue import find_release, list_in_force
from app.kernel.engine.drafting import room
from app.kernel.engine.drafting.models import DraftRecord
from app.kernel.engine.drafting.permission import hold_draft, require_editor
from app.kernel.engine.drafting.queries import load_draft_files
from app.kernel.engine.lifecycle.contents import KEY, check_path, check_sizes, part_of
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
    require_editor(unit)
    if not KEY.fullmatch(key):
        raise InvalidInput({"key": ("process_key_invalid", {})})
    beginning = _beginning(unit.session, key, base)
    draft = DraftRecord(kind="process", key=key, base_definition_id=beginning.definition_id)
    return room.begin_draft(unit, draft, beginning.files)


def copy_draft(unit: Unit, draft_id: int) -> int:
    """A draft of one's own from somebody's; who edited that one counts as an editor here too. Answers its id."""
    return room.copy_draft(unit, draft_id, "process")


def take_over_draft(unit: Unit, draft_id: int) -> int:
    """The actor owns the draft from here on; the editors before him stay on record. Answers the revision.

    Raise DraftFrozen, DraftSettled, DraftEditorReviewed for who reviewed its change, DutyDenied.
    """
    return room.take_over_draft(unit, draft_id, "process")


def save_draft_file(unit: Unit, draft_id: int, path: str, content: bytes, *, revision: int) -> int:
    """Keep a file under `folder/name`; answers the new revision (the same when nothing changed).

    Raise InvalidInput by path, DraftChanged when somebody saved since `revision`, DraftNotYours, DraftFrozen,
    DraftSettled, DutyDenied.
    """
    row, _draft = hold_draft(unit, draft_id, "process", revision=revision)
    check_path(path)
    files = load_draft_files(unit.session, draft_id)
    if files.get(path) == content:
        return row.revision
    check_sizes({name: len(data) for name, data in {**files, path: content}.items()})
    return room.write_files(unit, row, {path: content}, {"saved": path, "bytes": len(content)})


def remove_draft_file(unit: Unit, draft_id: int, path: str, *, revision: int) -> int:
    """Answers the new revision. Raise as `save_draft_file`, InvalidInput for a file that isn't there."""
    row, _draft = hold_draft(unit, draft_id, "process", revision=revision)
    if path not in load_draft_files(unit.session, draft_id):
        raise InvalidInput({path[:200]: ("process_file_missing", {})})
    return room.write_files(unit, row, {path: None}, {"removed": path})


def replace_draft_files(unit: Unit, draft_id: int, files: Mapping[str, bytes], *, revision: int) -> int:
    """All files at once (an import): what is not among them is removed. Raise as `save_draft_file`."""
    row, _draft = hold_draft(unit, draft_id, "process", revision=revision)
    for path in files:
        check_path(path)
    check_sizes({path: len(content) for path, content in files.items()})
    gone = load_draft_files(unit.session, draft_id).keys() - files.keys()
    what = {"replaced": len(files), "removed": len(gone)}
    return room.write_files(unit, row, {**dict.fromkeys(gone), **files}, what)


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
    room.discard_draft(unit, draft_id, "process")


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
