"""From XML to `model.py` (the interchange format). What isn't decision logic (diagrams, owners) is skipped."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from app.kernel.decisions.dmn import model
from app.kernel.decisions.dmn.errors import ModelInvalid, Problem
from app.kernel.decisions.dmn.reader_boxed import (
    child,
    children,
    line_of,
    local,
    read_boxed,
    read_function,
    text_in,
    type_named,
    type_ref,
)
from app.kernel.decisions.dmn.xml import parsed_model


def read_definitions(file: str, data: bytes) -> model.Definitions:
    """One decision model. Raises ModelInvalid."""
    root = parsed_model(file, data)
    definitions = model.Definitions(
        file,
        root.get("namespace", ""),
        root.get("name", ""),
        tuple(
            model.Import(one.get("name", ""), one.get("namespace", ""))
            for one in children(root, "import")
            if "MODEL" in one.get("importType", "") or "dmn" in one.get("importType", "").lower()
        ),
        tuple(read_item(one) for one in children(root, "itemDefinition")),
    )
    for element in _elements(root):
        if element.id in definitions.elements:
            problem = Problem(
                "duplicate-id",
                file,
                None,
                element.name,
                f"重复的 id “{element.id}”",
                f"duplicate id {element.id!r}",
            )
            raise ModelInvalid([problem])
        definitions.elements[element.id] = element
    return definitions


def _elements(root: etree._Element) -> Iterator[model.Element]:
    for node in root:
        match local(node):
            case "inputData":
                yield model.InputData(_id(node), _name(node), _type(node))
            case "decision":
                yield _decision(node)
            case "businessKnowledgeModel":
                yield _knowledge_model(node)
            case "decisionService":
                yield _service(node)


def _id(node: etree._Element) -> str:
    return node.get("id") or f"name:{node.get('name', '')}"


def _name(node: etree._Element) -> str:
    variable = child(node, "variable")
    name = variable.get("name") if variable is not None else None
    return (name or node.get("name") or "").strip()


def _type(node: etree._Element) -> str | None:
    variable = child(node, "variable")
    return type_ref(variable) if variable is not None else None


def _hrefs(node: etree._Element, requirement: str, *required: str) -> tuple[str, ...]:
    found = []
    for one in children(node, requirement):
        for name in required:
            inner = child(one, name)
            if inner is not None:
                found.append(inner.get("href", ""))
    return tuple(found)


def _decision(node: etree._Element) -> model.Decision:
    return model.Decision(
        _id(node),
        _name(node),
        _type(node),
        _hrefs(node, "informationRequirement", "requiredInput", "requiredDecision"),
        _hrefs(node, "knowledgeRequirement", "requiredKnowledge"),
        read_boxed(node),
        line_of(node),
        node.get("name", ""),
    )


def _knowledge_model(node: etree._Element) -> model.KnowledgeModel:
    logic = child(node, "encapsulatedLogic")
    return model.KnowledgeModel(
        _id(node),
        _name(node),
        _type(node),
        _hrefs(node, "knowledgeRequirement", "requiredKnowledge"),
        read_function(logic) if logic is not None else None,
        line_of(node),
    )


def _service(node: etree._Element) -> model.Service:
    def hrefs(name: str) -> tuple[str, ...]:
        return tuple(one.get("href", "") for one in children(node, name))

    return model.Service(
        _id(node),
        _name(node),
        _type(node),
        hrefs("outputDecision"),
        hrefs("encapsulatedDecision"),
        hrefs("inputDecision"),
        hrefs("inputData"),
    )


def read_item(node: etree._Element) -> model.ItemDefinition:
    """An item definition or component (7.3.2)."""
    function = child(node, "functionItem")
    return model.ItemDefinition(
        node.get("name", "").strip(),
        type_ref(node),
        node.get("isCollection") == "true",
        tuple(read_item(one) for one in children(node, "itemComponent")),
        text_in(node, "allowedValues"),
        text_in(node, "typeConstraint"),
        _function_item(function) if function is not None else None,
    )


def _function_item(node: etree._Element) -> model.FunctionItem:
    parameters = tuple(type_ref(one) for one in children(node, "parameters"))
    return model.FunctionItem(parameters, type_named(node, node.get("outputTypeRef")))
