"""Reads over other cases: duplicates of one injury, clusters at one employer, who investigated."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.models import Performance
from app.kernel.identity.models import Person

CLUSTER_DAYS = 90


def count_duplicates(session: Session, case: Case) -> int:
    """Other open or positively decided cases of the same worker and accident day (LOG-04)."""
    if case.subject_index is None or case.event_on is None:
        return 0
    return (
        session.scalar(
            select(func.count()).where(
                Case.subject_index == case.subject_index,
                Case.event_on == case.event_on,
                Case.process_key == case.process_key,
                Case.status.in_(("open", "closed")),
                Case.id != case.id,
            )
        )
        or 0
    )


def count_employer_cases(session: Session, case: Case) -> int:
    """Other recognitions at the same employer received in the 90 days up to this one (RSK-14)."""
    since = case.received_at - timedelta(days=CLUSTER_DAYS)
    return (
        session.scalar(
            select(func.count()).where(
                Case.organisation == case.organisation,
                Case.process_key == case.process_key,
                Case.received_at.between(since, case.received_at),
                Case.id != case.id,
            )
        )
        or 0
    )


def list_investigators(session: Session, case: Case) -> list[str]:
    """Names of the officers who performed the investigation, each once (POL-24)."""
    rows = session.execute(
        select(Person.id, Person.name)
        .join(Performance, Performance.person_id == Person.id)
        .where(
            Performance.case_id == case.id,
            Performance.duty == "investigation",
            Performance.state == "performed",
        )
        .distinct()
        .order_by(Person.id)
    )
    return [row.name for row in rows]
