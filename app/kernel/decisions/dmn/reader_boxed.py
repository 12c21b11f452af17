"""Boxed expressions and decision tables from XML (clauses 8.3 and 10.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from lxml import etree

from app.kernel.decisions.dmn import model

_FEEL: Final = "/FEEL"


def local(node: etree._Element) -> str:
    """The name of an element of DMN; empty for those of others."""
    name = etree.QName(node)
    return name.localname if "omg.org/spec/DMN/" in (name.namespace or "") else ""


def line_of(node: etree._Element) -> int | None:
    return cast("int | None", node.sourceline)


def children(node: etree._Element, name: str) -> list[etree._Element]:
    return [one for one in node if local(one) == name]


def child(node: etree._Element, name: str) -> etree._Element | None:
    return next((one for one in node if local(one) == name), None)


def text_in(node: etree._Element, name: str) -> model.Text | None:
    """The text of a child such as `allowedValues`; None where there is none or it is empty."""
    inner = child(node, name)
    text = _text(inner) if inner is not None else None
    return text if text is not None and text.source else None


def _text(node: etree._Element) -> model.Text:
    text = child(node, "text")
    if text is None:
        return model.Text("", line_of(node))
    return model.Text((text.text or "").strip(), line_of(text))


def type_ref(node: etree._Element) -> str | None:
    """The type an attribute or, in item definitions, an element names; `feel:string` is `string`."""
    written = node.get("typeRef")
    if written is not None:
        return type_named(node, written)
    inner = child(node, "typeRef")
    return type_named(inner, inner.text) if inner is not None else None


def type_named(node: etree._Element, written: str | None) -> str | None:
    """A type's name without the prefix that DMN 1.1 puts before it: of FEEL, of the model itself, of an import."""
    name = (written or "").strip()
    prefix, colon, rest = name.partition(":")
    namespace = node.nsmap.get(prefix)
    if not colon or namespace is None:
        return name or None
    root = node.getroottree().getroot()
    if _FEEL in namespace or namespace == root.get("namespace"):
        return rest
    imported = next((one for one in children(root, "import") if one.get("namespace") == namespace), None)
    return f"{imported.get('name')}.{rest}" if imported is not None and imported.get("name") else name


def read_boxed(node: etree._Element) -> model.Expression | None:
    """The expression among the children of an element; None where there is none."""
    for one in node:
        read = _READERS.get(local(one))
        if read is not None:
            return read(one)
    return None


def _within(node: etree._Element, name: str) -> model.Expression | None:
    inner = child(node, name)
    return read_boxed(inner) if inner is not None else None


def _literal(node: etree._Element) -> model.Literal:
    language = node.get("expressionLanguage")
    foreign = language is not None and "feel" not in language.lower()
    return model.Literal(_text(node), type_ref(node), language if foreign else None)


def _context(node: etree._Element) -> model.Context:
    entries = []
    for one in children(node, "contextEntry"):
        variable = child(one, "variable")
        name = variable.get("name", "").strip() if variable is not None else None
        kind = type_ref(variable) if variable is not None else None
        entries.append(model.ContextEntry(name or None, kind, read_boxed(one)))
    return model.Context(tuple(entries), type_ref(node))


def _list(node: etree._Element) -> model.ListOf:
    items = tuple(_READERS[local(one)](one) for one in node if local(one) in _READERS)
    return model.ListOf(items, type_ref(node))


def _relation(node: etree._Element) -> model.Relation:
    columns = tuple(one.get("name", "").strip() for one in children(node, "column"))
    rows = tuple(_list(one).items for one in children(node, "row"))
    return model.Relation(columns, rows, type_ref(node))


def read_function(node: etree._Element) -> model.FunctionOf:
    """A function definition, or the encapsulated logic of a knowledge model."""
    parameters = tuple(
        (one.get("name", "").strip(), type_ref(one)) for one in children(node, "formalParameter")
    )
    return model.FunctionOf(parameters, read_boxed(node), node.get("kind", "FEEL"), type_ref(node))


def _invocation(node: etree._Element) -> model.Invocation:
    bindings = []
    for one in children(node, "binding"):
        parameter = child(one, "parameter")
        name = parameter.get("name", "").strip() if parameter is not None else ""
        bindings.append((name, read_boxed(one)))
    return model.Invocation(read_boxed(node), tuple(bindings), type_ref(node))


def _conditional(node: etree._Element) -> model.Conditional:
    return model.Conditional(
        _within(node, "if"), _within(node, "then"), _within(node, "else"), type_ref(node)
    )


def _iterator(node: etree._Element) -> model.Iterator:
    kind = local(node)
    result = _within(node, "return" if kind == "for" else "satisfies")
    return model.Iterator(kind, node.get("iteratorVariable", ""), _within(node, "in"), result, type_ref(node))


def _filter(node: etree._Element) -> model.Filter:
    return model.Filter(_within(node, "in"), _within(node, "match"), type_ref(node))


def _table(node: etree._Element) -> model.Table:
    return model.Table(
        node.get("hitPolicy", "UNIQUE"),
        node.get("aggregation"),
        tuple(_table_input(one) for one in children(node, "input")),
        tuple(_table_output(one) for one in children(node, "output")),
        tuple(_table_rule(one) for one in children(node, "rule")),
        type_ref(node),
        line_of(node),
        tuple(one.get("name", "").strip() for one in children(node, "annotation")),
    )


def _table_input(node: etree._Element) -> model.TableInput:
    expression = child(node, "inputExpression")
    if expression is None:
        return model.TableInput(model.Text("", line_of(node)), None, text_in(node, "inputValues"))
    return model.TableInput(_text(expression), type_ref(expression), text_in(node, "inputValues"))


def _table_output(node: etree._Element) -> model.TableOutput:
    return model.TableOutput(
        (node.get("name") or "").strip() or None,
        type_ref(node),
        text_in(node, "outputValues"),
        text_in(node, "defaultOutputEntry"),
    )


def _table_rule(node: etree._Element) -> model.TableRule:
    return model.TableRule(
        tuple(_text(one) for one in children(node, "inputEntry")),
        tuple(_text(one) for one in children(node, "outputEntry")),
        line_of(node),
        tuple(_text(one).source for one in children(node, "annotationEntry")),
    )


_READERS: Final[dict[str, Callable[[etree._Element], model.Expression]]] = {
    "literalExpression": _literal,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "functionDefinition": read_function,
    "invocation": _invocation,
    "conditional": _conditional,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
    "filter": _filter,
    "decisionTable": _table,
}
