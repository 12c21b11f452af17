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
    EventDefinitionParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.task_parsers import CallActivityParser, ConditionalGatewayParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    ExclusiveGateway,
    InclusiveGateway,
    IntermediateCatchEvent,
    SendTask,
    StartEvent,
)

from app.kernel.engine.check.deployment_set import check_set
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.check.flow_conditions import condition_of, default_condition_of
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
from app.kernel.engine.timers import ClockedCycle, ClockedDate, ClockedDuration
from app.kernel.engine.vocabulary import BPMN, DECORATION, ZEEBE
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
    roots = _roots(files)
    findings = check_set(roots, process_id)
    if any(finding.severity == "error" for finding in findings):
        raise DefinitionInvalid(findings)
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


def _roots(files: Mapping[str, bytes]) -> dict[str, etree._Element]:
    roots: dict[str, etree._Element] = {}
    findings: list[Finding] = []
    for name, data in files.items():
        try:
            roots[name] = parsed_xml(name, data)
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
        return spec, parser.get_subprocess_specs(process_id)
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


def _element_id(error: ValidationException) -> str | None:
    return getattr(error, "tag", None) and getattr(error, "id", None)


def _for_library(root: etree._Element) -> etree._Element:
    """A copy without decoration, with the called process where the library looks for it."""
    copied = copy.deepcopy(root)
    for node in list(copied.iter()):
        parent = node.getparent()
        if parent is not None and local_name(node) in DECORATION:
            parent.remove(node)
    for call in copied.iter(f"{{{BPMN}}}callActivity"):
        called = call.find(f".//{{{ZEEBE}}}calledElement")
        if called is not None:
            call.set("calledElement", called.get("processId", ""))
    return copied


class _ClockedTimers(EventDefinitionParser):  # type: ignore[misc]
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


class _StartParser(_ClockedTimers, StartEventParser):  # type: ignore[misc]
    pass


class _CatchParser(_ClockedTimers, IntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _BoundaryParser(_ClockedTimers, BoundaryEventParser):  # type: ignore[misc]
    pass


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
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 (the library reads it from the class)
        full_tag("startEvent"): (_StartParser, StartEvent),
        full_tag("intermediateCatchEvent"): (_CatchParser, IntermediateCatchEvent),
        full_tag("endEvent"): (EndEventParser, MappedEnd),
        full_tag("intermediateThrowEvent"): (IntermediateThrowEventParser, MappedThrow),
        full_tag("boundaryEvent"): (_BoundaryParser, BoundaryEvent),
        full_tag("exclusiveGateway"): (_GatewayParser, ExclusiveGateway),
        full_tag("inclusiveGateway"): (_GatewayParser, InclusiveGateway),
        full_tag("callActivity"): (CallActivityParser, MappedCall),
        full_tag("scriptTask"): (_ScriptParser, AssignmentTask),
        full_tag("serviceTask"): (TaskParser, HandledTask),
        full_tag("businessRuleTask"): (TaskParser, HandledTask),
        full_tag("sendTask"): (_SendParser, SendTask),
    }


__all__ = ["DefinitionInvalid", "ParsedProcess", "parse"]
