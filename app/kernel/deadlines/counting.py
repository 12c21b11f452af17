"""Counting the days of a period without going from day to day: every page reckons a clock many times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

Span = tuple[date, date]
"""The days after the first up to and including the second."""


class Days(Protocol):
    """Which days of the calendar count."""

    def between(self, after: date, until: date) -> int:
        """How many days count in (after, until]; 0 when `until` doesn't lie after `after`."""

    def nth(self, after: date, count: int) -> date:
        """The count-th day that counts after `after`, at least the first. Raises OverflowError beyond all dates."""


class EveryDay:
    """Natural days."""

    def between(self, after: date, until: date) -> int:
        return max((until - after).days, 0)

    def nth(self, after: date, count: int) -> date:
        return after + timedelta(days=count)


class DaysThat:
    """The days for which `counts` holds, listed a year at a time when first asked for."""

    def __init__(self, counts: Callable[[date], bool]) -> None:
        self._counts = counts
        self._years: dict[int, list[int]] = {}

    def between(self, after: date, until: date) -> int:
        if until <= after:
            return 0
        years = range(after.year, until.year)
        whole = sum(len(self._year(year)) for year in years)
        return whole + self._passed(until) - self._passed(after)

    def nth(self, after: date, count: int) -> date:
        year, wanted = after.year, self._passed(after) + count
        while wanted > len(self._year(year)):
            wanted -= len(self._year(year))
            year += 1
        return date.fromordinal(self._year(year)[wanted - 1])

    def _passed(self, day: date) -> int:
        """Counted days of its year up to and including `day`."""
        return bisect_right(self._year(day.year), day.toordinal())

    def _year(self, year: int) -> list[int]:
        known = self._years.get(year)
        if known is None:
            if year > date.max.year:
                raise OverflowError("date value out of range")
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            days = range(first, last + 1)
            known = self._years[year] = [day for day in days if self._counts(date.fromordinal(day))]
        return known


@dataclass(frozen=True, slots=True)
class Without:
    """The days of `days` that lie in none of the spans left out."""

    days: Days
    left_out: tuple[Span, ...]

    def between(self, after: date, until: date) -> int:
        return sum(self.days.between(first, last) for first, last in self._open(after, until))

    def nth(self, after: date, count: int) -> date:
        for first, last in self._open(after, date.max):
            here = self.days.between(first, last) if last < date.max else count
            if count <= here:
                return self.days.nth(first, count)
            count -= here
        raise OverflowError("date value out of range")

    def _open(self, after: date, until: date) -> Iterator[Span]:
        """The spans of (after, until] between those left out."""
        for begins, ends in sorted(self.left_out):
            if begins >= until:
                break
            if after < begins:
                yield after, begins
            after = max(after, ends)
        if after < until:
            yield after, until


def nth_day(days: Days, after: date, count: int) -> date:
    """The count-th day after `after` that counts; `after` itself when count is 0. Raise ValueError below that."""
    if count < 0:
        raise ValueError("a number of days cannot be negative")
    return days.nth(after, count) if count else after


def without(days: Days, left_out: Iterable[Span]) -> Days:
    """The days that lie in none of the spans, which may overlap and come in any order."""
    spans = tuple(left_out)
    return Without(days, spans) if spans else days
