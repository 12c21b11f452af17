"""Small decision models for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kernel.decisions.dmn import Graph, read_models

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(body: str, namespace: str = "urn:test", xmlns: str = NAMESPACE) -> bytes:
    return f'<definitions xmlns="{xmlns}" namespace="{namespace}" name="test">{body}</definitions>'.encode()


def graph_of(body: str, **others: bytes) -> Graph:
    """The graph of one file; `others` are there to be imported."""
    return read_models("test.dmn", {"test.dmn": definitions(body), **others})


def literal(text: str) -> str:
    return f"<literalExpression><text><![CDATA[{text}]]></text></literalExpression>"


def given(name: str, kind: str = "") -> str:
    reference = f' typeRef="{kind}"' if kind else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{reference}/></inputData>'


def decision(name: str, expression: str, requires: str = "", kind: str = "", knowledge: str = "") -> str:
    """A decision; `requires` and `knowledge` are ids, inputs written with a leading ?."""
    reference = f' typeRef="{kind}"' if kind else ""
    needs = "".join(
        f'<informationRequirement><required{"Input" if one[0] == "?" else "Decision"} href="#{one.lstrip("?")}"/>'
        "</informationRequirement>"
        for one in requires.split()
    )
    needs += "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{one}"/></knowledgeRequirement>'
        for one in knowledge.split()
    )
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{reference}/>{needs}{expression}</decision>'


def table(policy: str, rows: str, inputs: str = "x", outputs: str = "o", extra: str = "") -> str:
    """A decision table; a row a line, cells between `|`; `extra` goes into each output."""
    columns = "".join(
        f"<input><inputExpression><text>{one}</text></inputExpression></input>" for one in inputs.split()
    )
    results = "".join(f'<output name="{one}">{extra}</output>' for one in outputs.split())
    count = len(inputs.split())
    rules = ""
    for row in rows.strip().splitlines():
        cells = [f"<text><![CDATA[{cell.strip()}]]></text>" for cell in row.split("|")]
        rules += "<rule>" + "".join(f"<inputEntry>{cell}</inputEntry>" for cell in cells[:count])
        rules += "".join(f"<outputEntry>{cell}</outputEntry>" for cell in cells[count:]) + "</rule>"
    policy_, _, aggregation = policy.partition("/")
    aggregated = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable hitPolicy="{policy_}"{aggregated}>{columns}{results}{rules}</decisionTable>'


def decided(body: str, inputs: Mapping[str, object] | None = None, name: str = "d") -> Any:
    return graph_of(body).decide(name, inputs or {}).value
