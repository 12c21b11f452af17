"""What a recusal does at once: the person's claims and consultations end, his undecided signatures don't count."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import exists, insert, or_, select, update

from app.kernel.cases.models import Case
from app.kernel.duties.models import CaseDecision, Performance, PerformanceVoid, Signature
from app.kernel.recusal.queries import list_person_ids
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Consultation, Task
from app.kernel.worklist.operations import end_claim, open_tasks
from app.kernel.worklist.staffing import announce_waiting, list_able


def stand_back(unit: Unit, case: Case, person_id: int, reason: str) -> None:
    """End what the (canonical) person holds in the case and void what he signed there and nobody decided on.

    Bindings stay. The gate asks for the voided duties again, by others.
    """
    own = list_person_ids(unit.session, person_id)
    unit.views.pop(case.id, None)
    for task in open_tasks(unit, case):
        _take_back(unit, case, task, own)
    _cancel_consultations(unit, case, own)
    voided = _void_signatures(unit, case, own, reason)
    if voided:
        unit.record("signature.voided", {"person": person_id, "duties": voided, "cause": "recusal"})
    place_anew(unit, case)


def place_anew(unit: Unit, case: Case) -> None:
    """Ask for every unclaimed task again whether anybody may take it: who is recused changed."""
    unit.views.pop(case.id, None)
    unit.flush_writes()
    for task in open_tasks(unit, case):
        if task.claimed_by is not None:
            continue
        waiting = not list_able(unit, case, task)
        if waiting == task.waiting_for_staff:
            continue
        task.waiting_for_staff = waiting
        if waiting:
            announce_waiting(unit, case, task)
        else:
            unit.record("task.staff_found", {"step": task.step_key}, task_id=task.id)


def _take_back(unit: Unit, case: Case, task: Task, own: Collection[int]) -> None:
    """Release the person's claim with his draft, and have his part of a shared task done again."""
    if task.claimed_by in own:
        end_claim(unit, task, "recused")
        task.draft = task.draft_saved_at = None
        unit.record("task.taken_back", {"step": task.step_key, "duty": task.duty}, task_id=task.id)
    parts: list[dict[str, Any]] = list((task.result or {}).get("parts", []))
    kept = [part for part in parts if part.get("person") not in own]
    if len(kept) < len(parts):
        task.acts -= len(parts) - len(kept)
        task.result = {"parts": kept} if kept else None
        task.version += 1
        unit.record("task.part_voided", {"step": task.step_key, "duty": task.duty}, task_id=task.id)
    unit.session.flush()


def _cancel_consultations(unit: Unit, case: Case, own: Collection[int]) -> None:
    """Nobody waits for the opinion of a person who may no longer give one."""
    cancelled = unit.session.scalars(
        update(Consultation)
        .where(
            Consultation.case_id == case.id,
            Consultation.person_id.in_(own),
            Consultation.answered_at.is_(None),
            Consultation.cancelled_at.is_(None),
        )
        .values(cancelled_at=unit.now)
        .returning(Consultation.task_id)
    ).all()
    for task_id in cancelled:
        unit.record("consultation.cancelled", {"cause": "recusal"}, task_id=task_id)


def _void_signatures(unit: Unit, case: Case, own: Collection[int], reason: str) -> list[str]:
    """Duties whose signatures of the person (or on his behalf) lost their force; decided subjects stand."""
    decided = exists().where(
        CaseDecision.case_id == Signature.case_id, CaseDecision.subject == Signature.subject
    )
    rows = unit.session.execute(
        select(Signature.performance_id, Signature.duty)
        .join(Performance, Performance.id == Signature.performance_id)
        .where(
            Signature.case_id == case.id,
            or_(Performance.person_id.in_(own), Performance.on_behalf_of.in_(own)),
            ~decided,
            ~exists().where(PerformanceVoid.performance_id == Performance.id),
        )
        .order_by(Signature.id)
    ).all()
    for row in rows:
        unit.session.execute(
            insert(PerformanceVoid).values(
                performance_id=row.performance_id,
                cause="recusal",
                reason=reason,
                voided_by=unit.actor.person_id,
                at=unit.now,
            )
        )
    return [row.duty for row in rows]
