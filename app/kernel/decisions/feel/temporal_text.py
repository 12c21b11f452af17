"""Dates, times and durations from and to text (10.3.4.1; ISO 8601 as XML Schema and XPath restrict it)."""

from __future__ import annotations

import re
from typing import Final

from app.kernel.decisions.feel.calendar import DAY, NANOS
from app.kernel.decisions.feel.temporal import (
    LARGEST_MONTHS,
    LARGEST_NANOS,
    Date,
    DateTime,
    DaysTime,
    Temporal,
    Time,
    YearsMonths,
    Zone,
    date_of,
    make_date,
    make_time,
)

_DATE: Final = re.compile(r"(-?)([1-9]\d{4,8}|\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME: Final = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,40}))?(?:(Z)|([+-])(\d\d):(\d\d)(?::(\d\d))?|@([\w/+\-]{1,60}))?",
    re.ASCII,
)
_DAYS_TIME: Final = re.compile(
    r"(-?)P(?:(\d{1,20})D)?(?:T(?=\d)(?:(\d{1,20})H)?(?:(\d{1,20})M)?(?:(\d{1,20})(?:\.(\d{0,40}))?S)?)?",
    re.ASCII,
)
_YEARS_MONTHS: Final = re.compile(r"(-?)P(?:(\d{1,20})Y)?(?:(\d{1,20})M)?", re.ASCII)


def parse_date(text: str) -> Date | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year = int(found[2])
    return make_date(-year if found[1] else year, int(found[3]), int(found[4]))


def parse_time(text: str) -> Time | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    nanos = int((found[4] or "0")[:9].ljust(9, "0"))
    zone = _zone_of(found)
    if zone == "":
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    if hour == 24 and not (minute or second or nanos):  # the end of a day, as XML Schema has it
        hour = 0
    return make_time(hour, minute, second, nanos, zone)


def _zone_of(found: re.Match[str]) -> Zone:
    """The zone written behind a time; "" for an offset that can't be."""
    if found[5]:
        return 0
    if found[6]:
        if int(found[8]) > 59 or int(found[9] or 0) > 59:
            return ""
        seconds = int(found[7]) * 3600 + int(found[8]) * 60 + int(found[9] or 0)
        return -seconds if found[6] == "-" else seconds
    return found[10]


def parse_datetime(text: str) -> DateTime | None:
    """An instant; a date alone is its midnight, local."""
    day, divider, clock = text.partition("T")
    date = parse_date(day)
    if date is None:
        return None
    if not divider:
        return DateTime(date, Time(0, 0, 0))
    time = parse_time(clock)
    if time is None:
        return None
    day_after = date_of(date.days + 1) if clock.startswith("24") else date
    return DateTime(day_after, time) if day_after is not None else None


def parse_duration(text: str) -> DaysTime | YearsMonths | None:
    found = _YEARS_MONTHS.fullmatch(text)
    if found is not None and (found[2] or found[3]):
        months = int(found[2] or 0) * 12 + int(found[3] or 0)
        return YearsMonths(-months if found[1] else months) if months <= LARGEST_MONTHS else None
    found = _DAYS_TIME.fullmatch(text)
    if found is None or not any(found.group(index) for index in (2, 3, 4, 5)):
        return None
    seconds = (
        int(found[2] or 0) * DAY + int(found[3] or 0) * 3600 + int(found[4] or 0) * 60 + int(found[5] or 0)
    )
    nanos = seconds * NANOS + int((found[6] or "0")[:9].ljust(9, "0"))
    return DaysTime(-nanos if found[1] else nanos) if nanos <= LARGEST_NANOS else None


def parse_at(text: str) -> Temporal | DaysTime | YearsMonths | None:
    """The value of an @-literal (grammar rule 64: a date, time, instant or duration)."""
    if text.startswith(("P", "-P")):
        return parse_duration(text)
    if text[2:3] == ":":  # a zone may have a T in its name
        return parse_time(text)
    return parse_datetime(text) if "T" in text else parse_date(text)


def format_date(date: Date) -> str:
    return f"{'-' if date.year < 0 else ''}{abs(date.year):04}-{date.month:02}-{date.day:02}"


def format_time(time: Time) -> str:
    return f"{time.hour:02}:{time.minute:02}:{time.second:02}{_fraction(time.nanos)}{format_zone(time.zone)}"


def format_zone(zone: Zone) -> str:
    if zone is None:
        return ""
    if isinstance(zone, str):
        return f"@{zone}"
    if zone == 0:
        return "Z"
    hours, rest = divmod(abs(zone), 3600)
    seconds = f":{rest % 60:02}" if rest % 60 else ""
    return f"{'-' if zone < 0 else '+'}{hours:02}:{rest // 60:02}{seconds}"


def format_datetime(moment: DateTime) -> str:
    return f"{format_date(moment.date)}T{format_time(moment.time)}"


def format_years_months(duration: YearsMonths) -> str:
    years, months = divmod(abs(duration.months), 12)
    sign = "-" if duration.months < 0 else ""
    if not years:
        return f"{sign}P{months}M"
    return f"{sign}P{years}Y{months}M" if months else f"{sign}P{years}Y"


def format_days_time(duration: DaysTime) -> str:
    seconds, nanos = divmod(abs(duration.nanos), NANOS)
    days, seconds = divmod(seconds, DAY)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    clock = f"{hours}H" * (hours > 0) + f"{minutes}M" * (minutes > 0)
    if seconds % 60 or nanos:
        clock += f"{seconds % 60}{_fraction(nanos)}S"
    text = f"{days}D" * (days > 0) + f"T{clock}" * bool(clock)
    return f"{'-' if duration.nanos < 0 else ''}P{text or 'T0S'}"


def _fraction(nanos: int) -> str:
    return f".{nanos:09}".rstrip("0") if nanos else ""
