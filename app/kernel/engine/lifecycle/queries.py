"""Reads of drafts: one with its files, the list, who edited it. How a draft stands follows from its change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.changes.models import ControlledChange
from app.kernel.engine.catalogue import list_in_force
from app.kernel.engine.check.report import CheckReport
from app.kernel.engine.designing.checked import check_once
from app.kernel.engine.lifecycle.contents import list_file_folders, load_contents, part_of
from app.kernel.engine.lifecycle.listing import (
    DefinitionRow,
    Release,
    VersionRow,
    list_definitions,
    list_releases,
    list_versions,
)
from app.kernel.engine.lifecycle.models import DraftEditor, DraftFile, ProcessContent, ProcessDraft
from app.kernel.engine.lifecycle.plan import read_titles
from app.kernel.engine.lifecycle.refusals import DraftNotFound
from app.kernel.engine.models import ProcessDefinition
from app.kernel.identity.models import Person
from app.kernel.worklist.models import Task

__all__ = [
    "DefinitionRow",
    "Draft",
    "DraftRow",
    "DraftState",
    "Release",
    "VersionRow",
    "check_draft",
    "find_draft_of",
    "get_draft",
    "list_definitions",
    "list_drafts",
    "list_editors",
    "list_releases",
    "list_versions",
    "load_digests",
    "load_draft_files",
]

DraftState = Literal["editing", "submitted", "deployed", "discarded"]
"""editing: the owner edits; submitted: with the rechecker or approver, frozen; deployed, discarded: for good."""

EDIT_STEP = "rule_edit"


@dataclass(frozen=True)
class DraftRow:
    """A draft without its files. `case_id`, `case_no`: the latest change that proposed it, whatever came of it;
    `pending`: that change is still open; `ahead`: edited since it was proposed."""

    id: int
    key: str
    title_zh: str
    title_en: str
    revision: int
    state: DraftState
    owner_id: int
    owner: str
    base_version: int | None
    updated_at: datetime
    case_id: int | None
    case_no: str
    pending: bool
    ahead: bool


@dataclass(frozen=True)
class Draft(DraftRow):
    """With all its files by `folder/name`."""

    files: Mapping[str, bytes]


def get_draft(session: Session, draft_id: int) -> Draft:
    """Raise DraftNotFound."""
    found = session.execute(_lines().where(ProcessDraft.id == draft_id)).one_or_none()
    if found is None:
        raise DraftNotFound(draft=draft_id)
    files = load_draft_files(session, draft_id)
    return Draft(**vars(_row(found, read_titles(found.ProcessDraft.key, files))), files=files)


def list_drafts(session: Session, key: str = "") -> list[DraftRow]:
    """All drafts but the discarded, of one process or of all, the last edited first."""
    wanted = [ProcessDraft.discarded_at.is_(None)] + ([ProcessDraft.key == key] if key else [])
    found = session.execute(
        _lines().where(*wanted).order_by(ProcessDraft.updated_at.desc(), ProcessDraft.id.desc())
    ).all()
    titles = _titles(session, [row.ProcessDraft for row in found])
    return [_row(row, titles[row.ProcessDraft.id]) for row in found]


def check_draft(session: Session, draft_id: int) -> CheckReport:
    """The findings on a draft as it stands; folders it lacks are looked for among those in force.

    Raise DraftNotFound.
    """
    files = get_draft(session, draft_id).files
    own = list_file_folders(files)  # a file removed here must not be found in the version before
    deployed: dict[str, bytes] = {}
    for found in list_in_force(session):
        if found.key not in own:
            deployed |= part_of(found.files, found.key)
    return check_once(files, deployed)


def list_editors(session: Session, draft_id: int) -> list[str]:
    """Names of everybody who ever edited the draft, or the draft it was copied from: none of them may review it."""
    return list(
        session.scalars(
            select(Person.name)
            .join(DraftEditor, DraftEditor.person_id == Person.id)
            .where(DraftEditor.draft_id == draft_id)
            .order_by(DraftEditor.first_at, Person.id)
        )
    )


def find_draft_of(session: Session, case_id: int) -> DraftRow | None:
    """The draft that a change proposes."""
    found = session.execute(_lines().where(ProcessDraft.change_id == case_id)).one_or_none()
    if found is None:
        return None
    return _row(found, _titles(session, [found.ProcessDraft])[found.ProcessDraft.id])


def load_digests(session: Session, draft_id: int) -> dict[str, bytes]:
    """SHA-256 by path of the files a draft has."""
    rows = session.execute(
        select(DraftFile.path, DraftFile.digest)
        .where(DraftFile.draft_id == draft_id, DraftFile.digest.is_not(None))
        .order_by(DraftFile.path)
    )
    return {row.path: row.digest for row in rows}


def load_draft_files(session: Session, draft_id: int) -> dict[str, bytes]:
    """Contents by path."""
    return load_contents(session, load_digests(session, draft_id))


def _lines() -> Any:
    owner, step, change_case = aliased(Person), aliased(Task), aliased(Case)
    return (
        select(
            ProcessDraft,
            owner.name.label("owner"),
            ProcessDefinition.version.label("base_version"),
            change_case.case_no.label("case_no"),
            change_case.status.label("status"),
            ControlledChange.applied_at.label("applied_at"),
            step.step_key.label("step_key"),
        )
        .join(owner, owner.id == ProcessDraft.owner_id)
        .outerjoin(ProcessDefinition, ProcessDefinition.id == ProcessDraft.base_definition_id)
        .outerjoin(ControlledChange, ControlledChange.case_id == ProcessDraft.change_id)
        .outerjoin(change_case, change_case.id == ProcessDraft.change_id)
        .outerjoin(step, and_(step.case_id == ProcessDraft.change_id, step.state == "open"))
    )


def _row(found: Any, titles: tuple[str, str]) -> DraftRow:
    draft: ProcessDraft = found.ProcessDraft
    state, pending = _state(found)
    return DraftRow(
        id=draft.id,
        key=draft.key,
        title_zh=titles[0],
        title_en=titles[1],
        revision=draft.revision,
        state=state,
        owner_id=draft.owner_id,
        owner=found.owner,
        base_version=found.base_version,
        updated_at=draft.updated_at,
        case_id=draft.change_id,
        case_no=found.case_no or "",
        pending=pending,
        ahead=pending and draft.revision != draft.submitted_revision,
    )


def _state(found: Any) -> tuple[DraftState, bool]:
    """With whether its change is still open. A dropped change gives the draft back to its owner."""
    if found.ProcessDraft.discarded_at is not None:
        return "discarded", False
    if found.applied_at is not None:
        return "deployed", False
    pending = found.step_key is not None
    return ("submitted" if pending and found.step_key != EDIT_STEP else "editing"), pending


def _titles(session: Session, drafts: list[ProcessDraft]) -> dict[int, tuple[str, str]]:
    """Titles by draft, from their manifests in one read."""
    paths = {draft.id: f"{draft.key}/process.toml" for draft in drafts}
    rows = session.execute(
        select(DraftFile.draft_id, DraftFile.path, ProcessContent.content)
        .join(ProcessContent, ProcessContent.digest == DraftFile.digest)
        .where(DraftFile.draft_id.in_(paths), DraftFile.path.in_(set(paths.values())))
    )
    manifests = {row.draft_id: row.content for row in rows if paths[row.draft_id] == row.path}
    return {
        draft.id: read_titles(draft.key, {paths[draft.id]: manifests.get(draft.id, b"")}) for draft in drafts
    }
