"""Checks of the diagram itself: elements, events, references and flows."""

from collections import Counter
from collections.abc import Iterator
from typing import cast

from lxml import etree

from app.kernel.engine.check.findings import Finding, Severity
from app.kernel.engine.dialect import local_name, read_loop
from app.kernel.engine.vocabulary import (
    ACTIVITIES,
    ADDED,
    BPMN,
    CONDITIONAL,
    DECORATION,
    EVENT_DEFINITIONS,
    EVENTS,
    FLOW_NODES,
    GATEWAYS,
    HANDLED,
    LOOPS,
    REFERENCES,
    SANSHEN,
    STRUCTURE,
    WAITS_FOR_SOMETHING,
)

# 1,000 nodes in a line exceed the recursion limit of the library's parser; 300 take 0.1 s.
MOST_NODES = 300


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


def reserved(file: str, root: etree._Element) -> Iterator[Finding]:
    """No id of a file looks like one that the normal form adds."""
    for node in root.iter():
        key = node.get("id") or ""
        if ADDED in key and local_name(node) in FLOW_NODES | {"sequenceFlow", "process"}:
            zh, en = f"标识“{key}”中不能有“{ADDED}”", f"id {key!r} holds a {ADDED!r}"
            yield found("xml-invalid", file, node, zh, en)


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
            elif name and name not in STRUCTURE | DECORATION | LOOPS:
                yield found("unsupported-element", file, node, f"不支持 {name}", f"{name} is not supported")


def _scope(file: str, scope: etree._Element) -> Iterator[Finding]:
    starts = list(scope.iterchildren(f"{{{BPMN}}}startEvent"))
    if not starts:
        yield found("xml-invalid", file, scope, "没有开始事件", "no start event")
    if len(starts) > 1 and local_name(scope) == "subProcess":
        zh, en = "子流程只能有一个开始事件", "a sub-process has one start event"
        yield found("unsupported-element", file, starts[1], zh, en)
    if next(scope.iterchildren(f"{{{BPMN}}}endEvent"), None) is None:
        yield found("no-completion", file, scope, "没有结束事件", "no end event")
    if is_handler(scope) and starts and not any(_definitions(start) for start in starts):
        zh, en = "事件子流程的开始事件没有定义", "the start of an event sub-process has no definition"
        yield found("unsupported-element", file, scope, zh, en)
    yield from _terminated(file, scope)


def _terminated(file: str, scope: etree._Element) -> Iterator[Finding]:
    """A terminate event would have to end the handlers beside its body too."""
    beside = any(
        start.get("isInterrupting") == "false"
        for handler in scope.iterchildren(f"{{{BPMN}}}subProcess")
        if is_handler(handler)
        for start in handler.iterchildren(f"{{{BPMN}}}startEvent")
    )
    for end in scope.iterchildren(f"{{{BPMN}}}endEvent"):
        if beside and end.find(f"{{{BPMN}}}terminateEventDefinition") is not None:
            zh = "终止事件不能与不中断的事件子流程并用"
            en = "a terminate event beside an event sub-process that doesn't interrupt"
            yield found("unsupported-element", file, end, zh, en)


def is_handler(node: etree._Element) -> bool:
    """Whether the node is an event sub-process."""
    return local_name(node) == "subProcess" and node.get("triggeredByEvent") == "true"


def _loop(file: str, node: etree._Element) -> Iterator[Finding]:
    """How often an activity is done is said in one way; the standard's data references aren't read."""
    loops = [child for child in node if local_name(child) in LOOPS]
    if node.get("isForCompensation") == "true":
        yield found("unsupported-element", file, node, "不支持补偿", "compensation is not supported")
    if not loops:
        return
    if len(loops) > 1 or local_name(node) not in ACTIVITIES or is_handler(node):
        zh, en = "此处不能有循环标记", "no loop marker can stand here"
        yield found("unsupported-element", file, node, zh, en)
        return
    loop = read_loop(node)
    if loop is not None and loop.kind == "loop":
        if loop.condition is None and loop.maximum is None:
            zh, en = "循环缺少条件或最多次数", "the loop has neither a condition nor a maximum"
            yield found("unsupported-element", file, node, zh, en)
    elif loop is not None and (loop.cardinality is None) == (loop.collection is None):
        zh = "多实例须写明次数（loopCardinality）或集合（zeebe:loopCharacteristics inputCollection）之一"
        en = "several instances need a loopCardinality or a zeebe:loopCharacteristics inputCollection, one of both"
        yield found("unsupported-element", file, node, zh, en)
    if loop is not None and (loop.output is None) != (loop.output_collection is None):
        zh, en = (
            "outputElement 与 outputCollection 须成对",
            "outputElement and outputCollection belong together",
        )
        yield found("unsupported-element", file, node, zh, en)


def events(file: str, root: etree._Element) -> Iterator[Finding]:
    """Each event has at most one definition, and one that is allowed in its place."""
    for node in root.iter():
        if local_name(node) in EVENTS:
            yield from _event(file, node)


def _event(file: str, node: etree._Element) -> Iterator[Finding]:
    kind, parent = local_name(node), node.getparent()
    definitions = _definitions(node)
    handler = kind == "startEvent" and parent is not None and is_handler(parent)
    for definition in definitions:
        name = local_name(definition)
        if name not in (HANDLED if handler else EVENT_DEFINITIONS[kind]):
            zh, en = f"{kind} 不支持 {name}", f"{name} is not supported on {kind}"
            yield found("unsupported-element", file, node, zh, en)
    if len(definitions) > 1 or node.find(f"{{{BPMN}}}eventDefinitionRef") is not None:
        zh, en = "一个事件只能有一个定义，且须写在事件内", "an event has one definition, written inside it"
        yield found("unsupported-element", file, node, zh, en)
    going_on = node.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting") in ("false", "0")
    if going_on and any(local_name(one) == "errorEventDefinition" for one in definitions):
        zh, en = "错误总是中断它所在的活动", "an error always interrupts what it stands on"
        yield found("unsupported-element", file, node, zh, en)
    if not definitions and kind in WAITS_FOR_SOMETHING:
        yield found("unsupported-element", file, node, "等待事件没有定义", "the event waits for nothing")


def _definitions(node: etree._Element) -> list[etree._Element]:
    return [child for child in node if local_name(child).endswith("EventDefinition")]


def links(file: str, root: etree._Element) -> Iterator[Finding]:
    """Each link is thrown to the one catching link of its name in its scope."""
    for scope in scopes(root):
        events = [node for node in scope if node.find(_LINK) is not None]
        caught = Counter(_link(node) for node in events if local_name(node) == "intermediateCatchEvent")
        thrown = {_link(node) for node in events if local_name(node) == "intermediateThrowEvent"}
        for node in events:
            name = _link(node)
            lost = caught[name] != 1 if local_name(node) == "intermediateThrowEvent" else name not in thrown
            if lost or not name:
                zh, en = f"链接“{name}”没有唯一的对应事件", f"link {name!r} has no single counterpart"
                yield found("unsupported-element", file, node, zh, en)


_LINK = f"{{{BPMN}}}linkEventDefinition"


def _link(node: etree._Element) -> str:
    return _definitions(node)[0].get("name") or node.get("name") or ""


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
    catches = inside in ("boundaryEvent", "startEvent")
    return name == "sendTask" or (name.startswith(("error", "escalation")) and catches)


def flows(file: str, root: etree._Element) -> Iterator[Finding]:
    for scope in scopes(root):
        nodes = {node.get("id"): node for node in scope.iterchildren() if local_name(node) in FLOW_NODES}
        edges = list(scope.iterchildren(f"{{{BPMN}}}sequenceFlow"))
        for edge in edges:
            yield from _ends(file, edge, nodes)
        leaving = Counter(edge.get("sourceRef") for edge in edges)
        for node in nodes.values():
            yield from _loose(file, node, edges)
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
    if count == 0 and name != "endEvent" and not _is_loose(node)[0]:
        yield found(
            "no-completion", file, node, "没有出线，案件会停在这里", "no outgoing flow: the case stalls here"
        )


def _is_loose(node: etree._Element) -> tuple[bool, bool]:
    """Whether no flow may leave the node, and whether none may arrive."""
    is_link, handler = node.find(_LINK) is not None, is_handler(node)
    return (
        handler or (is_link and local_name(node) == "intermediateThrowEvent"),
        handler or (is_link and local_name(node) == "intermediateCatchEvent"),
    )


def _loose(file: str, node: etree._Element, edges: list[etree._Element]) -> Iterator[Finding]:
    ends = zip(("sourceRef", "targetRef"), _is_loose(node), strict=True)
    if any(loose and any(edge.get(end) == node.get("id") for edge in edges) for end, loose in ends):
        zh, en = "链接事件或事件子流程不能有此连线", "a link or an event sub-process can't have this flow"
        yield found("unsupported-element", file, node, zh, en)


def _attachment(
    file: str, node: etree._Element, nodes: dict[str | None, etree._Element]
) -> Iterator[Finding]:
    if local_name(node) != "boundaryEvent":
        return
    key = node.get("attachedToRef")
    if key not in nodes:
        yield found("xml-invalid", file, node, f"边界事件所附的“{key}”不存在", f"attached to unknown {key!r}")
    elif local_name(nodes[key]) not in ACTIVITIES or is_handler(nodes[key]):
        zh, en = "边界事件只能附在活动上", "a boundary event is attached to an activity"
        yield found("unsupported-element", file, node, zh, en)
