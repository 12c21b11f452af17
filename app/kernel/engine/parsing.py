"""Process files to a library specification, through our own checks first.

The library's parser is thrown away after every use: after an error a second call would return a half-built
specification.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventBasedGatewayParser,
    EventDefinitionParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.task_parsers import CallActivityParser, ConditionalGatewayParser, GatewayParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.defaults import (
    EventBasedGateway,
    ExclusiveGateway,
    IntermediateCatchEvent,
    SendTask,
    StartEvent,
)

from app.kernel.engine.catching import Boundary, ConditionMet, FirstOf, Signal
from app.kernel.engine.check.deployment_set import check_set
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.check.flow_conditions import condition_of, default_condition_of
from app.kernel.engine.check.structure import reserved
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.dialect import (
    FlowSpec,
    ProcessPolicy,
    StepSpec,
    local_name,
    read_flows,
    read_policy,
    read_steps,
)
from app.kernel.engine.joins import JoiningInclusive, JoiningParallel, ScopeEnd
from app.kernel.engine.normal.foreign import foreign_form, playable_processes
from app.kernel.engine.normal.running import running_form
from app.kernel.engine.repetition import repeat
from app.kernel.engine.timers import ClockedCycle, ClockedDate, ClockedDuration
from app.kernel.engine.vocabulary import BPMN, DECORATION, LOOPS, ZEEBE
from app.kernel.engine.workflow import AssignmentTask, HandledTask, MappedCall, MappedEnd, MappedThrow


@dataclass(frozen=True, slots=True)
class ParsedProcess:
    """A process with everything it calls, ready to be stored.

    `steps` and `flows` cover all processes of the set that `process_id` reaches; `findings` are warnings only.
    """

    process_id: str
    spec: Any
    subprocess_specs: Mapping[str, Any]
    steps: tuple[StepSpec, ...]
    flows: tuple[FlowSpec, ...]
    policies: tuple[ProcessPolicy, ...]
    findings: tuple[Finding, ...]


def parse(files: Mapping[str, bytes], process_id: str) -> ParsedProcess:
    """Parse a deployment set (file name to bytes). Raises DefinitionInvalid with every finding at once."""
    return _parsed(read_roots(files), process_id, [])


def parse_foreign(files: Mapping[str, bytes], process_id: str | None = None) -> ParsedProcess:
    """Parse files made elsewhere for a simulation, `process_id` or the first process with anything in it.

    What the standard implies is written out and what only another system could compute is the player's choice
    (`StepSpec.choice`, messages, timers of a day); automatic tasks ask a handler of type `foreign`. Never for
    deployment. Raises DefinitionInvalid with the reasons where a file can't be simulated.
    """
    roots = read_roots(files)
    known = playable_processes(roots)
    chosen = process_id or next(iter(known), "")
    if chosen not in known:
        zh, en = "文件中没有可模拟的流程", "there is no process to simulate in the files"
        raise DefinitionInvalid(
            [Finding("xml-invalid", "error", next(iter(files), ""), None, chosen, zh, en)]
        )
    forms, findings = foreign_form(roots, chosen)
    return _parsed(forms, chosen, findings)


def _parsed(roots: Mapping[str, etree._Element], process_id: str, readings: list[Finding]) -> ParsedProcess:
    findings = [*readings, *check_set(roots, process_id)]
    if any(finding.severity == "error" for finding in findings):
        raise DefinitionInvalid(findings)
    roots = {file: running_form(root) for file, root in roots.items()}
    spec, subprocess_specs = _library_specs(roots, process_id)
    reached = [
        process for process in _processes(roots) if process.get("id") in {process_id, *subprocess_specs}
    ]
    return ParsedProcess(
        process_id,
        spec,
        subprocess_specs,
        tuple(step for process in reached for step in read_steps(process)),
        tuple(flow for process in reached for flow in read_flows(process)),
        tuple(read_policy(process) for process in reached),
        tuple(findings),
    )


def read_roots(files: Mapping[str, bytes]) -> dict[str, etree._Element]:
    """The files' element trees. Raises DefinitionInvalid for those that can't be read safely."""
    roots: dict[str, etree._Element] = {}
    findings: list[Finding] = []
    for name, data in files.items():
        try:
            roots[name] = parsed_xml(name, data)
            findings.extend(reserved(name, roots[name]))
        except DefinitionInvalid as invalid:
            findings.extend(invalid.findings)
    if findings:
        raise DefinitionInvalid(findings)
    return roots


def _processes(roots: Mapping[str, etree._Element]) -> Iterable[etree._Element]:
    for root in roots.values():
        yield from root.iterchildren(f"{{{BPMN}}}process")


def _library_specs(roots: Mapping[str, etree._Element], process_id: str) -> tuple[Any, dict[str, Any]]:
    parser = _Parser()
    file = ""
    try:
        for file, root in roots.items():
            parser.add_bpmn_xml(_for_library(root), filename=file)
        spec = parser.get_spec(process_id)
        inner = parser.get_subprocess_specs(process_id)
        _repeat_loops(roots, {process_id: spec, **inner})
        return spec, inner
    except ValidationException as error:
        text = str(error)
        place = getattr(error, "file_name", None) or file
        finding = Finding(
            "unsupported-element", "error", place, getattr(error, "line_number", None), _element_id(error),
            f"流程引擎不能运行：{text}", f"the engine can't run this: {text}",
        )  # fmt: skip
        raise DefinitionInvalid([finding]) from error
    except RecursionError:
        finding = Finding("too-large", "error", file, None, process_id, "流程过长", "the process is too long")
        raise DefinitionInvalid([finding]) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The library reads numbers of the drawing and its own attributes without a check.
        text = f"{type(error).__name__}: {error}"
        zh, en = f"流程引擎读不了这个文件：{text}", f"the engine can't read this file: {text}"
        raise DefinitionInvalid(
            [Finding("unsupported-element", "error", file, None, process_id, zh, en)]
        ) from error


def _repeat_loops(roots: Mapping[str, etree._Element], specs: Mapping[str, Any]) -> None:
    for process in _processes(roots):
        for step in read_steps(process):
            if step.loop is not None and step.step_key in getattr(specs.get(step.scope), "task_specs", ()):
                repeat(specs[step.scope], step.step_key)


def _element_id(error: ValidationException) -> str | None:
    return getattr(error, "tag", None) and getattr(error, "id", None)


def _for_library(root: etree._Element) -> etree._Element:
    """A copy without decoration, with the called process where the library looks for it."""
    copied = copy.deepcopy(root)
    for node in list(copied.iter()):
        parent = node.getparent()
        if parent is not None and local_name(node) in DECORATION | LOOPS:
            parent.remove(node)
    for call in copied.iter(f"{{{BPMN}}}callActivity"):
        called = call.find(f".//{{{ZEEBE}}}calledElement")
        if called is not None:
            call.set("calledElement", called.get("processId", ""))
    return copied


class _EventParser(EventDefinitionParser):  # type: ignore[misc]
    def parse_timer_event(self, event: etree._Element) -> Any:
        for tag, definition in (
            ("timeDate", ClockedDate),
            ("timeDuration", ClockedDuration),
            ("timeCycle", ClockedCycle),
        ):
            text = event.findtext(f"{{{BPMN}}}{tag}")
            if text is not None:
                return definition(self.bpmn_id, text.strip(), description=self.get_event_description(event))
        raise ValidationException("Unknown Time Specification", node=self.node, file_name=self.filename)

    def parse_signal_event(self, event: etree._Element) -> Any:
        read = super().parse_signal_event(event)
        return Signal(read.name, description=read.description)

    def parse_conditional_event(self, event: etree._Element) -> Any:
        text = (event.findtext(f"{{{BPMN}}}condition") or "").strip()
        return ConditionMet(self.bpmn_id, text, description=self.get_event_description(event))


class _StartParser(_EventParser, StartEventParser):  # type: ignore[misc]
    pass


class _CatchParser(_EventParser, IntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _BoundaryParser(_EventParser, BoundaryEventParser):  # type: ignore[misc]
    pass


class _ThrowParser(_EventParser, IntermediateThrowEventParser):  # type: ignore[misc]
    pass


class _EndParser(_EventParser, EndEventParser):  # type: ignore[misc]
    """The library's end event leaves a signal out."""

    def create_task(self) -> Any:
        definition = self.get_event_definition(_THROWN)
        task = self._create_task(definition)
        task.connect(self.spec.end)
        return task


_THROWN = [
    f".//bpmn:{name}EventDefinition" for name in ("message", "signal", "error", "escalation", "terminate")
]


class _ChoiceOfEventsParser(EventBasedGatewayParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return self._create_task(FirstOf())


class _ProcessParser(ProcessParser):  # type: ignore[misc]
    def create_spec(self) -> Any:
        spec = super().create_spec()
        outputs = spec.end._outputs
        del spec.task_specs[spec.end.name]
        spec.end = ScopeEnd(spec, spec.end.name)
        spec.end._outputs = outputs
        return spec


class _GatewayParser(ConditionalGatewayParser):  # type: ignore[misc]
    def parse_condition(self, sequence_flow: etree._Element) -> str | None:
        return condition_of(sequence_flow)

    def connect_outgoing(
        self, outgoing_task: Any, sequence_flow_node: etree._Element, is_default: bool
    ) -> None:
        flows = self.process_parser.get_outgoing_sequence_flows(self.bpmn_id)
        others = [flow for flow in flows if flow is not sequence_flow_node]
        guarded = default_condition_of(sequence_flow_node, others) if is_default else None
        if guarded is None:
            super().connect_outgoing(outgoing_task, sequence_flow_node, is_default)
        else:
            self.task.connect_outgoing_if(guarded, outgoing_task)


class _ScriptParser(TaskParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return AssignmentTask(self.spec, self.bpmn_id, script="", **self.bpmn_attributes)


class _SendParser(SendTaskParser):  # type: ignore[misc]
    """A send task with a task type is a service task; one with a message throws it."""

    def create_task(self) -> Any:
        if self.node.find(f".//{{{ZEEBE}}}taskDefinition") is None:
            return super().create_task()
        return HandledTask(self.spec, self.bpmn_id, **self.bpmn_attributes)


class _Parser(BpmnParser):  # type: ignore[misc]
    PROCESS_PARSER_CLASS = _ProcessParser
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 (the library reads it from the class)
        full_tag("startEvent"): (_StartParser, StartEvent),
        full_tag("intermediateCatchEvent"): (_CatchParser, IntermediateCatchEvent),
        full_tag("endEvent"): (_EndParser, MappedEnd),
        full_tag("intermediateThrowEvent"): (_ThrowParser, MappedThrow),
        full_tag("boundaryEvent"): (_BoundaryParser, Boundary),
        full_tag("exclusiveGateway"): (_GatewayParser, ExclusiveGateway),
        full_tag("inclusiveGateway"): (_GatewayParser, JoiningInclusive),
        full_tag("parallelGateway"): (GatewayParser, JoiningParallel),
        full_tag("eventBasedGateway"): (_ChoiceOfEventsParser, EventBasedGateway),
        full_tag("callActivity"): (CallActivityParser, MappedCall),
        full_tag("scriptTask"): (_ScriptParser, AssignmentTask),
        full_tag("serviceTask"): (TaskParser, HandledTask),
        full_tag("businessRuleTask"): (TaskParser, HandledTask),
        full_tag("sendTask"): (_SendParser, SendTask),
    }


__all__ = ["DefinitionInvalid", "ParsedProcess", "parse", "parse_foreign", "playable_processes", "read_roots"]
