"""Reads of the register of interests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case, CaseParty
from app.kernel.identity.models import Person
from app.kernel.recusal.models import PersonInterest
from app.kernel.recusal.queries import PersonLine
from app.storage.core import table

CONFIRMED = "interests.confirmed"
"""Audit event of the yearly declaration."""


@dataclass(frozen=True)
class InterestView:
    """One entry of the register; `ids` are the rows it is kept in (credit code and name are two)."""

    ids: tuple[int, ...]
    cause: str
    label: str
    declarer: str | None
    by_self: bool
    declared_at: datetime
    ended_at: datetime | None


def list_interests(session: Session, person_id: int) -> list[InterestView]:
    """The person's register, newest first; subjects only as masked labels."""
    declarer = table(Person).alias("declarer")
    rows = session.execute(
        select(
            func.array_agg(PersonInterest.id).label("ids"),
            PersonInterest.cause,
            PersonInterest.subject_label,
            PersonInterest.declared_at,
            PersonInterest.ended_at,
            declarer.c.name,
            declarer.c.canonical_id,
        )
        .join(Person, Person.id == PersonInterest.person_id)
        .outerjoin(declarer, declarer.c.id == PersonInterest.declared_by)
        .where(Person.canonical_id == person_id)
        .group_by(
            PersonInterest.cause,
            PersonInterest.subject_label,
            PersonInterest.declared_at,
            PersonInterest.ended_at,
            declarer.c.name,
            declarer.c.canonical_id,
        )
        .order_by(PersonInterest.declared_at.desc(), func.min(PersonInterest.id).desc())
    )
    return [
        InterestView(
            tuple(sorted(row.ids)),
            row.cause,
            row.subject_label,
            row.name,
            row.canonical_id == person_id,
            row.declared_at,
            row.ended_at,
        )
        for row in rows
    ]


def last_confirmed(session: Session, person_id: int) -> datetime | None:
    """When the person last declared for the year that the register is complete."""
    return session.scalar(
        select(func.max(AuditEvent.at)).where(
            AuditEvent.chain == f"person:{person_id}", AuditEvent.event == CONFIRMED
        )
    )


def list_cases_of_interests(session: Session, person_id: int) -> Sequence[int]:
    """Open cases with a party in which the person has declared an interest."""
    return session.scalars(
        select(CaseParty.case_id)
        .join(Case, Case.id == CaseParty.case_id)
        .join(PersonInterest, PersonInterest.subject_index == CaseParty.id_number_index)
        .join(Person, Person.id == PersonInterest.person_id)
        .where(Person.canonical_id == person_id, PersonInterest.ended_at.is_(None), Case.status == "open")
        .distinct()
        .order_by(CaseParty.case_id)
    ).all()


def list_named(session: Session, name: str, limit: int = 20) -> list[PersonLine]:
    """People of this name, for the auditor's choice."""
    rows = session.execute(
        select(Person.canonical_id, Person.name)
        .where(Person.name == name, Person.id == Person.canonical_id)
        .order_by(Person.id)
        .limit(limit)
    )
    return [PersonLine(row.canonical_id, row.name) for row in rows]


def get_person_line(session: Session, person_id: int) -> PersonLine | None:
    """A person by any of his records' ids."""
    row = session.execute(
        select(Person.canonical_id, Person.name).where(Person.id == person_id)
    ).one_or_none()
    return PersonLine(row.canonical_id, row.name) if row else None
