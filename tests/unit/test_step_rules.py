"""Rules that ask for a second level of approval, and tasks whose number of people is an expression."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.kernel.decisions.rules import parse_rules
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.workflow import persons_of
from app.kernel.worklist.batch import plain_outcome

RULE: dict[str, Any] = {
    "id": "AMOUNT-2",
    "version": 1,
    "name_zh": "大额",
    "name_en": "Large amount",
    "kind": "risk",
    "severity": "high",
    "action": "warn",
    "message_zh": "大额",
    "message_en": "Large amount",
    "ground": "D",
    "effective_from": date(2026, 1, 1),
    "when": "amount > 50000",
    "inputs": ["amount"],
}


def step(persons: str | None) -> StepSpec:
    return StepSpec("s", "p", "p", "user", "userTask", "s", persons=2, persons_from=persons)


@pytest.mark.parametrize(("given", "levels"), [({}, 1), ({"approval_levels": 2}, 2)])
def test_a_rule_may_ask_for_a_second_level(given: dict[str, Any], levels: int) -> None:
    (rule,) = parse_rules("s", [{**RULE, **given}])
    assert rule.approval_levels == levels


def test_a_third_level_is_no_level() -> None:
    with pytest.raises(KeyError, match="AMOUNT-2: approval_levels is 3"):
        parse_rules("s", [{**RULE, "approval_levels": 3}])


@pytest.mark.parametrize(
    ("source", "count"), [(None, 2), ("=voters", 5), ("=if voters > 6 then voters else 3", 3)]
)
def test_number_of_people_is_written_out_or_an_expression(source: str | None, count: int) -> None:
    assert persons_of(step(source), {"voters": 5}) == count


@pytest.mark.parametrize("source", ["=0", "=10", '="three"', "=nobody_knows"])
def test_number_of_people_beyond_reason_is_a_fault(source: str) -> None:
    with pytest.raises(LookupError, match="persons gives"):
        persons_of(step(source), {})


def test_only_forms_that_ask_for_an_opinion_alone_are_signed_in_a_batch() -> None:
    outcome = {"key": "outcome", "values": [{"value": "approve"}], "validate": {"required": True}}
    opinion = {"key": "opinion", "validate": {"required": True}}
    hidden = {
        "key": "return_to",
        "validate": {"required": True},
        "conditional": {"hide": '=outcome != "return"'},
    }
    minutes = {"key": "task_minutes", "validate": {"required": True}}
    assert plain_outcome({"components": [outcome, opinion, hidden]})
    assert not plain_outcome({"components": [outcome, opinion, minutes]})
    assert not plain_outcome({"components": [opinion]})
