"""Reads over other cases: duplicates of one injury, clusters at one employer, who investigated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
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
