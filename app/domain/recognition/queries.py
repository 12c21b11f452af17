"""Reads over other cases: duplicates of one injury, clusters at one employer, who investigated, who worked there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseParty
from app.kernel.duties.models import Performance
from app.kernel.identity.models import Person
from app.storage.core import execute, table

CLUSTER_DAYS = 90
_CASE, _ACT, _PERSON = table(Case), table(Performance), table(Person)


@dataclass(frozen=True)
class Surroundings:
    """What other cases and acts say of a case."""

    duplicates: int
    """Other open or decided cases of the same worker and accident day (LOG-04)."""
    employer_cases: int
    """Other recognitions at the same employer received in the 90 days up to this one (RSK-14)."""
    investigators: list[str]
    """Names of the officers who performed the investigation, each once (POL-24)."""


_DUPLICATES = (
    select(func.count())
    .where(
        _CASE.c.subject_index == bindparam("subject"),
        _CASE.c.event_on == bindparam("event_on"),
        _CASE.c.process_key == bindparam("process"),
        _CASE.c.status.in_(("open", "closed")),
        _CASE.c.id != bindparam("case"),
    )
    .scalar_subquery()
)
_CLUSTER = (
    select(func.count())
    .where(
        _CASE.c.organisation == bindparam("organisation"),
        _CASE.c.process_key == bindparam("process"),
        _CASE.c.received_at.between(bindparam("since"), bindparam("received")),
        _CASE.c.id != bindparam("case"),
    )
    .scalar_subquery()
)
_INVESTIGATORS = (
    select(func.array_agg(_PERSON.c.name.distinct()))
    .select_from(_PERSON)
    .join(_ACT, _ACT.c.person_id == _PERSON.c.id)
    .where(
        _ACT.c.case_id == bindparam("case"),
        _ACT.c.duty == "investigation",
        _ACT.c.state == "performed",
    )
    .scalar_subquery()
)
_SURROUNDINGS = select(
    _DUPLICATES.label("duplicates"), _CLUSTER.label("employer_cases"), _INVESTIGATORS.label("investigators")
)


def get_surroundings(session: Session, case: Case) -> Surroundings:
    """All three in one round trip: rules ask for them at every review."""
    values = {
        "case": case.id,
        "subject": case.subject_index,
        "event_on": case.event_on,
        "process": case.process_key,
        "organisation": case.organisation,
        "since": case.received_at - timedelta(days=CLUSTER_DAYS),
        "received": case.received_at,
    }
    row = execute(session, _SURROUNDINGS, values).one()
    return Surroundings(row.duplicates, row.employer_cases, sorted(row.investigators or []))


_WORKER, _EMPLOYER = table(CaseParty).alias("worker"), table(CaseParty).alias("employer")
_HERE = table(CaseParty).alias("here")
EMPLOYER_ROLES = ("employer", "employer_name", "employer_of_contract", "employer_of_work")
_FORMER_COLLEAGUES = (
    select(_PERSON.c.canonical_id, func.max(_CASE.c.organisation).label("organisation"))
    .select_from(_HERE)
    .join(_EMPLOYER, _EMPLOYER.c.id_number_index == _HERE.c.id_number_index)
    .join(_WORKER, (_WORKER.c.case_id == _EMPLOYER.c.case_id) & (_WORKER.c.role == "worker"))
    .join(_PERSON, _PERSON.c.id_number_index == _WORKER.c.id_number_index)
    .join(_CASE, _CASE.c.id == _EMPLOYER.c.case_id)
    .where(
        _HERE.c.case_id == bindparam("case"),
        _HERE.c.role.in_(EMPLOYER_ROLES),
        _EMPLOYER.c.role.in_(EMPLOYER_ROLES),
        _EMPLOYER.c.case_id != bindparam("case"),
    )
    .group_by(_PERSON.c.canonical_id)
    .order_by(_PERSON.c.canonical_id)
)


def list_former_colleagues(session: Session, case_id: int) -> list[tuple[int, str]]:
    """Officers who were injured at one of this case's employers themselves, by earlier cases: (person, employer)."""
    rows = execute(session, _FORMER_COLLEAGUES, {"case": case_id})
    return [(row.canonical_id, row.organisation) for row in rows]
