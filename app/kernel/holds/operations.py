"""A supervisor holds a case or a process and ends the hold, each time with the reason. Clocks go on."""

from __future__ import annotations

from sqlalchemy import exists, select

from app.kernel.cases.models import Case
from app.kernel.duties.operations import require_supervising
from app.kernel.duties.views import Action
from app.kernel.engine.models import ProcessDefinition
from app.kernel.holds.models import Hold
from app.kernel.holds.refusals import AlreadyHeld, HoldNotFound, NothingToHold
from app.kernel.identity.regions import list_subtree
from app.kernel.refusals import CaseNotFound, InvalidInput
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.operations import notify, open_tasks

LONGEST_REASON = 500


def hold_case(unit: Unit, reason: str) -> int:
    """Hold the locked case; answers the hold's id. Whoever has a task of it claimed is told.

    Raise InvalidInput, NothingToHold, AlreadyHeld, DutyDenied.
    """
    case = _locked(unit)
    why = check_reason(reason)
    require_supervising(unit, case.region_code, Action.HOLD, case)
    if case.status != "open":
        raise NothingToHold(what=case.case_no)
    if unit.session.scalar(select(exists().where(Hold.case_id == case.id, Hold.ended_at.is_(None)))):
        raise AlreadyHeld(what=case.case_no)
    hold = _insert(unit, Hold(case_id=case.id, reason=why))
    unit.record("case.held", {"hold": hold.id, "reason": why})
    for task in open_tasks(unit, case):
        if task.claimed_by is not None and task.claimed_by != unit.actor.person_id:
            notify(unit, task.claimed_by, "case_held", f"hold:{hold.id}:{task.id}", case, task)
    return hold.id


def end_case_hold(unit: Unit, hold_id: int, reason: str) -> None:
    """End a hold of the locked case. Raise InvalidInput, HoldNotFound, DutyDenied."""
    case = _locked(unit)
    why = check_reason(reason)
    require_supervising(unit, case.region_code, Action.RESUME, case)
    hold = _open(unit, hold_id)
    if hold.case_id != case.id:
        raise HoldNotFound
    _end(unit, hold, why)
    unit.record("case.resumed", {"hold": hold.id, "reason": why})
    for task in open_tasks(unit, case):
        if task.claimed_by is not None and task.claimed_by != unit.actor.person_id:
            notify(unit, task.claimed_by, "case_resumed", f"hold:{hold.id}:{task.id}:ended", case, task)


def hold_process(
    unit: Unit, process_key: str, region_code: str, reason: str, *, version: int | None = None
) -> int:
    """Hold every case of a process (or of one version) in a region and below; no new ones are opened there.

    Raise InvalidInput, NothingToHold, AlreadyHeld, DutyDenied for who doesn't supervise that region.
    """
    why = check_reason(reason)
    require_supervising(unit, region_code, Action.HOLD)
    definition_id = _definition(unit, process_key, version)
    same = exists().where(
        Hold.process_key == process_key,
        Hold.region_code == region_code,
        Hold.definition_id.is_not_distinct_from(definition_id),
        Hold.ended_at.is_(None),
    )
    if unit.session.scalar(select(same)):
        raise AlreadyHeld(what=process_key)
    regions = list(list_subtree(unit.session, [region_code]))
    hold = Hold(
        process_key=process_key, definition_id=definition_id, region_code=region_code, regions=regions
    )
    hold.reason = why
    _insert(unit, hold)
    about = {"hold": hold.id, "key": process_key, "version": version, "region": region_code, "reason": why}
    unit.record("definition.held", about, chain="system")
    return hold.id


def end_process_hold(unit: Unit, hold_id: int, reason: str) -> None:
    """End a hold of a process. Raise InvalidInput, HoldNotFound, DutyDenied."""
    why = check_reason(reason)
    hold = _open(unit, hold_id)
    if hold.region_code is None:
        raise HoldNotFound
    require_supervising(unit, hold.region_code, Action.RESUME)
    _end(unit, hold, why)
    about = {"hold": hold.id, "key": hold.process_key, "region": hold.region_code, "reason": why}
    unit.record("definition.resumed", about, chain="system")


def check_reason(reason: str) -> str:
    """The reason without blanks around it. Raise InvalidInput when there is none, or a novel."""
    text = reason.strip()
    if not text:
        raise InvalidInput({"reason": ("required", {})})
    if len(text) > LONGEST_REASON:
        raise InvalidInput({"reason": ("too_long", {"max": LONGEST_REASON})})
    return text


def _locked(unit: Unit) -> Case:
    if unit.case is None:
        raise CaseNotFound(case_id=None)
    return unit.case


def _definition(unit: Unit, process_key: str, version: int | None) -> int | None:
    """The version's id, None for all of them. Raise NothingToHold when it isn't there."""
    found = select(ProcessDefinition.id).where(ProcessDefinition.key == process_key)
    if version is not None:
        found = found.where(ProcessDefinition.version == version)
    definition_id = unit.session.scalar(found.limit(1))
    if definition_id is None:
        raise NothingToHold(what=process_key)
    return definition_id if version is not None else None


def _insert(unit: Unit, hold: Hold) -> Hold:
    if unit.actor.person_id is None:
        raise LookupError("a hold is set by a person")
    hold.held_by, hold.held_at = unit.actor.person_id, unit.now
    unit.session.add(hold)
    unit.session.flush()
    return hold


def _open(unit: Unit, hold_id: int) -> Hold:
    query = select(Hold).where(Hold.id == hold_id, Hold.ended_at.is_(None)).with_for_update()
    hold = unit.session.scalar(query)
    if hold is None:
        raise HoldNotFound
    return hold


def _end(unit: Unit, hold: Hold, why: str) -> None:
    hold.ended_by, hold.ended_at, hold.end_reason = unit.actor.person_id, unit.now, why
    unit.session.flush()
