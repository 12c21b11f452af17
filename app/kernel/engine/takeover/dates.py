"""The true dates of a taken-over case, and the clocks that follow from them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.kernel.cases.schema import FieldErrors
from app.kernel.deadlines import transitions
from app.kernel.engine.deployed import Deployed
from app.kernel.engine.takeover.manifest import Entry
from app.kernel.local_time import LOCAL_ZONE, local_minute

SUSPENDED = "suspended"


@dataclass(frozen=True)
class Suspended:
    """The period was suspended from one day to another, for a reason of law, before the case came here."""

    from_on: date
    until_on: date
    ground: str


def instant(value: str) -> datetime:
    """A date or datetime fact as an instant: a day begins at midnight in Asia/Shanghai."""
    return datetime.fromisoformat(value).replace(tzinfo=LOCAL_ZONE)


def date_errors(facts: Mapping[str, Any], requires: Sequence[str], event: str, now: datetime) -> FieldErrors:
    """Of the required dates those missing, in the future, or before the one they must follow (`event` first)."""
    errors: FieldErrors = {}
    latest, today = facts.get(event), local_minute(now)
    for key in requires:
        value = facts.get(key)
        if not value:
            errors[key] = ("required", {})
        elif value > today:
            errors[key] = ("in_the_future", {})
        elif latest and value[: len(latest)] < latest[: len(value)]:
            errors[key] = ("before_earlier_date", {"earlier": latest.replace("T", " ")})
        else:
            latest = value
    return errors


def suspension_errors(
    deployed: Deployed, entry: Entry, facts: Mapping[str, Any], given: Sequence[Suspended], today: date
) -> FieldErrors:
    """Only what the process itself suspends, one after another, after the period began, and over by today."""
    if not given:
        return {}
    pausable = list_pausable(deployed, entry)
    if not pausable:
        return {SUSPENDED: ("take_over_not_suspendable", {})}
    begun = max(counted_from(deployed, entry, facts, ref) or date.min for ref in pausable)
    for one in given:
        if not begun <= one.from_on <= one.until_on <= today:
            return {SUSPENDED: ("take_over_suspension_dates", {})}
        begun = one.until_on
    return {}


def list_pausable(deployed: Deployed, entry: Entry) -> list[str]:
    """Clocks of the entry that some step of the process pauses."""
    paused = {
        action.ref for step in deployed.steps.values() for action in step.clocks if action.action == "pause"
    }
    return [ref for ref in entry.clocks if ref in paused]


def counting_fact(deployed: Deployed, entry: Entry, ref: str) -> str | None:
    """The fact whose day a clock of an entry counts from."""
    return entry.counts.get(ref) or deployed.counted_from.get(ref)


def counted_from(deployed: Deployed, entry: Entry, facts: Mapping[str, Any], ref: str) -> date | None:
    """The day a clock of an entry counts from; None as long as the step that registers hasn't told it."""
    stated = facts.get(counting_fact(deployed, entry, ref) or "")
    return date.fromisoformat(str(stated)[:10]) if stated else None


def planned_clocks(
    deployed: Deployed, entry: Entry, facts: Mapping[str, Any], suspended: Sequence[Suspended] = ()
) -> list[transitions.Clock]:
    """The clocks as they will run, from the dates stated; without those that the registering step tells the day of."""
    planned = []
    pausable = list_pausable(deployed, entry)
    for ref in entry.clocks:
        began = counted_from(deployed, entry, facts, ref)
        if began is None:
            continue
        clock = transitions.start(deployed.clocks[ref], began)
        for one in suspended if ref in pausable else ():
            clock = transitions.resume(transitions.pause(clock, one.from_on, one.ground), one.until_on)
        planned.append(clock)
    return planned
