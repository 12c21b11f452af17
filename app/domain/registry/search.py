"""Looking through the register within the reader's regions: people, employers, institutions, experts, page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from app.domain.registry.as_of import everywhere, standing
from app.domain.registry.models import (
    Employer,
    EmployerDetail,
    Enrolment,
    ExpertTerm,
    Institution,
    InstitutionAgreement,
    InsuredPerson,
    InsuredPersonDetail,
    InsuredUnit,
    InsuredUnitDetail,
)
from app.domain.registry.queries import EnrolmentLine, enrolments
from app.kernel.cases.models import Case
from app.kernel.identity.identifiers import (
    ID_NUMBER_KIND,
    ID_NUMBER_TAIL_KIND,
    IdentifierInvalid,
    parse_id_number,
    parse_uscc,
    tail_of,
)
from app.storage.crypto import KeyRing

PAGE_SIZE = 20
CASE_NO = re.compile(r"\d{6}-\d{4}-\d{5}")
_LETTERS = re.compile(r"[A-Za-z0-9 ]+")


@dataclass(frozen=True)
class Sought:
    """What somebody typed, taken apart: a number's index, its tail, a code, a case number, letters, or a name."""

    text: str = ""
    number_index: bytes | None = None
    tail_index: bytes | None = None
    uscc: str = ""
    case_no: str = ""
    letters: str = ""
    name: str = ""

    @property
    def sensitive(self) -> bool:
        """Whether the text names one person and must not be repeated in addresses we make."""
        return self.number_index is not None


def sought(text: str, keyring: KeyRing) -> Sought:
    """A search text in its one meaning."""
    typed = text.strip()
    if CASE_NO.fullmatch(typed):
        return Sought(typed, case_no=typed)
    if (code := _valid(parse_uscc, typed)) is not None and not typed[:17].isdigit():
        return Sought(typed, uscc=code)
    if (number := _valid(parse_id_number, typed)) is not None:
        return Sought(typed, number_index=keyring.blind_index(ID_NUMBER_KIND, number.number))
    if (tail := tail_of(typed)) is not None:
        return Sought(typed, tail_index=keyring.blind_index(ID_NUMBER_TAIL_KIND, tail))
    if _LETTERS.fullmatch(typed):
        return Sought(typed, letters=typed.replace(" ", "").lower())
    return Sought(typed, name=typed)


def _valid(parse: Any, typed: str) -> Any:
    try:
        return parse(typed)
    except IdentifierInvalid:
        return None


@dataclass(frozen=True)
class Page:
    """Rows of one page and how many there are in all."""

    rows: Sequence[Any]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class PersonRow:
    """A person as a list shows it; `employer`: of the period that runs, else of the last."""

    id: int
    name: str
    birth_year: int
    region_code: str
    died_on: date | None
    employer: str
    insured: bool


def list_people(session: Session, wanted: Sought, today: date, page: int = 1) -> Page:
    """People of the reader's regions, by pinyin; a whole ID number is looked for in all of the register."""
    statement = (
        select(InsuredPersonDetail, InsuredPerson.birth_on)
        .join(InsuredPerson, InsuredPerson.id == InsuredPersonDetail.person_id)
        .where(_newest_of(InsuredPersonDetail, "person_id", today), _people_like(wanted))
        .order_by(InsuredPersonDetail.pinyin, InsuredPersonDetail.person_id)
    )
    with everywhere(session) if wanted.sensitive else nullcontext():
        rows, total = _page(session, statement, page)
    return Page([_person_row(session, detail, born, today) for detail, born in rows], total, page)


def _person_row(session: Session, detail: InsuredPersonDetail, born: date, today: date) -> PersonRow:
    lines = enrolments(session, detail.person_id)
    running = [line for line in lines if line.covers(today)]
    last: EnrolmentLine | None = next(iter(running[-1:] or lines[-1:]), None)
    return PersonRow(
        detail.person_id,
        detail.name,
        born.year,
        detail.region_code,
        detail.died_on,
        last.employer_name if last else "",
        bool(running),
    )


def _newest_of(model: Any, key: str, today: date) -> ColumnElement[bool]:
    """The row that stands and began last by today (or first, where nothing has begun)."""
    later = model.__table__.alias()
    follows = (
        select(later.c.id)
        .where(
            getattr(later.c, key) == getattr(model, key),
            ~later.c.void,
            later.c.valid_from <= today,
            ~_corrected(later, model.__table__.alias()),
            or_(
                later.c.valid_from > model.valid_from,
                and_(later.c.valid_from == model.valid_from, later.c.id > model.id),
            ),
        )
        .exists()
    )
    return and_(standing(model), ~follows)


def _corrected(row: Any, by: Any) -> ColumnElement[bool]:
    return select(by.c.id).where(by.c.replaces == row.c.id).exists()


def _people_like(wanted: Sought) -> ColumnElement[bool]:
    detail = InsuredPersonDetail
    if wanted.number_index is not None:
        return InsuredPerson.id_number_index == wanted.number_index
    if wanted.tail_index is not None:
        return InsuredPerson.id_number_tail_index == wanted.tail_index
    if wanted.case_no:
        return InsuredPerson.id_number_index.in_(
            select(Case.subject_index).where(Case.case_no == wanted.case_no)
        )
    if wanted.uscc:
        return _insured_by(Employer.uscc == wanted.uscc)
    if wanted.letters:
        return or_(detail.initials.startswith(wanted.letters), _whole(detail).startswith(wanted.letters))
    if wanted.name:
        return or_(detail.name.startswith(wanted.name, autoescape=True), _named_employer(wanted.name))
    return true()


def _insured_by(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return InsuredPersonDetail.person_id.in_(
        select(Enrolment.person_id)
        .join(InsuredUnit, InsuredUnit.id == Enrolment.unit_id)
        .join(Employer, Employer.id == InsuredUnit.employer_id)
        .where(condition, standing(Enrolment))
    )


def _named_employer(name: str) -> ColumnElement[bool]:
    """Insured by an employer called exactly so: a part of a name would bring half a city."""
    return _insured_by(Employer.id.in_(select(EmployerDetail.employer_id).where(EmployerDetail.name == name)))


def list_employers(session: Session, wanted: Sought, today: date, page: int = 1) -> Page:
    """Employers of the reader's regions, by pinyin, under their present names; former names are found too."""
    statement = (
        select(EmployerDetail, Employer.uscc)
        .join(Employer, Employer.id == EmployerDetail.employer_id)
        .where(_newest_of(EmployerDetail, "employer_id", today), _employers_like(wanted))
        .order_by(EmployerDetail.pinyin, EmployerDetail.employer_id)
    )
    rows, total = _page(session, statement, page)
    return Page(rows, total, page)


def _employers_like(wanted: Sought) -> ColumnElement[bool]:
    if wanted.sensitive or wanted.tail_index is not None:
        return false()
    if wanted.uscc:
        return Employer.uscc == wanted.uscc
    if wanted.case_no:
        return Employer.id.in_(
            select(EmployerDetail.employer_id)
            .join(Case, Case.organisation == EmployerDetail.name)
            .where(Case.case_no == wanted.case_no)
        )
    if wanted.letters:
        initials = EmployerDetail.initials.contains(wanted.letters, autoescape=True)
        whole = _whole(EmployerDetail).contains(wanted.letters, autoescape=True)
        return or_(initials, whole, Employer.uscc.startswith(wanted.letters.upper()))
    if wanted.name:
        earlier = EmployerDetail.__table__.alias()
        named = select(earlier.c.employer_id).where(earlier.c.name.contains(wanted.name, autoescape=True))
        return Employer.id.in_(named)
    return true()


def list_institutions(
    session: Session, text: str, kind: str, on: date, page: int = 1, *, running: bool = False
) -> Page:
    """Agreements of the reader's regions, by name; `running`: only those that hold on the day."""
    statement = (
        select(InstitutionAgreement, Institution.uscc)
        .join(Institution, Institution.id == InstitutionAgreement.institution_id)
        .where(standing(InstitutionAgreement), _spelled(InstitutionAgreement, text))
        .order_by(InstitutionAgreement.pinyin, InstitutionAgreement.from_on.desc().nulls_last())
    )
    if kind:
        statement = statement.where(InstitutionAgreement.kind == kind)
    if running:
        until = func.coalesce(InstitutionAgreement.to_on, on)
        statement = statement.where(InstitutionAgreement.from_on <= on, until >= on)
    rows, total = _page(session, statement, page)
    return Page(rows, total, page)


def list_experts(
    session: Session, text: str, speciality: str, on: date, page: int = 1, *, running: bool = False
) -> Page:
    """Appointments of the reader's regions, by name; `running`: only those of the day."""
    statement = (
        select(ExpertTerm)
        .where(standing(ExpertTerm), _spelled(ExpertTerm, text))
        .order_by(ExpertTerm.pinyin, ExpertTerm.expert_id, ExpertTerm.from_on.desc())
    )
    if speciality:
        statement = statement.where(ExpertTerm.specialities.contains([speciality]))
    if running:
        statement = statement.where(ExpertTerm.from_on <= on, ExpertTerm.to_on >= on)
    rows, total = _page(session, statement, page)
    return Page([row for (row,) in rows], total, page)


def list_specialities(session: Session) -> list[str]:
    """Every speciality of the appointments shown."""
    found = select(func.unnest(ExpertTerm.specialities)).where(standing(ExpertTerm)).distinct()
    return sorted(session.scalars(found))


def _whole(model: Any) -> Any:
    """The pinyin of a name as it is typed, without tones and blanks."""
    return func.regexp_replace(model.pinyin, "[0-9 ]", "", "g")


def _spelled(model: Any, text: str) -> ColumnElement[bool]:
    typed = text.strip()
    if not typed:
        return true()
    if _LETTERS.fullmatch(typed):
        letters = typed.replace(" ", "").lower()
        return or_(model.initials.startswith(letters), _whole(model).startswith(letters))
    contained: ColumnElement[bool] = model.name.contains(typed, autoescape=True)
    return contained


def _page(session: Session, statement: Any, page: int) -> tuple[Sequence[Any], int]:
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    return session.execute(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all(), total


@dataclass(frozen=True)
class UnitRow:
    """A unit or project of an employer, as it stands, and how many people it insures today."""

    id: int
    number: str
    kind: str
    name: str
    region_code: str
    valid_from: date
    ends_on: date | None
    price: Any
    insured: int


def list_units(session: Session, employer_id: int, today: date) -> list[UnitRow]:
    """Those of the reader's regions."""
    insured = (
        select(func.count(func.distinct(Enrolment.person_id)))
        .where(
            Enrolment.unit_id == InsuredUnit.id,
            standing(Enrolment),
            Enrolment.from_on <= today,
            func.coalesce(Enrolment.to_on, today) >= today,
        )
        .correlate(InsuredUnit)
        .scalar_subquery()
    )
    rows = session.execute(
        select(InsuredUnit, InsuredUnitDetail, insured)
        .join(InsuredUnitDetail, InsuredUnitDetail.unit_id == InsuredUnit.id)
        .where(InsuredUnit.employer_id == employer_id, _newest_of(InsuredUnitDetail, "unit_id", today))
        .order_by(InsuredUnit.kind, InsuredUnit.number)
    )
    return [
        UnitRow(
            unit.id,
            unit.number,
            unit.kind,
            detail.name,
            detail.region_code,
            detail.valid_from,
            detail.ends_on,
            detail.price,
            count,
        )
        for unit, detail, count in rows
    ]
