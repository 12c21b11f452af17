"""Reckoning of statutory periods: worked examples from the law and properties."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.deadlines import refusals, rules, transitions
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.rules import ClockSpec, Pause
from app.kernel.local_time import LOCAL_ZONE
from tests.clock_specs import CR06

CALENDAR = WorkingCalendar()
CR07 = replace(CR06, kind="CR07", length=15)
ACCEPTED = date(2026, 9, 18)
EXAMPLE = (Pause(date(2026, 10, 12), date(2026, 10, 21), "认定办法 20"),)

days = st.dates(date(2024, 1, 1), date(2025, 6, 1))
lengths = st.integers(1, 90)


def spec(length: int, unit: rules.Unit = "days") -> ClockSpec:
    return replace(CR06, length=length, unit=unit)


def test_worked_example_of_the_case_page() -> None:
    due = rules.due_on(CR06, ACCEPTED, EXAMPLE, CALENDAR)
    assert due.first_day == date(2026, 9, 19)
    assert due.raw_end == date(2026, 11, 17)
    assert due.suspended_days == 9
    assert due.counted_end == due.due_on == date(2026, 11, 26)
    assert due.shifted_because is None
    assert not due.provisional


def test_suspension_keeps_the_days_that_were_left() -> None:
    paused = (Pause(date(2026, 10, 12)),)
    left = rules.remaining(CR06, ACCEPTED, paused, CALENDAR, date(2026, 10, 20))
    assert (left.used, left.left) == (24, 36)
    assert left.natural_days is None
    assert rules.due_on(CR06, ACCEPTED, paused, CALENDAR).due_on is None
    assert rules.warn_on(CR06, ACCEPTED, paused, CALENDAR) is None


def test_remaining_days_of_the_case_page() -> None:
    left = rules.remaining(CR06, ACCEPTED, EXAMPLE, CALENDAR, date(2026, 11, 23))
    assert (left.used, left.left, left.natural_days, left.working_days) == (57, 3, 3, 3)


def test_days_after_the_last_one_are_negative() -> None:
    left = rules.remaining(CR06, ACCEPTED, EXAMPLE, CALENDAR, date(2026, 11, 30))
    assert (left.natural_days, left.working_days) == (-4, -2)


def test_warning_comes_when_four_fifths_are_used_and_breach_when_the_last_day_is_over() -> None:
    # 48 counted days: 24 until 12 October, 24 after 21 October
    warned = rules.warn_on(CR06, ACCEPTED, EXAMPLE, CALENDAR)
    assert warned == datetime(2026, 11, 15, tzinfo=LOCAL_ZONE)
    due = rules.due_on(CR06, ACCEPTED, EXAMPLE, CALENDAR)
    assert rules.breach_on(due) == datetime(2026, 11, 27, tzinfo=LOCAL_ZONE)


def test_warning_may_fall_inside_a_day() -> None:
    warned = rules.warn_on(spec(3), date(2026, 11, 2), (), CALENDAR)  # 2.4 days
    assert warned == datetime(2026, 11, 5, 9, 36, tzinfo=LOCAL_ZONE)


def test_period_that_ends_in_national_day_week_ends_on_the_eighth_of_october() -> None:
    due = rules.due_on(spec(15), date(2026, 9, 17), (), CALENDAR)
    assert due.counted_end == date(2026, 10, 2)
    assert due.due_on == date(2026, 10, 8)
    assert due.shifted_because is not None
    assert due.shifted_because.name_zh == "国庆节"


def test_period_that_ends_on_a_make_up_saturday_is_not_shifted() -> None:
    due = rules.due_on(spec(15), date(2026, 9, 25), (), CALENDAR)
    assert due.due_on == date(2026, 10, 10)


def test_working_days_jump_over_holiday_and_suspension() -> None:
    working = spec(5, "working_days")
    assert rules.due_on(working, date(2026, 9, 28), (), CALENDAR).due_on == date(2026, 10, 10)
    paused = (Pause(date(2026, 9, 29), date(2026, 10, 9)),)  # one used, four left
    assert rules.due_on(working, date(2026, 9, 28), paused, CALENDAR).due_on == date(2026, 10, 14)


@pytest.mark.parametrize(
    ("unit", "length", "start", "end"),
    [
        ("months", 6, date(2026, 8, 31), date(2027, 2, 28)),
        ("months", 1, date(2024, 1, 31), date(2024, 2, 29)),
        ("years", 1, date(2024, 2, 29), date(2025, 2, 28)),
        ("years", 50, date(2026, 11, 23), date(2076, 11, 23)),
    ],
)
def test_months_and_years_end_on_the_corresponding_day(
    unit: rules.Unit, length: int, start: date, end: date
) -> None:
    assert rules.due_on(spec(length, unit), start, (), CALENDAR).raw_end == end


def test_date_that_depends_on_an_unpublished_year_is_provisional() -> None:
    assert rules.due_on(CR06, date(2026, 12, 1), (), CALENDAR).provisional
    assert not rules.due_on(CR06, date(2026, 10, 1), (), CALENDAR).provisional


def test_open_clock_has_no_end() -> None:
    due = rules.due_on(spec(0, "open"), ACCEPTED, (), CALENDAR)
    assert (due.raw_end, due.due_on, rules.breach_on(due)) == (None, None, None)
    assert rules.warn_on(spec(0, "open"), ACCEPTED, (), CALENDAR) is None


def test_simple_procedure_converts_to_the_ordinary_period_from_the_same_day() -> None:
    clock = transitions.convert(transitions.start(CR07, ACCEPTED), CR06)
    assert clock.due(CALENDAR).due_on == date(2026, 11, 17)


def test_extension_needs_a_legal_allowance() -> None:
    clock = transitions.start(CR06, ACCEPTED)
    with pytest.raises(refusals.ClockNotExtendable):
        transitions.extend(clock, 30)
    longer = transitions.extend(transitions.start(replace(CR06, extendable=30), ACCEPTED), 30)
    assert longer.due(CALENDAR).raw_end == date(2026, 12, 17)
    with pytest.raises(refusals.ClockNotExtendable):
        transitions.extend(longer, 1)


def test_shift_moves_the_end_by_the_same_number_of_days() -> None:
    clock = transitions.shift(transitions.start(CR06, ACCEPTED), 7)
    assert clock.due(CALENDAR).raw_end == date(2026, 11, 24)
    with pytest.raises(refusals.ClockShiftNotPositive):
        transitions.shift(clock, 0)


def test_clock_refuses_changes_out_of_order() -> None:
    clock = transitions.start(CR06, ACCEPTED)
    with pytest.raises(refusals.ClockNotPaused):
        transitions.resume(clock, ACCEPTED)
    with pytest.raises(refusals.ClockDateImpossible):
        transitions.pause(clock, ACCEPTED - timedelta(days=1), "")
    paused = transitions.pause(clock, date(2026, 10, 12), "")
    with pytest.raises(refusals.ClockAlreadyPaused):
        transitions.pause(paused, date(2026, 10, 13), "")
    with pytest.raises(refusals.ClockDateImpossible):
        transitions.resume(paused, date(2026, 10, 11))


@given(start=days, length=lengths, offset=st.integers(0, 80), paused=st.integers(0, 120))
def test_pause_and_resume_add_exactly_the_paused_days(
    start: date, length: int, offset: int, paused: int
) -> None:
    offset = min(offset, length - 1)
    began = start + timedelta(days=offset)
    suspensions = (Pause(began, began + timedelta(days=paused)),)
    plain = rules.due_on(spec(length), start, (), CALENDAR)
    longer = rules.due_on(spec(length), start, suspensions, CALENDAR)
    assert plain.counted_end is not None
    assert longer.counted_end is not None
    assert (longer.counted_end - plain.counted_end).days == paused
    assert longer.suspended_days == paused


units: st.SearchStrategy[rules.Unit] = st.sampled_from(["days", "working_days", "months", "years"])


@given(start=days, length=st.integers(1, 12), unit=units)
def test_last_day_is_a_working_day_after_the_start_and_the_warning_comes_before_its_end(
    start: date, length: int, unit: rules.Unit
) -> None:
    due = rules.due_on(spec(length, unit), start, (), CALENDAR)
    warned, breached = rules.warn_on(spec(length, unit), start, (), CALENDAR), rules.breach_on(due)
    assert due.due_on is not None
    assert due.counted_end is not None
    assert start < due.counted_end <= due.due_on
    assert CALENDAR.is_working_day(due.due_on)
    assert warned is not None
    assert breached is not None
    assert rules.end_of_day(start) <= warned < breached


@given(start=days, stopped=st.integers(0, 100), later=st.integers(0, 400))
def test_stopped_clock_is_frozen(start: date, stopped: int, later: int) -> None:
    end = start + timedelta(days=stopped)
    clock = transitions.stop(transitions.start(CR06, start), end)
    assert clock.remaining(CALENDAR, end + timedelta(days=later)) == clock.remaining(CALENDAR, end)
    for change in (
        lambda: transitions.pause(clock, end, ""),
        lambda: transitions.resume(clock, end),
        lambda: transitions.extend(clock, 1),
        lambda: transitions.shift(clock, 1),
        lambda: transitions.convert(clock, CR07),
        lambda: transitions.stop(clock, end),
    ):
        with pytest.raises(refusals.ClockStopped):
            change()
