"""A parameter that is a day: what is accepted, how it is said, and what a scheme's cut-off does."""

from __future__ import annotations

from datetime import date

import pytest

from app.kernel.decisions.parameters.definitions import Row, wrong_in_row
from tests.unit.shipped_parameters import SHIPPED

CUT_OFF = next(one for one in SHIPPED.definitions if one.key == "adjustment_cut_off")
SLOT = "disability_allowance/3"


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("2024-12-31", ""),
        ("2024-02-30", "not_a_date"),
        ("20241231", "not_a_date"),
        ("年底", "not_a_date"),
    ],
)
def test_only_a_day_is_taken_for_a_day(value: str, wrong: str) -> None:
    assert wrong_in_row(CUT_OFF, Row(SLOT, value, date(2025, 1, 1), None, "方案", "V")) == wrong


def test_a_day_is_written_out() -> None:
    assert CUT_OFF.value_words("2024-12-31") == ("2024年12月31日", "31 December 2024")
