"""Keeping what was done to serve documents on a party, and reading it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Material, TaskMaterial
from app.kernel.documents.models import Document, Service
from app.kernel.documents.service_rules import DEEMED, FAILED, PUBLISHED, Attempt, deemed_at
from app.kernel.local_time import LOCAL_ZONE
from app.kernel.refusals import Refusal

if TYPE_CHECKING:
    from app.kernel.transaction import Unit
    from app.kernel.worklist.models import Task


class NothingToServe(Refusal):
    """The case has no such document that could be served; params: document."""

    code = "nothing_to_serve"


@dataclass(frozen=True, slots=True)
class Served:
    """An attempt as pages show it."""

    row: Service
    document: Document
    proofs: Sequence[Material]


def keep_attempt(
    unit: Unit,
    documents: Sequence[Document],
    party: str,
    attempt: Attempt,
    task: Task,
    notice_until: date | None,
) -> None:
    """A row for each document served together."""
    received = attempt.received_at
    for document in documents:
        unit.session.add(
            Service(
                case_id=document.case_id,
                document_id=document.id,
                party=party,
                way=attempt.way,
                result=attempt.result,
                sent_on=attempt.sent_on,
                received_at=None if received is None else received.replace(tzinfo=LOCAL_ZONE),
                receiver=attempt.receiver,
                reference=attempt.reference,
                reason=attempt.reason,
                consent=attempt.consent,
                notice_until=notice_until,
                task_id=task.id,
                performed_by=unit.actor.own_person_id,
                on_behalf_of=unit.on_behalf_of,
                at=unit.now,
            )
        )
        _record(unit, document, party, attempt.way, attempt.result, task.id)


def keep_deemed(unit: Unit, documents: Sequence[Document], party: str) -> date:
    """The public notices of these documents to that party are over; answers the last day of the latest.

    Raise LookupError when none was published.
    """
    last = None
    for document in documents:
        published = unit.session.scalar(
            select(Service)
            .where(Service.document_id == document.id, Service.party == party, Service.result == PUBLISHED)
            .order_by(Service.id.desc())
            .limit(1)
        )
        if published is None or published.notice_until is None:
            continue
        last = max(last or published.notice_until, published.notice_until)
        unit.session.add(
            Service(
                case_id=document.case_id,
                document_id=document.id,
                party=party,
                way=published.way,
                result=DEEMED,
                sent_on=published.sent_on,
                received_at=deemed_at(published.notice_until).replace(tzinfo=LOCAL_ZONE),
                reference=published.reference,
                notice_until=published.notice_until,
                at=unit.now,
            )
        )
        _record(unit, document, party, published.way, DEEMED, None)
    if last is None:
        raise LookupError(f"no public notice to {party!r} is known")
    return last


def has_failed_before(session: Session, documents: Sequence[Document], party: str) -> bool:
    """Whether another way was tried in vain on this party."""
    ids = [document.id for document in documents]
    found = select(Service.id).where(
        Service.document_id.in_(ids), Service.party == party, Service.result == FAILED
    )
    return session.scalar(found.limit(1)) is not None


def count_proofs(session: Session, task_id: int) -> int:
    """Files received while the task was worked on."""
    counted = select(func.count()).where(TaskMaterial.task_id == task_id)
    return session.scalar(counted) or 0


def list_services(session: Session, case_id: int) -> list[Served]:
    """All attempts of a case, oldest first, with their proofs."""
    rows = session.execute(
        select(Service, Document)
        .join(Document, Document.id == Service.document_id)
        .where(Service.case_id == case_id)
        .order_by(Service.id)
    ).all()
    tasks = {row.Service.task_id for row in rows} - {None}
    proofs = session.execute(
        select(TaskMaterial.task_id, Material)
        .join(Material, Material.id == TaskMaterial.material_id)
        .where(TaskMaterial.task_id.in_(tasks))
        .order_by(Material.id)
    ).all()
    return [
        Served(row.Service, row.Document, [m for task, m in proofs if task == row.Service.task_id])
        for row in rows
    ]


def _record(unit: Unit, document: Document, party: str, way: str, result: str, task_id: int | None) -> None:
    unit.record(
        "service.recorded",
        {
            "document": str(document.uid),
            "number": document.number,
            "party": party,
            "way": way,
            "result": result,
        },
        case_id=document.case_id,
        task_id=task_id,
    )
