"""One deployed version, parsed: everything that operations and pages ask of a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from app.kernel.cases.schema import FactSchema
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.decisions.catalogue.binding import Supply
from app.kernel.documents.service_rules import ServiceRules
from app.kernel.engine.definitions import Definition, path_in
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.messages.manifest import (
    Receives,
    Sends,
    read_from_chain,
    read_from_chain_when,
    read_receives,
    read_sends,
)
from app.kernel.engine.models import ProcessDefinition
from app.kernel.engine.specs import Spec, load_spec, spec_digest
from app.kernel.engine.takeover.manifest import Entry, PaperDecision, read_entries, read_paper_decision


@dataclass(frozen=True)
class DocumentSpec:
    """A document template of a process or of one it calls; `effect` "notice" needs no decision, "decided" does."""

    key: str
    title_zh: str
    title_en: str
    number_format: str
    docx: str
    print: str
    effect: str


@dataclass(frozen=True)
class SubjectSpec:
    """Something a case decides beside its own conclusion (`[subject.<key>]`): a refusal, a suspension, a rectification.

    `kind` is that of its effect; `documents` are issued by outcome; `concludes`: with it the case is decided;
    `revokes`: documents of these kinds that stand fall with it.
    """

    key: str
    title_zh: str
    title_en: str
    kind: str
    documents: Mapping[str, str]
    concludes: bool = False
    revokes: tuple[str, ...] = ()

    @classmethod
    def from_toml(cls, key: str, table: Mapping[str, Any]) -> Self:
        return cls(
            key,
            table["title_zh"],
            table["title_en"],
            table["kind"],
            table.get("documents", {}),
            table.get("concludes", False),
            tuple(table.get("revokes", ())),
        )


@dataclass(frozen=True)
class IncomingSpec:
    """A paper a case may wait for (`[[incoming]]`): the message it brings, who registers it, what is entered.

    `binds`: registering it is intake of the case; without it whoever holds the post only passes on what came up in
    his own work. `before_decision`: nothing of the kind comes once the case is decided.
    """

    message: str
    title_zh: str
    title_en: str
    hint_zh: str
    hint_en: str
    post: str
    facts: tuple[str, ...]
    required: tuple[str, ...]
    binds: bool = True
    before_decision: bool = False

    @classmethod
    def from_toml(cls, table: Mapping[str, Any]) -> Self:
        return cls(
            table["message"],
            table["title_zh"],
            table["title_en"],
            table.get("hint_zh", ""),
            table.get("hint_en", ""),
            table["post"],
            tuple(table.get("facts", ())),
            tuple(table.get("required", ())),
            table.get("binds", True),
            table.get("before_decision", False),
        )


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
    digest: str
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
    passes: Mapping[str, Sequence[str]]
    """Authorities to which the law sends a copy of a document, by document."""
    required_at: Mapping[str, str]
    steps: Mapping[str, StepSpec]
    subjects: Mapping[str, SubjectSpec]
    """What cases decide beside their conclusion, by key."""
    incoming: Mapping[str, IncomingSpec]
    """Papers that come in while a case waits for them, by message."""
    supply: Supply | None
    """What rules are told of its cases; None: no rules judge them."""
    forms: Mapping[str, Mapping[str, Any]]
    variants: Mapping[str, Mapping[str, Any]]
    """What its variants say otherwise (`[variant.<value>]`), by value of `[process] variant_fact`."""
    sends: Mapping[str, Sends]
    """Messages to the other cases of the chain, by name."""
    receives: tuple[Receives, ...]
    from_chain: Mapping[str, Mapping[str, str]]
    """Facts that a new case takes over, by the process they come from: name there to name here."""
    from_chain_when: Mapping[str, str]
    """Which cases of a process count there: an expression over their facts."""
    entries: Mapping[str, Entry]
    """Where a case begun elsewhere may come in."""
    paper_decision: PaperDecision | None
    """What is asked of a case decided elsewhere; None: such a case isn't entered."""
    service: ServiceRules
    """Who may be served and how long a public notice lasts."""
    spec: Spec
    files: Mapping[str, bytes]

    @cached_property
    def party_facts(self) -> frozenset[str]:
        """Facts that say whom the case is about."""
        return frozenset((*self.parties.values(), *self.interests.values()))

    @property
    def from_chain_facts(self) -> frozenset[str]:
        """Facts here that may be taken over from the chain."""
        return frozenset(mine for names in self.from_chain.values() for mine in names.values())

    def file(self, name: str) -> bytes:
        """A file of the process's own folder by name, else of one it calls. Raise KeyError."""
        return self.files[path_in(self.files, self.key, name)]

    def bpmn(self, process_id: str | None = None) -> bytes:
        """The diagram of the process or of one it calls."""
        key = process_id or self.key
        return self.files[f"{key}/{key}.bpmn"]

    def form_of(self, step: StepSpec, path: Sequence[str], variant: str = "") -> str | None:
        """The form of a user task inside the calls `path`: the one made for that call where there is one, of each the
        one made for the case's variant.

        `<call activity>.<form>.form` in the caller's folder stands in for `<form>.form` in that call only,
        `<form>-<variant>.form` in cases of that variant.
        """
        plain = [f"{call}.{step.form_id}" for call in reversed(path)] + [str(step.form_id)]
        names = (name for one in plain for name in ((f"{one}-{variant}", one) if variant else (one,)))
        return next((name for name in names if name in self.forms), step.form_id)

    def decision_documents(self, variant: str = "") -> Mapping[str, str]:
        """The document of each outcome, or of an outcome of a step (`<step>.<outcome>`), for cases of a variant."""
        own = self.variants.get(variant, {}).get("decision_documents", {})
        return {**self.process.get("decision_documents", {}), **own}

    @property
    def startable(self) -> bool:
        """Whether cases are started of it; what is only called by others is not."""
        return is_startable(self.process)

    @property
    def intake_post(self) -> str:
        """The post that registers applications: named by the process, else the group of its first intake step.

        Empty when the process has none: then nobody holds it, and only the system opens such cases.
        """
        if named := self.process.get("intake_post"):
            return str(named)
        groups = (step.candidate_group for step in self.steps.values() if step.duty == "intake")
        return next((group for group in groups if group is not None), "")


def is_startable(process: Mapping[str, Any]) -> bool:
    """Whether a `[process]` table is of a process that cases are started of."""
    return bool(process.get("startable", "risk" in process))


def parse_deployed(row: ProcessDefinition, definition: Definition) -> Deployed:
    """The version in `row`, whose files were read into `definition`. Raise what its clocks refuse."""
    manifest = definition.manifest
    return Deployed(
        id=row.id,
        key=row.key,
        version=row.version,
        digest=row.digest,
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
        passes=manifest.get("passes", {}),
        required_at=manifest.get("required_at", {}),
        steps=definition.steps,
        subjects={
            key: SubjectSpec.from_toml(key, table) for key, table in manifest.get("subject", {}).items()
        },
        incoming={table["message"]: IncomingSpec.from_toml(table) for table in manifest.get("incoming", ())},
        supply=Supply.of(manifest),
        forms=definition.forms,
        variants=manifest.get("variant", {}),
        sends=read_sends(manifest),
        receives=read_receives(manifest),
        from_chain=read_from_chain(manifest),
        from_chain_when=read_from_chain_when(manifest),
        entries=read_entries(manifest),
        paper_decision=read_paper_decision(manifest),
        service=ServiceRules.of(definition.manifests),
        spec=load_spec(spec_digest(row.spec), row.spec, definition.parsed),
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
