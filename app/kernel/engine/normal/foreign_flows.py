"""Flows of foreign files: implicit starts, splits, ends and choices written out, dead ends of drawing removed."""

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.notes import Notes
from app.kernel.engine.normal.running import join_links, link_name
from app.kernel.engine.normal.tree import (
    ADDED,
    added,
    arriving,
    defines,
    definitions_of,
    flows_of,
    is_event_subprocess,
    joined,
    leaving,
    named,
    nodes_of,
    removed,
    tag,
    unset,
)
from app.kernel.engine.vocabulary import CONDITIONAL, GATEWAYS

CHOICE = ADDED + "choice"
"""End of the id of a step at which the player chooses; the flows leave `…~fork` beside it."""


def write_out(scope: etree._Element, notes: Notes) -> None:
    """Give the scope one start, ends, explicit splits, and a choosing step before each gateway that chooses."""
    _drop_impossible(scope, notes)
    _pair_links(scope, notes)
    _write_start(scope, notes)
    _drop_unreached(scope, notes)
    for node in nodes_of(scope):
        _write_split(scope, node, notes)
    for node in nodes_of(scope):
        _write_end(scope, node)
    for flow in flows_of(scope):
        if flow.get("sourceRef", "").rpartition(ADDED)[2] != "fork":
            removed(flow.iterchildren(tag("conditionExpression")))


def _drop_impossible(scope: etree._Element, notes: Notes) -> None:
    """Flows into a start, out of an end, into a boundary event, or to what is no node here, lead nowhere."""
    drawn = [node for node in nodes_of(scope) if not is_event_subprocess(node)]
    nodes = {node.get("id"): local_name(node) for node in drawn}
    for flow in flows_of(scope):
        source, target = nodes.get(flow.get("sourceRef")), nodes.get(flow.get("targetRef"))
        inward = target in ("startEvent", "boundaryEvent") or source == "endEvent"
        if inward or source is None or target is None:
            notes.add(flow, "不可能的连线不模拟", "a flow that can't be is left out")
            removed([flow])


def _pair_links(scope: etree._Element, notes: Notes) -> None:
    links = [node for node in nodes_of(scope) if defines(node, "link")]
    caught = {link_name(node) for node in links if local_name(node) == "intermediateCatchEvent"}
    for node in links:
        if local_name(node) == "intermediateThrowEvent" and link_name(node) not in caught:
            notes.add(node, "没有对应的链接事件，在此结束", "no link event of this name: it ends here")
            removed(definitions_of(node))
    join_links(scope)


def _write_start(scope: etree._Element, notes: Notes) -> None:
    starts = list(scope.iterchildren(tag("startEvent")))
    if is_event_subprocess(scope) or len(starts) == 1:
        return
    key = f"{scope.get('id', '')}{ADDED}start"
    if starts:
        notes.add(starts[1], "几个开始事件：由模拟者选一个", "several start events: the player chooses one")
        for node in starts:
            node.tag = tag("intermediateThrowEvent")
        first = [node.get("id", "") for node in starts]
    else:
        first = _firsts(scope)
    added(scope, "startEvent", key)
    if not first:
        return
    if len(first) == 1:
        joined(scope, key, first[0])
        return
    split = added(scope, "exclusiveGateway" if starts else "parallelGateway", f"{key}{ADDED}split")
    split.set("name", named(scope))
    joined(scope, key, split.get("id", ""))
    for target in first:
        joined(scope, split.get("id", ""), target)


def _firsts(scope: etree._Element) -> list[str]:
    """Where a scope without a start event begins: at every node nothing leads to, else at the first."""
    nodes = [
        node
        for node in nodes_of(scope)
        if local_name(node) != "boundaryEvent" and not is_event_subprocess(node)
    ]
    free = [node.get("id", "") for node in nodes if not arriving(scope, node.get("id"))]
    return free or [node.get("id", "") for node in nodes[:1]]


def _drop_unreached(scope: etree._Element, notes: Notes) -> None:
    """What no way leads to isn't simulated: a join would wait for it for ever."""
    handlers = [node for node in nodes_of(scope) if is_event_subprocess(node)]
    for node in handlers:
        starts = list(node.iterchildren(tag("startEvent")))
        if not any(definitions_of(start) for start in starts):
            notes.add(
                node, "没有触发的事件子流程不模拟", "an event sub-process that nothing starts is left out"
            )
            removed([node])
    reached = _reached(scope)
    for node in nodes_of(scope):
        if node.get("id") not in reached and not is_event_subprocess(node):
            notes.add(node, "到不了的节点不模拟", "a node that no way leads to is left out")
            removed([*leaving(scope, node.get("id")), *arriving(scope, node.get("id")), node])


def _reached(scope: etree._Element) -> set[str | None]:
    ways: dict[str | None, list[str | None]] = {}
    for flow in flows_of(scope):
        ways.setdefault(flow.get("sourceRef"), []).append(flow.get("targetRef"))
    for event in scope.iterchildren(tag("boundaryEvent")):
        ways.setdefault(event.get("attachedToRef"), []).append(event.get("id"))
    waiting: list[str | None] = [start.get("id") for start in scope.iterchildren(tag("startEvent"))]
    seen: set[str | None] = set()
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += ways.get(key, [])
    return seen


def _write_split(scope: etree._Element, node: etree._Element, notes: Notes) -> None:
    """Several flows of a node are a parallel split; with conditions, a choice."""
    flows, name = leaving(scope, node.get("id")), local_name(node)
    if len(flows) < 2 or name in ("parallelGateway", "eventBasedGateway"):
        unset(node, "default")
        return
    if name in CONDITIONAL:
        _choose(scope, node, flows, name, notes)
    elif any(flow.find(tag("conditionExpression")) is not None for flow in flows) or node.get("default"):
        _choose(scope, node, flows, "inclusiveGateway", notes)
    elif name not in GATEWAYS:
        _fork(scope, node, flows, "parallelGateway", "split")


def _fork(
    scope: etree._Element, node: etree._Element, flows: list[etree._Element], kind: str, suffix: str
) -> etree._Element:
    """The flows leave a new gateway behind the node."""
    gateway = added(scope, kind, f"{node.get('id', '')}{ADDED}{suffix}")
    for flow in flows:
        flow.set("sourceRef", gateway.get("id", ""))
    if suffix == "split":
        joined(scope, node.get("id", ""), gateway.get("id", ""))
    return gateway


def _choose(
    scope: etree._Element, node: etree._Element, flows: list[etree._Element], kind: str, notes: Notes
) -> None:
    """Node → step where the player chooses → fork.

    The default, else the last flow, is taken when no other is; of an inclusive fork the player may take it along with
    others too: a drawing without conditions doesn't say when it is meant.
    """
    key, variable = node.get("id", ""), f"choice_{notes.number()}"
    default = node.get("default")
    unset(node, "default")
    otherwise = next((flow for flow in flows if flow.get("id") == default), flows[-1])
    step = added(scope, "manualTask", key + CHOICE, name=named(node))
    fork = _fork(scope, node, flows, kind, "fork")
    joined(scope, key, step.get("id", ""))
    joined(scope, step.get("id", ""), fork.get("id", ""))
    step.set("choice", variable)
    taken = {flow: f'contains({variable}, " {number} ") = true' for number, flow in enumerate(flows, 1)}
    for flow in flows:
        _label(flow)
        removed(flow.iterchildren(tag("conditionExpression")))
        others = " or ".join(taken[other] for other in flows if other is not flow)
        if flow is not otherwise:
            etree.SubElement(flow, tag("conditionExpression")).text = f"={taken[flow]}"
        elif kind == "inclusiveGateway":
            etree.SubElement(flow, tag("conditionExpression")).text = f"={taken[flow]} or not({others})"
        else:
            fork.set("default", flow.get("id", ""))
    notes.add(node, "走哪条由模拟者选择", "which way is taken is the player's choice")


def _label(flow: etree._Element) -> None:
    text = (flow.findtext(tag("conditionExpression")) or "").strip()
    if not flow.get("name") and text:
        flow.set("name", text)


def _write_end(scope: etree._Element, node: etree._Element) -> None:
    """A node that nothing leaves is an end."""
    key, name = node.get("id", ""), local_name(node)
    if name in ("endEvent", "eventBasedGateway") or is_event_subprocess(node) or leaving(scope, key):
        return
    end = added(scope, "endEvent", f"{key}{ADDED}end")
    joined(scope, key, end.get("id", ""))
