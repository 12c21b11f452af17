"""The demonstration's case from paper states what its entry asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path

from app.demo.stories import PAPER_DATES, PAPER_ENTRY

PROCESS = Path(__file__).resolve().parents[2] / "workflows/injury_recognition/process.toml"


def test_the_case_from_paper_states_the_dates_of_its_entry_in_their_order() -> None:
    entries = tomllib.loads(PROCESS.read_text("utf-8"))["take_over"]
    [requires] = [one["requires"] for one in entries if one["entry"] == PAPER_ENTRY]
    assert list(PAPER_DATES) == requires
    assert list(PAPER_DATES.values()) == sorted(PAPER_DATES.values())
