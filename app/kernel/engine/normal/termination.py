"""A terminate event of a foreign file beside a handler that doesn't interrupt: it ends what the handler does, too.

The engine hangs handlers beside the body in which the end stands (`running.enclose`), and ends the body only. So
everything goes into one more sub-process, which an error of its own interrupts.
"""

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.tree import (
    ADDED,
    added,
    defines,
    definitions_of,
    is_event_subprocess,
    joined,
    nodes_of,
    removed,
    tag,
)


def shut_in(scope: etree._Element) -> None:
    """Nothing where it isn't needed, or where a handler catches every error or there are several starts."""
    ends = [node for node in nodes_of(scope) if local_name(node) == "endEvent" and defines(node, "terminate")]
    starts = [node for node in nodes_of(scope) if local_name(node) == "startEvent"]
    if not ends or not _has_running_handler(scope) or _catches_everything(scope) or len(starts) != 1:
        return
    key = f"{scope.get('id', '')}{ADDED}whole"
    error = {"id": f"{key}{ADDED}over", "name": key, "errorCode": key}
    scope.getroottree().getroot().insert(0, etree.Element(tag("error"), error))
    for end in ends:
        removed(definitions_of(end))
        _define(end, error["id"])
    moved = [node for node in scope if local_name(node) == "sequenceFlow" or node in nodes_of(scope)]
    whole = added(scope, "subProcess", key)
    whole.extend(moved)
    for name, element in (("begun", "startEvent"), ("done", "endEvent"), ("ended", "endEvent")):
        added(scope, element, f"{key}{ADDED}{name}")
    border = added(scope, "boundaryEvent", f"{key}{ADDED}border", attachedToRef=key)
    _define(border, error["id"])
    joined(scope, f"{key}{ADDED}begun", key)
    joined(scope, key, f"{key}{ADDED}done")
    joined(scope, border.get("id", ""), f"{key}{ADDED}ended")


def _define(event: etree._Element, error: str) -> None:
    etree.SubElement(event, tag("errorEventDefinition"), {"errorRef": error})


def _handler_starts(scope: etree._Element) -> list[etree._Element]:
    handlers = [node for node in nodes_of(scope) if is_event_subprocess(node)]
    return [start for handler in handlers for start in handler.iterchildren(tag("startEvent"))]


def _has_running_handler(scope: etree._Element) -> bool:
    return any(start.get("isInterrupting") == "false" for start in _handler_starts(scope))


def _catches_everything(scope: etree._Element) -> bool:
    return any(
        local_name(definition) == "errorEventDefinition" and not definition.get("errorRef")
        for start in _handler_starts(scope)
        for definition in definitions_of(start)
    )
