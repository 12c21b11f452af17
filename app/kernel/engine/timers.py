"""Timer events that read the time they are given, never the wall clock.

The library's own timers call `datetime.now`, take naive times in the server's zone and don't fire at the very
second they are due, when the job that was planned for that second arrives.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)
from SpiffWorkflow.bpmn.util import PendingBpmnEvent

from app.kernel.decisions.expressions import to_host, why_null

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MOST_CYCLES: Final = 100

_DURATION: Final = re.compile(
    r"P(?=.)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?"
)
_CYCLE: Final = re.compile(r"R(\d{1,3})/(P.+)")


@dataclass(frozen=True, slots=True)
class Duration:
    """Months of the calendar and exact time; added to an instant as Asia/Shanghai counts days."""

    months: int
    exact: timedelta

    def after(self, start: datetime) -> datetime:
        local = start.astimezone(SHANGHAI)
        years, month = divmod(local.year * 12 + local.month - 1 + self.months, 12)
        day = min(local.day, monthrange(years, month + 1)[1])
        return (local.replace(year=years, month=month + 1, day=day) + self.exact).astimezone(UTC)


def parse_duration(text: str) -> Duration:
    """ISO 8601 duration (`P1M`, `P2W`, `PT36H`). Raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a duration: {text!r}")
    years, months, weeks, days, hours, minutes, seconds = (int(group or 0) for group in found.groups())
    exact = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if years > 100 or months > 1_200 or exact > timedelta(days=36_500):
        raise ValueError(f"longer than a century: {text!r}")
    return Duration(years * 12 + months, exact)


def parse_instant(text: str) -> datetime:
    """ISO 8601 date and time; without a zone it means Asia/Shanghai. Raises ValueError."""
    instant = datetime.fromisoformat(text.strip())
    return (instant if instant.tzinfo is not None else instant.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def parse_cycle(text: str) -> tuple[int, Duration]:
    """Repetitions (at least 1) and interval of `R3/PT1H`. Raises ValueError, for `R/…` without end too."""
    found = _CYCLE.fullmatch(text.strip())
    if found is None or not 1 <= int(found.group(1)) <= MOST_CYCLES:
        raise ValueError(f"not a bounded repetition: {text!r}")
    return int(found.group(1)), parse_duration(found.group(2))


def due_at(task: Any) -> datetime | None:
    """When the earliest timer of a waiting library task is due."""
    due = [value for key, value in task.internal_data.items() if key.startswith(_DUE)]
    return min((datetime.fromisoformat(value) for value in due), default=None)


# The name of a definition is the BPMN id of its event, so that two timers of one gateway don't share a due time.
_DUE: Final = "due:"
_LEFT: Final = "left:"


def _now(task: Any) -> datetime:
    now: datetime | None = task.workflow.top_workflow.now
    if now is None:
        raise RuntimeError("a timer was asked without a clock")
    return now


def _text(task: Any, expression: str) -> str:
    """ISO 8601 as written, or of the moment or duration that the expression gives."""
    value = to_host(task.workflow.script_engine.value(task, expression))
    if not isinstance(value, str):
        reason = why_null(expression, task.data, _now(task))
        raise ValueError(
            f"timer expression {expression!r} gives neither a text nor a moment or duration{reason}"
        )
    return value


class _Clocked:
    """Fires once when the due time, computed on first sight, is reached."""

    name: str
    expression: str

    def due(self, task: Any) -> datetime:
        raise NotImplementedError

    def has_fired(self, task: Any) -> bool:
        key = _DUE + self.name
        if key not in task.internal_data and not task.internal_data.get("event_fired"):
            task.internal_data[key] = self.due(task).isoformat()
        if key in task.internal_data and datetime.fromisoformat(task.internal_data[key]) <= _now(task):
            task.internal_data.pop(key)
            task.internal_data["event_fired"] = True
        return bool(task.internal_data.get("event_fired", False))

    def reset(self, task: Any) -> None:
        task.internal_data.pop(_DUE + self.name, None)
        task.internal_data["event_fired"] = False

    def details(self, task: Any) -> PendingBpmnEvent:
        return PendingBpmnEvent(self.name, type(self).__name__, task.internal_data.get(_DUE + self.name))


class ClockedDate(_Clocked, TimeDateEventDefinition):  # type: ignore[misc]
    """`timeDate`: at an instant."""

    def due(self, task: Any) -> datetime:
        return parse_instant(_text(task, self.expression))


class ClockedDuration(_Clocked, DurationTimerEventDefinition):  # type: ignore[misc]
    """`timeDuration`: a while after the token came."""

    def due(self, task: Any) -> datetime:
        return parse_duration(_text(task, self.expression)).after(_now(task))


class ClockedCycle(CycleTimerEventDefinition):  # type: ignore[misc]
    """`timeCycle`: a bounded number of times. Missed repetitions are not caught up: one firing, then the next."""

    def cycle_complete(self, task: Any) -> bool:
        due, left = _DUE + self.name, _LEFT + self.name
        if task.internal_data.get("event_fired"):
            return False
        if left not in task.internal_data:
            count, interval = parse_cycle(_text(task, self.expression))
            task.internal_data |= {left: count, due: interval.after(_now(task)).isoformat()}
        if datetime.fromisoformat(task.internal_data[due]) > _now(task):
            return False
        self._count_down(task, due, left)
        return True

    def _count_down(self, task: Any, due: str, left: str) -> None:
        task.internal_data[left] -= 1
        if task.internal_data[left] == 0:
            task.internal_data.pop(due)
            task.internal_data["event_fired"] = True
        else:
            interval = parse_cycle(_text(task, self.expression))[1]
            task.internal_data[due] = interval.after(_now(task)).isoformat()

    def details(self, task: Any) -> PendingBpmnEvent:
        return PendingBpmnEvent(self.name, type(self).__name__, task.internal_data.get(_DUE + self.name))
