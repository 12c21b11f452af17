"""Decision tables: hit policies, aggregators, defaults, allowed values (clause 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.feel.models import decided, decision, given, graph_of, table

ROWS = """
    >= 1 | "low"
    >= 5 | "high"
    >= 5 | "high"
    10   | "top"
"""
VALUES = '<outputValues><text>"top", "high", "low"</text></outputValues>'
DEFAULT = '<defaultOutputEntry><text>"none"</text></defaultOutputEntry>'


def outcome(policy: str, x: object, rows: str = ROWS, extra: str = VALUES) -> Any:
    body = given("x") + decision("d", table(policy, rows, extra=extra), "?x")
    return decided(body, {"x": x})


@pytest.mark.parametrize(
    ("policy", "x", "expected"),
    [
        ("UNIQUE", 1, "low"),
        ("UNIQUE", 5, None),
        ("UNIQUE", 0, None),
        ("ANY", 1, "low"),
        ("ANY", 5, None),
        ("FIRST", 10, "low"),
        ("PRIORITY", 10, "top"),
        ("PRIORITY", 5, "high"),
        ("RULE ORDER", 10, ["low", "high", "high", "top"]),
        ("OUTPUT ORDER", 10, ["top", "high", "high", "low"]),
        ("COLLECT", 5, ["low", "high", "high"]),
        ("COLLECT/COUNT", 10, Decimal(4)),
    ],
)
def test_each_hit_policy_decides_as_the_standard_says(policy: str, x: object, expected: object) -> None:
    assert outcome(policy, x) == expected


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("SUM", Decimal(60)), ("MIN", Decimal(10)), ("MAX", Decimal(30))]
)
def test_collected_numbers_are_aggregated(aggregation: str, expected: Decimal) -> None:
    rows = "> 0 | 10\n > 1 | 20\n > 2 | 30"
    assert outcome(f"COLLECT/{aggregation}", 3, rows, "") == expected
    assert outcome(f"COLLECT/{aggregation}", 0, rows, "") is None


def test_equal_outputs_of_any_are_one() -> None:
    assert outcome("ANY", 7, '> 5 | "a"\n > 6 | "a"', "") == "a"


def test_without_a_match_the_default_counts() -> None:
    assert outcome("UNIQUE", 0, extra=DEFAULT) == "none"
    assert outcome("COLLECT", 0, extra=DEFAULT) == ["none"]
    assert outcome("UNIQUE", 1, extra=DEFAULT) == "low"


def test_several_outputs_make_a_context() -> None:
    body = given("x") + decision("d", table("UNIQUE", '1 | "a" | 2', outputs="name grade"), "?x")
    assert decided(body, {"x": 1}) == {"name": "a", "grade": Decimal(2)}


def test_cells_may_read_the_input_and_other_inputs() -> None:
    body = (
        given("x") + given("limit") + decision("d", table("FIRST", "? > limit | x * 2\n- | 0"), "?x ?limit")
    )
    assert decided(body, {"x": 4, "limit": 3}) == 8
    assert decided(body, {"x": 2, "limit": 3}) == 0


def test_an_input_out_of_its_values_decides_nothing() -> None:
    rows = table("FIRST", "- | 1").replace(
        "</inputExpression>", "</inputExpression><inputValues><text>1, 2</text></inputValues>"
    )
    graph = graph_of(given("x") + decision("d", rows, "?x"))
    assert graph.decide("d", {"x": 2}).value == 1
    refused = graph.decide("d", {"x": 3})
    assert refused.value is None
    assert [one.code for one in refused.diagnostics] == ["input-not-allowed"]


def test_a_null_input_matches_only_null_and_dash() -> None:
    assert outcome("FIRST", None, "> 1 | 1\n null | 2\n - | 3", "") == 2


def test_a_cell_that_says_true_does_not_match_what_is_unknown() -> None:
    assert outcome("FIRST", None, "true | 1\n - | 2", "") == 2
    assert outcome("FIRST", True, "true | 1\n - | 2", "") == 1
    assert outcome("FIRST", False, "true | 1\n - | 2", "") == 2
    assert outcome("FIRST", 5, "true | 1\n - | 2", "") == 2


def test_an_invalid_cell_is_a_problem_with_its_line() -> None:
    body = given("x") + "\n\n" + decision("d", table("FIRST", "((( | 1\n - | 2"), "?x")
    graph = graph_of(body)
    assert [(one.rule, one.line, one.element) for one in graph.problems] == [("expression-invalid", 3, "d")]
    assert graph.decide("d", {"x": 1}).value == 2
