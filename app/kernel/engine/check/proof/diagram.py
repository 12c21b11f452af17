"""A process as the proof sees it: scopes of nodes and flows, with what each event waits for or throws.

Everything that BPMN gives a meaning to is read, also what the engine refuses to run: a file with a refused
element still gets the whole truth about its duties.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from lxml import etree

from app.kernel.engine.dialect import ProcessPolicy, StepSpec, local_name, read_policy, read_steps
from app.kernel.engine.vocabulary import BPMN, SANSHEN, ZEEBE

ACTIVITIES: Final = frozenset(
    {
        "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
        "businessRuleTask", "callActivity", "subProcess", "transaction", "adHocSubProcess",
    }
)  # fmt: skip
GATEWAYS: Final = frozenset(
    {"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway"}
)
EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
NODES: Final = ACTIVITIES | GATEWAYS | EVENTS
EMBEDDED: Final = frozenset({"subProcess", "transaction", "adHocSubProcess"})

# Attribute that names what an event refers to, and the root element it names.
_REFERENCES: Final = {
    "error": ("errorRef", "error", "errorCode"),
    "escalation": ("escalationRef", "escalation", "escalationCode"),
    "signal": ("signalRef", "signal", "name"),
    "message": ("messageRef", "message", "name"),
}


@dataclass(frozen=True, slots=True)
class Loop:
    """A multi-instance or loop marker: at least `least` runs (0 or 1); `single` when it is exactly one."""

    sequential: bool
    least: int
    single: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What an event is about: `timer`, `message`, `error` …; `code` is a name, `repeats` a cycle of a timer."""

    kind: str
    code: str | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    id: str
    source: str
    target: str
    risk: frozenset[str]
    conditional: bool


@dataclass(slots=True, eq=False)
class Node:
    """One flow node. `inner` is the body of an embedded sub-process, `called` the process a call names."""

    id: str
    tag: str
    line: int | None
    step: StepSpec | None = None
    event: Event | None = None
    loop: Loop | None = None
    inner: "Scope | None" = None
    called: str = ""
    attached: str | None = None
    interrupting: bool = True
    default: str | None = None

    @property
    def name(self) -> str:
        return self.step.name if self.step else self.id


@dataclass(slots=True, eq=False)
class Scope:
    """Nodes and flows of one process or sub-process; `triggered`: an event sub-process."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    triggered: bool = False

    def leaving(self, key: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.source == key]

    def entering(self, key: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.target == key]

    def boundaries(self, key: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.tag == "boundaryEvent" and node.attached == key]

    def event_scopes(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.inner is not None and node.inner.triggered]

    def starts(self) -> list[Node]:
        """Start events; without any, whatever no flow leads to, as BPMN has it."""
        found = [node for node in self.nodes.values() if node.tag == "startEvent"]
        if found:
            return found
        reached = {flow.target for flow in self.flows}
        return [node for node in self.nodes.values() if node.id not in reached and _begins(node)]

    def everything(self) -> Iterator[Node]:
        """All nodes, those of embedded sub-processes too."""
        for node in self.nodes.values():
            yield node
            if node.inner is not None:
                yield from node.inner.everything()


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    id: str
    file: str
    line: int | None
    scope: Scope
    policy: ProcessPolicy


def read_processes(file: str, root: etree._Element) -> Iterator[Process]:
    """The processes of one file whose ids and references are known to be right."""
    codes = {
        (local_name(node), node.get("id")): node.get(name) or node.get("id")
        for _, tag, name in _REFERENCES.values()
        for node in root.iterchildren(f"{{{BPMN}}}{tag}")
    }
    for element in root.iterchildren(f"{{{BPMN}}}process"):
        steps = {step.step_key: step for step in read_steps(element)}
        scope = _Reader(steps, codes).scope(element)
        line = cast("int | None", element.sourceline)
        yield Process(element.get("id", ""), file, line, scope, read_policy(element))


class _Reader:
    def __init__(
        self, steps: Mapping[str, StepSpec], codes: Mapping[tuple[str, str | None], str | None]
    ) -> None:
        self.steps = steps
        self.codes = codes

    def scope(self, element: etree._Element) -> Scope:
        scope = Scope(element.get("id", ""), triggered=element.get("triggeredByEvent") == "true")
        for child in element.iterchildren():
            name = local_name(child)
            if name in NODES:
                scope.nodes[child.get("id", "")] = self.node(child, name)
            elif name == "sequenceFlow":
                scope.flows.append(_flow(child))
        scope.flows = [f for f in scope.flows if f.source in scope.nodes and f.target in scope.nodes]
        return scope

    def node(self, element: etree._Element, tag: str) -> Node:
        key = element.get("id", "")
        step = self.steps.get(key)
        return Node(
            id=key,
            tag=tag,
            line=cast("int | None", element.sourceline),
            step=step,
            event=self.event(element) if tag in EVENTS else None,
            loop=_loop(element),
            inner=self.scope(element) if tag in EMBEDDED else None,
            called=(step.called or "") if step else "",
            attached=element.get("attachedToRef"),
            interrupting=_interrupts(element, tag),
            default=element.get("default"),
        )

    def event(self, element: etree._Element) -> Event | None:
        for child in element.iterchildren():
            name = local_name(child)
            if name.endswith("EventDefinition"):
                kind = name.removesuffix("EventDefinition")
                return Event(kind, self._code(kind, child), child.find(f"{{{BPMN}}}timeCycle") is not None)
        return None

    def _code(self, kind: str, definition: etree._Element) -> str | None:
        if kind == "link":
            holder = definition.getparent()
            return definition.get("name") or (holder.get("name") if holder is not None else None)
        if kind not in _REFERENCES:
            return None
        attribute, tag, _ = _REFERENCES[kind]
        reference = definition.get(attribute)
        return self.codes.get((tag, reference), reference)


def _begins(node: Node) -> bool:
    triggered = node.inner is not None and node.inner.triggered
    linked = node.event is not None and node.event.kind == "link" and node.tag == "intermediateCatchEvent"
    return node.tag != "boundaryEvent" and not triggered and not linked


def _interrupts(element: etree._Element, tag: str) -> bool:
    attribute = "isInterrupting" if tag == "startEvent" else "cancelActivity"
    return element.get(attribute, "true").strip() not in ("false", "0")


def _flow(element: etree._Element) -> Flow:
    return Flow(
        element.get("id", ""),
        element.get("sourceRef", ""),
        element.get("targetRef", ""),
        frozenset((element.get(f"{{{SANSHEN}}}risk") or "").split()),
        element.find(f"{{{BPMN}}}conditionExpression") is not None,
    )


def _loop(element: etree._Element) -> Loop | None:
    several = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if several is not None:
        count = (several.findtext(f"{{{BPMN}}}loopCardinality") or "").strip().removeprefix("=").strip()
        collected = several.find(f".//{{{ZEEBE}}}loopCharacteristics") is not None
        known = int(count) if count.isdecimal() and len(count) < 9 and not collected else 0
        return Loop(several.get("isSequential") == "true", min(known, 1), known == 1)
    repeated = element.find(f"{{{BPMN}}}standardLoopCharacteristics")
    if repeated is not None:
        return Loop(True, 0 if repeated.get("testBefore") == "true" else 1)
    return None
