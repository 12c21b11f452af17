"""Reads of one person, employer or institution of the register, as things were on a day and as known on a day.

`on` is the day something is so (None: the latest that is known), `known_on` the day by whose end it was known here
(None: now). What is asked of a person by number is answered from the whole register, whatever the reader's regions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, case, select
from sqlalchemy.orm import Session

from app.domain.registry.as_of import everywhere, standing
from app.domain.registry.models import (
    ContributionWage,
    Employer,
    EmployerDetail,
    Enrolment,
    Expert,
    ExpertTerm,
    InstitutionAgreement,
    InsuredPerson,
    InsuredPersonDetail,
    InsuredUnit,
    InsuredUnitDetail,
)
from app.domain.registry.models import Institution as InstitutionRow
from app.kernel.identity.identifiers import ID_NUMBER_KIND, parse_id_number
from app.kernel.identity.models import Person
from app.storage.crypto import KeyRing


@dataclass(frozen=True)
class RegisteredPerson:
    """A person; name, region and death are those of the day asked for. No ID number: `reveal` opens it."""

    id: int
    name: str
    birth_on: date
    sex: str
    region_code: str
    died_on: date | None
    source: str


@dataclass(frozen=True)
class RegisteredEmployer:
    """An employer as it was on the day asked for; `state`: active, revoked, cancelled."""

    id: int
    uscc: str
    name: str
    industry_code: str
    risk_class: int
    region_code: str
    state: str
    address: str
    valid_from: date


@dataclass(frozen=True)
class EnrolmentLine:
    """A period of insurance, both days included; `registered_on` is when the registration was received."""

    id: int
    person_id: int
    unit_id: int
    unit_number: str
    unit_kind: str
    unit_name: str
    employer_id: int
    employer_uscc: str
    employer_name: str
    region_code: str
    category: str
    from_on: date
    to_on: date | None
    registered_on: date
    recorded_at: datetime
    source: str

    def covers(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)


@dataclass(frozen=True)
class WageLine:
    """A month's contribution wage at one employer, yuan; `paid_on` None: not paid."""

    month: date
    wage: Decimal
    paid_on: date | None
    unit_id: int
    employer_id: int
    employer_uscc: str
    source: str


@dataclass(frozen=True)
class AgreementLine:
    """An institution's agreement of one kind; no days: it has none."""

    institution_id: int
    uscc: str
    name: str
    kind: str
    region_code: str
    agreement_no: str
    from_on: date | None
    to_on: date | None


@dataclass(frozen=True)
class ExpertLine:
    """An expert with the appointment of the day. `person_id`: the canonical person with an account, None without."""

    id: int
    person_id: int | None
    name: str
    specialities: tuple[str, ...]
    region_code: str
    title: str
    hospital: str
    hospital_uscc: str | None
    from_on: date
    to_on: date


def find_person(
    session: Session, keyring: KeyRing, id_number: str, on: date | None = None, known_on: date | None = None
) -> RegisteredPerson | None:
    """The person with this ID number, typed in any form. Raise IdentifierInvalid."""
    index = keyring.blind_index(ID_NUMBER_KIND, parse_id_number(id_number).number)
    return find_person_by_index(session, index, on, known_on)


def find_person_by_index(
    session: Session, index: bytes | None, on: date | None = None, known_on: date | None = None
) -> RegisteredPerson | None:
    """The same by the blind index, as cases and parties keep it (`case.subject_index`)."""
    if index is None:
        return None
    return _person(session, InsuredPerson.id_number_index == index, on, known_on)


def get_person(
    session: Session, person_id: int, on: date | None = None, known_on: date | None = None
) -> RegisteredPerson | None:
    """None where nothing stands about the person."""
    return _person(session, InsuredPerson.id == person_id, on, known_on)


def _person(session: Session, which: Any, on: date | None, known_on: date | None) -> RegisteredPerson | None:
    statement = (
        select(InsuredPerson, InsuredPersonDetail)
        .join(InsuredPersonDetail, InsuredPersonDetail.person_id == InsuredPerson.id)
        .where(which)
    )
    with everywhere(session):
        row = session.execute(_latest(statement, InsuredPersonDetail, on, known_on)).one_or_none()
    if row is None:
        return None
    person, detail = row
    return RegisteredPerson(
        person.id, detail.name, person.birth_on, person.sex, detail.region_code, detail.died_on, detail.source
    )


def _latest(statement: Any, detail: Any, on: date | None, known_on: date | None) -> Select[Any, Any]:
    """The row that stands and began last by the day. A day before all of them is answered by the first."""
    chosen: Select[Any, Any] = statement.where(standing(detail, known_on))
    if on is None:
        return chosen.order_by(detail.valid_from.desc(), detail.id.desc()).limit(1)
    begun = case((detail.valid_from <= on, 0), else_=1)
    nearest = case((detail.valid_from <= on, on - detail.valid_from), else_=detail.valid_from - on)
    return chosen.order_by(begun, nearest, detail.id.desc()).limit(1)


def find_employer(
    session: Session, uscc: str, on: date | None = None, known_on: date | None = None
) -> RegisteredEmployer | None:
    """The employer with this unified social credit code, in its normal form (`parse_uscc`)."""
    return _employer(session, Employer.uscc == uscc, on, known_on)


def get_employer(
    session: Session, employer_id: int, on: date | None = None, known_on: date | None = None
) -> RegisteredEmployer | None:
    """None where nothing stands about the employer."""
    return _employer(session, Employer.id == employer_id, on, known_on)


def _employer(
    session: Session, which: Any, on: date | None, known_on: date | None
) -> RegisteredEmployer | None:
    statement = (
        select(Employer, EmployerDetail)
        .join(EmployerDetail, EmployerDetail.employer_id == Employer.id)
        .where(which)
    )
    with everywhere(session):
        row = session.execute(_latest(statement, EmployerDetail, on, known_on)).one_or_none()
    if row is None:
        return None
    employer, detail = row
    return RegisteredEmployer(
        employer.id,
        employer.uscc,
        detail.name,
        detail.industry_code,
        detail.risk_class,
        detail.region_code,
        detail.state,
        detail.address,
        detail.valid_from,
    )


def enrolments(
    session: Session, person_id: int, known_on: date | None = None, employer_uscc: str | None = None
) -> list[EnrolmentLine]:
    """All periods of a person, oldest first; of one employer only, where its code is given."""
    statement = (
        select(Enrolment, InsuredUnit, InsuredUnitDetail.name, Employer.uscc, EmployerDetail.name)
        .join(InsuredUnit, InsuredUnit.id == Enrolment.unit_id)
        .join(Employer, Employer.id == InsuredUnit.employer_id)
        .outerjoin(
            InsuredUnitDetail, InsuredUnitDetail.id == _newest(InsuredUnitDetail, "unit_id", InsuredUnit)
        )
        .outerjoin(EmployerDetail, EmployerDetail.id == _newest(EmployerDetail, "employer_id", Employer))
        .where(Enrolment.person_id == person_id, standing(Enrolment, known_on))
        .order_by(Enrolment.from_on, Enrolment.id)
    )
    if employer_uscc is not None:
        statement = statement.where(Employer.uscc == employer_uscc)
    with everywhere(session):
        rows = session.execute(statement).all()
    return [_enrolment(*row) for row in rows]


def _newest(detail: Any, key: str, owner: Any) -> Any:
    """The id of the row that stands now and began last: what a thing is called today."""
    return (
        select(detail.id)
        .where(getattr(detail, key) == owner.id, standing(detail))
        .order_by(detail.valid_from.desc(), detail.id.desc())
        .limit(1)
        .correlate(owner)
        .scalar_subquery()
    )


def _enrolment(
    row: Enrolment, unit: InsuredUnit, unit_name: str | None, uscc: str, employer_name: str | None
) -> EnrolmentLine:
    return EnrolmentLine(
        row.id,
        row.person_id,
        unit.id,
        unit.number,
        unit.kind,
        unit_name or "",
        unit.employer_id,
        uscc,
        employer_name or "",
        row.region_code,
        row.category,
        row.from_on,
        row.to_on,
        row.registered_on,
        row.recorded_at,
        row.source,
    )


def is_insured(
    session: Session,
    person_id: int,
    on: date,
    known_on: date | None = None,
    employer_uscc: str | None = None,
) -> bool:
    """Whether a period covers the day, by what was known at the end of `known_on`."""
    return any(line.covers(on) for line in enrolments(session, person_id, known_on, employer_uscc))


def contribution_wages(
    session: Session,
    person_id: int,
    since: date,
    until: date,
    known_on: date | None = None,
    employer_uscc: str | None = None,
) -> list[WageLine]:
    """Months from `since` to `until`, both first days of months and both included, oldest first."""
    statement = (
        select(ContributionWage, InsuredUnit.employer_id, Employer.uscc)
        .join(InsuredUnit, InsuredUnit.id == ContributionWage.unit_id)
        .join(Employer, Employer.id == InsuredUnit.employer_id)
        .where(
            ContributionWage.person_id == person_id,
            ContributionWage.month.between(since, until),
            standing(ContributionWage, known_on),
        )
        .order_by(ContributionWage.month, ContributionWage.id)
    )
    if employer_uscc is not None:
        statement = statement.where(Employer.uscc == employer_uscc)
    with everywhere(session):
        rows = session.execute(statement).all()
    return [
        WageLine(row.month, row.wage, row.paid_on, row.unit_id, employer_id, uscc, row.source)
        for row, employer_id, uscc in rows
    ]


def agreements(
    session: Session, *, uscc: str | None = None, name: str | None = None, known_on: date | None = None
) -> list[AgreementLine]:
    """All agreements of one institution, by its code or its exact name, the newest first."""
    statement = (
        select(InstitutionAgreement, InstitutionRow.uscc)
        .join(InstitutionRow, InstitutionRow.id == InstitutionAgreement.institution_id)
        .where(standing(InstitutionAgreement, known_on))
        .order_by(InstitutionAgreement.from_on.desc().nulls_last(), InstitutionAgreement.id.desc())
    )
    if uscc is not None:
        statement = statement.where(InstitutionRow.uscc == uscc)
    if name is not None:
        statement = statement.where(InstitutionAgreement.name == name)
    with everywhere(session):
        rows = session.execute(statement).all()
    return [
        AgreementLine(
            row.institution_id,
            code,
            row.name,
            row.kind,
            row.region_code,
            row.agreement_no,
            row.from_on,
            row.to_on,
        )
        for row, code in rows
    ]


def experts(
    session: Session,
    on: date,
    *,
    regions: Collection[str] | None = None,
    specialities: Collection[str] = (),
    known_on: date | None = None,
) -> list[ExpertLine]:
    """Experts whose appointment runs on the day (CA08), of these cities (None: all) and with any of these
    specialities (none given: any), by name. Each once: the appointment that began last counts."""
    statement = (
        select(ExpertTerm, Person.canonical_id)
        .join(Expert, Expert.id == ExpertTerm.expert_id)
        .outerjoin(Person, and_(Person.id_number_index == Expert.id_number_index))
        .where(ExpertTerm.from_on <= on, ExpertTerm.to_on >= on, standing(ExpertTerm, known_on))
        .order_by(ExpertTerm.pinyin, ExpertTerm.expert_id, ExpertTerm.from_on.desc(), ExpertTerm.id.desc())
    )
    if regions is not None:
        statement = statement.where(ExpertTerm.region_code.in_(list(regions)))
    if specialities:
        statement = statement.where(ExpertTerm.specialities.overlap(list(specialities)))
    with everywhere(session):
        rows = session.execute(statement).all()
    found: dict[int, ExpertLine] = {}
    for term, person_id in rows:
        found.setdefault(term.expert_id, _expert(term, person_id))
    return list(found.values())


def _expert(term: ExpertTerm, person_id: int | None) -> ExpertLine:
    return ExpertLine(
        term.expert_id,
        person_id,
        term.name,
        tuple(term.specialities),
        term.region_code,
        term.title,
        term.hospital,
        term.hospital_uscc,
        term.from_on,
        term.to_on,
    )
