"""Pure rules of absences: longest periods, which posts can be filled, working hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.kernel.local_time import LOCAL_ZONE

LONGEST_ABSENCE = 366
"""Days; somebody away for longer gives his posts back."""

LONGEST_SUBSTITUTION = 184
"""Days: a substitute is for a time, else the post is granted to him (岗位权限(甘) 16)."""

CARRIES_DUTIES = frozenset({"business", "design"})
"""Kinds of posts a substitute may fill. Supervision needs none: the next higher supervisor stands in."""

OFFICE_OPENS, OFFICE_CLOSES = time(9), time(17)


@dataclass(frozen=True)
class Away:
    """A recorded absence, both days included."""

    absence_id: int
    person_id: int
    starts_on: date
    ends_on: date
    cause: str
    note: str = ""

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def working_hours_between(is_working_day: Callable[[date], bool], since: datetime, until: datetime) -> float:
    """Hours of [since, until] that fall in the 8 office hours of a working day (国务院关于职工工作时间的规定 3)."""
    start, end = since.astimezone(LOCAL_ZONE), until.astimezone(LOCAL_ZONE)
    hours, day = 0.0, start.date()
    while day <= end.date():
        if is_working_day(day):
            opens = max(start, datetime.combine(day, OFFICE_OPENS, LOCAL_ZONE))
            closes = min(end, datetime.combine(day, OFFICE_CLOSES, LOCAL_ZONE))
            hours += max((closes - opens).total_seconds(), 0.0) / 3600
        day += timedelta(days=1)
    return hours
