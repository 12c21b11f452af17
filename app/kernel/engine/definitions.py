"""A process folder read into one immutable definition: everything a procedure is, as data.

`read_definition` takes the files of one folder and those of the folders it calls; nothing here touches a disk
or a database. The folder's manifest (`process.toml`) and rules stay as read: their owners (deadlines,
documents, decisions, cases) know the meaning of their own tables.
"""

import hashlib
import re
import time
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import orjson

from app.kernel.decisions.catalogue.binding import DERIVED
from app.kernel.decisions.catalogue.vocabulary import BUSINESSES
from app.kernel.documents.checking import unknown_facts
from app.kernel.documents.render import TemplateFaulty
from app.kernel.duties.route import POLICIES
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.check.guarding import check_guarding
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.messages.manifest import manifest_problems
from app.kernel.engine.parsing import ParsedProcess, parse
from app.kernel.engine.takeover.entering import list_unproved
from app.kernel.engine.takeover.manifest import entry_problems
from app.kernel.engine.vocabulary import RISK_CLASSES
from app.kernel.worklist.form_schema import FormInvalid, read_fields

Table = Mapping[str, Any]
Kept = TypeVar("Kept")

FACT_TYPES: Final = frozenset(
    {"string", "text", "integer", "decimal", "boolean", "date", "datetime", "enum", "list"}
)
LARGEST_FILE: Final = 5 * 1024 * 1024
PROVING_SECONDS: Final = 6.0
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
FILE_KINDS: Final = (".bpmn", ".dmn", ".form", ".docx", ".html", ".toml")


@dataclass(frozen=True)
class Definition:
    """One version of a procedure. `files` maps `folder/name` to bytes, callees included; `digest` covers them all.

    `forms` are form-js schemas by form id: the folder's own win over those of its callees.
    """

    key: str
    digest: str
    files: Mapping[str, bytes]
    parsed: ParsedProcess
    manifest: Table
    forms: Mapping[str, Table]

    @property
    def process(self) -> Table:
        """The `[process]` table: titles, authority, region level, initial risk …"""
        return self._table("process")

    @property
    def index(self) -> Table:
        """Which facts fill the kernel's neutral list columns."""
        return self._table("index")

    @property
    def facts(self) -> Mapping[str, Table]:
        return self._table("fact")

    @property
    def clocks(self) -> Mapping[str, Table]:
        return self._table("clock")

    @cached_property
    def documents(self) -> Mapping[str, Table]:
        """Documents by key, those of its callees too; its own win."""
        return {key: table for one in self.manifests for key, table in one.get("document", {}).items()}

    @property
    def fact_groups(self) -> tuple[Table, ...]:
        return tuple(self.manifest.get("fact_group", ()))

    @property
    def materials(self) -> tuple[Table, ...]:
        return tuple(self.manifest.get("material", ()))

    @cached_property
    def steps(self) -> Mapping[str, StepSpec]:
        """Steps by key, over the process and its callees; the process's own win."""
        return {
            step.step_key: step for step in sorted(self.parsed.steps, key=lambda s: s.process == self.key)
        }

    @cached_property
    def manifests(self) -> tuple[Table, ...]:
        """The manifests of the processes it calls, then its own."""
        paths = [path for path in self.files if path.endswith("/process.toml")]
        called = [
            tomllib.loads(self.files[path].decode()) for path in paths if path != f"{self.key}/process.toml"
        ]
        return (*called, self.manifest)

    def file(self, name: str) -> bytes:
        """A file of the folder, else of a callee's. Raises KeyError."""
        return self.files[path_in(self.files, self.key, name)]

    def _table(self, name: str) -> Table:
        table: Table = self.manifest.get(name, {})
        return table


def path_in(files: Mapping[str, bytes], key: str, name: str) -> str:
    """Where a file of a process lies: in its folder, else in that of a process it calls. Raises KeyError."""
    own = f"{key}/{name}"
    if own in files:
        return own
    found = next((path for path in files if path.endswith(f"/{name}")), None)
    if found is None:
        raise KeyError(own)
    return found


def read_definition(key: str, files: Mapping[str, bytes]) -> Definition:
    """The definition in folder `key`, fit to be deployed: complete, and its guarded effects proved.

    `files` (path `folder/name`) may hold more folders than it needs. Raises DefinitionInvalid with every
    finding over manifest, forms, rules and diagrams, or with the ways past a duty.
    """
    definition = load_definition(key, files)
    known = (key, definition.digest)
    if known in _proved:
        return definition
    diagrams = {path: data for path, data in definition.files.items() if path.endswith(".bpmn")}
    own = [path for path in diagrams if path.startswith(f"{key}/")]
    roots = {path: parsed_xml(path, data) for path, data in diagrams.items()}
    guarding = check_guarding(roots, own, time.thread_time() + PROVING_SECONDS)
    if any(finding.severity == "error" for finding in guarding.findings):
        raise DefinitionInvalid([*definition.parsed.findings, *guarding.findings])
    check_entries(definition)
    wrong = [*guarding.findings, *_template_problems(definition)]
    if any(finding.severity == "error" for finding in wrong):
        raise DefinitionInvalid([*definition.parsed.findings, *wrong])
    _keep(_proved, known, True)
    return definition


def check_entries(definition: Definition) -> None:
    """Raise DefinitionInvalid where a case taken over would come in past a duty, or not be proved to go on."""
    file = f"{definition.key}/{definition.key}.bpmn"
    unproved = [
        Finding("take-over-unproved", "error", file, None, step, *problem)
        for step, problem in list_unproved(definition)
    ]
    if unproved:
        raise DefinitionInvalid([*definition.parsed.findings, *unproved])


def load_definition(
    key: str, files: Mapping[str, bytes], parsing: Callable[[Mapping[str, bytes], str], ParsedProcess] = parse
) -> Definition:
    """The definition in folder `key` as it can run: what was deployed once isn't proved again.

    `parsing` stands in for `parse` where the same diagrams have been parsed before.
    Raises DefinitionInvalid with every finding over manifest, forms, rules and diagrams.
    """
    asked = (key, digest_of(files))
    if (found := _loaded.get(asked)) is not None:
        return found
    used = _used(key, files)
    problems = list(_size_problems(used))
    if problems:
        raise DefinitionInvalid(problems)
    manifest = _toml(f"{key}/process.toml", used)
    parsed = parsing({path: data for path, data in used.items() if path.endswith(".bpmn")}, key)
    definition = Definition(key, digest_of(used), used, parsed, manifest, _forms(key, used))
    problems = [*_manifest_problems(definition), *_reference_problems(definition)]
    if problems:
        raise DefinitionInvalid([*parsed.findings, *problems])
    return _keep(_loaded, asked, definition)


# What the same files say is the same: read and proved once while the process lives, by content.
_REMEMBERED: Final = 64
_loaded: OrderedDict[tuple[str, str], Definition] = OrderedDict()
_proved: OrderedDict[tuple[str, str], bool] = OrderedDict()


def _keep(kept: OrderedDict[tuple[str, str], Kept], key: tuple[str, str], value: Kept) -> Kept:
    kept[key] = value
    while len(kept) > _REMEMBERED:
        kept.popitem(last=False)
    return value


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents, in the order of names."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path}\0{len(files[path])}\0".encode())
        total.update(files[path])
    return total.hexdigest()


def _used(key: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    folders, waiting = set[str](), [key]
    while waiting:
        folder = waiting.pop()
        if folder in folders:
            continue
        folders.add(folder)
        if f"{folder}/process.toml" in files:
            waiting += _toml(f"{folder}/process.toml", files).get("process", {}).get("callees", [])
    return {path: data for path, data in sorted(files.items()) if path.partition("/")[0] in folders}


def _toml(path: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        return tomllib.loads(files[path].decode("utf-8"))
    except KeyError:
        raise DefinitionInvalid([_problem(path, "缺少文件", "the file is missing")]) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionInvalid([_problem(path, f"不是有效的 TOML：{error}", f"not TOML: {error}")]) from None


def _forms(key: str, files: Mapping[str, bytes]) -> dict[str, Table]:
    forms: dict[str, Table] = {}
    for path in sorted(files, key=lambda path: path.startswith(f"{key}/")):
        if path.endswith(".form"):
            forms[path.rpartition("/")[2].removesuffix(".form")] = read_form(path, files[path])
    return forms


def read_form(path: str, data: bytes) -> Table:
    """A form-js schema. Raises DefinitionInvalid."""
    try:
        form = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DefinitionInvalid([_problem(path, f"不是有效的 JSON：{error}", f"not JSON: {error}")]) from None
    if not isinstance(form, dict) or not isinstance(form.get("components"), list):
        raise DefinitionInvalid([_problem(path, "不是 form-js 表单", "not a form-js schema")])
    try:
        read_fields(form)
    except FormInvalid as invalid:
        raise DefinitionInvalid([_problem(path, invalid.message_zh, invalid.message_en)]) from None
    return form


def _size_problems(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for path, data in files.items():
        if len(data) > LARGEST_FILE:
            yield _problem(path, "文件过大", "the file is too large", "too-large")
        if not path.endswith(FILE_KINDS) or path.count("/") != 1 or ".." in path:
            yield _problem(path, "流程文件夹中不允许此文件", "not a file of a process folder")
        if path.endswith("/rules.toml"):
            yield _problem(path, "规则写在规则目录中", "rules are written in the rule catalogue")


def _manifest_problems(definition: Definition) -> Iterator[Finding]:
    path = f"{definition.key}/process.toml"
    process = definition.process
    if process.get("key") != definition.key or not _KEY.fullmatch(definition.key):
        yield _problem(path, "key 与文件夹名不一致", "key must equal the folder's name, in snake_case")
    for name in ("title_zh", "title_en"):
        if not process.get(name):
            yield _problem(path, f"[process] 缺少 {name}", f"[process] has no {name}")
    if process.get("risk", "normal") not in RISK_CLASSES:
        yield _problem(path, "未知风险等级", f"unknown risk class {process.get('risk')!r}")
    if process.get("lookahead", "warn") not in POLICIES:
        yield _problem(path, "lookahead 须为 warn、refuse 或 off", "lookahead must be warn, refuse or off")
    for key in set(process.get("usual_steps", ())) - definition.steps.keys():
        yield _problem(path, f"usual_steps 中没有环节 {key}", f"usual_steps: no step {key}")
    yield from _fact_problems(path, definition)
    yield from _variant_problems(path, definition)
    yield from _supply_problems(path, definition)
    problems = (
        *manifest_problems(definition.manifest),
        *entry_problems(definition.manifest, definition.steps),
    )
    for zh, en in problems:
        yield _problem(path, zh, en)


def _supply_problems(path: str, definition: Definition) -> Iterator[Finding]:
    """`[rules]`: a business of the catalogue, and facts there are."""
    table = definition.manifest.get("rules")
    if table is None:
        return
    if not isinstance(table, Mapping) or table.get("business") not in BUSINESSES:
        yield _problem(path, "[rules] 的 business 未知", "[rules]: unknown business")
        return
    for key, place in dict(table.get("facts", {})).items():
        if not str(place).startswith(DERIVED) and place not in definition.facts:
            yield _problem(
                path, f"[rules.facts] {key} 引用未知事实 {place}", f"[rules.facts] {key}: no fact {place}"
            )


def _fact_problems(path: str, definition: Definition) -> Iterator[Finding]:
    for key, fact in definition.facts.items():
        if fact.get("type") not in FACT_TYPES:
            yield _problem(path, f"事实 {key} 的类型未知", f"fact {key} has an unknown type")
    for column, key in definition.index.items():
        if key not in definition.facts:
            yield _problem(path, f"[index] {column} 引用未知事实 {key}", f"[index] {column}: no fact {key}")


def _variant_problems(path: str, definition: Definition) -> Iterator[Finding]:
    """`variant_fact` is an enum that the engine carries; what a variant says is about facts and documents there are."""
    table = definition.manifest.get("variant", {})
    key = definition.process.get("variant_fact", "")
    fact = definition.facts.get(key, {})
    values = {one["value"] for one in fact.get("values", ())}
    if (table or key) and not (fact.get("type") == "enum" and fact.get("routing")):
        yield _problem(
            path,
            f"variant_fact 须是参与路由的枚举事实：{key}",
            f"variant_fact must be an enum that routes: {key}",
        )
    for name, said in table.items():
        where = f"[variant.{name}]"
        unknown = [name] if name not in values else []
        unknown += sorted(set(said.get("index", {}).values()) - definition.facts.keys())
        unknown += sorted(set(said.get("left_in_chain", ())) - definition.facts.keys())
        unknown += sorted(set(said.get("decision_documents", {}).values()) - definition.documents.keys())
        for one in unknown:
            yield _problem(path, f"{where} 引用未知的 {one}", f"{where}: there is no {one}")


def _reference_problems(definition: Definition) -> Iterator[Finding]:
    """Forms, clocks, documents and templates that steps and manifest refer to exist in the folder."""
    for step in definition.parsed.steps:
        where = f"{step.process}/{step.process}.bpmn"
        if step.form_id is not None and step.form_id not in definition.forms:
            yield _missing("missing-form", where, step, f"表单 {step.form_id}", f"form {step.form_id}")
        if step.document is not None and step.document not in definition.documents:
            yield _missing(
                "missing-document", where, step, f"文书 {step.document}", f"document {step.document}"
            )
        for clock in step.clocks:
            if clock.ref not in definition.clocks:
                yield _missing("missing-clock", where, step, f"时限 {clock.ref}", f"clock {clock.ref}")
    yield from _document_problems(definition)


def _document_problems(definition: Definition) -> Iterator[Finding]:
    """Templates of documents are in the folder, and what is passed on is a document."""
    path = f"{definition.key}/process.toml"
    for key in definition.manifest.get("passes", {}):
        if key not in definition.documents:
            yield _problem(path, f"[passes] 引用未知文书 {key}", f"[passes]: no document {key}")
    for key, document in definition.documents.items():
        for kind in ("docx", "print"):
            template = document.get(kind)
            if template and not _has(definition, template):
                yield _problem(path, f"文书 {key} 缺少 {template}", f"document {key}: no file {template}")


def _has(definition: Definition, name: str) -> bool:
    return any(path.endswith(f"/{name}") for path in definition.files)


def _template_problems(definition: Definition) -> Iterator[Finding]:
    """Templates of documents can be read and name only facts there are."""
    for document in definition.documents.values():
        for kind in ("docx", "print"):
            name = str(document.get(kind))
            if not _has(definition, name):
                continue
            path = path_in(definition.files, definition.key, name)
            try:
                unknown = unknown_facts(path, definition.files[path], definition.facts)
            except TemplateFaulty as faulty:
                yield _problem(
                    path, f"模板有误：{faulty}", f"a faulty template: {faulty}", "template-invalid"
                )
                continue
            for name in unknown:
                yield _problem(
                    path, f"没有事实“{name}”", f"there is no fact {name!r}", "template-unknown-fact"
                )


def _missing(rule: str, file: str, step: StepSpec, zh: str, en: str) -> Finding:
    return Finding(rule, "error", file, None, step.step_key, f"没有{zh}", f"there is no {en}")


def _problem(file: str, zh: str, en: str, rule: str = "definition-invalid") -> Finding:
    return Finding(rule, "error", file, None, None, zh, en)
