"""The expected no of statutory clocks. Every `params` has `kind`, the clock's id in its process."""

from app.kernel.refusals import Refusal


class ClockStopped(Refusal):
    """A stopped clock never changes again."""

    code = "clock_stopped"


class ClockAlreadyPaused(Refusal):
    code = "clock_already_paused"


class ClockNotPaused(Refusal):
    code = "clock_not_paused"


class ClockNotExtendable(Refusal):
    """params: kind, allowed (greatest total extension in the clock's unit; 0 = the law has none)."""

    code = "clock_not_extendable"


class ClockShiftNotPositive(Refusal):
    code = "clock_shift_not_positive"


class ClockDateImpossible(Refusal):
    """A change lies before the clock's start or last change; params: kind, on, earliest."""

    code = "clock_date_impossible"


class ClockAlreadyRunning(Refusal):
    code = "clock_already_running"


class ClockIntervalOverlaps(Refusal):
    """Some of these days are left out of the count already."""

    code = "clock_interval_overlaps"


class ClockNotFound(Refusal):
    """The case has no such clock that still runs."""

    code = "clock_not_found"
