"""Expressions of processes, forms and rules: what goes in, what comes out, what is told before deployment."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.cases.schema import FactSchema
from app.kernel.decisions.expressions import FeelError, compile_expression, feel, find_faults, to_host

FACTS: Mapping[str, object] = {
    "outcome": "approve",
    "risk": "high",
    "age": 41,
    "ratio": 0.1,
    "flag": False,
    "worker": {"name": "张三", "injured": date(2026, 3, 1)},
    "grades": [1, 2, 3],
    "allowed": ["high", "routed"],
    "filed": datetime(2026, 3, 31, 17, 0, tzinfo=UTC),
    "seen": datetime.fromisoformat("2026-04-01T01:00"),
    "decided": "2026-04-03T09:30:00+08:00",
    "工龄": 7,
    "good_id": "11010519491231002X",
}
NOW = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)


def value(source: str) -> object:
    return to_host(compile_expression(source).evaluate(FACTS, NOW))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('outcome = "approve"', True),
        ('outcome != "approve"', False),
        ("1 + 2 * 3 - 4 / 8", Decimal("6.5")),
        ("10 - 4 - 3", 3),
        ("-age + 1", -40),
        ("0.1 + 0.2", Decimal("0.3")),
        ("ratio + 0.2 = 0.3", True),
        ('"a" + "b"', "ab"),
        ('risk in ("high", "routed")', True),
        ("risk in allowed", True),
        ("risk in (allowed)", True),
        ("age in [41..50)", True),
        ("age in (41..50]", False),
        ("age in [1, 2]", False),
        ('if flag then "yes" else "no"', "no"),
        ('if missing then "yes" else "no"', "no"),
        ("worker.name", "张三"),
        ("worker.missing", None),
        ("工龄 > 5", True),
        ("worker.name != null", True),
        ("worker.missing != null", False),
        ("not(flag)", True),
        ("count(grades)", 3),
        ("list contains(grades, 2)", True),
        ('contains("工伤认定", "认定")', True),
        ('lower case("ABC")', "abc"),
        ('string length("工伤")', 2),
        ("[1, 2] = grades", False),
        ("grades[item > 1]", [2, 3]),
        ("some g in grades satisfies g > 2", True),
        ("{a: 1, b: a + 1}", {"a": 1, "b": 2}),
        ('"line\\n\\u5de5"', "line\n工"),
        ("valid_id_number(good_id)", True),
        ('valid_id_number("110105194912310021")', False),
        ("valid_id_number(age)", None),
    ],
)
def test_expression_gives_its_value(source: str, expected: object) -> None:
    result = value(source)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("worker.injured", "2026-03-01"),
        ("date(filed)", "2026-04-01"),
        ("filed", "2026-04-01T01:00:00+08:00"),
        ("filed = seen", True),
        ('worker.injured < date("2026-03-02")', True),
        ('(@"2026-03-31" - worker.injured) / @"P1D"', 30),
        ('worker.injured + @"P1M"', "2026-04-01"),
        ("date(date and time(decided)) - worker.injured", "P33D"),
        ("date and time(decided) - filed", "P2DT8H30M"),
        ('time(filed) = @"01:00:00+08:00"', True),
        ("today()", "2026-04-01"),
        ("now()", "2026-04-01T00:30:00+08:00"),
        ('now() + @"PT36H"', "2026-04-02T12:30:00+08:00"),
        ("years and months duration(worker.injured, today())", "P1M"),
        ('{due: worker.injured, days: [@"2026-03-02"]}', {"due": "2026-03-01", "days": ["2026-03-02"]}),
    ],
)
def test_a_day_is_a_day_in_shanghai_and_moments_come_out_as_iso(source: str, expected: object) -> None:
    assert value(source) == expected


def test_without_a_clock_there_is_no_today() -> None:
    assert compile_expression("today()").evaluate(FACTS) is None
    assert compile_expression("now()").evaluate(FACTS) is None


@pytest.mark.parametrize(
    "source",
    [
        'age < "50"',
        'worker.injured < "2026-04-01"',
        '1 = "1"',
        'age + "x"',
        "1 / 0",
        "not(age)",
        'date("2026-02-30")',
        "missing > 1",
        "-risk",
        "worker.name.deeper",
        "f(1)",
        "not(flag, flag)",
    ],
)
def test_nonsense_gives_null_which_is_not_true(source: str) -> None:
    assert value(source) is None
    assert compile_expression(source).holds(FACTS) is False


@pytest.mark.parametrize("left", ["true", "false", "null", "age"])
@pytest.mark.parametrize("right", ["true", "false", "null", "age"])
def test_and_or_are_three_valued(left: str, right: str) -> None:
    known = {"true": True, "false": False}
    pair = {known.get(left), known.get(right)}
    assert value(f"{left} and {right}") is (False if False in pair else None if None in pair else True)
    assert value(f"{left} or {right}") is (True if True in pair else None if None in pair else False)


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("", 0),
        ("1 +", 3),
        ("a = = b", 4),
        ('"open', 0),
        ("(1", 2),
        ("a ; b", 2),
        ("__import__('os').system('x')", 11),
        ("().__class__", 1),
        ("lambda: 1", 6),
        ("if a then b", 11),
    ],
)
def test_what_is_not_an_expression_is_refused_with_its_place(source: str, position: int) -> None:
    with pytest.raises(FeelError) as refused:
        compile_expression(source)
    assert refused.value.position == position
    assert refused.value.message_zh
    assert refused.value.message_en


@pytest.mark.parametrize(
    ("source", "line", "column", "told"),
    [
        ("f(1)", 1, 1, "there is no function 'f'"),
        ("a = 1 and\n  days_between(a, b) > 3", 2, 3, 'write (date(b) - date(a)) / @"P1D"'),
        ("is defined(a)", 1, 1, "write x != null"),
        ("substring(a)", 1, 10, "'substring' takes other arguments"),
        ('matches(a, "(")', 1, 12, "an invalid or unsupported pattern"),
        ('1 < "2"', 1, 3, "can't be compared"),
        ('if "x" then 1 else 2', 1, 4, "no boolean"),
        ("1 +", 1, 4, "ends too early"),
        ("risk high", 1, 1, "no variable or function 'risk high'"),
        ("x" * 2_001, 1, 2_001, "too long"),
    ],
)
def test_what_is_certainly_wrong_is_told_before_deployment(
    source: str, line: int, column: int, told: str
) -> None:
    (fault,) = find_faults(source)
    assert (fault.line, fault.column) == (line, column)
    assert told in fault.message_en
    assert fault.message_zh


def test_names_are_faults_only_where_all_are_known() -> None:
    assert find_faults("later > 1") == []
    assert [fault.message_en for fault in find_faults("later > 1", {"sooner": None})] == [
        "no variable or function 'later'"
    ]
    assert find_faults("sooner.day > 1", {"sooner": None}) == []
    (fault,) = find_faults('sooner > "1"', {"sooner": "number"})
    assert fault.message_en == "a number can't be compared with a string"


@pytest.mark.parametrize("source", ["(" * 500, "not(" * 100, "-" * 500 + "1", "x" * 50_001, "[" * 900])
def test_excess_is_refused_before_anything_runs(source: str) -> None:
    with pytest.raises(FeelError):
        compile_expression(source)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('if a.b > 1 then c else d != null and "e" = "f"', {"a.b", "c", "d"}),
        ("for x in rows, y in x.parts return x.a + y * rate", {"rows", "rate"}),
        ("for i in from..to return partial[-1]", {"from", "to"}),
        ("some x in list satisfies x > limit", {"list", "limit"}),
        ("cases[item.region = region and amount > 3]", {"cases", "region", "amount"}),
        ("[{amount: 1}][amount > least]", {"least"}),
        ("{a: 1, b: a + c}.b", {"c"}),
        ("function(x) x + y", {"y"}),
        ("x in (< a, [b..c], f(?))", {"x", "a", "b", "c", "f"}),
        ("count(rows) + max(a, b.c)", {"rows", "a", "b.c"}),
        ("get value(row, key).deep", {"row", "key"}),
        ("now() > date and time(due)", {"due"}),
    ],
)
def test_names_read_from_the_context_are_known(source: str, names: set[str]) -> None:
    assert compile_expression(source).names == names


def test_an_expression_says_whether_it_looks_at_the_clock() -> None:
    assert compile_expression('due < today() + @"P3D"').reads_clock
    assert compile_expression("[now()][1]").reads_clock
    assert not compile_expression("today").reads_clock


def test_routing_facts_reach_a_process_as_text_that_expressions_read() -> None:
    kinds = {"at": "datetime", "on": "date", "count": "integer", "left_out": "string"}
    table = {
        key: {"type": kind, "label_zh": key, "label_en": key, "routing": key != "left_out"}
        for key, kind in kinds.items()
    }
    facts = {"at": "2026-03-31T23:30", "on": "2026-03-01", "count": 3, "left_out": "x"}
    variables = FactSchema.from_toml({"fact": table}).routed(facts)
    assert variables == {"at": "2026-03-31T23:30:00+08:00", "on": "2026-03-01", "count": 3}
    read = compile_expression('date and time(at) < date and time(date(on) + @"P31D", @"00:00:00+08:00")')
    assert read.holds(variables)
    assert FactSchema.from_toml({"fact": table}).routed({}) == {"at": None, "on": None, "count": None}


def test_leading_equals_sign_of_the_tools_is_removed() -> None:
    assert feel(' = outcome = "a" ') == 'outcome = "a"'
    assert feel("outcome") == "outcome"


def test_deep_and_huge_values_from_outside_become_null() -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    expression = compile_expression("x = x")
    assert expression.evaluate({"x": float("nan")}) is True  # nan is null, and null equals null
    assert expression.evaluate({"x": deep}) is not False
    assert compile_expression("count(x)").evaluate({"x": [1] * 30_000}) is None


def test_an_evaluation_ends() -> None:
    assert compile_expression("for i in 1..1000000 return i").evaluate({}) is None
    assert compile_expression("{f: function(n) f(n + 1), r: f(1)}.r").evaluate({}) is None


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.text(),
        st.lists(st.integers(0, 9), max_size=3),
        st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
    )
)
def test_what_json_knows_comes_out_as_it_went_in(given_value: object) -> None:
    assert to_host(compile_expression("x").evaluate({"x": given_value})) == given_value


@given(
    st.dates(), st.datetimes(timezones=st.sampled_from([UTC])), st.timedeltas(timedelta(0), timedelta(999))
)
def test_moments_come_out_as_text_that_means_the_same(day: date, moment: datetime, span: timedelta) -> None:
    context = {"day": day, "moment": moment, "span": span}
    assert to_host(compile_expression("day").evaluate(context)) == day.isoformat()
    read_back = compile_expression("date and time(text) = moment and duration(length) = span")
    text = to_host(compile_expression("moment").evaluate(context))
    length = to_host(compile_expression("span").evaluate(context))
    assert read_back.holds({**context, "text": text, "length": length})


@given(st.text(max_size=60))
def test_any_text_either_compiles_or_is_refused(source: str) -> None:
    try:
        compile_expression(source).evaluate({})
        place = 0
    except FeelError as refused:
        place = refused.position
    assert 0 <= place <= len(source)


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_whole_numbers_compute_exactly(left: int, right: int) -> None:
    context = {"a": left, "b": right}
    assert compile_expression("a + b").evaluate(context) == left + right
    assert compile_expression("a * b").evaluate(context) == left * right
    assert compile_expression("a < b").evaluate(context) is (left < right)
