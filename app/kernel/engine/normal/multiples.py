"""Events of foreign files with several definitions, taken apart into events with one each.

What throws several throws them one after another; what catches any of several is a choice of events, what
catches all of them a fork and a join; a boundary event is as many boundary events with the same way onward.
"""

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.tree import (
    ADDED,
    added,
    arriving,
    definitions_of,
    joined,
    leaving,
    nodes_of,
    removed,
    tag,
)

# What ends a scope comes after everything else that is thrown.
_LAST = ("errorEventDefinition", "terminateEventDefinition")


def take_apart(scope: etree._Element) -> None:
    """Leave one definition in each event of the scope, where there is a reading."""
    for node in nodes_of(scope):
        definitions = definitions_of(node)
        if len(definitions) < 2:
            continue
        name, together = local_name(node), node.get("parallelMultiple") == "true"
        if name in ("intermediateThrowEvent", "endEvent"):
            _throw_in_turn(scope, node, sorted(definitions, key=lambda one: local_name(one) in _LAST))
        elif name == "intermediateCatchEvent":
            _catch(scope, node, definitions, "parallelGateway" if together else "eventBasedGateway")
        elif name == "boundaryEvent" and not together:
            _multiply(scope, node, definitions[1:])


def _throw_in_turn(scope: etree._Element, node: etree._Element, definitions: list[etree._Element]) -> None:
    key = node.get("id", "")
    for number, definition in enumerate(definitions[:-1], 1):
        before = added(scope, "intermediateThrowEvent", f"{key}{ADDED}{number}")
        before.append(definition)
        for flow in arriving(scope, key):
            flow.set("targetRef", before.get("id", ""))
        joined(scope, before.get("id", ""), key)


def _catch(
    scope: etree._Element, node: etree._Element, definitions: list[etree._Element], gateway: str
) -> None:
    """gateway → one catching event each → (join →) the node, which then only passes."""
    key = node.get("id", "")
    chosen = {one.get("id") for one in nodes_of(scope) if local_name(one) == "eventBasedGateway"}
    flows = arriving(scope, key)
    from_choice = [flow for flow in flows if flow.get("sourceRef") in chosen]
    split = added(scope, gateway, f"{key}{ADDED}split")
    join = f"{key}{ADDED}join" if gateway == "parallelGateway" else key
    for number, definition in enumerate(definitions, 1):
        catching = added(scope, "intermediateCatchEvent", f"{key}{ADDED}{number}")
        catching.append(definition)
        for flow in from_choice:
            joined(scope, flow.get("sourceRef", ""), catching.get("id", ""))
        joined(scope, split.get("id", ""), catching.get("id", ""))
        joined(scope, catching.get("id", ""), join)
    removed(from_choice)
    for flow in flows:
        flow.set("targetRef", split.get("id", ""))
    if join != key:
        added(scope, "parallelGateway", join)
        joined(scope, join, key)
    node.tag = tag("intermediateThrowEvent")
    if not arriving(scope, split.get("id")):
        removed([*leaving(scope, split.get("id")), split])


def _multiply(scope: etree._Element, node: etree._Element, definitions: list[etree._Element]) -> None:
    key = node.get("id", "")
    for number, definition in enumerate(definitions, 1):
        twin = added(scope, "boundaryEvent", f"{key}{ADDED}{number}")
        for attribute in ("attachedToRef", "cancelActivity", "name"):
            if node.get(attribute):
                twin.set(attribute, node.get(attribute, ""))
        twin.append(definition)
        for flow in leaving(scope, key):
            joined(scope, twin.get("id", ""), flow.get("targetRef", ""))
