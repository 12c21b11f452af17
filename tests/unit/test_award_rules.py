"""The catalogue's rules in the award processes: which are bound, and each bound one hitting on a case's own facts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.benefits import supply
from app.domain.benefits.awards import DEATH, DISABILITY, MEDICAL, Surroundings, draft_award
from app.domain.benefits.reckoning import Draft
from app.kernel.decisions.catalogue import read_catalogue
from app.kernel.decisions.catalogue.binding import Supply, bind
from app.kernel.decisions.catalogue.evaluation import Inquiry, evaluate
from app.kernel.decisions.catalogue.versions import Standing
from tests.unit.shipped_parameters import ROOT
from tests.unit.test_benefit_awards import (
    CATALOGUE,
    CLAIM,
    DEAD,
    ENDED,
    HURT,
    SON,
    SPOUSE,
    around,
    bill,
    family,
)

RULES = read_catalogue(ROOT / "workflows/rules")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
EVERYWHERE = {
    "LOG-05",
    "LOG-07",
    "LOG-08",
    "LOG-09",
    "POL-01",
    "POL-07",
    "POL-13",
    "POL-16",
    "RSK-09",
    "RSK-11",
    "RSK-21",
}
BOUND: Mapping[str, set[str]] = {
    DISABILITY: EVERYWHERE | {"POL-02", "POL-05", "POL-06", "POL-09", "POL-18", "RSK-03", "RSK-13"},
    DEATH: EVERYWHERE | {"POL-06", "POL-10", "POL-11", "POL-12", "RSK-04", "RSK-13"},
    MEDICAL: EVERYWHERE
    | {"LOG-10", "LOG-11", "POL-03", "POL-04", "POL-08", "POL-15", "POL-17", "RSK-05", "RSK-10"},
}
GRADED = {**HURT, "disability_grade": 7, "enrolment_received_at": "2020-01-01", "third_party_involved": False}
SOUND = {
    "recognition_effective": True,
    "conclusion_effective": True,
    "covered_on_accident": True,
    "third_party": False,
    "settlement_checked": False,
    "recent_wages": [Decimal(5300)] * 12,
    "earlier_wages": [Decimal(5200)] * 12,
    "employer_registration": "active",
    "agreement_from": "2020-01-01",
}
STAY = bill(1, "2024-06-01", "500", inpatient=True, until="2024-06-11", institution="甲院", diagnosis="骨折")
CLAIMED = {**CLAIM, "enrolment_received_at": "2020-01-01", "recognised_diagnosis": "骨折；擦伤", **STAY}
# rule, process, facts, derived facts that differ from a sound case
HITS: list[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]] = [
    ("LOG-05", DISABILITY, GRADED, {"paid_before": 1}),
    ("LOG-07", DISABILITY, {**GRADED, "own_wage": "5400"}, {"award_amount": Decimal(68900)}),
    (
        "LOG-08",
        DISABILITY,
        {**ENDED, "disability_grade": 3, "termination_ground": "worker_request"},
        {
            "parameter_key": "termination_medical_months",
            "needed_on": date(2025, 2, 1),
            "parameter_categories": {"grade": "3"},
        },
    ),
    ("LOG-09", DISABILITY, {**GRADED, "care_level": "partial"}, {}),
    ("POL-01", DISABILITY, GRADED, {"recognition_effective": False}),
    ("POL-02", DISABILITY, GRADED, {"conclusion_effective": False}),
    ("POL-05", DISABILITY, GRADED, {"rate": Decimal(14)}),
    ("POL-06", DISABILITY, {**GRADED, "own_wage": "3000"}, {}),
    ("POL-07", DISABILITY, GRADED, {"item": "lump_sum_employment"}),
    ("POL-09", DISABILITY, {**GRADED, "leave_months": "12", "leave_extension_months": "13"}, {}),
    ("POL-13", DISABILITY, {**GRADED, "legal_basis_code": "15-3"}, {"item": "lump_sum_disability"}),
    ("POL-16", DISABILITY, GRADED, {"covered_on_accident": False}),
    ("POL-18", DISABILITY, {**ENDED, "disability_grade": 8, "termination_ground": "employer_terminates"}, {}),
    (
        "RSK-03",
        DISABILITY,
        {**GRADED, "disability_grade": 2, "left_post": True, "pension_amount": "3100"},
        {},
    ),
    ("RSK-09", DISABILITY, GRADED, {"employer_registration": "revoked"}),
    ("RSK-11", DISABILITY, {**GRADED, "enrolment_received_at": "2024-04-30"}, {}),
    ("RSK-13", DISABILITY, GRADED, {"earlier_wages": [Decimal(3000)] * 12}),
    ("RSK-21", MEDICAL, CLAIMED, {"third_party": True}),
    ("POL-10", DEATH, {**DEAD, **family(SPOUSE, SON)}, {"shares": [Decimal(3000), Decimal(3000)]}),
    ("POL-11", DEATH, {**DEAD, **family(SPOUSE)}, {"supported": False}),
    (
        "POL-12",
        DEATH,
        {**DEAD, "death_at": "2026-06-01T10:00", "leave_ended_on": "2025-05-01", "disability_grade": 3},
        {},
    ),
    ("RSK-04", DEATH, {**DEAD, "death_paid_by_pension": True}, {}),
    ("LOG-10", MEDICAL, {**CLAIMED, "bill_1_diagnosis": "胃炎"}, {}),
    ("LOG-11", MEDICAL, {**CLAIMED, **bill(2, "2024-06-05", "80", inpatient=True, until="2024-06-07")}, {}),
    ("POL-03", MEDICAL, CLAIMED, {"in_catalogue": False}),
    ("POL-04", MEDICAL, CLAIMED, {"agreement_from": None}),
    ("POL-08", MEDICAL, {**CLAIM, **bill(1, "2024-06-01", "900", kind="device", device="大腿假肢")}, {}),
    (
        "POL-15",
        MEDICAL,
        {**CLAIMED, "applied_by": "employer", "recognition_accepted_at": "2024-08-10T10:00"},
        {"cost_payer": "fund"},
    ),
    ("POL-17", MEDICAL, CLAIMED, {"covered_on_accident": False}),
    ("RSK-05", MEDICAL, {**CLAIMED, "bills_paid_by_medical": 1}, {}),
    (
        "RSK-10",
        MEDICAL,
        {
            **CLAIMED,
            **bill(2, "2024-06-11", "80", inpatient=True, until="2024-06-13", institution="甲院"),
            **bill(3, "2024-06-13", "90", inpatient=True, until="2024-06-15", institution="甲院"),
        },
        {},
    ),
]


@cache
def supplied(process: str) -> Supply:
    found = Supply.of(tomllib.loads((ROOT / f"workflows/{process}/process.toml").read_text("utf-8")))
    assert found is not None
    return found


def lines_of(draft: Draft) -> Any:
    """The drafted lines as the rules' supply reads them."""
    return [
        SimpleNamespace(
            item=one.wanted.item,
            payer=one.payer,
            payee=one.payee,
            amount=one.amount,
            coefficient=one.coefficient,
        )
        for one in draft.lines
    ]


def derived(process: str, facts: Mapping[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    draft = draft_award(process, facts, surroundings)
    lines = lines_of(draft)
    told = {**SOUND, **supply.of_lines(facts, lines, ())}
    told |= supply.of_draft(draft, facts, told.get("item"))
    if process == DISABILITY:
        told |= supply.of_pension(facts, lines)
    if process == DEATH:
        told |= supply.of_dependants(facts, lines, surroundings)
    if process == MEDICAL:
        told |= supply.of_bills(facts, surroundings)
    return told


def ask(
    process: str, facts: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[set[str], Mapping[str, Any]]:
    surroundings = around()
    told = {**derived(process, facts, surroundings), **changes}

    def find(key: str, on: date, categories: Mapping[str, str]) -> Any:
        try:
            value = surroundings.source.find(key, on, categories)
        except KeyError:
            return None
        return value.value if value is not None else None

    standing = [Standing(None, rule) for rule in RULES.values()]
    inquiry = Inquiry("duty", NOW, facts, lambda: told, find=find)
    said = evaluate(standing, supplied(process), inquiry)
    return {hit.rule.id for hit in said.hits}, said.lacking


@pytest.mark.parametrize("process", BOUND)
def test_an_award_is_judged_by_the_rules_whose_facts_it_supplies(process: str) -> None:
    bound = {key for key, rule in RULES.items() if bind(rule, supplied(process)) is not None}
    assert bound == BOUND[process]


def test_every_bound_rule_is_shown_to_hit() -> None:
    assert {rule for rule, *_ in HITS} == set().union(*BOUND.values())
    assert all(rule in BOUND[process] for rule, process, *_ in HITS)


@pytest.mark.parametrize(("rule", "process", "facts", "changes"), HITS, ids=[case[0] for case in HITS])
def test_a_bound_rule_hits_on_the_facts_of_a_case(
    rule: str, process: str, facts: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    hits, lacking = ask(process, facts, changes)
    assert rule in hits, (hits, lacking.get(rule))


@pytest.mark.parametrize(
    ("process", "facts"), [(DISABILITY, GRADED), (DEATH, {**DEAD, **family(SPOUSE, SON)}), (MEDICAL, CLAIMED)]
)
def test_a_sound_award_is_hit_by_none(process: str, facts: Mapping[str, Any]) -> None:
    assert ask(process, facts, {})[0] == set()
    assert CATALOGUE.items
