"""Deployed definitions: reading a process folder, storing a version once, and the parsed version by id."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from app.kernel.decisions.catalogue.binding import Supply
from app.kernel.duties.models import Founding
from app.kernel.engine.definitions import Definition, load_definition, read_definition
from app.kernel.engine.deployed import Deployed, is_startable, parse_deployed
from app.kernel.engine.models import DefinitionFile, ProcessDefinition, ProcessRelease
from app.kernel.engine.specs import dump_spec
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit
from app.storage.reading import remembered_one

__all__ = [
    "DefinitionNeedsChange",
    "DefinitionNotFound",
    "DefinitionRetired",
    "Deployed",
    "deploy",
    "find_release",
    "get_deployed",
    "get_latest",
    "get_supply",
    "list_folders",
    "list_in_force",
    "list_latest",
    "list_routing",
    "list_startable",
    "read_folder",
    "release",
]


class DefinitionNotFound(Refusal):
    """No such process is deployed; params: key."""

    code = "definition_not_found"


class DefinitionRetired(Refusal):
    """The process takes no new cases; those that run go on; params: key."""

    code = "definition_retired"


class DefinitionNeedsChange(Refusal):
    """Since the founding was closed a version needs a change decided by three people; params: key."""

    code = "definition_needs_change"


def read_folder(root: Path, key: str) -> dict[str, bytes]:
    """All files of a process and of those it calls, by `folder/name`. Raise FileNotFoundError."""
    files: dict[str, bytes] = {}
    for folder in (key, *_callees(root, key)):
        for path in sorted((root / folder).iterdir()):
            if path.is_file():
                files[f"{folder}/{path.name}"] = path.read_bytes()
    return files


def _callees(root: Path, key: str) -> list[str]:
    document = tomllib.loads((root / key / "process.toml").read_text("utf-8"))
    return list(document["process"].get("callees", []))


def list_startable(root: Path) -> list[str]:
    """Keys of the folders that hold a process cases are started of (callees are not)."""
    keys = []
    for path in sorted(root.glob("*/process.toml")):
        document = tomllib.loads(path.read_text("utf-8"))
        if is_startable(document["process"]):
            keys.append(path.parent.name)
    return keys


def list_folders(root: Path) -> list[str]:
    """Keys of all process folders, those only called by others before their callers."""
    startable = list_startable(root)
    called = {path.parent.name for path in root.glob("*/process.toml")} - set(startable)
    return [*sorted(called), *startable]


def deploy(
    unit: Unit,
    key: str,
    files: Mapping[str, bytes],
    *,
    by: str,
    approval: Mapping[str, Any],
    change_id: int | None = None,
    notes: str = "",
) -> ProcessDefinition:
    """Put these files into force: the version that holds them already, else a new one.

    The one door: without a decided change that carries exactly these files (`change_id`) it is open only until the
    founding is closed. Raise DefinitionInvalid when they may not run, DefinitionNeedsChange.
    """
    definition = read_definition(key, files)
    standing = find_release(unit.session, key)
    row = unit.session.scalar(
        select(ProcessDefinition).where(
            ProcessDefinition.key == key, ProcessDefinition.digest == definition.digest
        )
    )
    if row is not None and standing is not None and standing.definition_id == row.id:
        return row
    if change_id is None and unit.session.scalar(select(Founding.id)) is not None:
        raise DefinitionNeedsChange(key=key)
    if row is None:
        row = _store(unit, definition, _Deployment(by, dict(approval), change_id, notes))
    release(unit, row, action="deploy", change_id=change_id)
    return row


def release(
    unit: Unit, row: ProcessDefinition, *, action: Literal["deploy", "roll_back"], change_id: int | None
) -> None:
    """New cases begin on this version from here on. The fence wants a decided change behind it."""
    unit.session.add(
        ProcessRelease(key=row.key, action=action, definition_id=row.id, change_id=change_id, at=unit.now)
    )
    unit.session.flush()
    unit.record(
        "definition.released",
        {"key": row.key, "version": row.version, "action": action, "change": change_id},
        chain="system",
    )


@dataclass(frozen=True)
class _Deployment:
    """What a new version rests on."""

    by: str
    approval: dict[str, Any]
    change_id: int | None
    notes: str


def _store(unit: Unit, definition: Definition, deployment: _Deployment) -> ProcessDefinition:
    last = unit.session.scalar(
        select(func.max(ProcessDefinition.version)).where(ProcessDefinition.key == definition.key)
    )
    row = ProcessDefinition(
        key=definition.key,
        version=(last or 0) + 1,
        digest=definition.digest,
        title_zh=definition.process["title_zh"],
        title_en=definition.process["title_en"],
        spec=dump_spec(definition.parsed),
        deployed_at=unit.now,
        deployed_by=deployment.by,
        approval=deployment.approval,
        change_id=deployment.change_id,
        notes=deployment.notes,
    )
    unit.session.add(row)
    unit.session.flush()
    unit.session.add_all(
        DefinitionFile(definition_id=row.id, path=path, content=content)
        for path, content in definition.files.items()
    )
    unit.session.flush()
    parse_deployed(row, definition)  # a rule or a clock that can't be read must not deploy
    unit.record(
        "definition.deployed",
        {"key": row.key, "version": row.version, "digest": row.digest, "change": row.change_id},
        chain="system",
    )
    return row


_CACHE: dict[tuple[URL, int], Deployed] = {}


def get_deployed(session: Session, definition_id: int) -> Deployed:
    """The parsed version by id, kept for the life of the process (versions never change)."""
    key = (session.get_bind().engine.url, definition_id)
    found = _CACHE.get(key)
    if found is None:
        row = session.get_one(ProcessDefinition, definition_id)
        files = {
            file.path: file.content
            for file in session.scalars(
                select(DefinitionFile).where(DefinitionFile.definition_id == definition_id)
            )
        }
        found = parse_deployed(row, load_definition(row.key, files))
        _CACHE[key] = found
    return found


def get_supply(session: Session, definition_id: int) -> Supply | None:
    """What a version tells rules of its cases."""
    return get_deployed(session, definition_id).supply


def get_latest(session: Session, key: str) -> Deployed:
    """The version new cases begin on. Raise DefinitionNotFound, DefinitionRetired."""
    standing = find_release(session, key)
    if standing is None:
        raise DefinitionNotFound(key=key)
    if standing.definition_id is None:
        raise DefinitionRetired(key=key)
    return get_deployed(session, standing.definition_id)


def find_release(session: Session, key: str) -> ProcessRelease | None:
    """How a process stands: the newest of its releases."""
    return session.scalar(
        select(ProcessRelease).where(ProcessRelease.key == key).order_by(ProcessRelease.id.desc()).limit(1)
    )


def list_in_force(session: Session) -> list[Deployed]:
    """The version in force of every folder, by key: those only called by others too, not the retired."""
    found = remembered_one(session, "definitions in force", "", lambda: _list_in_force(session))
    return [get_deployed(session, definition_id) for definition_id in found]


def _list_in_force(session: Session) -> list[int]:
    newest = select(func.max(ProcessRelease.id)).group_by(ProcessRelease.key)
    found = session.scalars(
        select(ProcessRelease.definition_id)
        .where(ProcessRelease.id.in_(newest), ProcessRelease.definition_id.is_not(None))
        .order_by(ProcessRelease.key)
    )
    return [definition_id for definition_id in found if definition_id is not None]


def list_latest(session: Session) -> list[Deployed]:
    """The version in force of every process that cases are started of, by key."""
    return [deployed for deployed in list_in_force(session) if deployed.startable]


def list_routing(session: Session) -> dict[str, float]:
    """Working hours after which a task that waits for staff is routed to the next higher office, by process.

    From process.toml of the version in force, of a retired process its last; processes without `route_upward`
    keep their tasks.
    """
    return {
        deployed.key: float(deployed.process.get("route_upward_after_hours", ROUTED_AFTER_HOURS))
        for deployed in _list_last(session)
        if deployed.process.get("route_upward", False)
    }


def _list_last(session: Session) -> list[Deployed]:
    """The last version each process ran on: cases of a retired process go on."""
    last = (
        select(func.max(ProcessRelease.id))
        .where(ProcessRelease.definition_id.is_not(None))
        .group_by(ProcessRelease.key)
    )
    found = session.scalars(select(ProcessRelease.definition_id).where(ProcessRelease.id.in_(last)))
    return [get_deployed(session, definition_id) for definition_id in found if definition_id is not None]


ROUTED_AFTER_HOURS = 16
"""Two working days, where process.toml names no other number."""
