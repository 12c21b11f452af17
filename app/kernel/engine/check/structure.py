"""Checks of the diagram itself: elements, events, references and flows."""

from collections import Counter
from collections.abc import Iterator
from typing import cast

from lxml import etree

from app.kernel.engine.check.findings import Finding, Severity
from app.kernel.engine.dialect import local_name
from app.kernel.engine.vocabulary import (
    BPMN,
    CONDITIONAL,
    DECORATION,
    EVENT_DEFINITIONS,
    EVENTS,
    FLOW_NODES,
    GATEWAYS,
    REFERENCES,
    SANSHEN,
    STRUCTURE,
    WAITS_FOR_SOMETHING,
)

# 1,000 nodes in a line exceed the recursion limit of the library's parser; 300 take 0.1 s.
MOST_NODES = 300

_LOOPS = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")


def found(
    rule: str, file: str, node: etree._Element, zh: str, en: str, severity: Severity = "error"
) -> Finding:
    """A finding at `node`, or at the nearest element around it that has an id."""
    around = [node, *node.iterancestors()]
    named = next((one for one in around if one.get("id")), node)
    line = cast("int | None", node.sourceline)
    return Finding(rule, severity, file, line, named.get("id"), zh, en)


def scopes(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iter(f"{{{BPMN}}}process", f"{{{BPMN}}}subProcess")


def identifiers(file: str, root: etree._Element) -> Iterator[Finding]:
    """Every flow node and flow has an id; no id is used twice."""
    seen: set[str] = set()
    for node in root.iter():
        key = node.get("id")
        if key is not None and key in seen and local_name(node):
            yield found("xml-invalid", file, node, f"标识“{key}”重复", f"id {key!r} is used twice")
        if key is None and local_name(node) in FLOW_NODES | {"sequenceFlow", "process"}:
            name = local_name(node)
            yield found("xml-invalid", file, node, f"{name} 没有标识", f"{name} has no id")
        if key is not None:
            seen.add(key)


def size(file: str, root: etree._Element) -> Iterator[Finding]:
    for process in root.iterchildren(f"{{{BPMN}}}process"):
        count = sum(1 for node in process.iter() if local_name(node) in FLOW_NODES)
        if count > MOST_NODES:
            zh, en = f"流程有 {count} 个节点，最多 {MOST_NODES} 个", f"{count} nodes, at most {MOST_NODES}"
            yield found("too-large", file, process, zh, en)
        if process.get("isExecutable") == "false":
            yield found("unsupported-element", file, process, "流程不可执行", "the process is not executable")


def elements(file: str, root: etree._Element) -> Iterator[Finding]:
    for scope in scopes(root):
        yield from _scope(file, scope)
        for node in scope.iterchildren():
            name = local_name(node)
            if name in FLOW_NODES:
                yield from _loop(file, node)
            elif name and name not in STRUCTURE | DECORATION:
                yield found("unsupported-element", file, node, f"不支持 {name}", f"{name} is not supported")


def _scope(file: str, scope: etree._Element) -> Iterator[Finding]:
    if scope.get("triggeredByEvent") == "true":
        yield found(
            "unsupported-element",
            file,
            scope,
            "暂不支持事件子流程",
            "event sub-processes are not supported yet",
        )
    starts = list(scope.iterchildren(f"{{{BPMN}}}startEvent"))
    if not starts:
        yield found("xml-invalid", file, scope, "没有开始事件", "no start event")
    if len(starts) > 1 and local_name(scope) == "subProcess":
        yield found(
            "unsupported-element",
            file,
            starts[1],
            "子流程只能有一个开始事件",
            "a sub-process has one start event",
        )
    if next(scope.iterchildren(f"{{{BPMN}}}endEvent"), None) is None:
        yield found("no-completion", file, scope, "没有结束事件", "no end event")


def _loop(file: str, node: etree._Element) -> Iterator[Finding]:
    for name in _LOOPS:
        if node.find(f"{{{BPMN}}}{name}") is not None:
            yield found(
                "unsupported-element", file, node, "暂不支持多实例和循环标记", f"{name} is not supported yet"
            )
    if node.get("isForCompensation") == "true":
        yield found("unsupported-element", file, node, "不支持补偿", "compensation is not supported")


def events(file: str, root: etree._Element) -> Iterator[Finding]:
    """Each event has at most one definition, and one that is allowed in its place."""
    for node in root.iter():
        if local_name(node) in EVENTS:
            yield from _event(file, node)


def _event(file: str, node: etree._Element) -> Iterator[Finding]:
    kind = local_name(node)
    definitions = [child for child in node if local_name(child).endswith("EventDefinition")]
    for definition in definitions:
        name = local_name(definition)
        if name not in EVENT_DEFINITIONS[kind]:
            zh, en = f"{kind} 不支持 {name}", f"{name} is not supported on {kind}"
            yield found("unsupported-element", file, node, zh, en)
    if len(definitions) > 1 or node.find(f"{{{BPMN}}}eventDefinitionRef") is not None:
        zh, en = "一个事件只能有一个定义，且须写在事件内", "an event has one definition, written inside it"
        yield found("unsupported-element", file, node, zh, en)
    if not definitions and kind in WAITS_FOR_SOMETHING:
        yield found("unsupported-element", file, node, "等待事件没有定义", "the event waits for nothing")


def references(file: str, root: etree._Element) -> Iterator[Finding]:
    """Messages, errors and escalations referred to exist (the library raises TypeError on those that don't)."""
    for holder, attribute, target in REFERENCES:
        known = {node.get("id") for node in root.iterchildren(f"{{{BPMN}}}{target}") if node.get("name")}
        for node in root.iter(f"{{{BPMN}}}{holder}"):
            reference = node.get(attribute)
            if reference is None and _may_be_absent(node):
                continue
            if reference not in known:
                zh = f"没有名为“{reference}”的 {target}" if reference else f"缺少 {attribute}"
                en = f"there is no {target} {reference!r}" if reference else f"{attribute} is missing"
                yield found("xml-invalid", file, node, zh, en)


def _may_be_absent(node: etree._Element) -> bool:
    """A send task may have a task type instead; a boundary event without code catches every error."""
    name = local_name(node)
    parent = node.getparent()
    inside = local_name(parent) if parent is not None else ""
    return name == "sendTask" or (name.startswith(("error", "escalation")) and inside == "boundaryEvent")


def flows(file: str, root: etree._Element) -> Iterator[Finding]:
    for scope in scopes(root):
        nodes = {node.get("id"): node for node in scope.iterchildren() if local_name(node) in FLOW_NODES}
        edges = list(scope.iterchildren(f"{{{BPMN}}}sequenceFlow"))
        for edge in edges:
            yield from _ends(file, edge, nodes)
        leaving = Counter(edge.get("sourceRef") for edge in edges)
        for key, node in nodes.items():
            yield from _leaving(file, node, leaving[key])
            yield from _attachment(file, node, nodes)


def _ends(file: str, edge: etree._Element, nodes: dict[str | None, etree._Element]) -> Iterator[Finding]:
    for attribute in ("sourceRef", "targetRef"):
        if edge.get(attribute) not in nodes:
            key = edge.get(attribute)
            zh, en = f"连线的 {attribute} “{key}”不在本流程内", f"{attribute} {key!r} is not in this process"
            yield found("xml-invalid", file, edge, zh, en)
    source = nodes.get(edge.get("sourceRef"))
    conditional = edge.get(f"{{{SANSHEN}}}risk") or edge.find(f"{{{BPMN}}}conditionExpression") is not None
    if source is not None and conditional and local_name(source) not in CONDITIONAL:
        zh, en = "条件只能写在排他或包容网关之后的连线上", "conditions belong on flows leaving a gateway"
        yield found("unsupported-element", file, edge, zh, en)


def _leaving(file: str, node: etree._Element, count: int) -> Iterator[Finding]:
    name = local_name(node)
    if count > 1 and name not in GATEWAYS and name != "startEvent":
        zh, en = "多条出线须经网关", "several outgoing flows need a gateway"
        yield found("unsupported-element", file, node, zh, en)
    if count == 0 and name != "endEvent":
        yield found(
            "no-completion", file, node, "没有出线，案件会停在这里", "no outgoing flow: the case stalls here"
        )


def _attachment(
    file: str, node: etree._Element, nodes: dict[str | None, etree._Element]
) -> Iterator[Finding]:
    if local_name(node) == "boundaryEvent" and node.get("attachedToRef") not in nodes:
        key = node.get("attachedToRef")
        yield found("xml-invalid", file, node, f"边界事件所附的“{key}”不存在", f"attached to unknown {key!r}")
