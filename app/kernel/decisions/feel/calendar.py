"""The proleptic Gregorian calendar for years of up to nine digits, and offsets of time zones (10.3.2.3.5).

Python's own dates end at the years 1 and 9999; FEEL's (XML Schema's) don't.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

LARGEST_YEAR: Final = 999_999_999
DAY: Final = 86_400
NANOS: Final = 1_000_000_000
FURTHEST_OFFSET: Final = 18 * 3600
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    return 29 if month == 2 and is_leap(year) else _LENGTHS[month - 1]


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms")."""
    shifted = year - (month <= 2)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted from 1970-01-01."""
    shifted = days + 719_468
    era = shifted // 146_097
    day_of_era = shifted - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_index = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_index + 2) // 5 + 1
    month = month_index + (3 if month_index < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None for names the database doesn't have or that could be paths."""
    if not name or len(name) > 60 or name[0] in "./" or ".." in name or "\\" in name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def local_offset(zone: str, days: int, seconds: int) -> int:
    """Seconds east of UTC at a local time in a zone; years out of Python's range borrow the same year of a cycle."""
    year, month, day = civil_from_days(days)
    info = zone_named(zone)
    if info is None:
        return 0
    hour, rest = divmod(seconds, 3600)
    local = datetime(_known_year(year), month, day, hour, rest // 60, rest % 60, tzinfo=info)
    offset = local.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def utc_offset(zone: str, instant: int) -> int:
    """Seconds east of UTC at an instant (seconds since 1970-01-01T00:00:00Z) in a zone."""
    days, seconds = divmod(instant, DAY)
    year, month, day = civil_from_days(days)
    info = zone_named(zone)
    if info is None:
        return 0
    hour, rest = divmod(seconds, 3600)
    at = datetime(_known_year(year), month, day, hour, rest // 60, rest % 60, tzinfo=UTC)
    offset = at.astimezone(info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _known_year(year: int) -> int:
    """A year the library knows, with the same calendar (400 years repeat)."""
    return year if 2 <= year <= 9998 else 2000 + year % 400
