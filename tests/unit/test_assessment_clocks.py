"""The committee's periods, as their processes declare them: month ends, leap days, holidays, extension, moved days."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from app.kernel.deadlines import rules, transitions
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.refusals import ClockNotExtendable

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
CALENDAR = WorkingCalendar((), range(2004, 2027))


@cache
def specs(process: str) -> dict[str, rules.ClockSpec]:
    document = tomllib.loads((WORKFLOWS / process / "process.toml").read_text("utf-8"))
    return {kind: rules.ClockSpec.from_toml(kind, table) for kind, table in document["clock"].items()}


@pytest.mark.parametrize(
    ("process", "kind", "start", "due"),
    [
        # CA01: five working days; a make-up Saturday works (14 February 2026), Spring Festival 15–23 February rests.
        ("capacity_assessment", "CA01", "2026-03-02", "2026-03-09"),
        ("capacity_assessment", "CA01", "2026-02-12", "2026-02-26"),
        ("capacity_assessment", "CA01", "2026-09-30", "2026-10-13"),
        ("capacity_confirmation", "CA01", "2026-03-02", "2026-03-09"),
        # CA02
        ("capacity_assessment", "CA02", "2026-03-02", "2026-03-17"),
        # CA03: over a month end, over a leap day, ending on a Saturday, ending in Spring Festival.
        ("capacity_assessment", "CA03", "2026-03-31", "2026-06-01"),
        ("capacity_assessment", "CA03", "2024-01-15", "2024-03-15"),
        ("capacity_assessment", "CA03", "2025-12-20", "2026-02-24"),
        ("capacity_confirmation", "CA03", "2026-03-31", "2026-06-01"),
        # CA05: 15 days for an assessment, 20 for a confirmation.
        ("capacity_assessment", "CA05", "2026-09-17", "2026-10-08"),
        ("capacity_confirmation", "CA05", "2026-03-02", "2026-03-23"),
        # CA06: each party from its own receipt.
        ("capacity_assessment", "CA06W", "2026-03-02", "2026-03-17"),
        ("capacity_assessment", "CA06E", "2026-03-13", "2026-03-30"),
        # CA07: a year later, on the corresponding day; of a leap day on the month's last.
        ("capacity_assessment", "CA07", "2025-03-03", "2026-03-03"),
        ("capacity_assessment", "CA07", "2024-02-29", "2025-02-28"),
    ],
)
def test_a_period_ends_on_the_day_the_law_counts(process: str, kind: str, start: str, due: str) -> None:
    found = rules.due_on(specs(process)[kind], date.fromisoformat(start), (), CALENDAR, 0)
    assert str(found.due_on) == due


@pytest.mark.parametrize("process", ["capacity_assessment", "capacity_confirmation"])
def test_the_conclusion_is_extended_by_thirty_days_once(process: str) -> None:
    clock = transitions.extend(transitions.start(specs(process)["CA03"], date(2026, 3, 2)), 30)
    assert str(clock.due(CALENDAR).due_on) == "2026-06-01"  # 31 May is a Sunday
    with pytest.raises(ClockNotExtendable):
        transitions.extend(clock, 1)


def test_an_agreed_new_day_moves_the_end_beside_any_extension() -> None:
    clock = transitions.shift(transitions.start(specs("capacity_assessment")["CA03"], date(2026, 3, 2)), 7)
    assert str(clock.due(CALENDAR).due_on) == "2026-05-08"
    assert str(transitions.extend(clock, 30).due(CALENDAR).due_on) == "2026-06-08"  # 7 June is a Sunday


def test_nothing_pauses_the_conclusion_but_the_law() -> None:
    """鉴定办法 13: the time of commissioned tests counts."""
    for process in ("capacity_assessment", "capacity_confirmation"):
        model = (WORKFLOWS / process / f"{process}.bpmn").read_text("utf-8")
        assert 'action="pause"' not in model
