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
from app.kernel.decisions.formulas.examples import EXAMPLES as EXAMPLES_FILE
from app.kernel.decisions.formulas.examples import read_examples, run_examples
from app.kernel.decisions.parameters.definitions import ShippedEdition
from app.kernel.refusals import InvalidInput
from tests.unit.shipped_parameters import ROOT, FileParameters, made_up

CATALOGUE = load_catalogue(ROOT / "workflows/benefits")
FILES = {path.name: path.read_bytes() for path in (ROOT / "workflows/benefits").iterdir()}

EXAMPLES = read_examples(FILES[EXAMPLES_FILE])
SET_A, SET_B = (
    tuple(made_up(key, given) for key, given in EXAMPLES.sets[name].items()) for name in ("A", "B")
)

DAY = {"accident_on": "2024-05-01", "award_on": "2024-09-01"}
WAGE = {**DAY, "own_wage": "5300"}
KEPT = {"left_post": "true", "cannot_place": "false"}
DEAD = {"accident_on": "2024-05-01", "died_on": "2024-05-01", "hardship": "false", "own_wage": "5300"}
ENDED = {"accident_on": "2024-05-01", "terminated_on": "2025-02-01", "own_wage": "5300"}
SURVIVORS = {**DEAD, "died_on": "2024-05-01"}


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

CASES = [(one.number, one.item, one.inputs, one.answers) for one in EXAMPLES.examples if one.made_up == "A"]


def worked(key: str, raw: Mapping[str, Any], added: Iterable[ShippedEdition] = SET_A) -> Calculation:
    """The item; of the facts that examples share those it asks for."""
    asked = {one.key for one in CATALOGUE.inputs_of(CATALOGUE.items[key])}
    given = {name: value for name, value in raw.items() if name in asked or name not in SHARED}
    return calculate(CATALOGUE, key, given, FileParameters.of(added))


def told(calculation: Calculation) -> dict[str, Any]:
    assert calculation.status == "done", (calculation.missing, calculation.diagnostics)
    return dict((*calculation.results, *calculation.details))


def test_every_worked_example_comes_out_to_the_cent() -> None:
    failures = run_examples(CATALOGUE, EXAMPLES, FileParameters.of(()))
    assert failures == []
    assert len(EXAMPLES.examples) > 55


def test_an_example_that_comes_out_otherwise_is_told_with_what_came() -> None:
    text = FILES[EXAMPLES_FILE].replace(
        '"本人工资额" = "5300.00"'.encode(), '"本人工资额" = "5300.01"'.encode()
    )
    (failure,) = run_examples(CATALOGUE, read_examples(text), FileParameters.of(()))
    assert (failure.example.number, failure.name, failure.wanted) == (1, "本人工资额", "5300.01")
    assert Decimal(failure.got) == 5300


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


def test_an_adjustment_whose_scheme_lacks_a_number_is_not_guessed() -> None:
    raw = {
        "award_on": "2025-01-01",
        "received_since": "2019-06-01",
        "adjusted_benefit": "care_allowance",
        "adjusted_level": "0",
        "amount_before": "9",
    }
    by_percent = made_up("adjustment_method", {"care_allowance/0": "percent"})
    assert worked("periodic_adjustment", raw, ()).status == "no_parameter"
    assert worked("periodic_adjustment", raw, (by_percent,)).status == "not_computed"
    percent = made_up("adjustment_percent", {"care_allowance/0": "10"})
    assert told(worked("periodic_adjustment", raw, (by_percent, percent)))["调整后"] == Decimal("9.90")


def test_what_becomes_of_a_worker_in_prison_depends_on_the_day() -> None:
    raw = {"event": "worker_in_prison"}
    assert worked("entitlement_event", raw).status == "no_parameter"
    found = worked("entitlement_event", {**raw, "event_on": "2024-06-01"})
    assert told(found)["处理"] == "照发"
    assert [one.value.tag for one in found.parameters if one.value] == ["K"], "shown as unverified"


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
    assert "补助金月数 = 13 个月 (全国, 2011年1月1日起, 第 1 版; 《工伤保险条例》37(1) [V])" in chinese
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
