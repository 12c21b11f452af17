"""Operations of controlled changes: propose, edit, compute whom they touch. The rest is the process itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.kernel.cases.models import Case
from app.kernel.changes.content import PROCESS, Content, get_change, prepare
from app.kernel.changes.kinds import ChangeKind, Moment
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.refusals import ChangeNotEditable
from app.kernel.changes.registry import get_kind
from app.kernel.changes.touched import what_if_record
from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.identity.models import Region
from app.kernel.local_time import local_minute
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task, open_tasks

EDIT_STEP = "rule_edit"
LONGEST_REASON, LONGEST_GROUND, LONGEST_TITLE = 2000, 1000, 60


@dataclass(frozen=True)
class Proposal:
    """What somebody wants changed: raw values by field of the kind, with why and on what legal ground."""

    kind: str
    values: Mapping[str, Any]
    reason: str
    ground: str
    title: str = ""


def propose_change(unit: Unit, proposal: Proposal) -> dict[str, Any]:
    """Open the case of a change and give its edit task to the proposer; answers {"case_id", "case_no"}.

    Raise InvalidInput by field, ChangesNothing, ChangeKindUnknown, DutyDenied for who is no rule editor.
    """
    kind = get_kind(unit.kernel.ports, proposal.kind)
    content = _checked(unit, kind, proposal)
    region = unit.session.scalars(select(Region.code).where(Region.parent_code.is_(None))).one()
    facts = _facts(unit, kind, content, proposal)
    started = start_case(unit, CaseStart(PROCESS, region, facts))
    unit.session.add(
        ControlledChange(case_id=started["case_id"], kind=kind.key, **_columns(unit, content, proposal))
    )
    unit.record("change.proposed", {"kind": kind.key, "target": content.target})
    _take_edit_task(unit)
    return started


def propose_weighed(unit: Unit, proposal: Proposal) -> dict[str, Any]:
    """As `propose_change`, with the list of open cases touched computed at once, ready to be signed."""
    started = propose_change(unit, proposal)
    if unit.case is None:
        raise LookupError("the case was started in this unit")
    task = next(item for item in open_tasks(unit, unit.case) if item.step_key == EDIT_STEP)
    compute_what_if(unit, task.id)
    return started


def edit_change(unit: Unit, task_id: int, proposal: Proposal) -> None:
    """Replace the content in the opened edit task; earlier signatures become stale, the what-if list is dropped.

    Raise ChangeNotEditable unless the actor holds the task, InvalidInput by field, ChangesNothing, DutyDenied.
    """
    case, task = _held_task(unit, task_id, EDIT_STEP)
    row = get_change(unit.session, case.id, lock=True)
    kind = get_kind(unit.kernel.ports, row.kind)
    content = _checked(unit, kind, proposal)
    require(unit, Action.SAVE_DRAFT, case=case, task=task)
    before = row.digest
    for column, value in _columns(unit, content, proposal).items():
        setattr(row, column, value)
    facts = {**_facts(unit, kind, content, proposal), "what_if_at": None, "change_obstacle": None}
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    context.change(context.deployed.schema.parse(facts, today=unit.today))
    unit.record(
        "change.edited",
        {"target": content.target, "from": before.hex(), "to": content.digest.hex()},
        task_id=task.id,
    )


def compute_what_if(unit: Unit, task_id: int) -> int:
    """Store the list of open cases the change would touch, as of now; answers its length.

    For whoever has one of the change's tasks open. Raise ChangeNotEditable, DutyDenied.
    """
    case, task = _held_task(unit, task_id)
    row = get_change(unit.session, case.id, lock=True)
    kind = get_kind(unit.kernel.ports, row.kind)
    require(unit, Action.SAVE_DRAFT, case=case, task=task)
    record = what_if_record(kind.what_if(unit.session, Content.of(row).values, moment_of(unit)))
    row.what_if, row.what_if_at = record, unit.now
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    context.note("what_if_at", local_minute(unit.now))
    unit.record(
        "change.what_if_computed", {"touched": record["total"], "digest": row.digest.hex()}, task_id=task.id
    )
    return int(record["total"])


def moment_of(unit: Unit) -> Moment:
    return Moment(unit.now, unit.today)


def _checked(unit: Unit, kind: ChangeKind, proposal: Proposal) -> Content:
    """The content, with reason and ground checked beside the kind's own fields."""
    errors: dict[str, tuple[str, Mapping[str, object]]] = {}
    for key, text, limit, needed in (
        ("change_title", proposal.title, LONGEST_TITLE, False),
        ("change_reason", proposal.reason, LONGEST_REASON, True),
        ("legal_ground", proposal.ground, LONGEST_GROUND, True),
    ):
        if needed and not text.strip():
            errors[key] = ("required", {})
        elif len(text.strip()) > limit:
            errors[key] = ("too_long", {"max": limit})
    try:
        content = prepare(unit.session, kind, proposal.values, moment_of(unit))
    except InvalidInput as invalid:
        raise InvalidInput({**invalid.errors, **errors}) from None
    if errors:
        raise InvalidInput(errors)
    return content


def _columns(unit: Unit, content: Content, proposal: Proposal) -> dict[str, Any]:
    return {
        "target": content.target,
        "payload": content.stored,
        "content": content.written.decode(),
        "digest": content.digest,
        "reason": proposal.reason.strip(),
        "ground": proposal.ground.strip(),
        "what_if": None,
        "what_if_at": None,
        "prepared_by": unit.actor.person_id,
        "prepared_at": unit.now,
    }


def _facts(unit: Unit, kind: ChangeKind, content: Content, proposal: Proposal) -> dict[str, Any]:
    subject, _ = kind.subject(unit.session, content.values)
    return {
        "change_title": (proposal.title.strip() or subject)[:LONGEST_TITLE],
        "change_kind": kind.key,
        "change_kind_title": kind.title_zh,
        "change_target": content.target,
        "change_reason": proposal.reason.strip(),
        "legal_ground": proposal.ground.strip(),
        "change_digest": content.digest.hex(),
    }


def _take_edit_task(unit: Unit) -> None:
    """Who proposes edits: the duty binds from the first word on, and nobody else starts from it."""
    unit.flush_writes()
    unit.open_tasks = None
    if unit.case is None:
        raise LookupError("the case was started in this unit")
    task = next(item for item in open_tasks(unit, unit.case) if item.step_key == EDIT_STEP)
    claim_task(unit, task.id)
    open_task(unit, task.id)


def _held_task(unit: Unit, task_id: int, step: str | None = None) -> tuple[Case, Task]:
    """The locked case's open task, opened by the actor."""
    case = unit.case
    task = next((item for item in open_tasks(unit, case) if item.id == task_id), None) if case else None
    held = task is not None and task.claimed_by == unit.actor.person_id and task.opened_at is not None
    if case is None or task is None or not held or (step is not None and task.step_key != step):
        raise ChangeNotEditable
    return case, task
