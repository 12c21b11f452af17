"""What is played: a process with the files beside it, read leniently, and who sets the variables it reads.

A folder of ours brings facts, forms, rules, clocks and documents; a file made elsewhere only its diagram. What
beside the diagrams can't be read is left out and named in `unread`: whether it may be deployed is the check's
matter, not the player's.
"""

from __future__ import annotations

import hashlib
import threading
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final, TypeVar

import orjson

from app.kernel.cases.schema import FactSchema
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.decisions.catalogue.binding import Supply
from app.kernel.decisions.catalogue.versions import Standing
from app.kernel.decisions.expressions import FeelError, compile_expression, feel
from app.kernel.documents.service_rules import ServiceRules
from app.kernel.engine.catching import ConditionMet
from app.kernel.engine.check.deployment_set import uses_dialect
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.dialect import Assignment, FlowSpec, ProcessPolicy, StepSpec
from app.kernel.engine.normal.foreign import playable_processes
from app.kernel.engine.parsing import parse, parse_foreign, read_roots
from app.kernel.engine.simulation.gateways import name_flows
from app.kernel.engine.specs import Spec
from app.kernel.engine.vocabulary import HANDLER_RESULTS
from app.kernel.worklist.form_schema import Field, FormInvalid, read_fields

Table = Mapping[str, Any]

UNKNOWN: Final = "unknown"
"""Task type of an automatic step that names none."""

CACHED: Final = 32
_Key = tuple[str, str]


@dataclass(frozen=True)
class Model:
    """One process to play. `forms` are fields by form id, `schemas` the same files as read, `clocks` by kind."""

    process_id: str
    spec: Spec
    is_foreign: bool
    awaited: tuple[str, ...]
    """Conditions that events wait for."""
    findings: tuple[Finding, ...]
    """Warnings of the check; of a file made elsewhere, how it was read."""
    process: Table
    schema: FactSchema
    forms: Mapping[str, tuple[Field, ...]]
    schemas: Mapping[str, Table]
    clocks: Mapping[str, ClockSpec]
    counted_from: Mapping[str, str]
    documents: Mapping[str, Table]
    required_at: Mapping[str, str]
    service: ServiceRules
    rules: tuple[Standing, ...]
    """Rules that judge its cases; those it doesn't supply stay unasked."""
    supply: Supply | None
    diagrams: Mapping[str, bytes]
    """The file of each process, by its id."""
    unread: tuple[str, ...]

    @property
    def name(self) -> str:
        """The process's name as drawn."""
        return self.policies[self.process_id].name

    @property
    def policies(self) -> Mapping[str, ProcessPolicy]:
        """What each process of the set requires of its effects, by id."""
        return self.spec.policies

    @property
    def routing(self) -> tuple[str, ...]:
        """Facts that are variables of the engine too."""
        return tuple(key for key, fact in self.schema.facts.items() if fact.routing)

    @cached_property
    def leaving(self) -> Mapping[_Key, tuple[FlowSpec, ...]]:
        """Flows by (scope, source), in file order."""
        return leaving_flows(self.spec.flows)

    @cached_property
    def settled(self) -> frozenset[str]:
        """Variables that something in the set sets: null means null, not that nobody said."""
        written = dict[str, set[str]]()
        for target, names in self._assigned():
            written.setdefault(target, set()).update(names)
        always = {step.choice for step in self._steps() if step.choice}
        always |= {"risk", "outcome", "return_to", "votes", "votes_for", *self.routing}
        if not self.is_foreign:
            for step in self._steps():
                always.update(HANDLER_RESULTS.get(step.task_type or "", ()))
        settled = set(always)
        while fresh := {name for name, read in written.items() if name not in settled and read <= settled}:
            settled |= fresh
        return frozenset(settled)

    def _steps(self) -> Iterator[StepSpec]:
        for steps in self.spec.steps.values():
            yield from steps.values()

    def _assigned(self) -> Iterator[tuple[str, set[str]]]:
        """Targets of mappings and scripts, each with the variables its value is made of."""
        for step in self._steps():
            results = set() if self.is_foreign else {*HANDLER_RESULTS.get(step.task_type or "", ())}
            local = {one.target for one in step.inputs}
            for one in (*step.inputs, *step.script):
                yield one.target, names_of(one)
            for one in step.outputs:
                yield one.target, names_of(one) - results - local


def leaving_flows(flows: Iterable[FlowSpec]) -> dict[_Key, tuple[FlowSpec, ...]]:
    """Flows by (scope, source)."""
    found: dict[_Key, tuple[FlowSpec, ...]] = {}
    for flow in flows:
        key = (flow.scope, flow.source)
        found[key] = (*found.get(key, ()), flow)
    return found


def names_of(assignment: Assignment) -> set[str]:
    """Variables an assignment's source reads; none where it is a plain text or can't be compiled."""
    return names_in(assignment.source) if assignment.source.lstrip().startswith("=") else set()


def names_in(expression: str) -> set[str]:
    """First parts of the names an expression reads; none where it can't be compiled."""
    try:
        return {name.partition(".")[0] for name in compile_expression(feel(expression)).names}
    except FeelError:
        return set()


def read_model(files: Mapping[str, bytes], process_id: str, rules: Sequence[Standing] = ()) -> Model:
    """The process `process_id` of a set of files (path or bare name to bytes), kept for the next look.

    `rules`: those in force, which its cases are judged by.

    Raise DefinitionInvalid with every finding when the engine can't run it.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    for one in rules:
        digest.update(one.rule.digest.encode())
    key = (digest.hexdigest(), process_id)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    model = replace(_read(key[0], files, process_id), rules=tuple(rules))
    with _lock:
        _kept[key] = model
        while len(_kept) > CACHED:
            _kept.popitem(last=False)
    return model


_kept: OrderedDict[tuple[str, str], Model] = OrderedDict()
_lock = threading.Lock()


def _read(digest: str, files: Mapping[str, bytes], process_id: str) -> Model:
    diagrams = _only_diagrams(files)
    is_foreign = not any(uses_dialect(root) for root in read_roots(diagrams).values())
    parsed = parse_foreign(diagrams, process_id) if is_foreign else parse(diagrams, process_id)
    steps: dict[str, dict[str, StepSpec]] = {}
    for step in parsed.steps:
        steps.setdefault(step.scope, {})[step.step_key] = _named(step)
    spec = Spec(
        digest=digest,
        process_id=process_id,
        library=parsed.spec,
        subprocesses=parsed.subprocess_specs,
        steps=steps,
        flows=parsed.flows,
        policies={policy.process: policy for policy in parsed.policies},
    )
    leaving = leaving_flows(parsed.flows)
    for library_spec in (parsed.spec, *parsed.subprocess_specs.values()):
        name_flows(library_spec, leaving)
    unread: list[str] = []
    manifest = _manifest(files, process_id, unread)
    return Model(
        process_id=process_id,
        spec=spec,
        is_foreign=is_foreign,
        awaited=tuple(_awaited(parsed.spec, *parsed.subprocess_specs.values())),
        findings=parsed.findings,
        process=_table(manifest, "process"),
        schema=_tried("process.toml [fact]", unread, FactSchema({}), lambda: FactSchema.from_toml(manifest)),
        clocks=_clocks(manifest, unread),
        counted_from={
            kind: str(table["from_fact"])
            for kind, table in _table(manifest, "clock").items()
            if "from_fact" in table
        },
        documents=_tried("[document]", unread, {}, partial(_documents, files, process_id)),
        required_at=_table(manifest, "required_at"),
        service=_tried("[service]", unread, ServiceRules(), partial(_service, files, process_id)),
        rules=(),
        supply=Supply.of(manifest),
        diagrams=dict(_diagrams(diagrams)),
        **_forms(files, process_id, unread),
        unread=tuple(unread),
    )


def _named(step: StepSpec) -> StepSpec:
    """Automatic steps without a type are asked about like any other."""
    handled = step.kind in ("service", "rule")
    return replace(step, task_type=UNKNOWN) if handled and step.task_type is None else step


def list_processes(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Ids of the processes with anything in them, in file order. Raise DefinitionInvalid on unsafe files."""
    return playable_processes(read_roots(_only_diagrams(files)))


def _only_diagrams(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path.endswith((".bpmn", ".bpmn2", ".xml"))}


def _diagrams(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for path, data in files.items():
        yield from ((key, data) for key in list_processes({path: data}))


def _awaited(*specs: Any) -> Iterator[str]:
    for spec in specs:
        for task_spec in spec.task_specs.values():
            definition = getattr(task_spec, "event_definition", None)
            for one in getattr(definition, "event_definitions", [definition]):
                if isinstance(one, ConditionMet):
                    yield one.expression


T = TypeVar("T")


def _tried(what: str, unread: list[str], otherwise: T, read: Callable[[], T]) -> T:
    """What a file gives, or `otherwise`, noting that it couldn't be read."""
    try:
        return read()
    except (ValueError, KeyError, TypeError, AttributeError, DefinitionInvalid):
        unread.append(what)
        return otherwise


def _manifest(files: Mapping[str, bytes], process_id: str, unread: list[str]) -> Table:
    own = f"{process_id}/process.toml"
    path = own if own in files else "process.toml"
    return _toml(path, files, unread) if path in files else {}


def _manifests(files: Mapping[str, bytes], process_id: str) -> list[Table]:
    """All manifests of the set, the process's own last."""
    own = f"{process_id}/process.toml"
    paths = sorted((path for path in files if path.endswith("process.toml")), key=lambda path: path == own)
    return [tomllib.loads(files[path].decode("utf-8")) for path in paths]


def _service(files: Mapping[str, bytes], process_id: str) -> ServiceRules:
    return ServiceRules.of(_manifests(files, process_id))


def _documents(files: Mapping[str, bytes], process_id: str) -> dict[str, Table]:
    """Documents by key; the process's own win."""
    return {
        key: table for one in _manifests(files, process_id) for key, table in _table(one, "document").items()
    }


def _toml(path: str, files: Mapping[str, bytes], unread: list[str]) -> Table:
    nothing: Table = {}
    return _tried(path, unread, nothing, lambda: tomllib.loads(files[path].decode("utf-8")))


def _table(manifest: Table, name: str) -> Table:
    table = manifest.get(name, {})
    return table if isinstance(table, Mapping) else {}


def _clocks(manifest: Table, unread: list[str]) -> dict[str, ClockSpec]:
    found: dict[str, ClockSpec] = {}
    for kind, table in _table(manifest, "clock").items():
        spec = _tried(f"process.toml [clock.{kind}]", unread, None, partial(ClockSpec.from_toml, kind, table))
        if spec is not None:
            found[kind] = spec
    return found


def _forms(files: Mapping[str, bytes], process_id: str, unread: list[str]) -> dict[str, Any]:
    """Fields and raw schemas by form id; the process's own folder wins over those of its callees."""
    fields: dict[str, tuple[Field, ...]] = {}
    schemas: dict[str, Table] = {}
    for path in sorted(files, key=lambda path: path.startswith(f"{process_id}/")):
        if path.endswith(".form"):
            key = path.rpartition("/")[2].removesuffix(".form")
            schema = _tried(path, unread, None, partial(_form, files[path]))
            if schema is not None:
                fields[key], schemas[key] = read_fields(schema), schema
    return {"forms": fields, "schemas": schemas}


def _form(data: bytes) -> Table | None:
    schema = orjson.loads(data)
    if not isinstance(schema, dict):
        raise FormInvalid("表单应为对象", "a form is an object")
    read_fields(schema)
    return schema
