"""Working hours, sharing out by load: pure."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from app.kernel.absences.rules import Away, working_hours_between
from app.kernel.duties.views import ALLOWED, deny
from app.kernel.local_time import LOCAL_ZONE
from app.kernel.worklist.staff import StaffChoice, spread


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=LOCAL_ZONE)


def weekday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (at(2, 9), at(2, 17), 8),
        (at(2, 8), at(2, 20), 8),
        (at(2, 16, 30), at(3, 9, 30), 1),
        (at(6, 16), at(9, 10), 2),  # over a weekend
        (at(7, 10), at(8, 18), 0),
        (at(2, 12), at(2, 10), 0),
    ],
)
def test_only_office_hours_of_working_days_count(since: datetime, until: datetime, hours: float) -> None:
    assert working_hours_between(weekday, since, until) == hours


def test_absence_covers_both_its_days() -> None:
    away = Away(1, 1, date(2026, 3, 2), date(2026, 3, 4), "leave")
    assert [away.covers(date(2026, 3, day)) for day in (1, 2, 4, 5)] == [False, True, True, False]


def choice(person: int, load: int, *, allowed: bool = True) -> StaffChoice:
    return StaffChoice(person, f"p{person}", ALLOWED if allowed else deny("post_not_held"), load)


def test_tasks_go_to_whoever_has_least() -> None:
    both = [choice(1, 5), choice(2, 3)]
    dealt = spread({10: both, 11: both, 12: both, 13: both}, [1, 2])
    assert [dealt[task] for task in (10, 11, 12, 13)] == [2, 2, 1, 2]


def test_scarce_people_are_kept_for_what_only_they_may_do() -> None:
    dealt = spread(
        {10: [choice(1, 0), choice(2, 1)], 11: [choice(1, 0), choice(2, 1, allowed=False)]}, [1, 2]
    )
    assert dealt == {11: 1, 10: 1}  # then both have one, and the first is taken


def test_nobody_gets_what_he_may_not_do_or_was_not_chosen_for() -> None:
    staff = {10: [choice(1, 0, allowed=False), choice(2, 0)], 11: [choice(1, 0, allowed=False)]}
    assert spread(staff, [1]) == {}
    assert spread(staff, [1, 2]) == {10: 2}
