"""Ways that the library can't lay out ahead: loops without a choice in them, choices of events that aren't events."""

from collections.abc import Iterator

from lxml import etree

from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.structure import found, scopes
from app.kernel.engine.dialect import local_name
from app.kernel.engine.vocabulary import BPMN, CONDITIONAL, FLOW_NODES

_CAUGHT = ("intermediateCatchEvent", "receiveTask")


def unleft_loops(file: str, root: etree._Element) -> Iterator[Finding]:
    """A round in which nothing is ever chosen comes back for ever; the library foresees it without end."""
    for scope in scopes(root):
        ways = _ways(scope)
        nodes = {node.get("id"): node for node in scope.iterchildren() if local_name(node) in FLOW_NODES}
        onward = {key: ways.get(key, []) for key, node in nodes.items() if not _chooses(node, ways)}
        looped = next((key for key in onward if _comes_back(onward, key)), None)
        if looped is not None:
            zh, en = "循环中没有任何选择，永远走不出去", "a loop in which nothing is chosen is never left"
            yield found("unsupported-element", file, nodes[looped], zh, en)


def _ways(scope: etree._Element) -> dict[str | None, list[str | None]]:
    ways: dict[str | None, list[str | None]] = {}
    for flow in scope.iterchildren(f"{{{BPMN}}}sequenceFlow"):
        ways.setdefault(flow.get("sourceRef"), []).append(flow.get("targetRef"))
    return ways


def _chooses(node: etree._Element, ways: dict[str | None, list[str | None]]) -> bool:
    several = len(ways.get(node.get("id"), [])) > 1
    return local_name(node) == "eventBasedGateway" or (local_name(node) in CONDITIONAL and several)


def _comes_back(onward: dict[str | None, list[str | None]], start: str | None) -> bool:
    seen: set[str | None] = set()
    waiting = list(onward[start])
    while waiting:
        key = waiting.pop()
        if key == start:
            return True
        if key not in seen:
            seen.add(key)
            waiting += onward.get(key, [])
    return False


def chosen_events(file: str, root: etree._Element) -> Iterator[Finding]:
    """An event-based gateway leads to events that wait and to receive tasks only."""
    for scope in scopes(root):
        nodes = {node.get("id"): node for node in scope.iterchildren()}
        for flow in scope.iterchildren(f"{{{BPMN}}}sequenceFlow"):
            source, target = nodes.get(flow.get("sourceRef")), nodes.get(flow.get("targetRef"))
            if source is None or target is None or local_name(source) != "eventBasedGateway":
                continue
            if local_name(target) not in _CAUGHT:
                zh, en = (
                    "事件网关之后须是等待事件或接收任务",
                    "an event gateway leads to a node that isn't an event",
                )
                yield found("unsupported-element", file, source, zh, en)
