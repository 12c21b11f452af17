"""The worked examples as cases: facts of an award process in, lines of the award out, exact to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.domain.benefits.awards import (
    DEATH,
    DISABILITY,
    MEDICAL,
    Surroundings,
    draft_award,
    overpaid,
    tell_draft,
)
from app.domain.benefits.death import circumstance_of
from app.domain.benefits.dependants import find_faults
from app.domain.benefits.models import Payable
from app.domain.benefits.reckoning import EMPLOYER, FUND, Draft, digest_of, rows_of
from app.domain.benefits.wages import own_wage_of, settle_own_wage
from app.domain.benefits.wiring import check_reckoned
from app.kernel.decisions.formulas.catalogue import load_catalogue
from app.kernel.decisions.parameters.definitions import ShippedEdition
from app.kernel.refusals import InvalidInput
from tests.unit.shipped_parameters import ROOT, FileParameters, made_up
from tests.unit.test_benefit_formulas import SET_A, SET_B

CATALOGUE = load_catalogue(ROOT / "workflows/benefits")
TODAY = date(2024, 9, 10)
HURT = {
    "worker_name": "苏国栋",
    "accident_at": "2024-05-01T09:00",
    "insurance_status": "insured",
    "legal_basis_code": "14-1",
    "award_from": "2024-09-01",
    "award_variant": "initial",
    "own_wage": "5300",
}
ENDED = {
    **HURT,
    "award_variant": "termination",
    "terminated_on": "2025-02-01",
    "termination_ground": "contract_expiry",
}
DEAD = {
    "worker_name": "苏国栋",
    "kin_name": "马秀兰",
    "accident_at": "2024-05-01T09:00",
    "death_at": "2024-05-01T10:00",
    "death_circumstance": "accident",
    "insurance_status": "insured",
    "legal_basis_code": "14-1",
    "own_wage": "5300",
}
CLAIM = {"worker_name": "苏国栋", "accident_at": "2024-05-01T09:00", "insurance_status": "insured"}
SPOUSE = {"name": "配偶", "relation": "spouse", "id_no": "640102196203010028", "supported": True}
SON, SECOND = (
    {"name": "长子", "relation": "child", "id_no": "640102201003010019", "supported": True},
    {"name": "次子", "relation": "child", "id_no": "640102201203010013", "supported": True},
)
FATHER, MOTHER = (
    {"name": "父", "relation": "parent", "id_no": "640102195003010010", "supported": True},
    {"name": "母", "relation": "parent", "id_no": "640102195203010023", "supported": True},
)
ORPHAN = {
    "name": "孤儿",
    "relation": "child",
    "id_no": "640102201003010019",
    "supported": True,
    "lonely": True,
}


def months(*stretches: tuple[int, str]) -> dict[str, str]:
    """Contribution wages of the months before the accident."""
    wages = [wage for count, wage in stretches for _ in range(count)]
    return {f"wage_month_{number:02}": wage for number, wage in enumerate(wages, 1)}


def family(*people: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"dependant_{place}_{key}": value for place, one in enumerate(people, 1) for key, value in one.items()
    }


def bill(place: int, on: str, claimed: str, **more: Any) -> dict[str, Any]:
    told = {"kind": "medical", "on": on, "claimed": claimed, "in_catalogue": True, "agreement": True, **more}
    return {f"bill_{place}_{key}": value for key, value in told.items()}


FUND_, EMP = "fund", "employer"
Told = list[tuple[str, str, str]]
# number of the example, process, facts, lines as (item, payer, amount)
CASES: list[tuple[int, str, Mapping[str, Any], Told]] = [
    (5, DISABILITY, {**HURT, "disability_grade": 7}, [("lump_sum_disability", FUND_, "68900")]),
    (
        6,
        DISABILITY,
        {**HURT, "own_wage": None, **months((12, "3200")), "disability_grade": 1, "left_post": True},
        [("lump_sum_disability", FUND_, "121500"), ("disability_allowance", FUND_, "4050")],
    ),
    (
        8,
        DISABILITY,
        {**HURT, "disability_grade": 3, "care_level": "most", "left_post": False},
        [
            ("lump_sum_disability", FUND_, "121900"),
            ("disability_allowance", FUND_, "0"),
            ("care_allowance", FUND_, "3000"),
        ],
    ),
    (
        9,
        DISABILITY,
        {**HURT, "disability_grade": 5, "cannot_place": True},
        [("lump_sum_disability", FUND_, "95400"), ("disability_allowance", EMP, "3710")],
    ),
    (
        10,
        DISABILITY,
        {**HURT, "disability_grade": 2, "retired": True, "pension_amount": "3100"},
        [("lump_sum_disability", FUND_, "132500"), ("pension_top_up", FUND_, "1405")],
    ),
    (
        10,
        DISABILITY,
        {**HURT, "disability_grade": 2, "retired": True, "pension_amount": "4600"},
        [("lump_sum_disability", FUND_, "132500"), ("pension_top_up", FUND_, "0")],
    ),
    (11, DEATH, DEAD, [("funeral_grant", FUND_, "45000"), ("lump_sum_death", FUND_, "1036420")]),
    (
        12,
        DEATH,
        {**DEAD, **family(SPOUSE, SON)},
        [
            ("funeral_grant", FUND_, "45000"),
            ("lump_sum_death", FUND_, "1036420"),
            ("survivor_pension", FUND_, "2120"),
            ("survivor_pension", FUND_, "1590"),
        ],
    ),
    (
        13,
        DEATH,
        {**DEAD, **family(SPOUSE, SON, SECOND, FATHER, MOTHER)},
        [
            ("funeral_grant", FUND_, "45000"),
            ("lump_sum_death", FUND_, "1036420"),
            ("survivor_pension", FUND_, "1325"),
            *[("survivor_pension", FUND_, "993.75")] * 4,
        ],
    ),
    (
        14,
        DEATH,
        {**DEAD, **family(ORPHAN)},
        [
            ("funeral_grant", FUND_, "45000"),
            ("lump_sum_death", FUND_, "1036420"),
            ("survivor_pension", FUND_, "2120"),
        ],
    ),
    (
        15,
        DEATH,
        {**DEAD, **family(SPOUSE, SECOND, FATHER, MOTHER)},
        [
            ("funeral_grant", FUND_, "45000"),
            ("lump_sum_death", FUND_, "1036420"),
            ("survivor_pension", FUND_, "1630.76"),
            *[("survivor_pension", FUND_, "1223.08")] * 3,
        ],
    ),
    (
        16,
        DEATH,
        {
            **DEAD,
            "death_at": None,
            "missing_since": "2024-05-01",
            "death_circumstance": "missing",
            "hardship": True,
        },
        [("funeral_grant", FUND_, "0"), ("lump_sum_death", FUND_, "518210")],
    ),
    (
        16,
        DEATH,
        {**DEAD, "death_circumstance": "declared_dead", "advanced_amount": "518210"},
        [("funeral_grant", FUND_, "45000"), ("lump_sum_death", FUND_, "518210")],
    ),
    (
        17,
        DISABILITY,
        {**ENDED, "disability_grade": 8},
        [("lump_sum_medical", FUND_, "75000"), ("lump_sum_employment", EMP, "90000")],
    ),
    (17, DISABILITY, {**HURT, "disability_grade": 8}, [("lump_sum_disability", FUND_, "58300")]),
    (
        18,
        MEDICAL,
        {**CLAIM, **bill(1, "2024-06-01", "812.35", inpatient=True, until="2024-06-11")},
        [("medical_benefit", FUND_, "812.35"), ("inpatient_meal_subsidy", FUND_, "300")],
    ),
    (
        19,
        MEDICAL,
        {**CLAIM, **bill(1, "2024-05-20", "65000"), "third_party_paid": "20000"},
        [("medical_benefit", FUND_, "45000")],
    ),
    (
        20,
        MEDICAL,
        {
            **CLAIM,
            "recognition_accepted_at": "2024-08-10T10:00",
            "applied_by": "employer",
            **bill(1, "2024-05-01", "30000"),
            **bill(2, "2024-08-10", "12000"),
            **bill(3, "2024-08-11", "9000"),
        },
        [("medical_benefit", FUND_, "9000"), ("medical_benefit", EMP, "42000")],
    ),
    (
        22,
        MEDICAL,
        {**CLAIM, **bill(1, "2024-06-01", "21500", kind="device", device="大腿假肢", confirmed=True)},
        [("assistive_device_benefit", FUND_, "18000")],
    ),
    (
        22,
        MEDICAL,
        {**CLAIM, **bill(1, "2024-06-01", "21500", kind="device", device="大腿假肢", confirmed=False)},
        [("assistive_device_benefit", FUND_, "0")],
    ),
    (
        23,
        DISABILITY,
        {**HURT, "insurance_status": "illegal", "disability_grade": 3},
        [("illegal_employer", EMP, "1080000")],
    ),
    (
        24,
        DISABILITY,
        {**HURT, "legal_basis_code": "15-3", "disability_grade": 6, "cannot_place": True},
        [("lump_sum_disability", FUND_, "0"), ("disability_allowance", EMP, "3180")],
    ),
    (
        0,
        DISABILITY,
        {**HURT, "insurance_status": "uninsured", "disability_grade": 7},
        [("lump_sum_disability", EMP, "68900")],
    ),
    (
        0,
        DISABILITY,
        {
            **ENDED,
            "insurance_status": "paid_up_after",
            "arrears_paid_on": "2024-08-01",
            "disability_grade": 8,
        },
        [("lump_sum_medical", FUND_, "75000"), ("lump_sum_employment", EMP, "90000")],
    ),
    (
        0,
        DEATH,
        {**DEAD, "death_circumstance": "after_leave", "disability_grade": 3},
        [("funeral_grant", FUND_, "45000"), ("lump_sum_death", FUND_, "0")],
    ),
    (
        0,
        MEDICAL,
        {
            **CLAIM,
            **bill(1, "2024-06-01", "500", in_catalogue=False),
            **bill(2, "2024-06-02", "300", agreement=False, emergency=True, cut="50", cut_reason="重复收费"),
        },
        [("medical_benefit", FUND_, "250")],
    ),
    (
        0,
        DISABILITY,
        {**HURT, "disability_grade": 9, "leave_months": "3", "wage_before_leave": "5000"},
        [("lump_sum_disability", FUND_, "47700"), ("leave_wages", EMP, "15000")],
    ),
]


def around(
    added: Sequence[ShippedEdition] = SET_A, today: date = TODAY, granted: Sequence[Payable] = ()
) -> Surroundings:
    return Surroundings(CATALOGUE, FileParameters.of(added), today, granted)


def told(draft: Draft) -> Told:
    return [(one.wanted.item, one.payer, format(one.amount.normalize(), "f")) for one in draft.lines]


@pytest.mark.parametrize(
    ("number", "process", "facts", "lines"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)
def test_a_case_with_the_facts_of_an_example_gets_its_amounts(
    number: int, process: str, facts: Mapping[str, Any], lines: Told
) -> None:
    draft = draft_award(process, facts, around())
    assert not draft.gaps
    assert told(draft) == lines
    employers = ("lump_sum_employment", "leave_wages", "leave_nursing", "illegal_employer")
    assert all(one.payer == EMPLOYER for one in draft.lines if one.wanted.item in employers)


@pytest.mark.parametrize(
    ("number", "wages", "own"),
    [
        (1, months((6, "5000"), (6, "5600")), "5300"),
        (2, months((12, "3200")), "4500"),
        (3, months((12, "30000")), "22500"),
        (4, months((4, "5000"), (1, "6000")), "5200"),
    ],
)
def test_the_own_wage_of_a_case_follows_from_its_twelve_months(
    number: int, wages: Mapping[str, str], own: str
) -> None:
    facts = {**HURT, **wages}
    found = settle_own_wage(CATALOGUE, around().source, facts)
    assert own_wage_of(found, facts) == Decimal(own)


def test_example_7_the_fund_tops_up_to_the_minimum_wage_of_its_place() -> None:
    facts = {**HURT, "own_wage": None, **months((12, "1500")), "disability_grade": 4, "left_post": True}
    draft = draft_award(DISABILITY, facts, around(SET_B))
    assert told(draft)[1] == ("disability_allowance", FUND, "1900")
    details = dict(draft.lines[1].calculations[0].details)
    assert details["其中最低工资补差"] == 550


@dataclass
class Granted:
    """An earlier payable, as far as a draft reads it."""

    item: str
    payee: str
    cycle: str
    amount: Decimal


def granted(*rows: tuple[str, str, str]) -> Any:
    return [Granted(item, "苏国栋", cycle, Decimal(amount)) for item, cycle, amount in rows]


def test_a_recalculation_grants_the_difference_and_the_new_monthly_amount_from_the_next_month() -> None:
    """Example 21's reckoning, on a care allowance: a published average replaces the provisional one."""
    facts = {**HURT, "award_variant": "recalculation", "disability_grade": 3, "care_level": "most"}
    before = granted(("lump_sum_disability", "once", "100000"), ("care_allowance", "monthly", "2800"))
    draft = draft_award(DISABILITY, facts, around(today=date(2024, 11, 20), granted=before))
    lines = [(one.wanted.item, one.cycle, one.amount, one.wanted.since) for one in draft.lines]
    assert ("lump_sum_disability", "once", Decimal(21900), date(2024, 9, 1)) in lines
    assert ("care_allowance", "monthly", Decimal(3000), date(2024, 12, 1)) in lines
    assert ("care_allowance", "once", Decimal(600), date(2024, 9, 1)) in lines
    assert overpaid(draft) == 0


def test_a_recalculation_tells_what_was_granted_too_much() -> None:
    facts = {**HURT, "award_variant": "recalculation", "disability_grade": 8}
    draft = draft_award(DISABILITY, facts, around(granted=granted(("lump_sum_disability", "once", "68900"))))
    assert (told(draft), overpaid(draft)) == ([("lump_sum_disability", FUND, "0")], Decimal(10600))


def test_example_21_a_stand_in_average_marks_the_award_provisional() -> None:
    late = [made_up("regional_average_wage", "7500", date(2023, 12, 31))]
    draft = draft_award(DEATH, DEAD, around(late))
    assert draft.provisional
    assert "暂按上期参数" in tell_draft(around(late), draft, DEAD)["award_lines"][0]


def test_without_a_valid_parameter_an_item_is_a_gap_and_nothing_is_guessed() -> None:
    facts = {**ENDED, "disability_grade": 8}
    draft = draft_award(DISABILITY, facts, around(()))
    assert draft.lines == ()
    assert "termination_medical_months" in draft.gaps[0].missing
    assert tell_draft(around(()), draft, facts)["award_gaps"][0].startswith(
        "一次性工伤医疗补助金：缺少有效的参数"
    )


def test_a_relative_who_does_not_qualify_gets_no_share() -> None:
    grown = {"name": "成年子", "relation": "child", "id_no": "640102199003010035", "supported": True}
    draft = draft_award(DEATH, {**DEAD, **family(SPOUSE, grown)}, around())
    assert [one.payee for one in draft.lines if one.wanted.item == "survivor_pension"] == ["配偶"]


@pytest.mark.parametrize(
    ("facts", "circumstance"),
    [
        ({"accident_at": "2024-05-01T09:00", "death_at": "2024-05-01T20:00"}, "accident"),
        ({"accident_at": "2024-05-01T09:00", "death_at": "2024-06-01T20:00"}, "accident"),
        (
            {"accident_at": "2024-05-01T09:00", "death_at": "2024-06-01", "leave_ended_on": "2024-08-01"},
            "leave_period",
        ),
        (
            {
                "accident_at": "2024-05-01T09:00",
                "death_at": "2025-06-01",
                "leave_ended_on": "2024-08-01",
                "disability_grade": 2,
            },
            "after_leave",
        ),
        (
            {
                "accident_at": "2024-05-01T09:00",
                "death_at": "2025-06-01",
                "leave_ended_on": "2024-08-01",
                "disability_grade": 7,
            },
            None,
        ),
        ({"accident_at": "2024-05-01T09:00", "missing_since": "2024-05-01"}, "missing"),
        (
            {"accident_at": "2024-05-01T09:00", "missing_since": "2024-05-01", "death_at": "2026-06-01"},
            "declared_dead",
        ),
        ({"accident_at": "2024-05-01T09:00"}, None),
    ],
)
def test_how_the_worker_died_follows_from_dates_and_grade(
    facts: Mapping[str, Any], circumstance: str | None
) -> None:
    assert circumstance_of(facts) == circumstance


def test_a_line_keeps_its_derivation_in_both_languages_and_the_digest_follows_the_amounts() -> None:
    draft = draft_award(DISABILITY, {**HURT, "disability_grade": 7}, around())
    (row,) = rows_of(CATALOGUE, draft)
    assert (row["base"], row["coefficient"], row["amount"]) == (5300, 13, 68900)
    assert row["derivation"]["zh"][0]["results"] == (("基金支付", "68,900.00"),)
    assert row["derivation"]["en"][0]["title"] == "Lump-sum disability benefit"
    assert {one["key"] for one in row["parameters"]} >= {"lump_sum_disability_months", "rounding_places"}
    other = rows_of(CATALOGUE, draft_award(DISABILITY, {**HURT, "disability_grade": 8}, around()))
    assert digest_of([row]) != digest_of(other)
    assert digest_of([row]) == digest_of(rows_of(CATALOGUE, draft))


def test_what_people_sign_says_amount_payer_and_basis_of_each_line() -> None:
    facts = {**HURT, "disability_grade": 5, "cannot_place": True}
    draft = draft_award(DISABILITY, facts, around())
    words = tell_draft(around(), draft, facts)
    assert words["award_lines"] == [
        "一次性伤残补助金：基金支付 苏国栋 一次性 95,400.00 元；计算基数 5,300，系数 18",
        "伤残津贴：用人单位支付 苏国栋 按月自2024年9月1日起 3,710.00 元；计算基数 5,300，系数 70",
    ]
    assert (words["award_fund_once"], words["award_employer_monthly"]) == ("95400", "3710")


def test_a_base_without_end_is_told_to_six_places_and_equal_months_stand_in_one_row() -> None:
    facts = {**HURT, "own_wage": None, **months((7, "6881"), (5, "7081")), "disability_grade": 8}
    draft = draft_award(DISABILITY, facts, around())
    assert "计算基数 6,964.333333…" in tell_draft(around(), draft, facts)["award_lines"][0]
    given = {one.key: value for one, value in draft.lines[0].calculations[0].inputs}
    assert given["contributions"] == [
        {"months": 7, "wage": "6881"},
        {"months": 5, "wage": "7081"},
    ]


def test_an_award_without_a_grade_tells_none() -> None:
    draft = draft_award(DEATH, DEAD, around())
    given = [one.key for line in draft.lines for found in line.calculations for one, _value in found.inputs]
    assert "grade" not in given


NOBODY: Any = None
"""Unit, case and task, which these checks don't look at."""


def faults(check: Any, facts: Mapping[str, Any], **form: Any) -> dict[str, str]:
    try:
        check(NOBODY, NOBODY, NOBODY, facts, form)
    except InvalidInput as invalid:
        return {key: code for key, (code, _) in invalid.errors.items()}
    return {}


def test_what_was_never_reckoned_does_not_go_on_but_to_be_reckoned() -> None:
    assert faults(check_reckoned, {}, outcome="ready") == {"outcome": "not_reckoned"}
    assert faults(check_reckoned, {}, outcome="recalculate") == {}
    assert faults(check_reckoned, {"award_digest": "0f"}, outcome="ready") == {}


SON = {"dependant_2_name": "苏小川", "dependant_2_id_no": "x", "dependant_2_relation": "child"}
ASKED = {**SON, "dependants_to_assess": ["2"]}
NOT_SO = {"dependant_2_incapacitated": "departs_from_conclusion"}


@pytest.mark.parametrize(
    ("facts", "outcome", "bound", "wrong"),
    [
        ({}, "incapacity", {}, {"dependants_to_assess": "required_for_outcome"}),
        (ASKED, "incapacity", {}, {}),
        (
            {**ASKED, "dependant_2_id_no": None},
            "incapacity",
            {},
            {"dependant_2_id_no": "required_for_outcome"},
        ),
        (ASKED, "incapacity", {"2": "capable"}, {"dependants_to_assess": "assessed_already"}),
        ({**SON, "dependant_2_incapacitated": True}, "done", {}, {}),
        ({**SON, "dependant_2_incapacitated": True}, "done", {"2": "capable"}, NOT_SO),
        (SON, "done", {"2": "incapacitated"}, NOT_SO),
        (SON, "done", {"2": "capable"}, {}),
    ],
)
def test_capacity_is_asked_for_people_without_a_conclusion_and_nobody_departs_from_one(
    facts: Mapping[str, Any], outcome: str, bound: Mapping[str, str], wrong: Mapping[str, str]
) -> None:
    assert {key: code for key, (code, _) in find_faults(facts, outcome, bound).items()} == wrong
