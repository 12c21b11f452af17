"""China's working days, checked against the announcements for 2025 and 2026."""

from datetime import date

import pytest
from chinese_calendar import constants

from app.kernel.deadlines.calendar import SEEDED_YEARS, CalendarOverride, WorkingCalendar

CALENDAR = WorkingCalendar()


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 1, 26),  # Sunday before Spring Festival 2025
        date(2025, 2, 8),
        date(2025, 4, 27),
        date(2025, 9, 28),
        date(2025, 10, 11),
        date(2026, 1, 4),
        date(2026, 2, 14),  # Saturday before Spring Festival 2026
        date(2026, 2, 28),  # Saturday after it
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ],
)
def test_make_up_day_on_a_weekend_is_a_working_day(day: date) -> None:
    assert day.weekday() >= 5
    assert CALENDAR.is_working_day(day)
    assert not CALENDAR.is_public_holiday(day)


def test_national_day_2026_lasts_from_the_first_to_the_seventh_of_october() -> None:
    assert all(CALENDAR.is_public_holiday(date(2026, 10, day)) for day in range(1, 8))
    assert CALENDAR.is_working_day(date(2026, 9, 30))
    assert CALENDAR.is_working_day(date(2026, 10, 8))
    assert CALENDAR.shift_off_holiday(date(2026, 10, 1)) == date(2026, 10, 8)


def test_spring_festival_2026_lasts_nine_days() -> None:
    resting = [day for day in range(14, 25) if not CALENDAR.is_working_day(date(2026, 2, day))]
    assert resting == list(range(15, 24))


def test_ordinary_weekend_rests_but_is_no_public_holiday() -> None:
    saturday = date(2026, 11, 21)
    assert not CALENDAR.is_working_day(saturday)
    assert not CALENDAR.is_public_holiday(saturday)
    assert CALENDAR.shift_off_holiday(saturday) == date(2026, 11, 23)


def test_working_days_skip_the_holiday_and_count_the_make_up_saturday() -> None:
    # 29, 30 September; 8, 9, 10 (make-up Saturday) October
    assert CALENDAR.add_working_days(date(2026, 9, 28), 5) == date(2026, 10, 10)
    assert CALENDAR.working_days_between(date(2026, 9, 28), date(2026, 10, 10)) == 5
    assert CALENDAR.working_days_between(date(2026, 10, 10), date(2026, 9, 28)) == -5


def test_override_beats_the_announcement_and_names_its_source() -> None:
    closed = CalendarOverride(date(2026, 11, 24), "holiday", "宁夏回族自治区人民政府公告")
    opened = CalendarOverride(date(2026, 10, 7), "workday", "国务院办公厅通知")
    calendar = WorkingCalendar([closed, opened])
    rest = calendar.rest_day(date(2026, 11, 24))
    assert rest is not None
    assert (rest.kind, rest.name_zh) == ("override", "宁夏回族自治区人民政府公告")
    assert calendar.is_public_holiday(date(2026, 11, 24))
    assert calendar.is_working_day(date(2026, 10, 7))


def test_unpublished_year_knows_only_weekends_and_the_fixed_holidays() -> None:
    calendar = WorkingCalendar(published_years=[2026])
    assert not calendar.is_published(2027)
    assert calendar.is_public_holiday(date(2027, 10, 1))
    assert calendar.is_working_day(date(2027, 10, 4))
    assert calendar.is_working_day(date(2027, 2, 8))  # inside the likely Spring Festival


def test_year_is_not_published_because_the_library_knows_it() -> None:
    calendar = WorkingCalendar(published_years=[2025])
    assert date(2026, 2, 16) in constants.holidays
    assert not calendar.is_public_holiday(date(2026, 2, 16))


def test_library_holds_every_seeded_year() -> None:
    known = {day.year for day in constants.holidays}
    assert set(SEEDED_YEARS) <= known


def test_negative_number_of_working_days_is_a_fault() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(date(2026, 1, 5), -1)
