"""Editing one step of a diagram's file without drawing: what the step table's rows change. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from app.kernel.duties.vocabulary import DUTIES
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.dialect import extension, local_name
from app.kernel.engine.vocabulary import BPMN, FLOW_NODES, SANSHEN, ZEEBE
from app.kernel.refusals import InvalidInput

LONGEST_NAME = 200


@dataclass(frozen=True)
class StepEdit:
    """A row as typed; empty text takes the setting away, None leaves it as it is."""

    name: str
    name_en: str
    duty: str | None = None
    group: str | None = None
    form: str | None = None


def edit_step(path: str, data: bytes, element: str, edit: StepEdit) -> bytes:
    """The file with one node changed. Raise InvalidInput by field, DefinitionInvalid for broken bytes."""
    _check(edit)
    root = parsed_xml(path, data)
    node = _node(root, element)
    if node is None:
        raise InvalidInput({"element": ("not_an_option", {})})
    node.set("name", edit.name)
    _put(node, SANSHEN, "name", "en", edit.name_en)
    if local_name(node) == "userTask":
        _put(node, SANSHEN, "duty", "kind", edit.duty)
        _put(node, ZEEBE, "assignmentDefinition", "candidateGroups", edit.group)
        _put(node, ZEEBE, "formDefinition", "formId", edit.form)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _check(edit: StepEdit) -> None:
    errors: dict[str, tuple[str, dict[str, object]]] = {}
    for key, text in (("name", edit.name), ("name_en", edit.name_en), ("group", edit.group or "")):
        if len(text) > LONGEST_NAME:
            errors[key] = ("too_long", {"max": LONGEST_NAME})
        if not text.isprintable():
            errors[key] = ("control_characters", {})
    if edit.duty and edit.duty not in DUTIES:
        errors["duty"] = ("unknown_value", {"value": edit.duty[:40]})
    if errors:
        raise InvalidInput(errors)


def _node(root: etree._Element, element: str) -> etree._Element | None:
    nodes = (node for node in root.iter() if local_name(node) in FLOW_NODES)
    return next((node for node in nodes if node.get("id") == element), None)


def _put(node: etree._Element, namespace: str, name: str, attribute: str, value: str | None) -> None:
    """Set an attribute of an extension element; without a value the attribute, and what is left empty, goes."""
    if value is None:
        return
    found = extension(node, namespace, name)
    if value:
        if found is None:
            prefix = "zeebe" if namespace == ZEEBE else "sanshen"
            tag = f"{{{namespace}}}{name}"
            found = etree.SubElement(_holder(node), tag, nsmap={prefix: namespace})
        found.set(attribute, value)
    elif found is not None:
        if attribute in found.attrib:
            del found.attrib[attribute]
        if not found.attrib and not len(found):
            _drop(found)


def _holder(node: etree._Element) -> etree._Element:
    """The node's `extensionElements`, which stand after its documentation and before all else."""
    holder = node.find(f"{{{BPMN}}}extensionElements")
    if holder is None:
        holder = etree.Element(f"{{{BPMN}}}extensionElements")
        node.insert(len(node.findall(f"{{{BPMN}}}documentation")), holder)
    return holder


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
