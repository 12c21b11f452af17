"""The server's validation of form-js forms, independent of any browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.worklist.form_schema import FormInvalid, read_fields
from app.kernel.worklist.forms import validate


def form(*components: Mapping[str, Any]) -> dict[str, Any]:
    return {"components": list(components)}


OUTCOME = {
    "type": "radio",
    "key": "outcome",
    "label": "结论",
    "values": [{"value": "approve", "label": "同意"}, {"value": "return", "label": "退回"}],
    "validate": {"required": True},
}
REASON = {
    "type": "textarea",
    "key": "task_reason",
    "validate": {"required": True, "minLength": 5},
    "conditional": {"hide": '=outcome != "return"'},
}


def test_complete_form_gives_typed_values() -> None:
    schema = form(
        OUTCOME,
        {"type": "number", "key": "days"},
        {"type": "number", "key": "rate", "decimalDigits": 2},
        {"type": "checkbox", "key": "agreed"},
        {
            "type": "checklist",
            "key": "checks",
            "values": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}],
        },
        {"type": "datetime", "key": "on_day", "subtype": "date"},
        {"type": "datetime", "key": "at", "subtype": "datetime"},
    )
    posted = {
        "outcome": "approve",
        "days": "12",
        "rate": "0.50",
        "agreed": "true",
        "checks": ["b", "a"],
        "on_day": "2026-08-27",
        "at": "2026-08-27T14:20",
    }
    result = validate(schema, posted)
    assert result.valid
    assert result.values == {
        "outcome": "approve",
        "days": 12,
        "rate": "0.50",
        "agreed": True,
        "checks": ["a", "b"],
        "on_day": "2026-08-27",
        "at": "2026-08-27T14:20",
    }


def test_required_field_left_blank_is_named() -> None:
    name = {"type": "textfield", "key": "name", "validate": {"required": True}}
    result = validate(form(OUTCOME, name), {"name": "  "})
    assert result.errors == {"outcome": ("required", {}), "name": ("required", {})}


def test_optional_blank_field_is_none() -> None:
    assert validate(form({"type": "textfield", "key": "name"}), {"name": ""}).values == {"name": None}


def test_unknown_keys_are_ignored() -> None:
    result = validate(form(OUTCOME), {"outcome": "approve", "risk": "normal", "csrf_token": "x"})
    assert result.values == {"outcome": "approve"}


def test_option_that_was_not_offered_is_refused() -> None:
    assert validate(form(OUTCOME), {"outcome": "pay"}).errors == {"outcome": ("not_an_option", {})}


def test_hidden_field_is_neither_demanded_nor_kept() -> None:
    result = validate(form(OUTCOME, REASON), {"outcome": "approve", "task_reason": "无关"})
    assert result.valid
    assert "task_reason" not in result.values


def test_shown_conditional_field_is_demanded() -> None:
    result = validate(form(OUTCOME, REASON), {"outcome": "return", "task_reason": "短"})
    assert result.errors == {"task_reason": ("too_short", {"min": 5})}


def test_fields_of_a_hidden_group_are_not_demanded() -> None:
    group = {
        "type": "group",
        "components": [{"type": "textfield", "key": "inner", "validate": {"required": True}}],
        "conditional": {"hide": '=outcome = "approve"'},
    }
    assert validate(form(OUTCOME, group), {"outcome": "approve"}).valid
    assert "inner" in validate(form(OUTCOME, group), {"outcome": "return"}).errors


@pytest.mark.parametrize(
    ("component", "posted", "code"),
    [
        ({"type": "number"}, "十二", "not_a_number"),
        ({"type": "number"}, "NaN", "not_a_number"),
        ({"type": "number"}, "1e400", "not_a_number"),
        ({"type": "number"}, "1.5", "too_many_digits"),
        ({"type": "number", "validate": {"min": 1}}, "0", "too_small"),
        ({"type": "number", "validate": {"max": 9}}, "10", "too_large"),
        ({"type": "datetime", "subtype": "date"}, "2026-02-30", "not_a_date"),
        ({"type": "datetime", "subtype": "date"}, "0001-01-01", "not_a_date"),
        ({"type": "datetime", "subtype": "datetime"}, "昨天下午", "not_a_datetime"),
        ({"type": "textfield", "validate": {"pattern": "^[0-9]+$"}}, "abc", "bad_pattern"),
        ({"type": "textfield", "validate": {"maxLength": 3}}, "四个字啊", "too_long"),
        ({"type": "select", "values": []}, "x", "not_an_option"),
    ],
)
def test_wrong_value_is_named_by_code(component: dict[str, Any], posted: str, code: str) -> None:
    result = validate(form({**component, "key": "field"}), {"field": posted})
    assert result.errors["field"][0] == code


def test_checklist_value_that_was_not_offered_is_refused() -> None:
    schema = form({"type": "checklist", "key": "checks", "values": [{"value": "a", "label": "A"}]})
    assert validate(schema, {"checks": ["a", "z"]}).errors == {"checks": ("not_an_option", {})}


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*)*", "x" * 201])
def test_pattern_that_could_run_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(FormInvalid):
        read_fields(form({"type": "textfield", "key": "k", "validate": {"pattern": pattern}}))


AMOUNT = {"type": "number", "key": "amount", "decimalDigits": 2}
PARTS = {
    "type": "checklist",
    "key": "parts",
    "values": [{"value": "head", "label": "头"}, {"value": "hand", "label": "手"}],
}
BORN = {"type": "datetime", "key": "born", "subtype": "date"}
AT = {"type": "datetime", "key": "at", "subtype": "datetime"}
AGREED = {"type": "checkbox", "key": "agreed"}


@pytest.mark.parametrize(
    ("hide", "posted", "hidden"),
    [
        ("=amount <= 1000.5", {"amount": "1000.50"}, True),
        ("=amount <= 1000.5", {"amount": "1,001"}, False),
        ("=amount <= 1000.5", {"amount": "许多"}, False),
        ("=amount <= 1000.5", {}, False),
        ("=amount = null", {}, True),
        ('=not(list contains(parts, "head"))', {"parts": ["hand"]}, True),
        ('=not(list contains(parts, "head"))', {"parts": ["head", "hand"]}, False),
        ('=born < @"2010-08-27"', {"born": "1990-01-01"}, True),
        ('=at >= @"2026-08-27T00:00:00+08:00"', {"at": "2026-08-27T00:00"}, True),
        ("=agreed", {"agreed": "true"}, True),
        ("=agreed", {}, False),
        ("=agreed = false", {}, True),
        ('=outcome in ("approve", "return") and amount > 5', {"outcome": "approve", "amount": "6"}, True),
        ('=outcome != "return"', {}, True),
    ],
)
def test_condition_sees_the_values_of_the_form_by_their_types(
    hide: str, posted: dict[str, str | list[str]], hidden: bool
) -> None:
    more = {"type": "textfield", "key": "more", "conditional": {"hide": hide}}
    result = validate(form(OUTCOME, AMOUNT, PARTS, BORN, AT, AGREED, more), posted)
    assert ("more" not in result.values) is hidden


@pytest.mark.parametrize(
    "hide",
    [
        "=1 =",
        "=outcome = foo()",
        '=outcome = "a" and __import__("os")',
        '=elsewhere = "a"',
        '=amount = "3"',
        "=days_between(born, at) > 3",
        "=born > today()",
        "=outcome",
    ],
)
def test_condition_that_can_not_be_right_is_refused(hide: str) -> None:
    more = {"type": "textfield", "key": "more", "conditional": {"hide": hide}}
    with pytest.raises(FormInvalid):
        read_fields(form(OUTCOME, AMOUNT, BORN, AT, more))


def test_what_is_wrong_with_a_condition_is_told_in_both_languages_with_its_field() -> None:
    with pytest.raises(FormInvalid) as refused:
        read_fields(form(OUTCOME, {**AMOUNT, "conditional": {"hide": "=outcome\n = foo(1)"}}))
    assert "line 2, column 4" in refused.value.message_en
    assert "'amount'" in refused.value.message_en
    assert "第 2 行第 4 字" in refused.value.message_zh


@pytest.mark.parametrize(
    "schema",
    [
        {"components": [1]},
        {"components": [{"type": []}]},
        {"components": [{"type": "radio", "key": "k", "values": [{"value": "a"}]}]},
        {"components": [{"type": "number", "key": "k", "validate": {"min": "viel"}}]},
        {"components": [{"type": "textfield", "key": "k", "conditional": "=a"}]},
    ],
)
def test_what_is_no_form_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(FormInvalid):
        read_fields(schema)


def test_unknown_component_is_refused() -> None:
    with pytest.raises(FormInvalid):
        read_fields(form({"type": "iframe", "key": "k"}))


@given(st.dictionaries(st.sampled_from(["outcome", "task_reason", "x"]), st.text() | st.lists(st.text())))
def test_any_posted_data_is_answered_without_a_fault(data: dict[str, str | list[str]]) -> None:
    result = validate(form(OUTCOME, REASON), data)
    assert result.valid == (not result.errors)
    assert not set(result.values) & set(result.errors)
