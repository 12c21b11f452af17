"""Receiving files into a case, and corrections while the case waits for the applicant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.cases.facts import refresh_content_hash
from app.kernel.cases.models import Case, Material, TaskMaterial
from app.kernel.duties.operations import require, require_intake
from app.kernel.duties.records import keep_decision, permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.operations import bind_intake, deliver_message
from app.kernel.refusals import TaskNotClaimed, TaskNotOpened
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import get_open_task

CORRECTION_RECEIVED = "correction_received"


@dataclass(frozen=True)
class Upload:
    """A checked file (sniffed type, clean name, within the limit) with what it is."""

    kind: str
    filename: str
    media_type: str
    content: bytes
    source: str


def add_material(unit: Unit, task_id: int, upload: Upload) -> bool:
    """Add a file while working on an opened task; answers False when the case holds it already.

    A new material changes the content being decided: earlier signatures become stale.
    Raise TaskNotClaimed, TaskNotOpened, DutyDenied.
    """
    case, task = get_open_task(unit, task_id)
    if task.claimed_by != unit.actor.person_id:
        raise TaskNotClaimed(task_id=task_id)
    if task.opened_at is None:
        raise TaskNotOpened(task_id=task_id)
    require(unit, Action.UPLOAD, case=case, task=task)
    new = receive(unit, case, upload)
    _join(unit, task, upload)
    return new


def _join(unit: Unit, task: Task, upload: Upload) -> None:
    """Keep that the file came while this task was worked on, in the case already or not."""
    found = select(Material.id).where(
        Material.case_id == task.case_id,
        Material.kind == upload.kind,
        Material.digest == hashlib.sha256(upload.content).hexdigest(),
    )
    values = {"task_id": task.id, "material_id": unit.session.scalars(found).one(), "at": unit.now}
    unit.session.execute(insert(TaskMaterial).values(values).on_conflict_do_nothing())


def import_material(unit: Unit, upload: Upload) -> bool:
    """Add a file that came with an imported application; only the system may."""
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    permit_system(unit, Action.UPLOAD, unit.case.id)
    return receive(unit, unit.case, upload)


def receive_correction(unit: Unit, uploads: list[Upload], *, complete: bool) -> None:
    """The window receives corrected materials; `complete` ends the wait and starts clock CR04.

    Raise DutyDenied for who does not hold the intake post, MessageNotExpected when nothing waits.
    """
    case = unit.case
    if case is None:
        raise LookupError("the operation needs a locked case")
    deployed = get_deployed(unit.session, case.definition_id)
    decision = require_intake(unit, deployed.intake_post, case.region_code, case)
    if decision is None:
        permit_system(unit, Action.DELIVER, case.id)
    else:
        keep_decision(unit, decision, Action.DELIVER, case.id, None, "intake")
        bind_intake(unit, case)
    for upload in uploads:
        receive(unit, case, upload)
    unit.record("case.correction_received", {"files": len(uploads), "complete": complete})
    if complete:
        deliver_message(unit, CORRECTION_RECEIVED)


def receive(unit: Unit, case: Case, upload: Upload) -> bool:
    """Put a file into a case, under the decision its caller has kept; answers False when it is there already."""
    digest = unit.kernel.blobs.put(upload.content)
    values: dict[str, Any] = {
        "uid": uuid4(),
        "case_id": case.id,
        "region_code": case.region_code,
        "kind": upload.kind,
        "filename": upload.filename,
        "media_type": upload.media_type,
        "size": len(upload.content),
        "digest": digest,
        "source": upload.source,
        "received_at": unit.now,
        "uploaded_by": unit.actor.person_id,
    }
    new = unit.session.execute(
        insert(Material).values(values).on_conflict_do_nothing().returning(Material.id)
    ).scalar_one_or_none()
    unit.record(
        "material.received" if new else "material.received_again",
        {"kind": upload.kind, "digest": digest, "size": len(upload.content)},
        case_id=case.id,
    )
    if new is not None:
        context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
        refresh_content_hash(unit, case, context.deployed.schema, context.facts)
    return new is not None
