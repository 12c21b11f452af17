"""The worked examples of the benefit formulas, exact to the cent, and every item hit; with made-up regional values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.kernel.decisions.formulas import Calculation, calculate, read_catalogue
from app.kernel.decisions.formulas.catalogue import CatalogueInvalid, load_catalogue
from app.kernel.decisions.formulas.derivation import as_text, describe
from app.kernel.decisions.parameters.definitions import ShippedEdition
from app.kernel.refusals import InvalidInput
from tests.unit.shipped_parameters import ROOT, FileParameters, made_up

CATALOGUE = load_catalogue(ROOT / "workflows/benefits")
FILES = {path.name: path.read_bytes() for path in (ROOT / "workflows/benefits").iterdir()}

SET_A = (
    made_up("regional_average_wage", "7500"),
    made_up("minimum_wage", "1900"),
    made_up("meal_rate", "30"),
    made_up("lodging_rate", "180"),
    made_up("travel_cap", "1200"),
    made_up("assessment_tariff", {"initial": "200"}),
    made_up("device_cap", {"大腿假肢": "18000"}),
    made_up("termination_medical_months", {"5": "18", "6": "16", "7": "13", "8": "10", "9": "7", "10": "4"}),
    made_up(
        "termination_employment_months", {"5": "24", "6": "20", "7": "16", "8": "12", "9": "8", "10": "4"}
    ),
    made_up("termination_base", "regional_average_wage"),
    made_up("adjustment_amount", {"disability_allowance/3": "120"}),
)
SET_B = (made_up("regional_average_wage", "3000"), made_up("minimum_wage", "1900"))

DAY = {"accident_on": "2024-05-01", "award_on": "2024-09-01"}
WAGE = {**DAY, "own_wage": "5300"}
KEPT = {"left_post": "true", "cannot_place": "false"}
DEAD = {"accident_on": "2024-05-01", "died_on": "2024-05-01", "hardship": "false", "own_wage": "5300"}
ENDED = {"accident_on": "2024-05-01", "terminated_on": "2025-02-01", "own_wage": "5300"}
SURVIVORS = {**DEAD, "died_on": "2024-05-01"}
COVERED = {"accident_on": "2024-05-01"}


SHARED = {*WAGE, *DEAD, *ENDED}


def wages(*stretches: tuple[int, str]) -> list[dict[str, str]]:
    return [{"months": str(months), "wage": wage} for months, wage in stretches]


def people(*given: tuple[str, str, bool]) -> list[dict[str, str]]:
    return [
        {"name": name, "relation": relation, "lonely": "true" if lonely else ""}
        for name, relation, lonely in given
    ]


FAMILY = (
    ("配偶", "spouse", False),
    ("长子", "child", False),
    ("次子", "child", False),
    ("父", "parent", False),
    ("母", "parent", False),
)

# number of the example (0: an item or branch of its own), item, inputs, answers
CASES: list[tuple[int, str, Mapping[str, Any], Mapping[str, str]]] = [
    (1, "own_wage", {**DAY, "contributions": wages((6, "5000"), (6, "5600"))}, {"本人工资额": "5300.00"}),
    (2, "own_wage", {**DAY, "contributions": wages((12, "3200"))}, {"本人工资额": "4500.00"}),
    (3, "own_wage", {**DAY, "contributions": wages((12, "30000"))}, {"本人工资额": "22500.00"}),
    (4, "own_wage", {**DAY, "contributions": wages((4, "5000"), (1, "6000"))}, {"本人工资额": "5200.00"}),
    (5, "lump_sum_disability", {**WAGE, "grade": "7", "legal_basis": "14"}, {"基金支付": "68900.00"}),
    (
        6,
        "lump_sum_disability",
        {**DAY, "contributions": wages((12, "3200")), "grade": "1", "legal_basis": "14"},
        {"基金支付": "121500.00"},
    ),
    (
        6,
        "disability_allowance",
        {**DAY, "contributions": wages((12, "3200")), "grade": "1", **KEPT},
        {"应发": "4050.00", "其中最低工资补差": "0", "基金支付": "4050.00", "单位支付": "0"},
    ),
    (8, "care_allowance", {**DAY, "care_level": "most"}, {"基金支付": "3000.00"}),
    (8, "care_allowance", {**DAY, "care_level": "full"}, {"基金支付": "3750.00"}),
    (8, "care_allowance", {**DAY, "care_level": "partial"}, {"基金支付": "2250.00"}),
    (
        9,
        "disability_allowance",
        {**WAGE, "grade": "5", "left_post": "false", "cannot_place": "true"},
        {"应发": "3710.00", "基金支付": "0", "单位支付": "3710.00"},
    ),
    (9, "lump_sum_disability", {**WAGE, "grade": "5", "legal_basis": "14"}, {"基金支付": "95400.00"}),
    (10, "pension_top_up", {**WAGE, "grade": "2", "pension": "3100"}, {"基金支付": "1405.00"}),
    (10, "pension_top_up", {**WAGE, "grade": "2", "pension": "4600"}, {"基金支付": "0"}),
    (11, "funeral_grant", {**DEAD, "death_circumstance": "accident"}, {"基金支付": "45000.00"}),
    (11, "lump_sum_death", {**DEAD, "death_circumstance": "accident"}, {"基金支付": "1036420.00"}),
    (12, "survivor_pension", {**SURVIVORS, "dependants": people(*FAMILY[:2])}, {"基金支付": "3710.00"}),
    (13, "survivor_pension", {**SURVIVORS, "dependants": people(*FAMILY)}, {"基金支付": "5300.00"}),
    (
        14,
        "survivor_pension",
        {**SURVIVORS, "dependants": people(("孤儿", "child", True))},
        {"基金支付": "2120.00"},
    ),
    (
        15,
        "survivor_pension",
        {**SURVIVORS, "dependants": people(*FAMILY[:1], *FAMILY[2:])},
        {"基金支付": "5300.00"},
    ),
    (
        16,
        "lump_sum_death",
        {**DEAD, "death_circumstance": "missing", "hardship": "true"},
        {"基金支付": "518210.00"},
    ),
    (
        16,
        "lump_sum_death",
        {**DEAD, "death_circumstance": "declared_dead", "advanced": "518210"},
        {"基金支付": "518210.00"},
    ),
    (16, "funeral_grant", {**DEAD, "death_circumstance": "declared_dead"}, {"基金支付": "45000.00"}),
    (
        17,
        "lump_sum_medical",
        {**ENDED, "grade": "8", "termination_reason": "expiry"},
        {"基金支付": "75000.00", "计发月数": "10"},
    ),
    (
        17,
        "lump_sum_employment",
        {**ENDED, "grade": "8", "termination_reason": "expiry"},
        {"单位支付": "90000.00"},
    ),
    (17, "lump_sum_disability", {**WAGE, "grade": "8", "legal_basis": "14"}, {"基金支付": "58300.00"}),
    (
        18,
        "inpatient_meal_subsidy",
        {"admitted_on": "2024-03-01", "discharged_on": "2024-03-11"},
        {"基金支付": "300.00", "天数": "10"},
    ),
    (
        19,
        "medical_benefit",
        {**COVERED, "costs": [{"on": "2024-05-20", "covered": "65000"}], "third_party_paid": "20000"},
        {"基金支付": "45000.00", "第三人负担": "20000.00", "单位支付": "0"},
    ),
    (
        20,
        "medical_benefit",
        {
            **COVERED,
            "accepted_on": "2024-08-10",
            "costs": [
                {"on": "2024-05-01", "covered": "30000"},
                {"on": "2024-08-10", "covered": "12000"},
                {"on": "2024-08-11", "covered": "9000"},
            ],
        },
        {"单位支付": "42000.00", "基金支付": "9000.00"},
    ),
    (
        22,
        "assistive_device_benefit",
        {
            "served_on": "2024-06-01",
            "device": "大腿假肢",
            "cost": "21500",
            "confirmed": "true",
            "in_catalogue": "true",
            "agreement_institution": "true",
        },
        {"基金支付": "18000.00", "个人负担": "3500.00"},
    ),
    (
        22,
        "assistive_device_benefit",
        {
            "served_on": "2024-06-01",
            "device": "大腿假肢",
            "cost": "21500",
            "confirmed": "false",
            "in_catalogue": "true",
            "agreement_institution": "true",
        },
        {"基金支付": "0", "个人负担": "21500.00"},
    ),
    (23, "illegal_employer", {**COVERED, "harm": "injury", "grade": "3"}, {"单位支付": "1080000.00"}),
    (24, "lump_sum_disability", {**WAGE, "grade": "6", "legal_basis": "15-3"}, {"基金支付": "0"}),
    (
        24,
        "disability_allowance",
        {**WAGE, "grade": "6", "left_post": "false", "cannot_place": "true"},
        {"单位支付": "3180.00", "基金支付": "0"},
    ),
    (
        24,
        "medical_benefit",
        {**COVERED, "costs": [{"on": "2024-05-20", "covered": "812.345", "uncovered": "9.5"}]},
        {"基金支付": "812.35", "个人负担": "9.50"},
    ),
    (0, "disability_allowance", {**WAGE, "grade": "9", **KEPT}, {"基金支付": "0", "单位支付": "0"}),
    (0, "care_allowance", {**DAY, "care_level": "none"}, {"基金支付": "0"}),
    (0, "funeral_grant", {**DEAD, "death_circumstance": "missing"}, {"基金支付": "0"}),
    (0, "lump_sum_death", {**DEAD, "death_circumstance": "after_leave"}, {"基金支付": "0"}),
    (0, "lump_sum_death", {**DEAD, "death_circumstance": "leave_period"}, {"基金支付": "1036420.00"}),
    (0, "lump_sum_death", {**DEAD, "death_circumstance": "missing"}, {"基金支付": "0"}),
    (
        0,
        "dependant_qualification",
        {
            "died_on": "2024-05-01",
            "relation": "sibling",
            "sex": "male",
            "age_at_death": "17",
            "incapable": "false",
            "lived_on": "true",
            "parents_gone": "true",
        },
        {"符合": "true"},
    ),
    (
        0,
        "dependant_qualification",
        {
            "died_on": "2024-05-01",
            "relation": "parent",
            "sex": "female",
            "age_at_death": "54",
            "incapable": "false",
            "lived_on": "true",
        },
        {"符合": "false"},
    ),
    (0, "lump_sum_medical", {**ENDED, "grade": "6", "termination_reason": "expiry"}, {"基金支付": "0"}),
    (
        0,
        "lump_sum_medical",
        {**ENDED, "grade": "8", "termination_reason": "own_request", "other_grades": [{"grade": "6"}]},
        {"基金支付": "120000.00"},
    ),
    (
        0,
        "rehabilitation_benefit",
        {"served_on": "2024-06-01", "cost": "4200", "confirmed": "true", "agreement_institution": "true"},
        {"基金支付": "4200.00", "个人负担": "0"},
    ),
    (
        0,
        "outside_region_travel",
        {
            "served_on": "2024-06-01",
            "certified": "true",
            "consented": "true",
            "days_out": "4",
            "travel_cost": "1500",
        },
        {"基金支付": "1920.00"},
    ),
    (0, "assessment_fee", {"served_on": "2024-06-01", "assessment_kind": "initial"}, {"基金支付": "200.00"}),
    (
        0,
        "leave_wages",
        {**COVERED, "wage_now": "5000", "leave_months": "14", "leave_extension": "2"},
        {"单位支付": "70000.00", "计发月数": "14"},
    ),
    (0, "leave_nursing", {**COVERED, "dependent": "true", "nursing_cost": "3600"}, {"单位支付": "3600.00"}),
    (
        0,
        "prevention_fee",
        {"served_on": "2024-06-01", "revenue": "1000000", "planned": "50000", "permitted": "false"},
        {"基金支付": "30000.00"},
    ),
    (
        0,
        "who_pays",
        {"insurance": "paid_up_after", "harm": "injury", "benefit_item": "lump_sum_disability", "grade": "7"},
        {"支付方": "单位"},
    ),
    (
        0,
        "who_pays",
        {
            "insurance": "paid_up_after",
            "harm": "death",
            "benefit_item": "survivor_pension",
            "grade": "1",
            "arising_after": "true",
        },
        {"支付方": "基金"},
    ),
    (0, "illegal_employer", {**COVERED, "harm": "death", "grade": "1"}, {"单位支付": "1554630.00"}),
    (0, "entitlement_event", {"event": "cause_gone"}, {"处理": "次月恢复，不补发"}),
    (
        0,
        "periodic_adjustment",
        {
            "award_on": "2025-01-01",
            "adjusted_benefit": "disability_allowance",
            "adjusted_level": "3",
            "amount_before": "4240",
        },
        {"调整后": "4360.00"},
    ),
    (
        21,
        "difference",
        {"award_on": "2025-03-01", "amount_before": "45000", "amount_after": "46800", "periods": "1"},
        {"基金支付": "1800.00"},
    ),
]


def worked(key: str, raw: Mapping[str, Any], added: Iterable[ShippedEdition] = SET_A) -> Calculation:
    """The item; of the facts that examples share those it asks for."""
    asked = {one.key for one in CATALOGUE.inputs_of(CATALOGUE.items[key])}
    given = {name: value for name, value in raw.items() if name in asked or name not in SHARED}
    return calculate(CATALOGUE, key, given, FileParameters.of(added))


def told(calculation: Calculation) -> dict[str, Any]:
    assert calculation.status == "done", (calculation.missing, calculation.diagnostics)
    return dict((*calculation.results, *calculation.details))


@pytest.mark.parametrize(
    ("number", "key", "raw", "answers"),
    CASES,
    ids=[f"{case[0]}-{case[1]}-{n}" for n, case in enumerate(CASES)],
)
def test_worked_example(number: int, key: str, raw: Mapping[str, Any], answers: Mapping[str, str]) -> None:
    found = told(worked(key, raw))
    for name, wanted in answers.items():
        value = found[name]
        if isinstance(value, Decimal):
            assert value == Decimal(wanted), (name, value)
        else:
            assert str(value).lower() == wanted.lower()


def test_example_7_the_minimum_wage_is_the_floor() -> None:
    raw = {**DAY, "contributions": wages((12, "1500")), "grade": "4", **KEPT}
    found = told(worked("disability_allowance", raw, SET_B))
    assert [found[name] for name in ("标准", "其中最低工资补差", "应发", "基金支付")] == [
        1350,
        550,
        1900,
        1900,
    ]


def test_examples_12_to_15_name_what_each_dependant_gets() -> None:
    def each(*family: tuple[str, str, bool]) -> list[tuple[Decimal, Decimal]]:
        found = told(worked("survivor_pension", {**SURVIVORS, "dependants": people(*family)}))
        return [(one["未折算"], one["金额"]) for one in found["各人"]]

    as_is = [(Decimal(2120), Decimal(2120)), (Decimal(1590), Decimal(1590))]
    assert each(*FAMILY[:2]) == as_is
    assert each(*FAMILY) == [(2120, 1325), *[(1590, Decimal("993.75"))] * 4]
    assert each(*FAMILY[:1], *FAMILY[2:]) == [(2120, Decimal("1630.76")), *[(1590, Decimal("1223.08"))] * 3]


def test_example_18_days_may_count_inclusively() -> None:
    other = ShippedEdition("hospital_day_count", "640000", made_up("hospital_day_count", "inclusive").rows)
    raw = {"admitted_on": "2024-03-01", "discharged_on": "2024-03-11"}
    assert told(worked("inpatient_meal_subsidy", raw, (*SET_A, other)))["基金支付"] == 330


def test_example_21_a_published_average_changes_the_award_by_the_difference() -> None:
    raw = {**DEAD, "died_on": "2025-03-01", "death_circumstance": "accident"}
    before = worked("funeral_grant", raw, [made_up("regional_average_wage", "7500", date(2024, 12, 31))])
    assert [one.ref.key for one in before.provisional] == ["regional_average_wage"]
    after = worked("funeral_grant", raw, [made_up("regional_average_wage", "7800")])
    assert not after.provisional
    assert told(after)["基金支付"] - told(before)["基金支付"] == 1800


def test_every_item_is_hit_and_all_examples_are_there() -> None:
    assert {case[1] for case in CASES} == set(CATALOGUE.items)
    own = {7, 18, 21}
    assert {case[0] for case in CASES if case[0]} | own == set(range(1, 25))


def test_the_employers_items_have_no_payment_by_the_fund() -> None:
    for key in ("lump_sum_employment", "leave_wages", "leave_nursing", "illegal_employer"):
        raw, _answers = next((case[2], case[3]) for case in CASES if case[1] == key)
        assert "基金支付" not in told(worked(key, raw))


def test_without_a_valid_parameter_nothing_is_calculated() -> None:
    calculation = worked("lump_sum_medical", {**ENDED, "grade": "8", "termination_reason": "expiry"}, ())
    assert calculation.status == "no_parameter"
    assert calculation.results == ()
    assert {one.ref.key for one in calculation.missing} >= {"termination_medical_months", "termination_base"}


def test_what_is_not_verified_or_made_up_is_named() -> None:
    calculation = worked("funeral_grant", {**DEAD, "death_circumstance": "accident"})
    tags = {one.ref.key: one.value.tag for one in calculation.unverified if one.value}
    assert tags == {"regional_average_wage": "TEST", "rounding_places": "D", "rounding_mode": "D"}


def test_the_derivation_names_rules_with_their_articles_and_every_intermediate_value() -> None:
    calculation = worked("lump_sum_disability", {**WAGE, "grade": "7", "legal_basis": "14"})
    steps = {step.name: step for step in calculation.steps}
    assert steps["补助金享受条件"].hits[0].annotations == (("依据", "《工伤保险条例》37(1)"),)
    assert [(one.name, one.value) for one in steps["一次性伤残补助金"].entries][:2] == [
        ("计发月数", 13),
        ("基金支付", Decimal(68900)),
    ]
    months = next(one for one in calculation.parameters if one.ref.name == "补助金月数")
    assert months.value is not None
    assert (months.value.source, months.value.dimensions) == ("《工伤保险条例》37(1)", {"grade": "7"})


def test_amounts_are_rounded_once_and_at_the_end() -> None:
    raw = {**DAY, "contributions": wages((7, "5000.01")), "grade": "7", "legal_basis": "14"}
    assert told(worked("lump_sum_disability", raw))["基金支付"] == Decimal("65000.13")


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"grade": "11"}, "grade", "too_large"),
        ({"grade": ""}, "grade", "required"),
        ({"own_wage": "many"}, "own_wage", "not_a_number"),
        ({"contributions": [{"months": "13", "wage": "1"}]}, "contributions.0.months", "too_large"),
        ({"unheard_of": "1"}, "unheard_of", "unknown_field"),
    ],
)
def test_bad_input_is_refused_by_field(change: Mapping[str, Any], place: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        worked("lump_sum_disability", {**WAGE, "grade": "7", "legal_basis": "14", **change})
    assert {key: error[0] for key, error in refused.value.errors.items()} == {place: code}


def test_a_folder_that_contradicts_itself_is_refused() -> None:
    index = FILES["formulas.toml"].replace(
        'decision = "丧葬补助金"'.encode(), 'decision = "没有的决策"'.encode()
    )
    with pytest.raises(CatalogueInvalid, match="funeral_grant: there is no decision"):
        read_catalogue({**FILES, "formulas.toml": index})
    broken = FILES["care.dmn"].replace("平均工资 * 护理比例".encode(), "平均工资 * (".encode())
    with pytest.raises(CatalogueInvalid, match=r"care\.dmn"):
        read_catalogue({**FILES, "care.dmn": broken})


def test_every_name_of_the_models_has_its_english() -> None:
    names = {step.name for case in CASES for step in worked(case[1], case[2]).steps}
    entries = {
        entry.name for case in CASES for step in worked(case[1], case[2]).steps for entry in step.entries
    }
    assert (names | entries) - CATALOGUE.names.keys() == set()


def test_a_derivation_reads_in_both_languages_without_a_word_of_the_other() -> None:
    calculation = worked("lump_sum_disability", {**WAGE, "grade": "7", "legal_basis": "14"})
    chinese = as_text(describe(CATALOGUE, calculation, "zh"), "zh")
    assert "基金支付: 68,900.00" in chinese
    assert "规则 4" in chinese
    assert "补助金月数 = 13 个月 (全国, 自 2011-01-01 长期, 第 1 版; 《工伤保险条例》37(1) [V])" in chinese
    assert "测试值，不是规定" not in chinese
    english = describe(CATALOGUE, calculation, "en")
    assert english.results == (("Paid by the fund", "68,900.00"),)
    words = [
        english.title,
        *(name for name, _value in english.inputs),
        *(step.name for step in english.steps),
    ]
    words += [one.name for one in english.parameters] + [text for _tone, text in english.notes]
    assert [word for word in words if re.search("[一-鿿]", word)] == []


def test_a_derivation_says_what_is_missing_and_what_is_provisional() -> None:
    missing = worked(
        "inpatient_meal_subsidy", {"admitted_on": "2024-03-01", "discharged_on": "2024-03-11"}, ()
    )
    told_missing = describe(CATALOGUE, missing, "zh")
    assert (told_missing.done, told_missing.results) == (False, ())
    assert told_missing.notes[0] == ("over", "缺少有效的参数，不能计算：住院伙食补助标准")
    late = {**DAY, "care_level": "most", "award_on": "2026-01-01"}
    stood_in = worked("care_allowance", late, [made_up("regional_average_wage", "7500", date(2025, 6, 30))])
    assert (
        "soon",
        "暂按上一期的值计算，公布后应当重算并补差：统筹地区上年度职工月平均工资（人社部发〔2013〕34号 14 [K]）",
    ) in describe(CATALOGUE, stood_in, "zh").notes
