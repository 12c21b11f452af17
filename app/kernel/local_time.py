"""The zone in which a day is a day, Asia/Shanghai; days and periods written out, (zh, en)."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")


def local_day(moment: datetime) -> date:
    """The day in Asia/Shanghai of an aware instant."""
    return moment.astimezone(LOCAL_ZONE).date()


def start_of_day(day: date) -> datetime:
    """0:00 of a day in Asia/Shanghai."""
    return datetime.combine(day, time(), LOCAL_ZONE)


def local_minute(moment: datetime) -> str:
    """An instant as people state it: local time to the minute, without an offset (a datetime fact)."""
    return moment.astimezone(LOCAL_ZONE).replace(tzinfo=None).isoformat(timespec="minutes")


def day_words(day: date) -> tuple[str, str]:
    """A day as the law writes it."""
    return f"{day.year}年{day.month}月{day.day}日", f"{day.day} {day:%B} {day.year}"


def period_words(since: date, until: date | None) -> tuple[str, str]:
    """A period with both its days; without an end it goes on."""
    from_zh, from_en = day_words(since)
    if until is None:
        return f"{from_zh}起", f"from {from_en}"
    to_zh, to_en = day_words(until)
    return f"{from_zh}至{to_zh}", f"{from_en} to {to_en}"
