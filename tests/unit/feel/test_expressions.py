"""FEEL says what DMN 1.5 says: operators, names, paths, filters, loops, functions, ranges, types."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.kernel.decisions.feel import Names, compile_expression, compile_tests
from tests.unit.feel.evaluating import error_of, holds, shown, value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3 - 4 / 8", "6.5"),
        ("0.1 + 0.2", "0.3"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
        ("-2 ** 2", "4"),
        ("2 ** 3 ** 2", "64"),
        ("2 ** -1", "0.5"),
        ("1 / 0", "null"),
        ("10 ** 6144 * 10", "null"),
        ('"工" + "伤"', '"工伤"'),
        ('"a" + 1', "null"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("100 = 1e2", "true"),
        ('1 = "1"', "null"),
        ("null = null", "true"),
        ("1 = null", "false"),
        ("null < 1", "null"),
        ("true and null", "null"),
        ("false and null", "false"),
        ("true or null", "true"),
        ('"x" or false', "null"),
        ("not(null)", "null"),
        ("if null then 1 else 2", "2"),
        ("5 between 1 and 5", "true"),
        ("null between 1 and 5", "null"),
        ("{a: 1, b: a + 1}.b", "2"),
        ("{a: 1}.b", "null"),
        ("[{a: 1}, {a: 2}].a", "[1, 2]"),
        ("[1, 2, 3][item > 1]", "[2, 3]"),
        ("[1, 2, 3][-1]", "3"),
        ("[1, 2, 3][4]", "null"),
        ("[{x: 1, y: 2}, {x: 2, y: 3}][x = 2].y", "[3]"),
        ("[][item > 1]", "[]"),
        ("5[1]", "5"),
        ("for i in 1..3 return i * i", "[1, 4, 9]"),
        ("for i in 3..1 return i", "[3, 2, 1]"),
        ("for i in [1, 2], j in [i, 10] return i * j", "[1, 10, 4, 20]"),
        ("for i in 1..5 return if i < 3 then 1 else partial[-1] + partial[-2]", "[1, 1, 2, 3, 5]"),
        ("for i in 1..3 return partial", "[[], [[]], [[], [[]]]]"),
        ('for d in @"2026-02-27"..@"2026-03-01" return d.day', "[27, 28, 1]"),
        ("some x in [1, null] satisfies x > 1", "null"),
        ("some x in [2, null] satisfies x > 1", "true"),
        ("every x in [] satisfies x > 1", "true"),
        ("(function(a, b) a - b)(b: 1, a: 3)", "2"),
        ('(function(a: number) a)("x")', "null"),
        ("{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(20)}.r", "2432902008176640000"),
        ("[1..3] = [1..3]", "true"),
        ("]1..3[ = (1..3)", "true"),
        ("5 in (1..5)", "false"),
        ("5 in [1..5]", "true"),
        ("5 in (< 3, > 4)", "true"),
        ("5 in ([1, 5], 9)", "true"),
        ("(< 10).end", "10"),
        ("[1..10).end included", "false"),
        ("1 instance of number", "true"),
        ("-1 instance of number", "true"),
        ("null instance of number", "false"),
        ("[1, 2] instance of list<number>", "true"),
        ('[1, "2"] instance of list<number>', "false"),
        ("{a: 1} instance of context<a: number>", "true"),
        ("[1..2] instance of range<number>", "true"),
        ("(function(a: number) a) instance of function<number>->Any", "true"),
        ('@"P1Y" instance of years and months duration', "true"),
        ("string length", "function string length"),
    ],
)
def test_expressions_mean_what_the_standard_says(source: str, expected: str) -> None:
    assert shown(source) == expected


def test_names_may_hold_blanks_operators_and_any_script() -> None:
    names = {"工伤 金额": 7, "Pre-bureau risk": 2, "a+b": 3, "x": 1, "🐎": 4}
    assert shown("工伤 金额 - Pre-bureau risk - x + a+b + 🐎", names) == "11"


def test_the_longest_known_name_wins() -> None:
    assert shown("a - b", {"a": 5, "b": 2}) == "3"
    assert shown("a - b", {"a": 5, "b": 2, "a-b": 100}) == "100"


def test_a_variable_hides_a_function_of_the_library() -> None:
    assert shown("count + 1", {"count": 4}) == "5"
    assert shown("count([1, 2])") == "2"


def test_members_with_operators_in_their_names_are_read_behind_a_dot() -> None:
    source = compile_expression("worker.pay+bonus", Names(frozenset({"worker"}), frozenset({"pay+bonus"})))
    assert source.evaluate({"worker": {"pay+bonus": 9}}) == 9


def test_comments_are_blanks() -> None:
    assert shown("1 /* one */ + // two\n 2") == "3"


def test_values_of_the_caller_become_values_of_feel() -> None:
    given: dict[str, object] = {
        "n": 41,
        "f": 0.1,
        "day": date(2026, 3, 1),
        "at": datetime(2026, 3, 31, 17, tzinfo=UTC),
        "local": datetime(2026, 3, 31, 17, tzinfo=ZoneInfo("Asia/Shanghai")),
        "span": timedelta(days=1, hours=2),
        "deep": {"list": (1, 2)},
    }
    assert shown("n + f", given) == "41.1"
    assert shown("[day, at, local, span, deep]", given) == (
        "[2026-03-01, 2026-04-01T01:00:00@Asia/Shanghai, 2026-03-31T17:00:00@Asia/Shanghai, P1DT2H, {list: [1, 2]}]"
    )


def test_objects_of_the_host_are_null() -> None:
    result = compile_expression("x").explain({"x": object()})
    assert result.value is None
    assert [one.code for one in result.diagnostics] == ["foreign-value"]


@pytest.mark.parametrize(
    ("tests", "given", "expected"),
    [
        ("-", None, True),
        ("> 5", Decimal(6), True),
        ("< 1, > 5", Decimal(3), False),
        ("[1..5]", Decimal(5), True),
        ("not(1, 2)", Decimal(3), True),
        ('"a", "b"', "b", True),
        ("[1, 2]", Decimal(2), True),
        ("? > 1 and ? < 3", Decimal(2), True),
        ("null", None, True),
        ("> 5", None, None),
        ("true", True, True),
        ("true", False, False),
        ("odd(?)", Decimal(2), False),
        ("limit", Decimal(7), True),
        ("< limit", Decimal(6), True),
    ],
)
def test_unary_tests(tests: str, given: object, expected: object) -> None:
    assert holds(tests, given, limit=7) is expected


def test_a_diagnostic_says_why_a_value_is_null() -> None:
    result = compile_expression("missing + 1").explain({})
    assert result.value is None
    assert [one.code for one in result.diagnostics] == ["unknown-name", "undefined-operation"]


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("1 +", 1, 4),
        ("(1", 1, 3),
        ('x = "a', 1, 5),
        ("a\n  + )", 2, 5),
        ("if 1 then 2", 1, 12),
        ("{a: 1, a: 2}", 1, 8),
        ('@"2026-02-30"', 1, 1),
        ("f(1, b: 2)", 1, 2),
        ("for in 1 return 2", 1, 5),
    ],
)
def test_an_error_has_line_and_column(source: str, line: int, column: int) -> None:
    error = error_of(source)
    assert (error.line, error.column) == (line, column)
    assert error.message_zh


def test_unary_tests_are_refused_with_a_place_too() -> None:
    with pytest.raises(ValueError, match="line 1, column 4"):
        compile_tests("1, ", Names())


def test_an_expression_can_be_evaluated_often() -> None:
    compiled = compile_expression("for i in 1..n return i")
    assert compiled.evaluate({"n": 2}) == [1, 2]
    assert compiled.evaluate({"n": 3}) == [1, 2, 3]
    assert value("now()") is None
