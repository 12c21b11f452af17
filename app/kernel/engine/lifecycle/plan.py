"""What a proposal would deploy: its own process and every other whose folders include what it changes.

Versions pin the folders they call: a changed callee comes into force only by a new version of each of its callers,
all of them in one change, each read and proved again.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kernel.engine.catalogue import Deployed, list_in_force
from app.kernel.engine.definitions import read_definition
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.lifecycle.contents import folder_of, list_file_folders, part_of
from app.kernel.engine.specs import dump_spec


@dataclass(frozen=True)
class Planned:
    """One version that would come into force; `before` is the version it follows, None for a new process."""

    key: str
    before: int | None
    digest: str
    spec: str
    files: Mapping[str, bytes]
    steps: tuple[StepSpec, ...]

    @property
    def signed(self) -> dict[str, str]:
        """What the change carries of it, and the fence looks for."""
        return {"key": self.key, "digest": self.digest, "spec": self.spec}


def list_changed_folders(key: str, files: Mapping[str, bytes], base: Mapping[str, bytes]) -> list[str]:
    """Folders that differ from what the draft began with, and always its own: others stay as they are in force."""
    folders = {
        folder for folder in list_file_folders(files) if part_of(files, folder) != part_of(base, folder)
    }
    return sorted(folders | {key})


def plan_deployment(
    session: Session, key: str, files: Mapping[str, bytes], folders: Iterable[str]
) -> list[Planned]:
    """Versions that differ from what is in force, callees before callers. Raise DefinitionInvalid of the first bad."""
    in_force = {deployed.key: deployed for deployed in list_in_force(session)}
    changed = set(folders) | {key}
    pool = merge_folders(in_force, files, changed)
    touched = [
        name
        for name, deployed in in_force.items()
        if name not in changed and changed & list_file_folders(deployed.files)
    ]
    callees = sorted(folder for folder in changed - {key} if f"{folder}/process.toml" in files)
    return [
        planned
        for name in [*callees, key, *sorted(touched)]
        if (planned := _plan(name, in_force.get(name), pool)) is not None
    ]


def merge_folders(
    in_force: Mapping[str, Deployed], files: Mapping[str, bytes], changed: Iterable[str]
) -> dict[str, bytes]:
    """All folders as they would stand: the changed ones of the draft, the others as in force, else as drafted."""
    taken = set(changed)
    pool = {path: content for path, content in files.items() if folder_of(path) in taken}
    for deployed in sorted(in_force.values(), key=lambda found: found.key):
        for folder in sorted(
            list_file_folders(deployed.files) - taken, key=lambda name: name != deployed.key
        ):
            owner = in_force.get(folder, deployed)
            pool |= part_of(owner.files, folder)
            taken.add(folder)
    return pool | {path: content for path, content in files.items() if folder_of(path) not in taken}


def _plan(name: str, before: Deployed | None, pool: Mapping[str, bytes]) -> Planned | None:
    definition = read_definition(name, pool)
    if before is not None and before.digest == definition.digest:
        return None
    spec = hashlib.sha256(dump_spec(definition.parsed)).hexdigest()
    number = before.version if before else None
    return Planned(name, number, definition.digest, spec, definition.files, tuple(definition.steps.values()))


def read_titles(key: str, files: Mapping[str, bytes]) -> tuple[str, str]:
    """Titles of a draft, (zh, en), whatever state its manifest is in; its key where there are none."""
    try:
        process = tomllib.loads(files.get(f"{key}/process.toml", b"").decode("utf-8"))["process"]
        return str(process["title_zh"]), str(process["title_en"])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return key, key
