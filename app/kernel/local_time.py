"""The zone in which a day is a day: Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")


def local_day(moment: datetime) -> date:
    """The day in Asia/Shanghai of an aware instant."""
    return moment.astimezone(LOCAL_ZONE).date()


def local_minute(moment: datetime) -> str:
    """An instant as people state it: local time to the minute, without an offset (a datetime fact)."""
    return moment.astimezone(LOCAL_ZONE).replace(tzinfo=None).isoformat(timespec="minutes")
