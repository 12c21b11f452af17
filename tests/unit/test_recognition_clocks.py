"""The clocks of injury recognition as process.toml declares them, against days reckoned by hand."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from app.domain.recognition.rules import application_counts_from, remedies_until, suit_until
from app.kernel.deadlines import refusals, transitions
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.deadlines.transitions import Clock, exclude, extend, pause, resume, start

FOLDER = Path(__file__).resolve().parents[2] / "workflows/injury_recognition"
TABLES = tomllib.loads((FOLDER / "process.toml").read_text("utf-8"))["clock"]
CLOCKS = {kind: ClockSpec.from_toml(kind, table) for kind, table in TABLES.items()}
# 2026: Spring Festival 15 to 23 February, the Saturdays 14 and 28 work; Labour Day 1 to 5 May; Dragon Boat 19 to 21
# June; National Day 1 to 7 October, Saturday 10 works.
CALENDAR = WorkingCalendar([], range(2024, 2027))


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("kind", "started", "due"),
    [
        ("CR01", "2026-01-16", "2026-02-24"),  # ends on a Sunday in the Spring Festival
        ("CR01", "2026-01-31", "2026-03-02"),
        ("CR02", "2024-02-29", "2025-02-28"),  # a leap day has no counterpart: the month's last day
        ("CR02", "2025-05-01", "2026-05-06"),
        ("CR03", "2026-02-13", "2026-02-28"),  # a Saturday on which people work for the holiday
        ("CR04", "2026-09-16", "2026-10-08"),
        ("CR05", "2026-01-31", "2026-03-02"),
        ("CR06", "2026-03-02", "2026-05-06"),
        ("CR06", "2025-12-31", "2026-03-02"),  # Sunday 1 March
        ("CR07", "2026-03-02", "2026-03-17"),
        ("CR07", "2026-01-31", "2026-02-24"),
        ("CR09", "2026-09-14", "2026-10-08"),
        ("CR09", "2026-09-20", "2026-10-10"),  # the working Saturday after National Day
        ("CR10W", "2026-07-30", "2026-09-28"),
        ("CR10E", "2026-08-02", "2026-10-08"),
        ("CR11W", "2025-08-31", "2026-02-28"),  # the end of February, a working Saturday
        ("CR11E", "2026-03-31", "2026-09-30"),
        ("CR12", "2026-06-05", "2026-06-22"),
        ("CR13", "2026-04-17", "2026-05-06"),
        ("CR14", "2026-02-28", "2076-02-28"),
    ],
)
def test_a_clock_ends_on_the_day_reckoned_by_hand(kind: str, started: str, due: str) -> None:
    found = start(CLOCKS[kind], day(started)).due(CALENDAR)
    assert found.due_on == day(due)
    assert found.provisional == (day(due).year > 2026)


@pytest.mark.parametrize("kind", ["CR08", "CR08b"])
def test_waiting_for_somebody_else_has_no_end(kind: str) -> None:
    assert start(CLOCKS[kind], day("2026-03-02")).due(CALENDAR).due_on is None


@pytest.mark.parametrize(
    ("started", "paused", "resumed", "due"),
    [
        (
            "2026-01-05",
            "2026-02-10",
            "2026-02-25",
            "2026-03-23",
        ),  # across the Spring Festival: Saturday 21 March
        ("2026-03-02", "2026-04-10", "2026-05-10", "2026-06-01"),  # across Labour Day: Sunday 31 May
        ("2026-03-02", "2026-03-02", "2026-03-03", "2026-05-06"),
        ("2026-08-01", "2026-09-30", "2026-10-07", "2026-09-30"),  # suspended on the sixtieth day itself
    ],
)
@pytest.mark.parametrize("kind", ["CR06"])
def test_a_suspension_keeps_the_days_that_are_left(
    kind: str, started: str, paused: str, resumed: str, due: str
) -> None:
    clock = pause(start(CLOCKS[kind], day(started)), day(paused), "中止")
    again = resume(clock, day(resumed))
    assert again.due(CALENDAR).due_on == day(due)


def test_the_simple_procedure_converts_into_the_ordinary_one_of_the_same_day() -> None:
    converted = transitions.convert(start(CLOCKS["CR07"], day("2026-03-02")), CLOCKS["CR06"])
    assert converted.due(CALENDAR).due_on == day("2026-05-06")


@pytest.mark.parametrize("kind", sorted(CLOCKS))
def test_no_clock_of_recognition_can_be_extended(kind: str) -> None:
    with pytest.raises(refusals.ClockNotExtendable):
        extend(start(CLOCKS[kind], day("2026-03-02")), 1)


def test_days_nobody_can_be_blamed_for_are_left_out_of_the_year_once() -> None:
    clock = start(CLOCKS["CR02"], day("2024-02-29"))
    once = exclude(clock, day("2024-06-01"), day("2024-06-30"), "仲裁")
    assert once.due(CALENDAR).due_on == day("2025-03-31")  # thirty days on is a Sunday
    for begins, ends in (("2024-06-30", "2024-07-02"), ("2024-05-01", "2024-06-01")):
        with pytest.raises(refusals.ClockIntervalOverlaps):
            exclude(once, day(begins), day(ends), "仲裁")
    with pytest.raises(refusals.ClockDateImpossible):
        exclude(clock, day("2024-02-29"), day("2024-03-01"), "仲裁")
    twice = exclude(once, day("2024-07-01"), day("2024-07-01"), "仲裁")
    assert twice.due(CALENDAR).due_on == day("2025-03-31")


def test_a_disease_counts_from_its_diagnosis_and_an_accident_from_itself() -> None:
    facts = {"accident_at": "2026-01-02T08:00", "diagnosis_at": "2026-02-03T09:00"}
    assert application_counts_from(facts) == "2026-01-02"
    assert application_counts_from({**facts, "occupational_disease_certificate": True}) == "2026-02-03"
    assert application_counts_from({}) is None


def test_remedies_end_with_the_last_partys_last_day_to_sue() -> None:
    assert remedies_until([day("2026-03-31"), day("2026-03-02")], CALENDAR) == "2026-10-01T00:00"
    assert suit_until(day("2026-06-05"), CALENDAR) == "2026-06-23T00:00"


def test_only_the_time_to_apply_may_be_lengthened_by_an_officer() -> None:
    assert {kind for kind, spec in CLOCKS.items() if spec.excludable} == {"CR01", "CR02"}
    assert not any(spec.shiftable or spec.extendable for spec in CLOCKS.values())
    assert isinstance(start(CLOCKS["CR02"], day("2026-03-02")), Clock)
