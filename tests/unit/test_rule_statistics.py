"""Figures of statistical rules over given acts, conclusions and bills, and what the rules say of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.benefits.figures import figures_of
from app.kernel.decisions.catalogue import Rule, read_rule
from app.kernel.decisions.catalogue.statistics import (
    Act,
    Conclusion,
    DecidedCase,
    ProviderFigure,
    Sample,
    concentration,
    grade_drift,
    provider_outlier,
    tempo,
)
from tests.rules import rule_files

NOW = datetime(2026, 3, 9, 1, tzinfo=UTC)
ANA, BEN, CEM, DIA = ((number, name) for number, name in enumerate(("甲", "乙", "丙", "丁")))


@pytest.fixture(scope="module")
def rules() -> dict[str, Rule]:
    return {key: read_rule(key, rule_files(key)) for key in ("RSK-15", "RSK-16", "RSK-17", "RSK-20")}


def outcome(rule: Rule, sample: Sample) -> str:
    return rule.judge(sample.facts, NOW).outcome


def decided(initial: tuple[int, str], final: tuple[int, str], region: str = "640123") -> DecidedCase:
    return DecidedCase(region, "盐池县" if region == "640323" else region, initial, final)


def test_one_officer_or_one_pair_with_most_of_an_offices_cases_is_found(rules: dict[str, Rule]) -> None:
    spread = [decided(one, other) for one in (ANA, BEN) for other in (CEM, DIA)] * 5
    (even,) = concentration(spread)
    assert (even.facts["officer_share"], even.facts["pair_share"]) == (Decimal("0.5"), Decimal("0.25"))
    assert outcome(rules["RSK-15"], even) == "no_hit"
    (one_sided,) = concentration([decided(ANA, CEM)] * 6 + [decided(BEN, DIA)] * 4)
    assert one_sided.facts["officer_share"] == Decimal("0.6")
    assert one_sided.persons == (0, 2)
    assert outcome(rules["RSK-15"], one_sided) == "hit"
    (few,) = concentration([decided(ANA, CEM)] * 3)
    assert outcome(rules["RSK-15"], few) == "no_hit"
    assert len(list(concentration([*spread, decided(ANA, CEM, "640323")]))) == 2


def test_acts_at_night_and_bursts_are_found(rules: dict[str, Rule]) -> None:
    monday = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 9:00 in Shanghai
    calm = [
        Act(person, str(person), "640100", monday + timedelta(hours=hour))
        for person in range(4)
        for hour in range(8)
    ]
    night = Act(1, "1", "640100", datetime(2026, 3, 2, 15, tzinfo=UTC))
    burst = [Act(9, "9", "640100", monday + timedelta(minutes=minute)) for minute in range(30)]
    samples = {
        one.persons[0]: one for one in tempo([*calm, night, *burst], lambda day: day.weekday() < 5, 7, 21)
    }
    said = {person: outcome(rules["RSK-16"], sample) for person, sample in samples.items()}
    assert said == {0: "no_hit", 1: "hit", 2: "no_hit", 3: "no_hit", 9: "hit"}
    assert samples[1].facts["outside_hours"] == 1
    assert samples[9].facts["acts_in_hour"] == 30
    (sunday,) = tempo(
        [Act(1, "1", "640100", monday - timedelta(days=1))], lambda day: day.weekday() < 5, 7, 21
    )
    assert sunday.facts["outside_hours"] == 1


def test_an_assessor_whose_grades_drift_is_found(rules: dict[str, Rule]) -> None:
    usual = [
        Conclusion(city, "640000", grade, changed=False)
        for city in "AB"
        for grade in (7, 8, 9, 10)
        for _ in range(20)
    ]
    odd = [Conclusion("C", "640000", 4, changed=number < 5) for number in range(40)]
    said = {one.subject: outcome(rules["RSK-17"], one) for one in grade_drift([*usual, *odd])}
    assert said == {"A": "no_hit", "B": "no_hit", "C": "hit"}
    facts = {one.subject: one.facts for one in grade_drift([*usual, *odd])}["C"]
    assert (facts["conclusions"], facts["reversal_rate"]) == (40, Decimal("0.125"))
    assert facts["grade_distance"] == Decimal("0.8")


def test_a_provider_far_above_its_peers_is_found_and_two_alone_say_nothing(rules: dict[str, Rule]) -> None:
    values = {"a": 5000, "b": 5200, "c": 4800, "d": 9000}
    figures = [ProviderFigure(name, "640100", "mean_bill", Decimal(value)) for name, value in values.items()]
    said = {one.facts["provider"]: outcome(rules["RSK-20"], one) for one in provider_outlier(figures)}
    assert said == {"a": "no_hit", "b": "no_hit", "c": "no_hit", "d": "hit"}
    assert list(provider_outlier(figures[:2])) == []


def test_figures_of_institutions_are_the_means_of_their_bills(rules: dict[str, Rule]) -> None:
    def claim(*bills: tuple[str, str, int]) -> tuple[str, dict[str, object]]:
        facts: dict[str, object] = {}
        for place, (kind, institution, amount) in enumerate(bills, 1):
            told = {"kind": kind, "institution": institution, "on": "2026-02-01", "claimed": str(amount)}
            facts |= {f"bill_{place}_{key}": value for key, value in told.items()}
        return "640100", facts

    claims = [
        claim(("medical", "a", 1000), ("medical", "a", 2000), ("device", "b", 9000)),
        claim(("medical", "b", 1400), ("rehabilitation", "a", 7), ("medical", "", 5)),
        claim(("medical", "c", 1600), ("medical", "d", 9000)),
    ]
    found = {(one.provider, one.measure): one.value for one in figures_of(claims)}
    assert found == {
        ("a", "mean_bill"): 1500, ("b", "mean_bill"): 1400, ("c", "mean_bill"): 1600, ("d", "mean_bill"): 9000,
        ("b", "device_price"): 9000,
    }  # fmt: skip
    said = {
        one.facts["provider"]: outcome(rules["RSK-20"], one) for one in provider_outlier(figures_of(claims))
    }
    assert said == {"a": "no_hit", "b": "no_hit", "c": "no_hit", "d": "hit"}, "a single device has no peers"


def test_the_share_of_drugs_counts_the_bills_that_state_it(rules: dict[str, Rule]) -> None:
    def bill(place: int, institution: str, claimed: str, drugs: str | None) -> dict[str, object]:
        told = {"kind": "medical", "institution": institution, "on": "2026-02-01", "claimed": claimed}
        return {f"bill_{place}_{key}": value for key, value in {**told, "drugs": drugs}.items()}

    claims: list[tuple[str, dict[str, object]]] = [
        (
            "640100",
            {**bill(1, "a", "1000", "300"), **bill(2, "a", "500", "300"), **bill(3, "a", "9000", None)},
        ),
        (
            "640100",
            {**bill(1, "b", "1000", "410"), **bill(2, "c", "1000", "390"), **bill(3, "d", "100", "95")},
        ),
    ]
    found = [one for one in figures_of(claims) if one.measure == "drug_share"]
    shares = {"a": Decimal("0.4"), "b": Decimal("0.41"), "c": Decimal("0.39"), "d": Decimal("0.95")}
    assert {one.provider: one.value for one in found} == shares
    said = {one.facts["provider"]: outcome(rules["RSK-20"], one) for one in provider_outlier(found)}
    assert said == {"a": "no_hit", "b": "no_hit", "c": "no_hit", "d": "hit"}


def test_nothing_done_says_nothing() -> None:
    assert list(tempo([], lambda _day: True, 7, 21)) == []
    assert list(concentration([])) == []
