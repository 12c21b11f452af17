"""Deployed versions by number: one, its files, its titles."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.engine.lifecycle.refusals import VersionNotFound
from app.kernel.engine.models import DefinitionFile, ProcessDefinition


@dataclass(frozen=True)
class Version:
    """A deployed version. `spec_digest` is SHA-256 of what was parsed from its files."""

    row: ProcessDefinition

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def version(self) -> int:
        return self.row.version

    @property
    def digest(self) -> str:
        return self.row.digest

    @property
    def spec_digest(self) -> str:
        return hashlib.sha256(self.row.spec).hexdigest()


def get_version(
    session: Session, key: str, *, version: int | None = None, definition_id: int | None = None
) -> Version:
    """By number or by id. Raise VersionNotFound."""
    wanted = (
        ProcessDefinition.version == version
        if definition_id is None
        else ProcessDefinition.id == definition_id
    )
    row = session.scalar(select(ProcessDefinition).where(ProcessDefinition.key == key, wanted))
    if row is None:
        raise VersionNotFound(key=key, version=version)
    return Version(row)


def load_files(session: Session, key: str, version: int) -> dict[str, bytes]:
    """All files of a version by `folder/name`, those of its callees too. Raise VersionNotFound."""
    return load_files_of(session, get_version(session, key, version=version).id)


def load_files_of(session: Session, definition_id: int) -> dict[str, bytes]:
    """The same by the version's id."""
    rows = session.scalars(
        select(DefinitionFile)
        .where(DefinitionFile.definition_id == definition_id)
        .order_by(DefinitionFile.path)
    )
    return {file.path: file.content for file in rows}


def find_titles(session: Session, key: str) -> tuple[str, str] | None:
    """Titles of the newest version, (zh, en); None for a process never deployed."""
    row = session.execute(
        select(ProcessDefinition.title_zh, ProcessDefinition.title_en)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
        .limit(1)
    ).one_or_none()
    return (row.title_zh, row.title_en) if row is not None else None
