"""Seals (印章): which one stands under a document, each use on record, and the register for auditors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.documents.models import Document, Seal, SealUse
from app.kernel.identity.models import Person
from app.kernel.recusal.queries import barring

if TYPE_CHECKING:
    from app.kernel.transaction import Unit


@dataclass(frozen=True, slots=True)
class RegisteredSeal:
    """A seal with how often it was used."""

    seal: Seal
    uses: int


@dataclass(frozen=True, slots=True)
class UseOfSeal:
    """One use: the document, its case, and who did the act."""

    use: SealUse
    document: Document
    case_no: str
    person: str | None


def find_seal(session: Session, region_code: str, kind: str, day: date) -> Seal | None:
    """The seal of an authority (`kind` as a process names it) in a region that is valid on a day."""
    return session.scalars(
        select(Seal)
        .where(
            Seal.region_code == region_code,
            Seal.kind == kind,
            Seal.valid_from <= day,
            or_(Seal.valid_until.is_(None), Seal.valid_until >= day),
        )
        .order_by(Seal.valid_from.desc())
        .limit(1)
    ).first()


def use_seal(unit: Unit, seal: Seal, document: Document) -> None:
    """Record that a seal stands under a document that tells a decision."""
    if document.decision_id is None:
        raise ValueError("a seal stands only under a decision")
    unit.session.add(
        SealUse(
            seal_id=seal.id,
            document_id=document.id,
            decision_id=document.decision_id,
            person_id=unit.actor.own_person_id,
            at=unit.now,
        )
    )
    unit.record(
        "seal.used",
        {"seal": seal.id, "name": seal.name_zh, "document": str(document.uid), "number": document.number},
        case_id=document.case_id,
    )


def list_seals(session: Session, regions: Sequence[str]) -> list[RegisteredSeal]:
    """The register of these regions, by authority."""
    uses = select(SealUse.seal_id, func.count().label("uses")).group_by(SealUse.seal_id).subquery()
    rows = session.execute(
        select(Seal, func.coalesce(uses.c.uses, 0))
        .outerjoin(uses, uses.c.seal_id == Seal.id)
        .where(Seal.region_code.in_(regions))
        .order_by(Seal.region_code, Seal.kind, Seal.valid_from)
    )
    return [RegisteredSeal(seal, count) for seal, count in rows]


def get_seal(session: Session, seal_id: int) -> Seal | None:
    """A seal by its id."""
    return session.get(Seal, seal_id)


def list_uses(session: Session, seal_id: int, reader_id: int, limit: int = 200) -> list[UseOfSeal]:
    """The latest uses of a seal in cases the reader isn't barred from; his regions bound them besides."""
    rows = session.execute(
        select(SealUse, Document, Case.case_no, Person.name)
        .join(Document, Document.id == SealUse.document_id)
        .join(Case, Case.id == Document.case_id)
        .outerjoin(Person, Person.id == SealUse.person_id)
        .where(SealUse.seal_id == seal_id, ~barring(Case.id, reader_id))
        .order_by(SealUse.id.desc())
        .limit(limit)
    )
    return [UseOfSeal(*row) for row in rows]


def find_use(session: Session, document_id: int) -> str | None:
    """The seal that stands under a document, as it is called; None without one."""
    row = session.execute(
        select(Seal.authority_zh, Seal.name_zh)
        .join(SealUse, SealUse.seal_id == Seal.id)
        .where(SealUse.document_id == document_id)
    ).one_or_none()
    return f"{row.authority_zh} {row.name_zh}" if row is not None else None
