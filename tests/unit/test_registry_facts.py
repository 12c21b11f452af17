"""What the register says of a day: cover, arrears, wages of two years, the twelve months of the own wage."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.domain.registry.facts import arrears_paid_on, cover_facts, wage_facts
from app.domain.registry.own_wage import month_back, months_before, own_wage_inputs, wage_months
from app.domain.registry.queries import EnrolmentLine, RegisteredEmployer, WageLine

KNOWN = datetime(2026, 1, 1, tzinfo=UTC)
ACCIDENT = date(2026, 3, 10)


def enrolled(from_on: date, registered_on: date, to_on: date | None = None) -> EnrolmentLine:
    place = ("640100-1", "employer", "某公司", 1, "U1", "某公司", "640100", "employed")
    return EnrolmentLine(1, 1, 1, *place, from_on, to_on, registered_on, KNOWN, "test")


def paid(month: date, wage: str = "5000", on: date | None = date(2026, 1, 5), employer: int = 1) -> WageLine:
    return WageLine(month, Decimal(wage), on, employer, employer, f"U{employer}", "test")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], (False, None, None)),
        ([enrolled(date(2025, 1, 1), date(2025, 1, 3))], (True, "2025-01-01", "2025-01-03")),
        ([enrolled(ACCIDENT, ACCIDENT)], (True, "2026-03-10", "2026-03-10")),
        ([enrolled(date(2025, 1, 1), date(2025, 1, 3), date(2026, 3, 9))], (False, None, None)),
        # Registered after the accident, cover said to begin before it: not covered by that alone.
        ([enrolled(date(2026, 3, 1), date(2026, 3, 12))], (False, "2026-03-01", "2026-03-12")),
        # Enrolled only from a day after the accident on.
        ([enrolled(date(2026, 3, 11), date(2026, 3, 11))], (False, "2026-03-11", "2026-03-11")),
        # Of two that cover the day the one received first counts.
        (
            [
                enrolled(date(2026, 3, 1), date(2026, 3, 12)),
                enrolled(date(2025, 6, 1), date(2025, 6, 2)),
            ],
            (True, "2025-06-01", "2025-06-02"),
        ),
    ],
)
def test_cover_on_a_day(lines: list[EnrolmentLine], expected: tuple[bool, str | None, str | None]) -> None:
    told = cover_facts(lines, [], ACCIDENT)
    assert (told["covered_on_accident"], told["insured_since"], told["enrolment_received_at"]) == expected


def test_arrears_count_once_every_month_up_to_the_accident_is_paid() -> None:
    backdated = [enrolled(date(2026, 2, 1), date(2026, 3, 20))]
    owed = [paid(date(2026, 2, 1), on=date(2026, 4, 1)), paid(date(2026, 3, 1), on=None)]
    assert cover_facts(backdated, owed, ACCIDENT)["arrears_paid_on"] is None
    settled = [owed[0], paid(date(2026, 3, 1), on=date(2026, 4, 9)), paid(date(2026, 4, 1), on=None)]
    assert cover_facts(backdated, settled, ACCIDENT)["arrears_paid_on"] == "2026-04-09"
    assert arrears_paid_on([], 1, ACCIDENT) is None


def test_wages_of_two_years_and_employers_afterwards() -> None:
    here = RegisteredEmployer(1, "U1", "某公司", "33", 4, "640100", "active", "", KNOWN.date())
    lines = [
        paid(date(2024, 4, 1), "3000"),
        paid(date(2025, 2, 1), "3200"),
        paid(date(2025, 3, 1), "6000"),
        paid(date(2026, 2, 1), "6400"),
        paid(date(2026, 3, 1), "9999"),
        paid(date(2026, 4, 1), employer=1),
        paid(date(2026, 4, 1), employer=2),
        paid(date(2026, 5, 1), employer=2),
        paid(date(2026, 5, 1), employer=3, on=None),
    ]
    told = wage_facts(lines, ACCIDENT, here)
    assert told["recent_wages"] == [Decimal(6000), Decimal(6400)]
    assert told["earlier_wages"] == [Decimal(3000), Decimal(3200)]
    assert told["new_employers"] == 1


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 3, 10), date(2025, 3, 1), date(2026, 2, 1)),
        (date(2026, 1, 1), date(2025, 1, 1), date(2025, 12, 1)),
        (date(2024, 2, 29), date(2023, 2, 1), date(2024, 1, 1)),
        (date(2026, 12, 31), date(2025, 12, 1), date(2026, 11, 1)),
    ],
)
def test_the_twelve_months_end_before_that_of_the_accident(day: date, first: date, last: date) -> None:
    assert months_before(day) == (first, last)
    assert month_back(day, 0) == day.replace(day=1)


def test_unpaid_months_leave_a_gap_and_several_employers_add_up() -> None:
    lines = [
        paid(date(2025, 3, 1), "4000"),
        paid(date(2025, 3, 1), "1000.50", employer=2),
        paid(date(2025, 4, 1), "4000", on=None),
        paid(date(2025, 5, 1), "5000.50"),
        paid(date(2026, 2, 1), "7000"),
    ]
    months = wage_months(ACCIDENT, lines)
    assert [month.wage for month in months if month.wage] == [
        Decimal("5000.50"),
        Decimal("5000.50"),
        Decimal(7000),
    ]
    assert len(months) == 12
    assert len(months[0].lines) == 2
    asked = own_wage_inputs(ACCIDENT, months)
    assert asked["contributions"] == [{"months": 2, "wage": "5000.50"}, {"months": 1, "wage": "7000"}]
