"""Forms of controlled changes: what was posted becomes canonical values, what is wrong is named by field and row."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.faces.refusal_texts import FIELD_TEXTS, TEXTS
from app.faces.web.pages.changes_form import worded
from app.kernel.changes.fields import FieldSpec, Option, posted_values, read_fields
from app.kernel.changes.kinds import differences_by_field
from app.kernel.refusals import InvalidInput
from config import ROOT

COLOURS = (Option("r", "红", "red"), Option("g", "绿", "green"))
ROWS = FieldSpec(
    "rows",
    "rows",
    "行",
    "Rows",
    required=False,
    columns=(
        FieldSpec("name", "text", "名", "Name"),
        FieldSpec("count", "integer", "数", "Count", required=False, maximum=9),
    ),
)
FORM = (
    FieldSpec("title", "text", "名称", "Title", maximum=5),
    FieldSpec("number", "integer", "数", "Number", minimum=1, maximum=9),
    FieldSpec("day", "date", "日", "Day", required=False),
    FieldSpec("colour", "choice", "色", "Colour", options=COLOURS),
    FieldSpec("colours", "many", "色", "Colours", options=COLOURS, required=False),
    ROWS,
)
GOOD: dict[str, Any] = {"title": " a ", "number": "3", "colour": "r"}


def test_values_are_canonical_whatever_they_were_typed_as() -> None:
    raw = {
        **GOOD,
        "day": "2026-01-02",
        "colours": ["g", "r"],
        "rows": [{"name": "x", "count": "2"}, {"name": ""}],
    }
    values = read_fields(FORM, raw)
    assert values == {
        "title": "a",
        "number": 3,
        "day": "2026-01-02",
        "colour": "r",
        "colours": ["r", "g"],
        "rows": [{"name": "x", "count": 2}],
    }
    assert read_fields(FORM, values) == values


@pytest.mark.parametrize(
    ("changed", "place", "code"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": "abcdef"}, "title", "too_long"),
        ({"title": "a\x07"}, "title", "control_characters"),
        ({"title": ["a"]}, "title", "not_text"),
        ({"number": "0"}, "number", "too_small"),
        ({"number": "10"}, "number", "too_large"),
        ({"number": "x"}, "number", "not_integer"),
        ({"day": "2026-02-30"}, "day", "not_date"),
        ({"colour": "b"}, "colour", "not_an_option"),
        ({"colours": ["r", "b"]}, "colours", "not_an_option"),
        ({"rows": [{"name": "x"}, {"count": "1"}]}, "rows.1.name", "required"),
        ({"rows": [{"name": "x", "count": "10"}]}, "rows.0.count", "too_large"),
        ({"rows": [{"name": str(number)} for number in range(61)]}, "rows", "too_many_rows"),
        ({"other": "x"}, "other", "unknown_field"),
    ],
)
def test_each_mistake_is_named_by_its_field(changed: dict[str, Any], place: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_fields(FORM, {**GOOD, **changed})
    assert {key: error[0] for key, error in refused.value.errors.items()} == {place: code}


def test_cells_of_a_posted_table_come_back_as_rows_in_order() -> None:
    posted = {"title": "a", "rows.10.name": "c", "rows.2.name": "b", "rows.2.count": "1", "rows.x.name": "no"}
    values = posted_values(FORM, posted)
    assert values["rows"] == [{"name": "b", "count": "1"}, {"name": "c"}]
    assert values["title"] == "a"
    assert "number" not in values


def test_differences_name_options_and_leave_out_what_is_empty_on_both_sides() -> None:
    old, new = {"title": "a", "colour": "r", "rows": []}, {"title": "a", "colour": "g", "rows": []}
    lines = differences_by_field(FORM, old, new)
    assert [(line.label_zh, line.old_zh, line.new_zh, line.new_en, line.changed) for line in lines] == [
        ("名称", "a", "a", "a", False),
        ("色", "红", "绿", "green", True),
    ]


def test_duties_in_texts_of_the_kernel_get_their_words() -> None:
    assert worded("x已办[initial_review][investigation]，生效") == "x已办初审、调查核实，生效"


def test_every_code_of_the_kernels_kinds_has_words() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "app/kernel/changes").glob("*.py"))
    codes = set(re.findall(r'\(\s*"([a-z_]+)",\s*\{', sources))
    assert len(codes) > 15, "the pattern no longer finds the codes"
    assert codes - FIELD_TEXTS.keys() - TEXTS.keys() == set()
