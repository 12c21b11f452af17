"""Reads of drafts of processes: one with its files, the list, its check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.engine.catalogue import list_in_force
from app.kernel.engine.check.report import CheckReport
from app.kernel.engine.designing.checked import check_once
from app.kernel.engine.drafting.queries import (
    DraftStanding,
    DraftState,
    find_standing_of,
    get_standing,
    list_editors,
    list_standings,
    load_digests,
    load_draft_files,
    load_one_file,
)
from app.kernel.engine.lifecycle.contents import list_file_folders, part_of
from app.kernel.engine.lifecycle.listing import (
    DefinitionRow,
    Release,
    VersionRow,
    list_definitions,
    list_releases,
    list_versions,
)
from app.kernel.engine.lifecycle.plan import read_titles
from app.kernel.engine.models import ProcessDefinition

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


@dataclass(frozen=True, kw_only=True)
class DraftRow(DraftStanding):
    """A process's draft without its files."""

    title_zh: str
    title_en: str
    base_version: int | None


@dataclass(frozen=True, kw_only=True)
class Draft(DraftRow):
    """With all its files by `folder/name`."""

    files: Mapping[str, bytes]


def get_draft(session: Session, draft_id: int) -> Draft:
    """Raise DraftNotFound."""
    standing = get_standing(session, draft_id, "process")
    (row,) = _rows(session, [standing])
    return Draft(**vars(row), files=load_draft_files(session, draft_id))


def list_drafts(session: Session, key: str = "") -> list[DraftRow]:
    """All drafts but the discarded, of one process or of all, the last edited first."""
    return _rows(session, list_standings(session, "process", key))


def find_draft_of(session: Session, case_id: int) -> DraftRow | None:
    """The draft that a change proposes."""
    standing = find_standing_of(session, case_id, "process")
    return None if standing is None else _rows(session, [standing])[0]


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


def _rows(session: Session, standings: list[DraftStanding]) -> list[DraftRow]:
    """With titles from the manifests and the numbers of the versions they began from."""
    manifests = load_one_file(session, {one.id: f"{one.key}/process.toml" for one in standings})
    bases = {one.base_id for one in standings if one.base_id is not None}
    found = session.execute(
        select(ProcessDefinition.id, ProcessDefinition.version).where(ProcessDefinition.id.in_(bases))
    )
    numbers = {row.id: row.version for row in found}
    rows = []
    for one in standings:
        zh, en = read_titles(one.key, {f"{one.key}/process.toml": manifests.get(one.id, b"")})
        base = numbers.get(one.base_id) if one.base_id is not None else None
        rows.append(DraftRow(**vars(one), title_zh=zh, title_en=en, base_version=base))
    return rows
