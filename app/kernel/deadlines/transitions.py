"""What may happen to a statutory clock, as pure transitions between states of one clock."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from app.kernel.deadlines import refusals, rules
from app.kernel.deadlines.calendar import ONE_DAY, WorkingCalendar

State = Literal["running", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock of one case. `extended` and `shifted` are in the unit of its specification."""

    spec: rules.ClockSpec
    started_on: date
    state: State = "running"
    pauses: tuple[rules.Pause, ...] = ()
    extended: int = 0
    shifted: int = 0
    stopped_on: date | None = None

    @property
    def added(self) -> int:
        """Days, months or years beyond the statutory length."""
        return self.extended + self.shifted

    def due(self, calendar: WorkingCalendar) -> rules.DueDate:
        """The last day and how it came about."""
        return rules.due_on(self.spec, self.started_on, self.pauses, calendar, self.added)

    def remaining(self, calendar: WorkingCalendar, today: date) -> rules.Remaining:
        """What is used and left; frozen at the day the clock was stopped."""
        day = today if self.stopped_on is None else min(today, self.stopped_on)
        return rules.remaining(self.spec, self.started_on, self.pauses, calendar, day, self.added)


def start(spec: rules.ClockSpec, on: date) -> Clock:
    """A running clock; counting begins the day after `on`."""
    return Clock(spec, on)


def pause(clock: Clock, on: date, ground: str) -> Clock:
    """Suspend on a day. Raises ClockStopped, ClockAlreadyPaused, ClockDateImpossible."""
    _require_not_stopped(clock)
    if clock.state == "paused":
        raise refusals.ClockAlreadyPaused(kind=clock.spec.kind)
    _require_not_before(clock, on)
    return replace(clock, state="paused", pauses=(*clock.pauses, rules.Pause(on, None, ground)))


def resume(clock: Clock, on: date) -> Clock:
    """Go on counting after a day. Raises ClockStopped, ClockNotPaused, ClockDateImpossible."""
    _require_not_stopped(clock)
    if clock.state != "paused":
        raise refusals.ClockNotPaused(kind=clock.spec.kind)
    _require_not_before(clock, on)
    last = replace(clock.pauses[-1], resumed_on=on)
    return replace(clock, state="running", pauses=(*clock.pauses[:-1], last))


def exclude(clock: Clock, begins: date, ends: date, ground: str) -> Clock:
    """Leave past days, both ends included, out of the count. Raises ClockStopped, ClockDateImpossible,
    ClockIntervalOverlaps."""
    _require_not_stopped(clock)
    last_counted = begins - ONE_DAY
    if last_counted < clock.started_on or ends < begins:
        raise refusals.ClockDateImpossible(kind=clock.spec.kind, on=begins, earliest=clock.started_on)
    new = rules.Pause(last_counted, ends, ground, excluded=True)
    if any(new.overlaps(old) for old in clock.pauses):
        raise refusals.ClockIntervalOverlaps(kind=clock.spec.kind)
    return replace(clock, pauses=tuple(sorted((*clock.pauses, new), key=lambda one: one.paused_on)))


def extend(clock: Clock, length: int) -> Clock:
    """Lengthen by what the law allows. Raises ClockStopped, ClockNotExtendable."""
    _require_not_stopped(clock)
    if length <= 0 or clock.extended + length > clock.spec.extendable:
        raise refusals.ClockNotExtendable(kind=clock.spec.kind, allowed=clock.spec.extendable)
    return replace(clock, extended=clock.extended + length)


def shift(clock: Clock, length: int) -> Clock:
    """Move the end because an appointment was moved (CA04). Raises ClockStopped,
    ClockShiftNotPositive."""
    _require_not_stopped(clock)
    if length <= 0:
        raise refusals.ClockShiftNotPositive(kind=clock.spec.kind)
    return replace(clock, shifted=clock.shifted + length)


def convert(clock: Clock, spec: rules.ClockSpec) -> Clock:
    """Go over to another period counted from the same day (CR07 -> CR06): suspensions stay,
    extensions of the old period fall away. Raises ClockStopped."""
    _require_not_stopped(clock)
    return replace(clock, spec=spec, extended=0, shifted=0)


def stop(clock: Clock, on: date) -> Clock:
    """End counting for good. Raises ClockStopped, ClockDateImpossible."""
    _require_not_stopped(clock)
    _require_not_before(clock, on)
    return replace(clock, state="stopped", stopped_on=on)


def _require_not_stopped(clock: Clock) -> None:
    if clock.state == "stopped":
        raise refusals.ClockStopped(kind=clock.spec.kind)


def _require_not_before(clock: Clock, on: date) -> None:
    """Changes of a clock happen in order: never before its start nor before its last change."""
    last = clock.pauses[-1] if clock.pauses else None
    earliest = clock.started_on if last is None else (last.resumed_on or last.paused_on)
    if on < earliest:
        raise refusals.ClockDateImpossible(kind=clock.spec.kind, on=on, earliest=earliest)
