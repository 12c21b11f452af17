"""Events of foreign files: named, with one definition each, and such as the player can let happen."""

from collections.abc import Iterator

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.notes import Notes
from app.kernel.engine.normal.tree import (
    defines,
    definitions_of,
    identified,
    is_event_subprocess,
    named,
    nodes_of,
    removed,
    tag,
    unset,
)
from app.kernel.engine.timers import parse_cycle, parse_duration
from app.kernel.engine.vocabulary import BPMN, EVENTS

A_DAY = "P1D"
_KINDS = {
    "messageEventDefinition": ("messageRef", "message"),
    "signalEventDefinition": ("signalRef", "signal"),
    "errorEventDefinition": ("errorRef", "error"),
    "escalationEventDefinition": ("escalationRef", "escalation"),
}


def read_events(root: etree._Element, notes: Notes) -> None:
    """Rewrite every event of the file so that it has what the engine needs."""
    removed(node for _, kind in _KINDS.values() for node in identified(root, kind) if not node.get("id"))
    for node in [node for node in root.iter() if local_name(node) in EVENTS]:
        _read_start(node)
        _read_nothing(node, notes)
        _read_going_on(node, notes)
        _read_on_task(node, notes)
        _read_conditions(node, notes)
        _read_timers(node, notes)
    for node in list(root.iter(tag("receiveTask"))):
        _refer(root, node, node, "messageRef", "message")
    for name, (attribute, kind) in _KINDS.items():
        for definition in list(root.iter(tag(name))):
            event = definition.getparent()
            if event is not None:
                _refer(root, event, definition, attribute, kind)
    for node in list(root.iter(tag("endEvent"))):
        _read_uncaught(node, notes)


def inline_definitions(root: etree._Element) -> None:
    """A definition referred to is written into its event."""
    known = {node.get("id"): node for node in root if local_name(node).endswith("EventDefinition")}
    for reference in list(root.iter(tag("eventDefinitionRef"))):
        event, definition = (
            reference.getparent(),
            known.get((reference.text or "").strip().rpartition(":")[2]),
        )
        if event is not None and definition is not None:
            copied = etree.SubElement(event, definition.tag)
            for name, value in definition.attrib.items():
                if name != "id":
                    copied.set(name, value)
            copied.extend(etree.fromstring(etree.tostring(child)) for child in definition)
            event.remove(reference)


def _read_start(node: etree._Element) -> None:
    """Whatever starts a process has happened when it is played; only event sub-processes wait for their start."""
    scope = node.getparent()
    if local_name(node) == "startEvent" and scope is not None and not is_event_subprocess(scope):
        removed(definitions_of(node))
        unset(node, "parallelMultiple")


def _read_nothing(node: etree._Element, notes: Notes) -> None:
    if local_name(node) == "boundaryEvent" and not definitions_of(node):
        notes.add(
            node, "没有定义的边界事件由模拟者触发", "a boundary event without definition is the player's"
        )
        etree.SubElement(node, tag("messageEventDefinition"))
    if local_name(node) == "intermediateCatchEvent" and not definitions_of(node):
        notes.add(node, "没有定义的等待事件按经过处理", "an event that waits for nothing is passed")
        node.tag = tag("intermediateThrowEvent")


def _read_on_task(node: etree._Element, notes: Notes) -> None:
    """An error or escalation of a task that nothing here raises is the player's to let happen."""
    if local_name(node) != "boundaryEvent" or not defines(node, "error", "escalation"):
        return
    scope, key = node.getparent(), node.get("attachedToRef")
    hosts = [] if scope is None else [host for host in nodes_of(scope) if host.get("id") == key]
    if not any(local_name(host) in ("subProcess", "callActivity") for host in hosts):
        _become_message(node)


def _read_going_on(node: etree._Element, notes: Notes) -> None:
    if not defines(node, "error"):
        return
    for attribute in ("cancelActivity", "isInterrupting"):
        if node.get(attribute) in ("false", "0"):
            notes.add(node, "错误按中断模拟", "an error is simulated as interrupting")
            unset(node, attribute)


def _read_conditions(node: etree._Element, notes: Notes) -> None:
    if defines(node, "conditional"):
        notes.add(node, "条件是否成立由模拟者决定", "whether the condition holds is the player's choice")
        _become_message(node)


def _become_message(node: etree._Element) -> None:
    removed(definitions_of(node))
    etree.SubElement(node, tag("messageEventDefinition"))


def _read_timers(node: etree._Element, notes: Notes) -> None:
    for definition in node.iterchildren(tag("timerEventDefinition")):
        text = _duration(definition)
        if text is None:
            text = A_DAY
            notes.add(node, "定时器按一天模拟", "the timer is simulated as one day")
        removed(definition)
        etree.SubElement(definition, tag("timeDuration")).text = text


def _duration(definition: etree._Element) -> str | None:
    text = (definition.findtext(tag("timeDuration")) or "").strip()
    cycle = (definition.findtext(tag("timeCycle")) or "").strip()
    try:
        if cycle:
            parse_cycle(cycle)
            text = cycle.partition("/")[2]
        parse_duration(text)
    except ValueError:
        return None
    return text


def _refer(
    root: etree._Element, event: etree._Element, holder: etree._Element, attribute: str, kind: str
) -> None:
    """`holder` refers to a named root element of `kind`; where it doesn't, one named after the event is made."""
    key = holder.get(attribute, "").rpartition(":")[2]
    target = next((node for node in identified(root, kind) if node.get("id") == key and key), None)
    catches_all = kind in ("error", "escalation") and local_name(event) in ("boundaryEvent", "startEvent")
    if target is None and catches_all:
        unset(holder, attribute)
        return
    if target is None:
        key = f"{event.get('id', '')}~{kind}"
        target = next((node for node in identified(root, kind) if node.get("id") == key), None)
    if target is None:
        target = etree.Element(tag(kind), {"id": key, "name": named(event)})
        root.insert(0, target)
    if not target.get("name"):
        target.set("name", key)
    holder.set(attribute, key)


def _read_uncaught(node: etree._Element, notes: Notes) -> None:
    """An error nobody around catches ends what it stands in."""
    if defines(node, "error") and not any(_catch_errors(scope) for scope in node.iterancestors()):
        notes.add(node, "无人捕获的错误按终止模拟", "an error that nothing catches ends the process")
        removed(definitions_of(node))
        etree.SubElement(node, tag("terminateEventDefinition"))


def _catch_errors(scope: etree._Element) -> bool:
    return any(defines(event, "error") for event in _catchers(scope))


def _catchers(scope: etree._Element) -> Iterator[etree._Element]:
    """Events that could catch what is thrown in the scope: on its border, or starting a handler inside it."""
    around = scope.getparent()
    if around is not None:
        for event in around.iterchildren(tag("boundaryEvent")):
            if event.get("attachedToRef") == scope.get("id"):
                yield event
    for handler in scope.iterchildren(f"{{{BPMN}}}subProcess"):
        if is_event_subprocess(handler):
            yield from handler.iterchildren(tag("startEvent"))
