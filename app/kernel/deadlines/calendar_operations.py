"""Changes of the working calendar: corrected days and published years.

Both let the running clocks be reckoned anew by a job (`recompute_clocks`) of the same transaction.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.deadlines.calendar import SEEDED_YEARS, DayKind
from app.kernel.deadlines.models import CalendarDay, CalendarYear
from app.kernel.deadlines.queries import forget_calendar
from app.storage import jobs

if TYPE_CHECKING:
    from app.kernel.transaction import Unit

RECOMPUTE = "recompute_clocks"


def seed_years(session: Session) -> None:
    """Publish the years whose announcements the library transcribes; leaves known years alone.

    For setting a region up: before this every date is provisional and knows no lunar holiday.
    """
    rows = [{"year": year, "source": source} for year, source in SEEDED_YEARS.items()]
    session.execute(insert(CalendarYear).values(rows).on_conflict_do_nothing())
    forget_calendar(session)


def override_day(unit: Unit, day: date, kind: DayKind, source: str) -> None:
    """Say that a day is a holiday or a workday, whatever the announcement says; with its source."""
    statement = insert(CalendarDay).values(day=day, kind=kind, source=source)
    unit.session.execute(
        statement.on_conflict_do_update(index_elements=["day"], set_={"kind": kind, "source": source})
    )
    forget_calendar(unit.session)
    unit.record("calendar.day_overridden", {"day": day, "kind": kind, "source": source})
    jobs.defer(unit.session, RECOMPUTE, {"day": day.isoformat()})


def publish_year(unit: Unit, year: int, source: str) -> None:
    """Say that the holidays of a year are official; dates that rest on it lose "provisional"."""
    statement = insert(CalendarYear).values(year=year, source=source)
    unit.session.execute(statement.on_conflict_do_update(index_elements=["year"], set_={"source": source}))
    forget_calendar(unit.session)
    unit.record("calendar.year_published", {"year": year, "source": source})
    jobs.defer(unit.session, RECOMPUTE, {"day": date(year, 1, 1).isoformat()})
