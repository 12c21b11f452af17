"""Days of a period are counted as if one went from day to day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.counting import Days, EveryDay, Span, without

CALENDAR = WorkingCalendar()
days = st.dates(date(2023, 12, 1), date(2027, 3, 1))
spans = st.lists(st.tuples(days, st.integers(0, 90)), max_size=4).map(
    lambda found: tuple((begins, begins + timedelta(days=length)) for begins, length in found)
)
kinds = st.sampled_from([(EveryDay(), lambda day: True), (CALENDAR.days, CALENDAR.is_working_day)])


def counted(counts: object, left_out: tuple[Span, ...], day: date) -> bool:
    assert callable(counts)
    return counts(day) and not any(begins < day <= ends for begins, ends in left_out)


@given(kinds, spans, days, days)
def test_days_between_two_days(
    kind: tuple[Days, object], left_out: tuple[Span, ...], after: date, until: date
) -> None:
    passed = [after + timedelta(days=step) for step in range(1, (until - after).days + 1)]
    wanted = sum(counted(kind[1], left_out, day) for day in passed)
    assert without(kind[0], left_out).between(after, until) == wanted


@given(kinds, spans, days, st.integers(1, 300))
def test_the_nth_day(kind: tuple[Days, object], left_out: tuple[Span, ...], after: date, count: int) -> None:
    day, left = after, count
    while left:
        day += timedelta(days=1)
        left -= counted(kind[1], left_out, day)
    assert without(kind[0], left_out).nth(after, count) == day


def test_no_day_comes_after_a_span_without_end() -> None:
    lasting = without(EveryDay(), [(date(2026, 3, 2), date.max)])
    assert lasting.nth(date(2026, 3, 1), 1) == date(2026, 3, 2)
    with pytest.raises(OverflowError):
        lasting.nth(date(2026, 3, 1), 2)
    with pytest.raises(OverflowError):
        CALENDAR.days.nth(date(9999, 12, 31), 1)
