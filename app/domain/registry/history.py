"""How entries came to be, what was put up for import, and the cases of a person or an employer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.domain.registry.as_of import everywhere, standing
from app.domain.registry.importing import CHANGE_KIND
from app.domain.registry.models import (
    EmployerDetail,
    InsuredPerson,
    InsuredPersonDetail,
    RegistryFile,
    RegistryImport,
)
from app.kernel.cases.models import Case
from app.kernel.changes.models import ControlledChange
from app.kernel.identity.models import Person
from app.kernel.recusal.queries import barring

MOST_CASES = 30


def list_person_details(session: Session, person_id: int) -> list[tuple[InsuredPersonDetail, bool]]:
    """Every row about a person with whether it stands, the latest recorded first."""
    with everywhere(session):
        rows = session.execute(
            select(InsuredPersonDetail, standing(InsuredPersonDetail))
            .where(InsuredPersonDetail.person_id == person_id)
            .order_by(InsuredPersonDetail.id.desc())
        ).all()
    return [(row, bool(stands)) for row, stands in rows]


def list_employer_details(session: Session, employer_id: int) -> Sequence[EmployerDetail]:
    """What an employer was called and is, the latest first."""
    with everywhere(session):
        return session.scalars(
            select(EmployerDetail)
            .where(EmployerDetail.employer_id == employer_id, standing(EmployerDetail))
            .order_by(EmployerDetail.valid_from.desc(), EmployerDetail.id.desc())
        ).all()


def list_cases_of_person(session: Session, person_id: int, reader: int) -> list[Case]:
    """Cases about the person that the reader may know of."""
    index = select(InsuredPerson.id_number_index).where(InsuredPerson.id == person_id)
    return _cases(session, Case.subject_index.in_(index), reader)


def list_cases_of_employer(session: Session, names: Collection[str], reader: int) -> list[Case]:
    """Cases at an employer under any of its names that the reader may know of."""
    return _cases(session, Case.organisation.in_(names), reader)


def _cases(session: Session, condition: ColumnElement[bool], reader: int) -> list[Case]:
    """Of the reader's regions, none he is barred from; the newest first."""
    readable = select(Case).where(condition, ~barring(Case.id, reader))
    return list(session.scalars(readable.order_by(Case.id.desc()).limit(MOST_CASES)))


def list_files(session: Session, limit: int) -> list[tuple[RegistryFile, str, datetime | None]]:
    """Files put up, by whom, and when they were let in; the latest first."""
    rows = session.execute(
        select(RegistryFile, Person.name, RegistryImport.at)
        .outerjoin(Person, Person.id == RegistryFile.uploaded_by)
        .outerjoin(RegistryImport, RegistryImport.file_id == RegistryFile.id)
        .order_by(RegistryFile.id.desc())
        .limit(limit)
    )
    return [(row, name or "", at) for row, name, at in rows]


def find_import(session: Session, file_id: int) -> RegistryImport | None:
    """What became of a file's lines; None while it isn't let in."""
    return session.scalar(select(RegistryImport).where(RegistryImport.file_id == file_id))


def find_change(session: Session, row: RegistryFile) -> int | None:
    """The case of the latest change that is about the file."""
    target = f"{row.kind}:{row.digest}:{row.id}"
    return session.scalar(
        select(ControlledChange.case_id)
        .where(ControlledChange.kind == CHANGE_KIND, ControlledChange.target == target)
        .order_by(ControlledChange.case_id.desc())
        .limit(1)
    )
