"""Reads of clocks, the working calendar and the people a clock warns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, cast

import orjson
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.audit.models import AuditEvent
from app.kernel.deadlines import rules, transitions
from app.kernel.deadlines.calendar import CalendarOverride, DayKind, WorkingCalendar
from app.kernel.deadlines.derivation import Derivation, Lengthening, derive
from app.kernel.deadlines.models import CalendarDay, CalendarYear, Clock, ClockSuspension
from app.kernel.duties.models import Performance, Post, PostGrant
from app.kernel.identity.models import Person, Region
from app.kernel.local_time import local_day
from app.kernel.worklist.models import Task

EXCLUDED = "excluded"
"""Reason of a suspension that is none: days the law doesn't count."""
_CALENDAR_KEY = "working_calendar"
_LENGTHENED: Mapping[str, Literal["extension", "shift"]] = {
    "clock.extended": "extension",
    "clock.shifted": "shift",
}


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock as the case page shows it: its row, how the last day came about, what is left."""

    row: Clock
    suspensions: Sequence[ClockSuspension]
    due: rules.DueDate
    remaining: rules.Remaining
    derivation: Derivation


def urgency(row: Clock) -> tuple[bool, date, int]:
    """Sorts the binding clocks of a case: running before suspended, then by last day. The first is the one that
    binds whoever works on it, in the queue and on the case page alike."""
    return row.state != "running", row.due_on or date.max, row.id


def list_derivations(session: Session, rows: Collection[Clock]) -> dict[int, Derivation]:
    """How each clock's last day came about, by its id; extensions and shifts without their grounds."""
    pauses, calendar = _suspensions(session, [row.id for row in rows]), load_calendar(session)
    return {row.id: derive(value_of(row, pauses.get(row.id, [])), calendar) for row in rows}


def load_calendar(session: Session) -> WorkingCalendar:
    """The calendar with our overrides and published years, read once per session."""
    known = session.info.get(_CALENDAR_KEY)
    if known is None:
        days = session.scalars(select(CalendarDay).order_by(CalendarDay.day)).all()
        overrides = tuple(CalendarOverride(row.day, cast(DayKind, row.kind), row.source) for row in days)
        known = _calendar(overrides, frozenset(session.scalars(select(CalendarYear.year))))
        session.info[_CALENDAR_KEY] = known
    return cast(WorkingCalendar, known)


@lru_cache(maxsize=4)
def _calendar(overrides: tuple[CalendarOverride, ...], years: frozenset[int]) -> WorkingCalendar:
    """The same calendar for every session that reads the same rows: it keeps the years it has counted."""
    return WorkingCalendar(overrides, years)


def forget_calendar(session: Session) -> None:
    """Read the calendar again next time; after it was changed."""
    session.info.pop(_CALENDAR_KEY, None)


def clocks_of(session: Session, case_id: int, today: date) -> list[ClockView]:
    """All clocks of a case, the binding main ones first, then by last day."""
    rows = session.scalars(
        select(Clock)
        .where(Clock.case_id == case_id)
        .order_by(Clock.main.desc(), Clock.binding.desc(), Clock.due_on.nulls_last(), Clock.id)
    ).all()
    pauses = _suspensions(session, [row.id for row in rows])
    lengthenings = (
        _lengthenings(session, case_id) if any(row.extended_by or row.shifted_by for row in rows) else {}
    )
    calendar = load_calendar(session)
    return [
        _view(row, pauses.get(row.id, []), lengthenings.get((row.kind, row.run), ()), calendar, today)
        for row in rows
    ]


def active_clock(session: Session, case_id: int, kind: str) -> Clock | None:
    """The clock of this kind that isn't stopped."""
    return session.scalars(
        select(Clock).where(Clock.case_id == case_id, Clock.kind == kind, Clock.state != "stopped")
    ).one_or_none()


def list_active_kinds(session: Session, case_id: int) -> list[str]:
    """Kinds of the case's clocks that aren't stopped."""
    query = select(Clock.kind).where(Clock.case_id == case_id, Clock.state != "stopped")
    return list(session.scalars(query.order_by(Clock.id)))


def performers_of(session: Session, case_id: int) -> set[int]:
    """Persons (canonical ids) who reviewed or investigated the case."""
    query = (
        select(Person.canonical_id)
        .join(Performance, Performance.person_id == Person.id)
        .where(Performance.case_id == case_id, Performance.duty.in_(("investigation", "initial_review")))
    )
    return set(session.scalars(query))


def nearest_due(session: Session, case_id: int) -> date | None:
    """The nearest last day of a running binding clock; what the case's open tasks are sorted by."""
    return session.scalar(
        select(func.min(Clock.due_on)).where(
            Clock.case_id == case_id, Clock.state == "running", Clock.binding
        )
    )


def value_of(row: Clock, suspensions: Sequence[ClockSuspension], extendable: int = 0) -> transitions.Clock:
    """The stored clock as a value. `extendable` is the law's allowance, known to the process."""
    spec = rules.ClockSpec(
        kind=row.kind,
        title_zh=row.title_zh,
        title_en=row.title_en,
        length=row.length,
        unit=cast(rules.Unit, row.unit),
        ground_zh=row.ground_zh,
        ground_en=row.ground_en,
        binding=row.binding,
        main=row.main,
        source="",
        extendable=extendable,
        informational=row.informational,
    )
    pauses = tuple(
        rules.Pause(item.began_on, item.ended_on, item.ground, item.reason == EXCLUDED)
        for item in suspensions
    )
    stopped_on = None if row.stopped_at is None else local_day(row.stopped_at)
    state = cast(transitions.State, row.state)
    return transitions.Clock(spec, row.started_on, state, pauses, row.extended_by, row.shifted_by, stopped_on)


def suspensions_of(session: Session, clock_id: int) -> list[ClockSuspension]:
    """The suspensions of one clock in order."""
    return _suspensions(session, [clock_id]).get(clock_id, [])


def cases_with_due_clocks(session: Session, now: datetime, after_case: int, limit: int) -> Sequence[int]:
    """Cases with an unannounced warning or breach by `now`, ascending ids beyond `after_case`."""
    warned = (Clock.warned_at.is_(None)) & (Clock.warn_at <= now)
    breached = (Clock.breached_at.is_(None)) & (Clock.breach_at <= now)
    return session.scalars(
        select(Clock.case_id)
        .where(Clock.state == "running", or_(warned, breached), Clock.case_id > after_case)
        .distinct()
        .order_by(Clock.case_id)
        .limit(limit)
    ).all()


def handlers_of(session: Session, case_id: int) -> set[int]:
    """Persons (ids) who hold an open task of the case."""
    query = select(Task.claimed_by).where(
        Task.case_id == case_id, Task.state == "open", Task.claimed_by.is_not(None)
    )
    return {person for person in session.scalars(query) if person is not None}


def heads_of(
    session: Session, region_code: str, today: date, level: Literal["own", "above"] = "own"
) -> set[int]:
    """Persons (ids) who supervise a region today: those of the nearest region upwards that has any.

    `above` leaves that nearest one out, for the escalation of a breach.
    """
    path = session.scalar(select(Region.path).where(Region.code == region_code)) or region_code
    found = [people for code in reversed(path.split("/")) if (people := _supervisors(session, code, today))]
    nearest = 0 if level == "own" else 1
    return found[nearest] if len(found) > nearest else set()


def _supervisors(session: Session, region_code: str, today: date) -> set[int]:
    ended = aliased(PostGrant)
    over = select(ended.id).where(ended.revokes == PostGrant.id, ended.valid_from <= today).exists()
    query = (
        select(PostGrant.person_id)
        .join(Post, Post.key == PostGrant.post)
        .where(
            Post.kind == "supervision",
            PostGrant.region_code == region_code,
            PostGrant.revokes.is_(None),
            PostGrant.valid_from <= today,
            or_(PostGrant.valid_to.is_(None), PostGrant.valid_to > today),
            ~over,
        )
    )
    return set(session.scalars(query))


def _suspensions(session: Session, clock_ids: list[int]) -> dict[int, list[ClockSuspension]]:
    rows = session.scalars(
        select(ClockSuspension)
        .where(ClockSuspension.clock_id.in_(clock_ids))
        .order_by(ClockSuspension.began_on, ClockSuspension.id)
    )
    found: dict[int, list[ClockSuspension]] = {}
    for row in rows:
        found.setdefault(row.clock_id, []).append(row)
    return found


def _lengthenings(session: Session, case_id: int) -> dict[tuple[str, int], list[Lengthening]]:
    """Extensions and shifts with their grounds, by kind and run of the clock, in order: the audit log keeps them."""
    query = (
        select(AuditEvent.event, AuditEvent.payload)
        .where(AuditEvent.case_id == case_id, AuditEvent.event.in_(_LENGTHENED))
        .order_by(AuditEvent.id)
    )
    found: dict[tuple[str, int], list[Lengthening]] = {}
    for event, stored in session.execute(query):
        told = orjson.loads(stored)
        one = Lengthening(_LENGTHENED[event], told["length"], told["ground"])
        found.setdefault((told["clock"], told["run"]), []).append(one)
    return found


def _view(
    row: Clock,
    pauses: Sequence[ClockSuspension],
    lengthenings: Sequence[Lengthening],
    calendar: WorkingCalendar,
    today: date,
) -> ClockView:
    value = value_of(row, pauses)
    derivation = derive(value, calendar, lengthenings)
    return ClockView(row, pauses, value.due(calendar), value.remaining(calendar, today), derivation)
