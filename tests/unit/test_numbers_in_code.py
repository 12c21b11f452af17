"""Numbers that code reckons with are those whose source is told: of clocks, parameters, rules (`sanshen sources`)."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from app.domain.benefits.death import PENSION_FROM_MONTH
from app.domain.recognition import queries, rules
from app.kernel.deadlines.rules import WARNING_SHARE
from tests.unit.shipped_parameters import ROOT, SHIPPED

CLOCKS = tomllib.loads((ROOT / "workflows/injury_recognition/process.toml").read_text("utf-8"))["clock"]


def threshold(rule: str, key: str) -> Any:
    manifest = tomllib.loads((ROOT / f"workflows/rules/{rule}/rule.toml").read_text("utf-8"))
    return manifest["parameter"][key]["value"]


def parameter(key: str) -> str:
    return next(row.value for edition in SHIPPED.editions if edition.key == key for row in edition.rows)


@pytest.mark.parametrize(
    ("number", "clock", "unit"),
    [
        (rules.EMPLOYER_WINDOW_DAYS, "CR01", "days"),
        (rules.SUIT_MONTHS, "CR11W", "months"),
        (rules.SUIT_MONTHS, "CR11E", "months"),
        (rules.SUIT_AFTER_RECONSIDERATION_DAYS, "CR12", "days"),
    ],
)
def test_a_period_in_code_is_that_of_its_clock(number: int, clock: str, unit: str) -> None:
    assert (number, unit) == (CLOCKS[clock]["length"], CLOCKS[clock]["unit"])


def test_a_threshold_in_code_is_that_of_its_rule() -> None:
    assert float(1 - WARNING_SHARE) == threshold("RSK-28", "warn_share")
    assert threshold("RSK-14", "window_days") == queries.CLUSTER_DAYS


def test_a_month_in_code_is_that_of_its_parameter() -> None:
    assert str(PENSION_FROM_MONTH) == parameter("missing_pension_from_month")
