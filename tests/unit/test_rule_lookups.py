"""Rules take what the parameter tables say on a day at a place, and say nothing where the tables say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.kernel.decisions.catalogue import Rule, RuleInvalid, read_catalogue, read_rule
from app.kernel.decisions.catalogue.binding import Supply, bind
from app.kernel.decisions.catalogue.evaluation import list_lacking
from app.kernel.decisions.catalogue.manifest import read_manifest
from app.kernel.decisions.catalogue.reading import read_folder
from app.kernel.decisions.catalogue.versions import Standing
from app.wiring import WORKFLOWS
from tests.unit.shipped_parameters import SHIPPED, FileParameters, made_up

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TABLES = FileParameters.of(
    [
        made_up("regional_average_wage", "7500", until=date(2025, 12, 31)),
        made_up("minimum_wage", "1900"),
        made_up("device_cap", {"大腿假肢": "18000"}),
    ]
)
KEYS = {one.key: one for one in SHIPPED.definitions}
ALLOWANCE = {"item": "disability_allowance", "grade": 5, "needed_on": date(2026, 3, 1)}
WAGE = {"own_wage": 4499, "accident_at": date(2025, 6, 1)}
LEAVE = {"leave_months": 12, "extension_months": 13}
DEPENDANT = {"relation": "spouse", "sex": "male", "age": 59, "supported": True, "incapacitated": False}
DEVICE = {"device_confirmed": True, "amount": 18001, "configured_on": date(2026, 1, 1)}
NEEDS = {"parameter_key": "minimum_wage", "needed_on": date(2026, 1, 1)}


def find(key: str, on: date, by: Mapping[str, str]) -> Decimal | str | None:
    if key not in KEYS or set(by) != {one.key for one in KEYS[key].dimensions}:
        return None
    found = TABLES.find(key, on, by)
    return found.value if found is not None else None


def rule(key: str) -> Rule:
    return read_rule(key, read_folder(WORKFLOWS / "rules" / key))


@pytest.mark.parametrize(
    ("key", "facts", "outcome"),
    [
        ("POL-05", {**ALLOWANCE, "rate": 70}, "no_hit"),
        ("POL-05", {**ALLOWANCE, "rate": 75}, "hit"),
        ("POL-05", {**ALLOWANCE, "item": "lump_sum_disability", "rate": 18}, "no_hit"),
        ("POL-05", {**ALLOWANCE, "rate": 70, "needed_on": date(1990, 1, 1)}, "missing"),  # no value then
        ("POL-05", {**ALLOWANCE, "rate": 70, "grade": 8}, "missing"),  # no allowance at grade 8
        ("POL-05", {**ALLOWANCE, "rate": 70, "item": "funeral"}, "missing"),  # no rate of any table
        ("POL-06", WAGE, "hit"),
        ("POL-06", {**WAGE, "own_wage": 4500}, "no_hit"),
        ("POL-06", {**WAGE, "own_wage": 22501}, "hit"),
        ("POL-09", LEAVE, "hit"),
        ("POL-09", {**LEAVE, "extension_months": 12}, "no_hit"),
        ("POL-11", {**DEPENDANT, "death_on": date(2026, 1, 1)}, "hit"),
        ("POL-11", {**DEPENDANT, "death_on": date(2026, 1, 1), "age": 60}, "no_hit"),
        ("POL-11", {**DEPENDANT, "death_on": date(1999, 1, 1)}, "missing"),
        ("POL-21", {"prevention_spent": 301, "revenue_last_year": 10000}, "hit"),
        ("POL-21", {"prevention_spent": 300, "revenue_last_year": 10000}, "no_hit"),
        ("POL-08", {**DEVICE, "device": "大腿假肢"}, "hit"),
        ("POL-08", {**DEVICE, "device": "假眼"}, "missing"),
        ("LOG-14", {"declared_total": 18999, "headcount": 10}, "hit"),
        ("LOG-08", NEEDS, "no_hit"),
        ("LOG-08", {**NEEDS, "needed_on": date(1990, 1, 1)}, "hit"),
        ("LOG-08", {**NEEDS, "parameter_key": "meal_rate"}, "hit"),
        (
            "LOG-08",
            {**NEEDS, "parameter_key": "device_cap", "parameter_categories": {"device": "大腿假肢"}},
            "no_hit",
        ),
        ("LOG-08", {"needed_on": date(2026, 1, 1)}, "missing"),
    ],
)
def test_a_rule_takes_its_thresholds_from_the_tables(
    key: str, facts: Mapping[str, Any], outcome: str
) -> None:
    assert rule(key).judge(facts, NOW, find=find).outcome == outcome


def test_what_the_tables_said_is_kept_with_the_hit_and_told_in_words() -> None:
    said = rule("POL-06").judge(WAGE, NOW, find=find)
    assert said.inputs["regional_average_wage"] == 7500 and said.inputs["lower_share"] == "0.6"
    assert "7500 的 0.6 至 3 倍" in said.message_zh


def test_nobody_need_supply_what_is_looked_up_and_what_the_table_lacks_is_named() -> None:
    supply = Supply("award", {"own_wage": "decimal", "accident_at": "datetime"}, {})
    one = rule("POL-06")
    assert bind(one, supply) is not None
    facts = {"own_wage": 4499, "accident_at": "1990-06-01T08:00"}
    (lacking,) = list_lacking([Standing(1, one)], supply, facts, dict, NOW, find)
    assert lacking.missing == ("regional_average_wage", "lower_share", "upper_share")
    assert list_lacking([Standing(1, one)], supply, WAGE, dict, NOW, find) == []


def test_only_what_a_process_derives_stands_before_the_tables() -> None:
    types = {"own_wage": "decimal", "accident_at": "datetime", "lower_share": "decimal"}
    typed = bind(rule("POL-06"), Supply("award", types, {}))
    assert typed is not None and "lower_share" not in typed.places  # nobody types in a value of the tables
    derived = bind(rule("POL-06"), Supply("award", types, {"lower_share": "derived.floor"}))
    assert derived is not None and derived.places["lower_share"] == "derived.floor"
    assert rule("POL-06").judge({**WAGE, "lower_share": 0.5}, NOW, find=find).outcome == "no_hit"


def test_every_lookup_of_the_catalogue_names_a_parameter_that_is_defined() -> None:
    for key, one in read_catalogue(WORKFLOWS / "rules").items():
        for fact in one.manifest.facts.values():
            if fact.lookup is None or fact.lookup.key is None:
                continue
            definition = KEYS[fact.lookup.key]
            assert (fact.type == "number") == (definition.kind == "number"), key
            assert fact.lookup.share <= (definition.unit == "percent"), key
            by = fact.lookup.by.evaluate({"device": "x"}) if fact.lookup.by else {}
            assert isinstance(by, dict) and set(by) == {one.key for one in definition.dimensions}, key


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('registry = "parameters"', 'registry = "ledger"', "registry must be parameters"),
        ('on = "accident_at"', 'on = "accident_at +"', "ends too early"),
        ('on = "accident_at"', 'on = "died_on"', "died_on, which is no fact"),
        ('as = "share"', 'as = "cents"', "as can't be 'cents'"),
        (
            'registry = "application"',
            'registry = "application"\nby = "{a: 1}"',
            "belong to a fact with a parameter",
        ),
    ],
)
def test_a_lookup_that_cannot_work_is_told(old: str, new: str, says: str) -> None:
    text = (WORKFLOWS / "rules/POL-06/rule.toml").read_text("utf-8")
    assert old in text
    with pytest.raises(RuleInvalid, match=says):
        read_manifest("POL-06/rule.toml", text.replace(old, new, 1).encode())
