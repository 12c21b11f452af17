"""What is certainly wrong is found before deployment, with line and column; what may be right passes."""

from __future__ import annotations

import pytest

from app.kernel.decisions.feel import Names, check_expression, check_tests

NAMES = Names(frozenset({"risk", "amount", "worker", "days"}))
KINDS = {"risk": "string", "amount": "number"}


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("missing + 1", 1, "no variable or function"),
        ("risk = 5", 6, "can't be compared"),
        ('amount + "x"', 8, "isn't defined"),
        ("count(1, 2)", 6, "other arguments"),
        ('substring(text: "a", start position: 1)', 10, "other arguments"),
        ('matches(risk, "(?=a)")', 15, "pattern"),
        ("if amount then 1 else 2", 4, "no boolean"),
        ("amount and true", 1, "no boolean"),
        ("amount(1)", 7, "no function"),
        ('{a: 1, b: a + "x"}.b', 13, "isn't defined"),
        ("for i in 1..3 return i + j", 26, "no variable or function"),
        ("risk in > 5", 9, "can't be compared"),
        ("amount between 1 and risk", 8, "can't be compared"),
        ("function(x) external {}", 1, "external"),
        ("1 +", 4, "too early"),
    ],
)
def test_wrong_expressions_are_told_with_their_place(source: str, column: int, message: str) -> None:
    errors = check_expression(source, NAMES, KINDS)
    assert [error.column for error in errors] == [column]
    assert message in errors[0].message_en
    assert errors[0].message_zh


@pytest.mark.parametrize(
    "source",
    [
        'risk = "high" and amount > 50000',
        "worker.age > amount",
        "risk = null",
        "worker[age > 5 and item.name = risk]",
        "some w in worker satisfies w.age > 5",
        "for i in 1..3 return partial",
        "{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(5)}",
        "sort(worker, function(x, y) x.age < y.age)",
        'date("2026-03-31") + duration("P1D") * amount',
        "amount in (1, < 5, [7..9])",
        'risk in ("high", "routed")',
        "if worker.ok then 1 else risk",
    ],
)
def test_right_expressions_pass(source: str) -> None:
    assert check_expression(source, NAMES, KINDS) == []


def test_tests_are_judged_by_the_type_of_their_input() -> None:
    assert check_tests('"a", "b"', NAMES, KINDS, "string") == []
    assert [error.column for error in check_tests('"a", 5', NAMES, KINDS, "string")] == [6]
    assert check_tests("> 5", NAMES, KINDS, "string")
    assert check_tests("? > amount", NAMES, KINDS, "number") == []


def test_several_errors_come_in_the_order_of_the_source() -> None:
    errors = check_expression("a +\nb", NAMES, KINDS)
    assert [(error.line, error.column) for error in errors] == [(1, 1), (2, 1)]
