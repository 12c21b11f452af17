"""What an officer does to a clock of his case: extend it, shift it, enter days that the law doesn't count.

Each rests on a duty decision on the task he has open, states its ground, and stays within what the law allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from app.kernel.deadlines import operations as clocks
from app.kernel.deadlines.refusals import ClockNotExtendable, ClockNotFound
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.marking import own_task
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit

ACTIONS: Final = ("extend", "shift", "exclude")
FieldErrors = dict[str, tuple[str, Mapping[str, object]]]


@dataclass(frozen=True)
class ClockAct:
    """`length` in the clock's unit for extend and shift; `begins` and `ends`, left out of the count, to exclude."""

    clock: str
    action: str
    ground: str
    length: int = 0
    begins: date | None = None
    ends: date | None = None

    @classmethod
    def of(cls, clock: str, action: str, values: Mapping[str, Any], today: date) -> Self:
        """Read what was typed. Raise InvalidInput by field, ClockNotFound for an unknown act."""
        if action not in ACTIONS:
            raise ClockNotFound(kind=clock)
        errors: FieldErrors = {}
        ground = str(values.get("ground", "")).strip()
        if not ground:
            errors["ground"] = ("required", {})
        length, begins, ends = 0, None, None
        if action == "exclude":
            begins, ends = _day(values, "from", errors), _day(values, "to", errors)
            if begins and ends and not begins <= ends <= today:
                errors["to"] = ("not_date", {})
        else:
            stated = str(values.get("length", ""))
            length = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 5 else 0
            if length < 1:
                errors["length"] = ("not_integer", {})
        if errors:
            raise InvalidInput(errors)
        return cls(clock, action, ground, length, begins, ends)


def _day(values: Mapping[str, Any], key: str, errors: FieldErrors) -> date | None:
    try:
        return date.fromisoformat(str(values.get(key, "")))
    except ValueError:
        errors[key] = ("not_date", {})
        return None


def allowed_acts(spec: ClockSpec) -> tuple[str, ...]:
    """What the law lets an officer do to a clock."""
    may = {"extend": spec.extendable > 0, "shift": spec.shiftable, "exclude": spec.excludable}
    return tuple(action for action in ACTIONS if may[action])


def act_on_clock(unit: Unit, act: ClockAct) -> None:
    """Carry out an officer's act on a clock of the locked case.

    Raise TaskNotOpened for who has no task of the case open, DutyDenied, ClockNotFound, ClockNotExtendable,
    ClockIntervalOverlaps.
    """
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    spec = get_deployed(unit.session, unit.case.definition_id).clocks.get(act.clock)
    if spec is None:
        raise ClockNotFound(kind=act.clock)
    require(unit, Action.UPLOAD, case=unit.case, task=own_task(unit))
    if act.action not in allowed_acts(spec):
        raise ClockNotExtendable(kind=act.clock, allowed=spec.extendable)
    case_id = unit.case.id
    if act.action == "extend":
        allowed = spec.extendable
        clocks.extend_clock(unit, case_id, act.clock, length=act.length, allowed=allowed, ground=act.ground)
    elif act.action == "shift":
        clocks.shift_clock(unit, case_id, act.clock, length=act.length, ground=act.ground)
    elif act.begins is not None and act.ends is not None:
        clocks.exclude_interval(unit, case_id, act.clock, begins=act.begins, ends=act.ends, ground=act.ground)
