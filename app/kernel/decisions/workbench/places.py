"""Findings of a rule's check by place: the cell, row or decision of `rule.dmn` that a line belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from app.kernel.decisions.catalogue.problems import Problem
from app.kernel.decisions.catalogue.reading import MODEL
from app.kernel.decisions.dmn.errors import ModelInvalid
from app.kernel.decisions.dmn.reader_boxed import line_of
from app.kernel.decisions.dmn.xml import parsed_model

_PLACES: Final = frozenset(
    {
        "inputEntry",
        "outputEntry",
        "rule",
        "input",
        "output",
        "inputData",
        "decision",
        "businessKnowledgeModel",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a decision model. `row` and `column` count from 1 in its table, None where there are none;
    `output`: the column is one of outputs."""

    id: str
    decision: str
    row: int | None = None
    column: int | None = None
    output: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its place; None when it is in another file or the model can't be read."""

    problem: Problem
    place: Place | None


def locate(problems: Sequence[Problem], data: bytes) -> list[Finding]:
    """Each problem with its place in this `rule.dmn`, errors first."""
    try:
        nodes = list(parsed_model(MODEL, data).iter(etree.Element))
    except ModelInvalid:
        nodes = []
    found = [Finding(one, _place(one, nodes)) for one in problems]
    return sorted(found, key=lambda one: one.problem.severity != "error")


def _place(problem: Problem, nodes: Sequence[etree._Element]) -> Place | None:
    if not problem.file.endswith(MODEL) or problem.line is None:
        return None
    before = [node for node in nodes if (line_of(node) or 0) <= problem.line]
    return _of(before[-1]) if before else None


def _of(node: etree._Element) -> Place | None:
    """The innermost element around a node that an editor can show."""
    around = [node, *node.iterancestors()]
    shown = next((one for one in around if _local(one) in _PLACES and one.get("id")), None)
    if shown is None:
        return None
    decision = next((one for one in around if _local(one) in ("decision", "businessKnowledgeModel")), shown)
    rule = next((one for one in around if _local(one) == "rule"), None)
    row = _number(rule) if rule is not None else None
    column = _number(shown) if _local(shown) in ("inputEntry", "outputEntry", "input", "output") else None
    output = _local(shown) in ("output", "outputEntry")
    return Place(str(shown.get("id")), str(decision.get("name") or decision.get("id")), row, column, output)


def _number(node: etree._Element) -> int:
    """Its number among siblings of its kind."""
    return 1 + sum(1 for one in node.itersiblings(str(node.tag), preceding=True))


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname
