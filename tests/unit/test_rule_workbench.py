"""What a rule's editor works with: forms over the files, findings by cell, two versions compared."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.kernel.decisions.catalogue.reading import CASES, MANIFEST, MODEL, check_rule, read_folder
from app.kernel.decisions.workbench.cases import (
    list_cases,
    read_case,
    read_fact,
    remove_case,
    show_fact,
    write_case,
)
from app.kernel.decisions.workbench.differences import compare_rules
from app.kernel.decisions.workbench.places import locate
from app.kernel.decisions.workbench.properties import (
    parse_properties,
    read_properties,
    with_version,
    write_properties,
)
from app.kernel.decisions.workbench.toml_document import updated
from app.kernel.decisions.workbench.toml_text import read_literal, read_table, write_table
from app.kernel.engine.workbench.skeleton import make_rule_skeleton
from app.kernel.refusals import InvalidInput
from app.wiring import WORKFLOWS

RULES = WORKFLOWS / "rules"
TODAY = date(2026, 3, 2)


def folders() -> list[Path]:
    return sorted(path for path in RULES.iterdir() if path.is_dir())


def posted_of(table: Mapping[str, Any]) -> dict[str, list[str]]:
    """A manifest's form as a browser would post it, untouched."""
    posted: dict[str, list[str]] = {}
    for key, value in table.items():
        if key in ("also", "business", "triggers"):
            posted[key] = list(value)
        elif key not in ("source", "fact", "parameter"):
            posted[key] = [str(value)]
    rows: Sequence[tuple[str, Mapping[str, Any]]]
    for name in ("source", "fact", "parameter"):
        part = table.get(name, {})
        rows = [("", row) for row in part] if isinstance(part, list) else list(part.items())
        for number, (key, row) in enumerate(rows):
            posted[f"{name}-{number}-key"] = [key]
            posted[f"{name}-{number}-zh"] = [""]
            for column, value in row.items():
                text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
                posted[f"{name}-{number}-{column}"] = [text]
    return posted


def test_every_shipped_rule_comes_through_its_forms_unchanged() -> None:
    for folder in folders():
        files = read_folder(folder)
        table = read_properties(files[MANIFEST])
        cases = list_cases(files[CASES])
        assert table is not None, folder.name
        assert cases is not None, folder.name
        parsed = parse_properties(table, posted_of(table))
        assert read_table(write_properties(parsed)) == table, folder.name
        assert write_properties(parsed, files[MANIFEST]) == files[MANIFEST], folder.name
        assert write_table({"case": cases}) == files[CASES], folder.name
        contract = {key: str(row["type"]) for key, row in table["fact"].items()}
        for index, case in enumerate(cases):
            typed = {f"fact-{key}": show_fact(value) for key, value in case.get("facts", {}).items()}
            typed |= {key: str(case.get(key, "")) for key in ("name", "expect", "severity")}
            read = read_case(contract, typed)
            assert read == case, (folder.name, index)


def test_a_skeleton_is_a_rule_without_a_finding() -> None:
    files = make_rule_skeleton("RSK-99", TODAY)
    assert check_rule("RSK-99", files) == []


VALUES: tuple[Any, ...] = (
    "",
    'a"b\\c\nd',
    "中文",
    True,
    -3,
    Decimal("0.60"),
    Decimal("1E+3"),
    date(2026, 1, 2),
    datetime(2026, 1, 2, 3, 4),  # noqa: DTZ001 as facts are kept
    [1, "x", [True]],
    {"from": date(2026, 1, 1), "a b": [{"x": 1}]},
    {},
    [],
)


@pytest.mark.parametrize("value", VALUES)
def test_toml_reads_what_was_written(value: Any) -> None:
    assert read_table(write_table({"entry": value})) == {"entry": value}


@pytest.mark.parametrize(
    ("fact_type", "text", "value"),
    [
        ("text", "甲", "甲"),
        ("number", "1.50", Decimal("1.50")),
        ("number", "12", 12),
        ("boolean", "false", False),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("datetime", "2026-02-28T09:30", datetime(2026, 2, 28, 9, 30)),  # noqa: DTZ001
        ("list", "[1, 2]", [1, 2]),
        ("context", "{ a = 1 }", {"a": 1}),
    ],
)
def test_a_typed_fact_is_of_its_type(fact_type: str, text: str, value: Any) -> None:
    assert read_fact(fact_type, text) == value


@pytest.mark.parametrize(
    ("fact_type", "text"),
    [
        ("number", "many"),
        ("number", "1e999"),
        ("number", "nan"),
        ("boolean", "yes"),
        ("date", "2026-02-30"),
        ("datetime", "2026-02-28T09:30+08:00"),
        ("list", "1, 2"),
        ("list", "1\nevil = 2"),
        ("context", "[]"),
        ("text", "x" * 4001),
    ],
)
def test_what_is_not_of_its_type_is_refused_by_field(fact_type: str, text: str) -> None:
    posted = {"name": "x", "expect": "hit", "fact-a": text}
    with pytest.raises(InvalidInput) as refused:
        read_case({"a": fact_type}, posted)
    assert set(refused.value.errors) == {"fact-a"}


def test_a_literal_is_one_value_and_nothing_after_it() -> None:
    for text in ("[1] x", "[1]\nother = 2", "[1]\n[table]"):
        with pytest.raises(ValueError, match=r"."):
            read_literal(text)
    assert read_literal("[1]") == [1]


def test_cases_are_replaced_added_and_removed() -> None:
    data = make_rule_skeleton("RSK-99", TODAY)[CASES]
    more = write_case(data, None, {"name": "新", "expect": "no_hit", "facts": {"amount": 2}})
    assert [case["name"] for case in list_cases(more) or []] == ["大额", "小额", "不知金额", "新"]
    changed = write_case(more, 0, {"name": "更大", "expect": "hit", "facts": {"amount": 10**6}})
    assert [case["name"] for case in list_cases(remove_case(changed, 1)) or []] == ["更大", "不知金额", "新"]
    for attempt in (
        lambda: write_case(data, 9, {}),
        lambda: remove_case(data, 9),
        lambda: remove_case(b"=", 0),
    ):
        with pytest.raises(InvalidInput):
            attempt()


REMARKED = """# Why this rule is there.
id = "RSK-99"
version = 1
severity = "low" # since the audit of 2025

# The law.
[[source]]
tag = "V" # read
zh = "甲"
en = "a"

# Amounts.
[fact.amount]
type = "number"
words = { low = ["低", "low"] } # shown instead
"""


def test_comments_of_a_manifest_outlive_its_form() -> None:
    data = REMARKED.encode()
    table = read_properties(data)
    assert table is not None
    table |= {"version": 2, "severity": "high", "approval_levels": 2}
    table["source"] = [{"tag": "E", "zh": "新", "en": "new"}, *table["source"]]
    table["fact"] = {**table["fact"], "day": {"type": "date"}}
    lines = write_properties(table, data).decode().split("\n")
    assert lines == [
        "# Why this rule is there.", 'id = "RSK-99"', "version = 2", 'severity = "high" # since the audit of 2025',
        "approval_levels = 2", "", "# The law.", "[[source]]", 'tag = "E"', 'zh = "新"', 'en = "new"', "",
        "[[source]]", 'tag = "V" # read', 'zh = "甲"', 'en = "a"', "", "# Amounts.", "[fact.amount]",
        'type = "number"', 'words = { low = ["低", "low"] } # shown instead', "", "[fact.day]", 'type = "date"', "",
    ]  # fmt: skip
    assert with_version(data, 7).decode() == data.decode().replace("version = 1", "version = 7")


def test_what_the_form_does_not_show_of_a_fact_stays_with_it() -> None:
    table = read_properties(read_folder(RULES / "RSK-20")[MANIFEST])
    assert table is not None
    posted = {key: value for key, value in posted_of(table).items() if not key.endswith("-words")}
    assert parse_properties(table, posted) == table


def test_comments_of_cases_stay_where_their_case_stays() -> None:
    data = b"# Cases.\n" + make_rule_skeleton("RSK-99", TODAY)[CASES]
    data = data.replace(b'expect = "no_hit"', b'expect = "no_hit" # small', 1)
    more = write_case(data, None, {"name": "新", "expect": "no_hit", "facts": {"amount": 2}})
    assert more.startswith(data)
    assert remove_case(more, 0).startswith(b"# Cases.\n[[case]]\n")
    assert b'expect = "no_hit" # small' in remove_case(more, 0)


def _random_table(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    def value() -> Any:
        kind = rng.randrange(7 if depth else 9)
        if kind < len(VALUES) and rng.random() < 0.5:
            return rng.choice(VALUES)
        if kind >= 7:
            rows = [_random_table(rng, depth + 1) for _ in range(rng.randint(1, 3))]
            return rows if kind == 7 else {f"k{number}": row for number, row in enumerate(rows)}
        return rng.choice(("x", 1, True, Decimal("1.5"), [1, 2]))

    return {key: value() for key in rng.sample("abcdefgh", rng.randint(1, 5))}


def test_a_changed_file_always_says_what_was_wanted(rng: random.Random) -> None:
    for _ in range(150):
        before, wanted = _random_table(rng), _random_table(rng)
        wanted |= {key: before[key] for key in before if rng.random() < 0.6}
        data = write_table(before).replace(b"\n[", b"\n# about\n[")
        assert read_table(updated(data, wanted)) == wanted


def test_what_a_form_cannot_hold_is_told_by_field() -> None:
    table = read_properties(make_rule_skeleton("RSK-99", TODAY)[MANIFEST])
    assert table is not None
    posted = posted_of(table) | {"effective_from": ["soon"], "fact-1-zh": ["又"], "fact-1-key": ["amount"]}
    with pytest.raises(InvalidInput) as refused:
        parse_properties(table, posted)
    assert set(refused.value.errors) == {"effective_from", "fact-1-key"}


def test_a_broken_manifest_is_left_alone() -> None:
    assert read_properties(b"id = ") is None
    assert with_version(b"id = ", 3) == b"id = "
    assert read_properties(b'fact = "x"') is None


def test_findings_are_placed_in_their_cells() -> None:
    files = make_rule_skeleton("RSK-99", TODAY)
    broken = files[MODEL].replace(b"&gt; 100000", b"&gt; (", 1).replace(b'"FIRST"', b'"UNIQUE"')
    found = locate(check_rule("RSK-99", {**files, MODEL: broken}), broken)
    cells = [one for one in found if one.problem.rule == "expression-invalid"]
    assert cells
    place = cells[0].place
    assert place is not None
    assert (place.id, place.row, place.column, place.output) == ("hit_1_in_1", 1, 1, False)

    overlapping = files[MODEL].replace(b'"FIRST"', b'"UNIQUE"')
    (one,) = [
        one
        for one in locate(check_rule("RSK-99", {**files, MODEL: overlapping}), overlapping)
        if one.problem.rule == "table-overlap"
    ]
    assert one.place is not None
    assert (one.place.id, one.place.row, one.place.column) == ("hit_rule_2", 2, None)

    wrong_case = files[CASES].replace(b'"no_hit"', b'"hit"')
    (failed, *_rest) = locate(check_rule("RSK-99", {**files, CASES: wrong_case}), files[MODEL])
    assert failed.problem.rule == "case-failed"
    assert failed.place is None


def test_two_versions_differ_by_property_row_and_case() -> None:
    old = make_rule_skeleton("RSK-99", TODAY)
    new = dict(old)
    new[MANIFEST] = old[MANIFEST].replace(b'"medium"', b'"high"').replace(b"version = 1", b"version = 2")
    new[MODEL] = (
        old[MODEL]
        .replace(b"100000", b"50000")
        .replace(
            b'      <rule id="hit_rule_2">',
            b'      <rule id="r3"><inputEntry id="i3"><text>[1..2]</text></inputEntry>'
            b'<outputEntry id="o3"><text>true</text></outputEntry></rule>\n      <rule id="hit_rule_2">',
        )
    )
    new[CASES] = write_case(old[CASES], 1, {"name": "小额", "expect": "no_hit", "facts": {"amount": 2}})
    found = compare_rules(old, new)
    assert [(one.key, one.sign, one.old, one.new) for one in found.properties] == [
        ("severity", "changed", "medium", "high")
    ]
    (table,) = found.decisions
    assert [(row.sign, row.old, row.new) for row in table.rows] == [
        ("changed", 1, 1),
        ("added", None, 2),
        ("same", 2, 3),
    ]
    assert [cell.changed for cell in table.rows[0].cells] == [True, False]
    assert [(one.name, one.sign) for one in found.cases] == [("小额", "changed")]
    assert compare_rules(old, old).none
    assert compare_rules({}, new).properties
    assert compare_rules(old, {**old, MODEL: b"<"}).unreadable == (MODEL,)


def test_an_expression_that_becomes_a_table_is_told_whole() -> None:
    literal = read_folder(RULES / "RSK-15")
    table = make_rule_skeleton("RSK-15", TODAY)
    (change,) = compare_rules(literal, table).decisions
    assert change.sign == "changed"
    assert "officer_share" in change.old
    assert change.new == ""
    assert [row.sign for row in change.rows] == ["added", "added"]
