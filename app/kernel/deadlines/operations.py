"""Changes of statutory clocks, each audited with its legal ground.

Every operation takes the unit of the case's transaction. `on` is the day of the change in
Asia/Shanghai, today by default; `ground` is the law or the document the change rests on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from app.kernel.deadlines import queries, refusals, rules, transitions
from app.kernel.deadlines.calendar import ONE_DAY
from app.kernel.deadlines.models import Clock, ClockSuspension
from app.kernel.worklist.models import Task

if TYPE_CHECKING:
    from app.kernel.transaction import Unit


SPEC_COLUMNS = (
    "kind",
    "title_zh",
    "title_en",
    "ground_zh",
    "ground_en",
    "length",
    "unit",
    "binding",
    "main",
    "informational",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a clock counts from: the fact that states the day, and the step of the process that started it."""

    fact: str | None = None
    step: str | None = None


def start_clock(
    unit: Unit, case_id: int, spec: rules.ClockSpec, *, on: date | None = None, origin: Origin = Origin()
) -> Clock:
    """Start a clock; counting begins the day after `on`. A kind stopped before starts another run.

    Raises ClockAlreadyRunning.
    """
    if queries.active_clock(unit.session, case_id, spec.kind) is not None:
        raise refusals.ClockAlreadyRunning(kind=spec.kind)
    row = _add(unit, case_id, transitions.start(spec, on or unit.today), origin)
    _record(unit, row, "clock.started", spec.ground_zh)
    return row


def pause_clock(
    unit: Unit, case_id: int, kind: str, *, reason: str, ground: str, on: date | None = None
) -> Clock:
    """Suspend a clock; the remaining days are kept. Raises ClockNotFound, ClockAlreadyPaused,
    ClockDateImpossible."""
    row, suspensions = _active(unit, case_id, kind)
    value = transitions.pause(queries.value_of(row, suspensions), on or unit.today, ground)
    began_on = value.pauses[-1].paused_on
    unit.session.add(ClockSuspension(clock_id=row.id, reason=reason, ground=ground, began_on=began_on))
    _store(unit, row, value)
    _record(unit, row, "clock.paused", ground, on=began_on, reason=reason)
    return row


def resume_clock(unit: Unit, case_id: int, kind: str, *, ground: str, on: date | None = None) -> Clock:
    """Go on counting the day after `on`. Raises ClockNotFound, ClockNotPaused,
    ClockDateImpossible."""
    row, suspensions = _active(unit, case_id, kind)
    value = transitions.resume(queries.value_of(row, suspensions), on or unit.today)
    suspensions[-1].ended_on = value.pauses[-1].resumed_on
    _store(unit, row, value)
    _record(unit, row, "clock.resumed", ground, on=value.pauses[-1].resumed_on)
    return row


def extend_clock(unit: Unit, case_id: int, kind: str, *, length: int, allowed: int, ground: str) -> Clock:
    """Lengthen a clock by `length` in its own unit, `allowed` in all by law. Raises
    ClockNotFound, ClockNotExtendable."""
    row, suspensions = _active(unit, case_id, kind)
    value = transitions.extend(queries.value_of(row, suspensions, allowed), length)
    _store(unit, row, value)
    _record(unit, row, "clock.extended", ground, length=length)
    return row


def shift_clock(unit: Unit, case_id: int, kind: str, *, length: int, ground: str) -> Clock:
    """Move the end by `length` in the clock's unit (CA04: an agreed new appointment). Raises
    ClockNotFound, ClockShiftNotPositive."""
    row, suspensions = _active(unit, case_id, kind)
    value = transitions.shift(queries.value_of(row, suspensions), length)
    _store(unit, row, value)
    _record(unit, row, "clock.shifted", ground, length=length)
    return row


def exclude_interval(unit: Unit, case_id: int, kind: str, *, begins: date, ends: date, ground: str) -> Clock:
    """Leave the days from `begins` to `ends`, both included, out of the count (法释9 7, time nobody can be blamed for).

    Raises ClockNotFound, ClockDateImpossible before the clock's start, ClockIntervalOverlaps.
    """
    row, suspensions = _active(unit, case_id, kind)
    value = transitions.exclude(queries.value_of(row, suspensions), begins, ends, ground)
    last_counted = begins - ONE_DAY
    unit.session.add(
        ClockSuspension(
            clock_id=row.id, reason="excluded", ground=ground, began_on=last_counted, ended_on=ends
        )
    )
    _store(unit, row, value)
    _record(unit, row, "clock.interval_excluded", ground, begins=begins, ends=ends)
    return row


def convert_clock(unit: Unit, case_id: int, kind: str, into: rules.ClockSpec, *, ground: str) -> Clock:
    """Turn a clock into another period counted from the same day (CR07 into CR06): the old row
    stops, a new one takes over its start and suspensions. Raises ClockNotFound."""
    old, suspensions = _active(unit, case_id, kind)
    before = queries.value_of(old, suspensions)
    value = transitions.convert(before, into)
    old.stopped_at, old.stop_reason = unit.now, f"converted: {into.kind}"
    _store(unit, old, replace(before, state="stopped"))
    row = _add(unit, case_id, value, Origin(old.from_fact, old.from_step))
    for item in suspensions:
        unit.session.add(
            ClockSuspension(
                clock_id=row.id,
                reason=item.reason,
                ground=item.ground,
                began_on=item.began_on,
                ended_on=item.ended_on,
            )
        )
    _record(unit, row, "clock.converted", ground, converted_from=kind)
    return row


def stop_clock(
    unit: Unit, case_id: int, kind: str, *, reason: str, ground: str = "", on: date | None = None
) -> Clock:
    """End a clock for good: its purpose was reached or fell away. Raises ClockNotFound,
    ClockDateImpossible."""
    row, suspensions = _active(unit, case_id, kind)
    value = transitions.stop(queries.value_of(row, suspensions), on or unit.today)
    row.stopped_at, row.stop_reason = unit.now, reason
    _store(unit, row, value)
    _record(unit, row, "clock.stopped", ground or row.ground_zh, reason=reason)
    return row


def recompute(unit: Unit, row: Clock) -> bool:
    """Reckon a stored clock anew after the calendar changed; True when its last day moved."""
    value = queries.value_of(row, queries.suspensions_of(unit.session, row.id))
    due = value.due(queries.load_calendar(unit.session))
    before = row.due_on
    if (due.due_on, due.provisional) == (before, row.provisional):
        return False
    _store(unit, row, value)
    _record(unit, row, "clock.recomputed", "民法典 203", due_before=before)
    return True


def _add(unit: Unit, case_id: int, value: transitions.Clock, origin: Origin) -> Clock:
    runs = select(func.coalesce(func.max(Clock.run), 0) + 1).where(
        Clock.case_id == case_id, Clock.kind == value.spec.kind
    )
    row = Clock(
        case_id=case_id,
        run=unit.session.scalar(runs) or 1,
        started_at=unit.now,
        started_on=value.started_on,
        from_fact=origin.fact,
        from_step=origin.step,
        **{column: getattr(value.spec, column) for column in SPEC_COLUMNS},
    )
    _store(unit, row, value)
    return row


def _active(unit: Unit, case_id: int, kind: str) -> tuple[Clock, list[ClockSuspension]]:
    row = queries.active_clock(unit.session, case_id, kind)
    if row is None:
        raise refusals.ClockNotFound(kind=kind)
    return row, queries.suspensions_of(unit.session, row.id)


def _store(unit: Unit, row: Clock, value: transitions.Clock) -> None:
    calendar = queries.load_calendar(unit.session)
    due = value.due(calendar)
    row.state = value.state
    row.extended_by, row.shifted_by = value.extended, value.shifted
    row.due_on, row.provisional = due.due_on, due.provisional
    row.breach_at = row.warn_at = None
    if not row.informational:
        row.breach_at = rules.breach_on(due)
        row.warn_at = rules.warn_on(value.spec, value.started_on, value.pauses, calendar, value.added)
    unit.session.add(row)
    unit.session.flush()
    _sort_tasks_by(unit, row.case_id)


def _sort_tasks_by(unit: Unit, case_id: int) -> None:
    """The queue sorts by the tasks' own column: copy the nearest last day where it differs."""
    nearest = queries.nearest_due(unit.session, case_id)
    unit.session.execute(
        update(Task)
        .where(Task.case_id == case_id, Task.state == "open", Task.due_on.is_distinct_from(nearest))
        .values(due_on=nearest)
    )


def _record(unit: Unit, row: Clock, event: str, ground: str, **more: object) -> None:
    payload = {
        "clock": row.kind,
        "run": row.run,
        "ground": ground,
        "state": row.state,
        "due_on": row.due_on,
        "provisional": row.provisional,
        **more,
    }
    unit.record(event, payload, case_id=row.case_id)
