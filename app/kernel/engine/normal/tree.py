"""Building blocks of rewriting: nodes, flows and ids. What is added carries a "~" in its id and isn't drawn."""

from collections.abc import Iterable, Iterator

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.vocabulary import ADDED, BPMN, FLOW_NODES

__all__ = ["ADDED"]


def tag(name: str) -> str:
    return f"{{{BPMN}}}{name}"


def scopes_of(root: etree._Element) -> list[etree._Element]:
    """Processes and sub-processes, inner ones first."""
    return list(root.iter(tag("process"), tag("subProcess")))[::-1]


def nodes_of(scope: etree._Element) -> list[etree._Element]:
    return [node for node in scope.iterchildren() if local_name(node) in FLOW_NODES]


def flows_of(scope: etree._Element) -> list[etree._Element]:
    return list(scope.iterchildren(tag("sequenceFlow")))


def leaving(scope: etree._Element, key: str | None) -> list[etree._Element]:
    return [flow for flow in flows_of(scope) if flow.get("sourceRef") == key]


def arriving(scope: etree._Element, key: str | None) -> list[etree._Element]:
    return [flow for flow in flows_of(scope) if flow.get("targetRef") == key]


def added(scope: etree._Element, element: str, key: str, **attributes: str) -> etree._Element:
    """A new node of the scope; `key` is made unlike any id of the file by its "~"."""
    return etree.SubElement(scope, tag(element), {"id": key, **attributes})


def joined(scope: etree._Element, source: str, target: str) -> etree._Element:
    """A new flow; two between the same nodes have different ids."""
    key = f"{source}{ADDED}{target}"
    twins = sum(1 for flow in flows_of(scope) if (flow.get("id") or "").startswith(key))
    suffix = f"{ADDED}{twins}" if twins else ""
    return added(scope, "sequenceFlow", key + suffix, sourceRef=source, targetRef=target)


def definitions_of(node: etree._Element) -> list[etree._Element]:
    return [child for child in node if local_name(child).endswith("EventDefinition")]


def defines(node: etree._Element, *names: str) -> bool:
    """Whether the event has a definition of one of these kinds (`link`, `error` …)."""
    wanted = {f"{name}EventDefinition" for name in names}
    return any(local_name(child) in wanted for child in node)


def is_event_subprocess(node: etree._Element) -> bool:
    return local_name(node) == "subProcess" and node.get("triggeredByEvent") == "true"


def removed(nodes: Iterable[etree._Element]) -> None:
    for node in list(nodes):
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)


def unset(node: etree._Element, attribute: str) -> None:
    if attribute in node.attrib:
        del node.attrib[attribute]


def named(node: etree._Element) -> str:
    return node.get("name") or node.get("id") or local_name(node)


def identified(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Root elements of that kind (message, error …)."""
    return root.iterchildren(tag(name))
