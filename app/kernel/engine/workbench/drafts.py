"""Operations on drafts of rules: begin, copy, take over, save, discard. Proposing is `proposals.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from app.kernel.decisions.catalogue.manifest import RULE_ID
from app.kernel.decisions.catalogue.reading import FILES, LARGEST_FILE, MANIFEST
from app.kernel.decisions.catalogue.versions import find_version, newest_version
from app.kernel.decisions.workbench.properties import from_day, with_version
from app.kernel.engine.drafting import room
from app.kernel.engine.drafting.models import DraftRecord
from app.kernel.engine.drafting.permission import hold_draft, require_editor
from app.kernel.engine.drafting.queries import load_draft_files
from app.kernel.engine.workbench.skeleton import make_rule_skeleton
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

KIND: Final = "rule"


def create_rule_draft(unit: Unit, rule_id: str, *, base: int | None = None) -> int:
    """A draft owned by the actor: a copy of version `base`, else of the newest, else a rule that says nothing yet.

    Answers its id. The draft names the next version. Raise InvalidInput (`rule`, `version`), DutyDenied.
    """
    require_editor(unit)
    if not RULE_ID.fullmatch(rule_id):
        raise InvalidInput({"rule": ("rule_id_invalid", {})})
    newest = newest_version(unit.session, rule_id)
    found = find_version(unit.session, rule_id, base or newest) if newest else None
    if found is None and (newest or base):
        raise InvalidInput({"version": ("version_unknown", {})})
    files = dict(found.rule.files) if found is not None else make_rule_skeleton(rule_id, unit.today)
    draft = DraftRecord(kind=KIND, key=rule_id, base_rule_version_id=found.id if found is not None else None)
    return room.begin_draft(unit, draft, _paths(rule_id, _renumbered(files, newest + 1, unit.today)))


def copy_rule_draft(unit: Unit, draft_id: int) -> int:
    """A draft of one's own from somebody's; answers its id. Raise DraftNotFound, DutyDenied."""
    return room.copy_draft(unit, draft_id, KIND)


def take_over_rule_draft(unit: Unit, draft_id: int) -> int:
    """The actor owns it from here on. Raise as `room.take_over_draft`."""
    return room.take_over_draft(unit, draft_id, KIND)


def save_rule_file(unit: Unit, draft_id: int, name: str, content: bytes, *, revision: int) -> int:
    """Keep one of the three files, ended by one line break; answers the new revision (the same: nothing changed).

    Raise InvalidInput (by the file's name), DraftChanged, DraftNotYours, DraftFrozen, DraftSettled, DutyDenied.
    """
    row, _draft = hold_draft(unit, draft_id, KIND, revision=revision)
    if name not in FILES:
        raise InvalidInput({name[:100]: ("rule_file_unknown", {})})
    content = ended(content)
    if len(content) > LARGEST_FILE:
        raise InvalidInput({name: ("rule_file_too_large", {"max": LARGEST_FILE // 1000})})
    path = f"{row.key}/{name}"
    if load_draft_files(unit.session, draft_id).get(path) == content:
        return row.revision
    return room.write_files(unit, row, {path: content}, {"saved": path, "bytes": len(content)})


def discard_rule_draft(unit: Unit, draft_id: int) -> None:
    """For good. Raise as `room.discard_draft`."""
    room.discard_draft(unit, draft_id, KIND)


def ended(content: bytes) -> bytes:
    """Ended by exactly one line break, without what editors put around it: three people sign the text between."""
    return content.replace(b"\r\n", b"\n").strip() + b"\n"


def _renumbered(files: Mapping[str, bytes], version: int, today: date) -> dict[str, bytes]:
    """Naming the version and, where its first day is past, today: a version stands from its own day on."""
    return {**files, MANIFEST: from_day(with_version(files[MANIFEST], version), today)}


def _paths(rule_id: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{rule_id}/{name}": content for name, content in files.items()}
