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


def attempt_rows(
    unit: Unit,
    documents: Sequence[Document],
    party: str,
    attempt: Attempt,
    task: Task,
    notice_until: date | None,
) -> list[Service]:
    """What is to be kept of an attempt: a row for each document served together."""
    received = attempt.received_at
    return [
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
        for document in documents
    ]


def deemed_rows(unit: Unit, documents: Sequence[Document], party: str) -> list[Service]:
    """The public notices of these documents to that party are over: a row for each that was published.

    Raise LookupError when none was.
    """
    published = [_published(unit.session, document, party) for document in documents]
    rows = [
        Service(
            case_id=one.case_id,
            document_id=one.document_id,
            party=party,
            way=one.way,
            result=DEEMED,
            sent_on=one.sent_on,
            received_at=deemed_at(one.notice_until).replace(tzinfo=LOCAL_ZONE),
            receiver="",
            reference=one.reference,
            reason=one.reason,
            notice_until=one.notice_until,
            task_id=one.task_id,
            at=unit.now,
        )
        for one in published
        if one is not None and one.notice_until is not None
    ]
    if not rows:
        raise LookupError(f"no public notice to {party!r} is known")
    return rows


def _published(session: Session, document: Document, party: str) -> Service | None:
    chosen = select(Service).where(
        Service.document_id == document.id, Service.party == party, Service.result == PUBLISHED
    )
    return session.scalar(chosen.order_by(Service.id.desc()).limit(1))


def keep(
    unit: Unit, documents: Sequence[Document], rows: Sequence[Service], receipt: Document | None
) -> None:
    """Keep rows with the receipt that tells them, if there is one."""
    by_id = {document.id: document for document in documents}
    for row in rows:
        row.receipt_id = receipt.id if receipt is not None else None
        unit.session.add(row)
        document = by_id[row.document_id]
        payload = {
            "document": str(document.uid),
            "number": document.number,
            "party": row.party,
            "way": row.way,
            "result": row.result,
            "receipt": receipt.number if receipt is not None else None,
        }
        task_id = row.task_id if row.result != DEEMED else None
        unit.record("service.recorded", payload, case_id=row.case_id, task_id=task_id)


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


def list_proofs(session: Session, task_id: int | None) -> Sequence[Material]:
    """Files received at a task, oldest first."""
    chosen = select(Material).join(TaskMaterial, TaskMaterial.material_id == Material.id)
    return session.scalars(chosen.where(TaskMaterial.task_id == task_id).order_by(Material.id)).all()


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
