"""Deployed definitions: reading a process folder, storing a version once, and the parsed version by id."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from app.kernel.cases.schema import FactSchema
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.decisions.rules import RuleSpec, parse_rules
from app.kernel.decisions.vocabulary import RULE_FUNCTIONS
from app.kernel.engine.definitions import Definition, load_definition, read_definition
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.models import DefinitionFile, ProcessDefinition
from app.kernel.engine.specs import Spec, dump_spec, load_spec, spec_digest
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit


class DefinitionNotFound(Refusal):
    """No such process is deployed; params: key."""

    code = "definition_not_found"


@dataclass(frozen=True)
class DocumentSpec:
    """A document template of a process; `effect` "notice" needs no decision, "decided" does."""

    key: str
    title_zh: str
    title_en: str
    number_format: str
    docx: str
    print: str
    effect: str


@dataclass(frozen=True)
class MaterialKind:
    kind: str
    zh: str
    en: str
    required: bool


@dataclass(frozen=True)
class Deployed:
    """One deployed version, parsed: everything that operations and pages ask of a process."""

    id: int
    key: str
    version: int
    title_zh: str
    title_en: str
    process: Mapping[str, Any]
    schema: FactSchema
    clocks: Mapping[str, ClockSpec]
    counted_from: Mapping[str, str]
    """Fact whose day a clock counts from, by clock kind; other clocks count from the day they start."""
    documents: Mapping[str, DocumentSpec]
    materials: tuple[MaterialKind, ...]
    parties: Mapping[str, str]
    interests: Mapping[str, str]
    """Fact of each organisation the case is about, by role: who stands close to it is recused."""
    required_at: Mapping[str, str]
    steps: Mapping[str, StepSpec]
    rules: tuple[RuleSpec, ...]
    forms: Mapping[str, Mapping[str, Any]]
    spec: Spec
    files: Mapping[str, bytes]

    @cached_property
    def party_facts(self) -> frozenset[str]:
        """Facts that say whom the case is about."""
        return frozenset((*self.parties.values(), *self.interests.values()))

    def file(self, name: str) -> bytes:
        """A file of the process's own folder by name. Raise KeyError."""
        return self.files[f"{self.key}/{name}"]

    def bpmn(self, process_id: str | None = None) -> bytes:
        """The diagram of the process or of one it calls."""
        key = process_id or self.key
        return self.files[f"{key}/{key}.bpmn"]

    @property
    def intake_post(self) -> str:
        """The post that registers applications: named by the process, else the group of its first intake step.

        Empty when the process has none: then nobody holds it, and only the system opens such cases.
        """
        if named := self.process.get("intake_post"):
            return str(named)
        groups = (step.candidate_group for step in self.steps.values() if step.duty == "intake")
        return next((group for group in groups if group is not None), "")


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
        if document["process"].get("startable", "risk" in document["process"]):
            keys.append(path.parent.name)
    return keys


def deploy(
    unit: Unit, key: str, files: Mapping[str, bytes], *, by: str, approval: Mapping[str, Any]
) -> ProcessDefinition:
    """Store a version unless the same content is deployed. Raise DefinitionInvalid when it may not run."""
    definition = read_definition(key, files)
    existing = unit.session.scalar(
        select(ProcessDefinition).where(
            ProcessDefinition.key == key, ProcessDefinition.digest == definition.digest
        )
    )
    if existing is not None:
        return existing
    last = unit.session.scalar(
        select(func.max(ProcessDefinition.version)).where(ProcessDefinition.key == key)
    )
    row = ProcessDefinition(
        key=key,
        version=(last or 0) + 1,
        digest=definition.digest,
        title_zh=definition.process["title_zh"],
        title_en=definition.process["title_en"],
        spec=dump_spec(definition.parsed),
        deployed_at=unit.now,
        deployed_by=by,
        approval=dict(approval),
    )
    unit.session.add(row)
    unit.session.flush()
    unit.session.add_all(
        DefinitionFile(definition_id=row.id, path=path, content=content)
        for path, content in definition.files.items()
    )
    _deployed(row, definition)  # a rule or a clock that can't be read must not deploy
    unit.record(
        "definition.deployed",
        {"key": key, "version": row.version, "digest": definition.digest},
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
        found = _deployed(row, load_definition(row.key, files))
        _CACHE[key] = found
    return found


def get_latest(session: Session, key: str) -> Deployed:
    """The newest version of a process. Raise DefinitionNotFound."""
    definition_id = session.scalar(
        select(ProcessDefinition.id)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
        .limit(1)
    )
    if definition_id is None:
        raise DefinitionNotFound(key=key)
    return get_deployed(session, definition_id)


def list_latest(session: Session) -> list[Deployed]:
    """The newest version of every deployed process, by key."""
    newest = select(func.max(ProcessDefinition.id)).group_by(ProcessDefinition.key)
    return sorted((get_deployed(session, found) for found in session.scalars(newest)), key=lambda d: d.key)


def list_routing(session: Session) -> dict[str, float]:
    """Working hours after which a task that waits for staff is routed to the next higher office, by process.

    From process.toml of the newest version; processes without `route_upward` keep their tasks.
    """
    return {
        deployed.key: float(deployed.process.get("route_upward_after_hours", ROUTED_AFTER_HOURS))
        for deployed in list_latest(session)
        if deployed.process.get("route_upward", False)
    }


ROUTED_AFTER_HOURS = 16
"""Two working days, where process.toml names no other number."""


def _deployed(row: ProcessDefinition, definition: Definition) -> Deployed:
    manifest = definition.manifest
    return Deployed(
        id=row.id,
        key=row.key,
        version=row.version,
        title_zh=row.title_zh,
        title_en=row.title_en,
        process=definition.process,
        schema=FactSchema.from_toml(manifest),
        clocks={kind: ClockSpec.from_toml(kind, table) for kind, table in definition.clocks.items()},
        counted_from={
            kind: table["from_fact"] for kind, table in definition.clocks.items() if "from_fact" in table
        },
        documents={name: _document(name, table) for name, table in definition.documents.items()},
        materials=tuple(
            MaterialKind(item["kind"], item["zh"], item["en"], item["required"])
            for item in definition.materials
        ),
        parties=manifest.get("party", {}),
        interests=manifest.get("interest", {}),
        required_at=manifest.get("required_at", {}),
        steps=definition.steps,
        rules=tuple(
            rule
            for name, tables in definition.rule_sets.items()
            for rule in parse_rules(name, tables, RULE_FUNCTIONS)
        ),
        forms=definition.forms,
        spec=load_spec(spec_digest(row.spec), row.spec),
        files=definition.files,
    )


def _document(key: str, table: Mapping[str, Any]) -> DocumentSpec:
    return DocumentSpec(
        key=key,
        title_zh=table["title_zh"],
        title_en=table["title_en"],
        number_format=table["number_format"],
        docx=table["docx"],
        print=table["print"],
        effect=table["effect"],
    )
