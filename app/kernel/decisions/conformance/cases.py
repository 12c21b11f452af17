"""Test cases of the kit from XML: inputs, what is asked, and what is expected, as values of FEEL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from app.kernel.decisions.dmn.xml import parsed
from app.kernel.decisions.feel.numbers import CONTEXT
from app.kernel.decisions.feel.temporal_text import parse_date, parse_datetime, parse_duration, parse_time
from app.kernel.decisions.feel.values import Value

_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_NUMBERS: Final = frozenset({"decimal", "double", "float", "integer", "int", "long"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One result of a case: of which element, what is expected; `error`: an error is, which is null here."""

    name: str
    expected: Value
    error: bool


@dataclass(frozen=True, slots=True)
class Case:
    """`invocable` names a decision service or knowledge model to be called instead of decisions."""

    id: str
    model: str
    inputs: dict[str, Value]
    invocable: str | None
    asked: tuple[Asked, ...]


def read_cases(file: str, data: bytes) -> Iterator[Case]:
    """The cases of one file of the kit. Raises ModelInvalid."""
    root = parsed(file, data)
    model = (root.findtext("{*}modelName") or "").strip()
    for node in root.iter("{*}testCase"):
        inputs: dict[str, Value] = {}
        for one in node.iterfind("{*}inputNode"):
            namespace = one.get("namespace")
            name = one.get("name", "")
            inputs[f"{{{namespace}}}{name}" if namespace else name] = read_value(one)
        asked = tuple(_asked(one) for one in node.iterfind("{*}resultNode"))
        kind = node.get("type", "decision")
        invocable = node.get("invocableName") if kind != "decision" else None
        yield Case(node.get("id", ""), model, inputs, invocable, asked)


def _asked(node: etree._Element) -> Asked:
    expected = node.find("{*}expected")
    value = read_value(expected) if expected is not None else None
    return Asked(node.get("name", ""), value, node.get("errorResult") == "true")


def read_value(node: etree._Element) -> Value:
    """The value among the children: a list, components of a context, or a typed text; null for none."""
    components = [one for one in node if _local(one) == "component"]
    if components:
        return {one.get("name", ""): read_value(one) for one in components}
    for one in node:
        if _local(one) == "list":
            if one.get(f"{_XSI}nil") == "true":
                return None
            return [read_value(item) for item in one if _local(item) == "item"]
        if _local(one) == "value":
            return _scalar(one)
    return None


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname


def _scalar(node: etree._Element) -> Value:
    if node.get(f"{_XSI}nil") == "true":
        return None
    text = node.text or ""
    kind = node.get(f"{_XSI}type", "string").rpartition(":")[2]
    if kind in _NUMBERS:
        return CONTEXT.create_decimal(text.strip())
    match kind:
        case "boolean":
            return text.strip() == "true"
        case "date":
            return parse_date(text.strip())
        case "time":
            return parse_time(text.strip())
        case "dateTime":
            return parse_datetime(text.strip())
        case "duration":
            return parse_duration(text.strip())
        case _:
            return text
