"""The specification of a deployed version, stored once and cached; the case stores only its state.

Specifications are ours: parsed by us, written by us, named by digest. The library's migrations of foreign
state are never called (they evaluate Python).
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.config import DEFAULT_CONFIG
from SpiffWorkflow.bpmn.serializer.default.event_definition import (
    MultipleEventDefinitionConverter,
    TimerConditionalEventDefinitionConverter,
)
from SpiffWorkflow.bpmn.serializer.default.task_spec import (
    BoundaryEventConverter,
    BpmnTaskSpecConverter,
    ConditionalGatewayConverter,
    EventConverter,
    ParallelGatewayConverter,
    ScriptTaskConverter,
    SubWorkflowConverter,
)
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.serializer.helpers.registry import DefaultRegistry
from SpiffWorkflow.bpmn.serializer.helpers.spec import EventDefinitionConverter

from app.kernel.engine.catching import Boundary, ConditionMet, FirstOf, Signal
from app.kernel.engine.dialect import (
    Assignment,
    ClockAction,
    Effect,
    FlowSpec,
    LoopSpec,
    ProcessPolicy,
    RaisedError,
    StepSpec,
)
from app.kernel.engine.joins import JoiningInclusive, JoiningParallel, ScopeEnd
from app.kernel.engine.parsing import ParsedProcess
from app.kernel.engine.repetition import RepeatedTask
from app.kernel.engine.timers import ClockedCycle, ClockedDate, ClockedDuration
from app.kernel.engine.workflow import (
    AssignmentTask,
    CaseWorkflow,
    HandledTask,
    MappedCall,
    MappedEnd,
    MappedThrow,
)

FORMAT: Final = 2
CACHED_SPECS: Final = 64


@dataclass(frozen=True)
class Spec:
    """A process version in memory, shared by all threads: nothing here changes while cases run.

    `steps` by scope (process or sub-process id) and BPMN id; `flows` in file order; `policies` by process id.
    """

    digest: str
    process_id: str
    library: Any
    subprocesses: Mapping[str, Any]
    steps: Mapping[str, Mapping[str, StepSpec]]
    flows: tuple[FlowSpec, ...]
    policies: Mapping[str, ProcessPolicy]

    def step(self, step_key: str) -> StepSpec:
        """The step of that BPMN id, wherever it stands; the outermost process first. Raises KeyError."""
        for scope in (self.process_id, *self.steps):
            if step_key in self.steps.get(scope, {}):
                return self.steps[scope][step_key]
        raise KeyError(step_key)


class _StateConverter(BpmnWorkflowConverter):  # type: ignore[misc]
    """A workflow without its specification: that is stored once, elsewhere."""

    def to_dict(self, workflow: CaseWorkflow) -> dict[str, Any]:
        state: dict[str, Any] = super(BpmnWorkflowConverter, self).to_dict(workflow)
        state["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
        return state

    def from_dict(self, dct: dict[str, Any], *, spec: Spec) -> CaseWorkflow:
        workflow = CaseWorkflow(spec.library, dict(spec.subprocesses), deserializing=True)
        workflow.steps = spec.steps
        workflow.tasks = self.mapping_from_dict(dct["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks[UUID(dct["root"])]
        self.set_default_attributes(workflow, dct)
        self.subprocesses_from_dict(dct["subprocesses"], workflow)
        return workflow


class _RepeatedConverter(BpmnTaskSpecConverter):  # type: ignore[misc]
    def to_dict(self, spec: RepeatedTask) -> dict[str, Any]:
        return {**super().to_dict(spec), "task_spec": spec.task_spec}


_CONVERTERS: Final = {
    **{kind: converter for kind, converter in DEFAULT_CONFIG.items() if kind.__name__ != "BpmnWorkflow"},
    CaseWorkflow: _StateConverter,
    HandledTask: BpmnTaskSpecConverter,
    AssignmentTask: ScriptTaskConverter,
    MappedCall: SubWorkflowConverter,
    MappedEnd: EventConverter,
    MappedThrow: EventConverter,
    ClockedDate: TimerConditionalEventDefinitionConverter,
    ClockedDuration: TimerConditionalEventDefinitionConverter,
    ClockedCycle: TimerConditionalEventDefinitionConverter,
    ConditionMet: TimerConditionalEventDefinitionConverter,
    Signal: EventDefinitionConverter,
    FirstOf: MultipleEventDefinitionConverter,
    Boundary: BoundaryEventConverter,
    JoiningParallel: ParallelGatewayConverter,
    JoiningInclusive: ConditionalGatewayConverter,
    ScopeEnd: BpmnTaskSpecConverter,
    RepeatedTask: _RepeatedConverter,
}
_local = threading.local()


def registry() -> DefaultRegistry:
    """This thread's converters: the library's serializer is not made to be shared."""
    if not hasattr(_local, "registry"):
        _local.registry = BpmnWorkflowSerializer.configure(_CONVERTERS)
    return _local.registry


def dump_spec(parsed: ParsedProcess) -> bytes:
    """The specification as stored; `spec_digest` of it is its name."""
    convert = registry().convert
    return orjson.dumps(
        {
            "format": FORMAT,
            "process": parsed.process_id,
            "spec": convert(parsed.spec),
            "subprocesses": {name: convert(spec) for name, spec in parsed.subprocess_specs.items()},
            "steps": [asdict(step) for step in parsed.steps],
            "flows": [asdict(flow) for flow in parsed.flows],
            "policies": [asdict(policy) for policy in parsed.policies],
        }
    )


def spec_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_cache: OrderedDict[str, Spec] = OrderedDict()
_cache_lock = threading.Lock()


def load_spec(digest: str, data: bytes, parsed: ParsedProcess | None = None) -> Spec:
    """The specification named `digest`, from this process's cache when it is there.

    One that an earlier release stored in its own format is made anew from `parsed`, its files; it keeps the name
    by which running cases know it. Raises ValueError when `data` isn't what the digest names, or can't be read.
    """
    with _cache_lock:
        if digest in _cache:
            _cache.move_to_end(digest)
            return _cache[digest]
    spec = _loaded(digest, data, parsed)
    with _cache_lock:
        _cache[digest] = spec
        while len(_cache) > CACHED_SPECS:
            _cache.popitem(last=False)
    return spec


def cached_spec(digest: str) -> Spec | None:
    """The specification if this process has it, to spare its caller reading the bytes."""
    with _cache_lock:
        return _cache.get(digest)


def _loaded(digest: str, data: bytes, parsed: ParsedProcess | None) -> Spec:
    if spec_digest(data) != digest:
        raise ValueError("the stored specification doesn't match its digest")
    stored = orjson.loads(data)
    if stored["format"] != FORMAT and parsed is not None:
        stored = orjson.loads(dump_spec(parsed))
    if stored["format"] != FORMAT:
        raise ValueError(f"unknown format {stored['format']} of a specification")
    restore = registry().restore
    steps: dict[str, dict[str, StepSpec]] = {}
    for entry in stored["steps"]:
        step = _step(entry)
        steps.setdefault(step.scope, {})[step.step_key] = step
    return Spec(
        digest=digest,
        process_id=stored["process"],
        library=restore(stored["spec"]),
        subprocesses={name: restore(spec) for name, spec in stored["subprocesses"].items()},
        steps=steps,
        flows=tuple(FlowSpec(**{**flow, "risk": tuple(flow["risk"])}) for flow in stored["flows"]),
        policies={policy["process"]: _policy(policy) for policy in stored["policies"]},
    )


def _policy(entry: dict[str, Any]) -> ProcessPolicy:
    return ProcessPolicy(**{**entry, "requires": tuple(entry["requires"])})


def _effect(entry: dict[str, Any] | None) -> Effect | None:
    if entry is None:
        return None
    requirements = {name: tuple(duties) for name, duties in entry.items() if name != "kind"}
    return Effect(kind=entry["kind"], **requirements)


def _step(entry: dict[str, Any]) -> StepSpec:
    assignments = {
        field: tuple(Assignment(**assignment) for assignment in entry[field])
        for field in ("inputs", "outputs", "script")
    }
    return StepSpec(
        **{
            **entry,
            **assignments,
            "clocks": tuple(ClockAction(**clock) for clock in entry["clocks"]),
            "events": tuple(entry["events"]),
            "errors": tuple(RaisedError(**error) for error in entry["errors"]),
            "effect": _effect(entry["effect"]),
            "loop": LoopSpec(**entry["loop"]) if entry["loop"] else None,
        }
    )
