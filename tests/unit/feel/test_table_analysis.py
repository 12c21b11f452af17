"""Decision tables judged before they decide: overlaps, gaps, rules that never decide."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.faces.cli.decision import decision as command
from app.kernel.decisions.dmn import Problem, check_models
from tests.unit.feel.models import decision, definitions, given, graph_of, table


def problems(policy: str, rows: str, inputs: str = "x", extra: str = "") -> list[Problem]:
    needs = " ".join(f"?{one}" for one in inputs.split())
    body = "".join(given(one) for one in inputs.split())
    return check_models(
        {"m.dmn": definitions(body + decision("d", table(policy, rows, inputs, extra=extra), needs))}
    )


@pytest.mark.parametrize(
    ("policy", "rows", "expected"),
    [
        ("UNIQUE", "< 5 | 1\n >= 5 | 2", []),
        ("UNIQUE", "<= 5 | 1\n >= 5 | 2", [("table-overlap", "rules 1 and 2 both match: x = 5")]),
        ("UNIQUE", "< 5 | 1\n > 5 | 2", [("table-gap", "no rule covers: x = 5")]),
        (
            "UNIQUE",
            "[1..3) | 1\n [3..9] | 2",
            [("table-gap", "no rule covers: x < 1, x > 9")],
        ),
        ("UNIQUE", '"a" | 1\n not("a") | 2', []),
        ("UNIQUE", '"a" | 1', [("table-gap", 'no rule covers: x: not("a")')]),
        ("UNIQUE", "true | 1\n false | 2", []),
        ("UNIQUE", "true | 1", [("table-gap", "no rule covers: x = false")]),
        ("UNIQUE", '<= @"2026-03-31" | 1\n >= date("2026-04-01") | 2', []),
        ("ANY", "> 1 | 1\n > 2 | 1\n <= 1 | 2", []),
        ("ANY", "> 1 | 1\n > 2 | 2\n <= 1 | 2", [("table-overlap", "rules 1 and 2 both match: x > 2")]),
        (
            "FIRST",
            "> 1 | 1\n > 2 | 2\n - | 3",
            [("rule-unreachable", "rule 2 is always preceded by earlier ones")],
        ),
        ("FIRST", "[5..3] | 1\n - | 2", [("rule-never", "rule 1 never matches")]),
        ("FIRST", "null | 1\n - | 2", []),
        ("COLLECT", "> 5 | 1", []),
        ("UNIQUE", "? > 5 | 1", []),
        ("UNIQUE", '"a" | 1\n 5 | 2', []),
    ],
)
def test_one_column(policy: str, rows: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.rule, one.message_en) for one in problems(policy, rows)] == expected


def test_a_default_closes_gaps() -> None:
    default = "<defaultOutputEntry><text>0</text></defaultOutputEntry>"
    assert problems("UNIQUE", "> 5 | 1", extra=default) == []


def test_two_columns_meet_only_where_both_do() -> None:
    assert problems("UNIQUE", '< 5 | "a" | 1\n >= 5 | "a" | 2\n - | not("a") | 3', "x y") == []
    found = problems("UNIQUE", '<= 5 | "a" | 1\n >= 5 | - | 2\n < 5 | not("a") | 3', "x y")
    assert [one.message_en for one in found] == ['rules 1 and 2 both match: x = 5 ∧ y = "a"']


def test_what_is_said_of_random_tables_is_what_they_do() -> None:
    """On every point of a grid: no match exactly where a gap is reported, several exactly where rules overlap."""
    rng = random.Random(7)
    tests = ["-", "< 3", "<= 3", "3", "> 3", "[1..4]", "(1..4)", "not(2)", "1, 5"]
    for _ in range(40):
        rows = "\n".join(
            f"{rng.choice(tests)} | {rng.choice(tests)} | {number}" for number in range(rng.randint(1, 5))
        )
        found = {one.rule for one in problems("UNIQUE", rows, "x y")}
        body = given("x") + given("y") + decision("d", table("COLLECT/COUNT", rows, "x y"), "?x ?y")
        graph = graph_of(body)
        grid = [point / 2 for point in range(-1, 13)]
        counts = {graph.decide("d", {"x": x, "y": y}).value for x, y in itertools.product(grid, grid)}
        assert (0 in counts) == ("table-gap" in found), rows
        assert (max(counts) > 1) == ("table-overlap" in found), rows


def test_a_large_table_is_judged_in_bounded_time() -> None:
    rows = "\n".join(f"[{row}..{row + 1}) | [{row}..{row + 1}) | {row}" for row in range(300))
    assert all(one.rule == "table-gap" for one in problems("UNIQUE", rows, "x y"))


def test_the_command_prints_problems_and_tells_by_its_exit(tmp_path: Path) -> None:
    file = tmp_path / "m.dmn"
    file.write_bytes(definitions(given("x") + decision("d", table("UNIQUE", "<= 5 | 1\n >= 5 | 2"), "?x")))
    result = CliRunner().invoke(command, ["check", str(file)])
    assert result.exit_code == 1
    assert "table-overlap [d]" in result.output
    found = json.loads(CliRunner().invoke(command, ["check", str(file), "--json"]).output)
    assert [one["rule"] for one in found] == ["table-overlap"]
    file.write_bytes(definitions(given("x") + decision("d", table("UNIQUE", "< 5 | 1\n >= 5 | 2"), "?x")))
    assert CliRunner().invoke(command, ["check", str(file)]).exit_code == 0
