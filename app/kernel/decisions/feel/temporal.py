"""Dates, times, instants and durations (10.3.2.3.4 to .9). Immutable; Python's equality is identity in FEEL (`is`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.kernel.decisions.feel.calendar import (
    DAY,
    FURTHEST_OFFSET,
    LARGEST_YEAR,
    NANOS,
    civil_from_days,
    days_from_civil,
    local_offset,
    month_length,
    utc_offset,
    zone_named,
)

Zone = int | str | None
"""Seconds east of UTC, an IANA name, or nothing (local time)."""

DAY_NANOS: Final = DAY * NANOS
LARGEST_MONTHS: Final = 12 * (LARGEST_YEAR + 1) * 10
LARGEST_NANOS: Final = LARGEST_YEAR * 366 * DAY_NANOS * 10


@dataclass(frozen=True, slots=True)
class YearsMonths:
    """A years and months duration, in months."""

    months: int


@dataclass(frozen=True, slots=True)
class DaysTime:
    """A days and time duration, in nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Date:
    """A day; years from -999999999 to 999999999."""

    year: int
    month: int
    day: int

    @property
    def days(self) -> int:
        """Days since 1970-01-01."""
        return days_from_civil(self.year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, local or with a zone."""

    hour: int
    minute: int
    second: int
    nanos: int = 0
    zone: Zone = None

    @property
    def local(self) -> int:
        """Nanoseconds since midnight, as the clock on the wall."""
        return ((self.hour * 60 + self.minute) * 60 + self.second) * NANOS + self.nanos

    @property
    def offset(self) -> int | None:
        """Seconds east of UTC. A zone without a date is taken on 1970-01-01: no answer depends on the day."""
        if isinstance(self.zone, str):
            return local_offset(self.zone, 0, self.local // NANOS)
        return self.zone

    @property
    def instant(self) -> int:
        """Nanoseconds since midnight at UTC, where there is a zone."""
        return self.local - (self.offset or 0) * NANOS

    @property
    def key(self) -> int:
        """What times are compared by: whole seconds (10.3.2.3.4: the properties hour, minute, second and offset)."""
        return self.instant // NANOS


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date with a time."""

    date: Date
    time: Time

    @property
    def local(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00 as the clock on the wall."""
        return self.date.days * DAY_NANOS + self.time.local

    @property
    def offset(self) -> int | None:
        zone = self.time.zone
        if isinstance(zone, str):
            return local_offset(zone, self.date.days, self.time.local // NANOS)
        return zone

    @property
    def instant(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00 at UTC, where there is a zone."""
        return self.local - (self.offset or 0) * NANOS

    @property
    def key(self) -> int:
        """What instants are compared by: whole seconds, as times are."""
        return self.instant // NANOS


Temporal = Date | Time | DateTime


def make_date(year: int, month: int, day: int) -> Date | None:
    """The day, or None where the calendar has none."""
    if not (abs(year) <= LARGEST_YEAR and 1 <= month <= 12):
        return None
    return Date(year, month, day) if 1 <= day <= month_length(year, month) else None


def make_time(hour: int, minute: int, second: int, nanos: int = 0, zone: Zone = None) -> Time | None:
    """The time of day, or None where there is none; 24:00:00 isn't one."""
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59 and 0 <= nanos < NANOS):
        return None
    if isinstance(zone, int) and abs(zone) > FURTHEST_OFFSET:
        return None
    if isinstance(zone, str) and zone_named(zone) is None:
        return None
    return Time(hour, minute, second, nanos, zone)


def time_of(nanos: int, zone: Zone) -> Time:
    """The time of day so many nanoseconds after midnight."""
    seconds, rest = divmod(nanos, NANOS)
    return Time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest, zone)


def date_of(days: int) -> Date | None:
    """The day so many days after 1970-01-01, or None out of the calendar."""
    year, month, day = civil_from_days(days)
    return Date(year, month, day) if abs(year) <= LARGEST_YEAR else None


def datetime_of(local: int, zone: Zone) -> DateTime | None:
    """The instant so many nanoseconds after 1970-01-01 on the wall of its zone."""
    days, nanos = divmod(local, DAY_NANOS)
    date = date_of(days)
    return DateTime(date, time_of(nanos, zone)) if date is not None else None


def midnight_utc(date: Date) -> DateTime:
    """A date as an instant: midnight at UTC (10.3.2.3.5)."""
    return DateTime(date, Time(0, 0, 0, 0, 0))


def add_months(date: Date, months: int) -> Date | None:
    """The same day so many months later; the last of the month where that month is shorter."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if abs(year) > LARGEST_YEAR:
        return None
    return Date(year, month + 1, min(date.day, month_length(year, month + 1)))


def shift(moment: DateTime, nanos: int) -> DateTime | None:
    """So much later on the time line; in a zone with summer time the clock on the wall follows."""
    zone = moment.time.zone
    if isinstance(zone, str):
        instant = moment.instant + nanos
        return datetime_of(instant + utc_offset(zone, instant // NANOS) * NANOS, zone)
    return datetime_of(moment.local + nanos, zone)


def weekday(date: Date) -> int:
    """1 for Monday to 7 for Sunday."""
    return (date.days + 3) % 7 + 1
