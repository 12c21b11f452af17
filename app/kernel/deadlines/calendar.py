"""China's working days: weekends, statutory holidays and make-up workdays (调休).

The dates of past and present years come from `chinesecalendar`, which transcribes the yearly
announcements of the State Council's General Office (国务院办公厅关于部分节假日安排的通知);
rows of our own table override it day by day. A year counts as published only when our table
says so; a date reckoned with an unpublished year is provisional.

Legal source: 民法典 203 (a period whose last day is a statutory rest day ends on the day after);
weekends are rest days of the State's offices by 国务院关于职工工作时间的规定 7.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from chinese_calendar import constants

from app.kernel.deadlines.counting import Days, DaysThat, nth_day

ONE_DAY = timedelta(days=1)

DayKind = Literal["workday", "holiday"]

# Listed by hand, not read from the library, so that an upgrade of the library never publishes a
# year by itself: an administrator compares the announcement and adds the year (issue 2, item 5).
SEEDED_YEARS: dict[int, str] = {
    year: f"国务院办公厅关于{year}年部分节假日安排的通知（chinesecalendar 1.11.0 所录）"
    for year in range(2004, 2027)
}

# 全国年节及纪念日放假办法 2 (revised 2024): the holidays with a fixed solar date. The others
# follow the lunar calendar or the yearly announcement and stay unknown until it appears.
_FIXED_HOLIDAYS: dict[tuple[int, int], tuple[str, str]] = {
    (1, 1): ("元旦", "New Year's Day"),
    (5, 1): ("劳动节", "Labour Day"),
    (5, 2): ("劳动节", "Labour Day"),
    (10, 1): ("国庆节", "National Day"),
    (10, 2): ("国庆节", "National Day"),
    (10, 3): ("国庆节", "National Day"),
}


@dataclass(frozen=True, slots=True)
class CalendarOverride:
    """One corrected day: what it is and the announcement that says so."""

    day: date
    kind: DayKind
    source: str


@dataclass(frozen=True, slots=True)
class RestDay:
    """Why nobody works on a day; `kind` is weekend, holiday or override."""

    day: date
    kind: Literal["weekend", "holiday", "override"]
    name_zh: str
    name_en: str


class WorkingCalendar:
    """Working days of China for any date; immutable, safe to share between threads. `days` counts them."""

    def __init__(
        self,
        overrides: Iterable[CalendarOverride] = (),
        published_years: Iterable[int] = tuple(SEEDED_YEARS),
    ) -> None:
        self._overrides = {override.day: override for override in overrides}
        self._published = frozenset(published_years)
        self.days: Days = DaysThat(lambda day: self.rest_day(day) is None)

    def is_published(self, year: int) -> bool:
        """Whether the holidays of this year are official."""
        return year in self._published

    def rest_day(self, day: date) -> RestDay | None:
        """The reason why this day is no working day, or None when people work."""
        override = self._overrides.get(day)
        if override is not None:
            return _overridden(override)
        holiday = self._holiday(day)
        if holiday is not None:
            return RestDay(day, "holiday", *holiday)
        if day.weekday() < 5 or self._is_make_up_workday(day):
            return None
        return RestDay(day, "weekend", "周末", "weekend")

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on this day; make-up workdays on weekends do count."""
        return self.days.between(day - ONE_DAY, day) == 1

    def is_public_holiday(self, day: date) -> bool:
        """Whether the day lies in an announced holiday, the weekend days inside it included."""
        rest = self.rest_day(day)
        return rest is not None and rest.kind != "weekend"

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after `day` (which is itself not counted); count >= 0."""
        return nth_day(self.days, day, count)

    def working_days_between(self, after: date, until: date) -> int:
        """Working days in (after, until]; negative when `until` lies before `after`."""
        if until < after:
            return -self.working_days_between(until, after)
        return self.days.between(after, until)

    def shift_off_holiday(self, day: date) -> date:
        """`day`, or the first working day after it when it is a rest day (民法典 203)."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def _holiday(self, day: date) -> tuple[str, str] | None:
        if not self.is_published(day.year):
            return _FIXED_HOLIDAYS.get((day.month, day.day))
        name = constants.holidays.get(day)
        return None if name is None else (constants.Holiday(name).chinese, name)

    def _is_make_up_workday(self, day: date) -> bool:
        return self.is_published(day.year) and day in constants.workdays


def _overridden(override: CalendarOverride) -> RestDay | None:
    if override.kind == "workday":
        return None
    return RestDay(override.day, "override", override.source, override.source)
