"""Links become flows and event sub-processes become boundary events: the library drops the first and runs the
second wrongly (only at the top, never interrupting, an error start at once)."""

import copy

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.tree import (
    ADDED,
    added,
    defines,
    definitions_of,
    identified,
    is_event_subprocess,
    joined,
    nodes_of,
    removed,
    scopes_of,
    tag,
    unset,
)

BODY = ADDED + "body"


def running_form(root: etree._Element) -> etree._Element:
    """A checked file as the library is to see it; the given tree stays as it is."""
    copied = copy.deepcopy(root)
    codes_of_errors(copied)
    for scope in scopes_of(copied):
        join_links(scope)
    for scope in scopes_of(copied):
        if any(is_event_subprocess(node) for node in nodes_of(scope)):
            enclose(scope)
    for node in copied.iter(tag("subProcess")):
        unset(node, "triggeredByEvent")
    return copied


def codes_of_errors(root: etree._Element) -> None:
    """An error without a code is known by its id: without one, it would be caught by whoever names another."""
    for name, attribute in (("error", "errorCode"), ("escalation", "escalationCode")):
        for node in identified(root, name):
            if not node.get(attribute):
                node.set(attribute, node.get("id", ""))


def join_links(scope: etree._Element) -> None:
    """A flow from each throwing link to the catching one of its name; both become events that do nothing."""
    links = [node for node in nodes_of(scope) if defines(node, "link")]
    targets = {link_name(node): node for node in links if local_name(node) == "intermediateCatchEvent"}
    for node in links:
        if local_name(node) == "intermediateThrowEvent":
            joined(scope, node.get("id", ""), targets[link_name(node)].get("id", ""))
    for node in links:
        removed(definitions_of(node))
        node.tag = tag("intermediateThrowEvent")


def link_name(node: etree._Element) -> str:
    """A link's name: of its definition, else of the event."""
    return definitions_of(node)[0].get("name") or node.get("name") or ""


def enclose(scope: etree._Element) -> None:
    """Everything but the event sub-processes moves into a body; each of them hangs on it as a boundary event.

    Interrupting ends the body, not interrupting runs beside it, and the scope is over when all are: the meaning
    an event sub-process has.
    """
    key = scope.get("id", "")
    handlers = [node for node in nodes_of(scope) if is_event_subprocess(node)]
    moved = [node for node in scope if local_name(node) == "sequenceFlow" or node in nodes_of(scope)]
    body = added(scope, "subProcess", key + BODY)
    body.extend(node for node in moved if node not in handlers)
    added(scope, "startEvent", f"{key}{ADDED}before")
    added(scope, "endEvent", f"{key}{ADDED}after")
    joined(scope, f"{key}{ADDED}before", key + BODY)
    joined(scope, key + BODY, f"{key}{ADDED}after")
    for handler in handlers:
        _hang(scope, handler, key + BODY)


def _hang(scope: etree._Element, handler: etree._Element, body: str) -> None:
    start = next(handler.iterchildren(tag("startEvent")))
    key = handler.get("id", "")
    interrupting = start.get("isInterrupting", "true")
    trigger = added(
        scope, "boundaryEvent", f"{key}{ADDED}trigger", attachedToRef=body, cancelActivity=interrupting
    )
    trigger.extend(definitions_of(start))
    unset(start, "isInterrupting")
    added(scope, "endEvent", f"{key}{ADDED}end")
    joined(scope, f"{key}{ADDED}trigger", key)
    joined(scope, key, f"{key}{ADDED}end")
