"""What the committees concluded, for the rule on drifting grades (RSK-17): by city, and what a reassessment changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.assessment.chain import ASSESSMENT, POSITIVE, is_of_dependant
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.decisions.catalogue.statistics import Conclusion, Sample, grade_drift
from app.kernel.identity.models import Region
from app.kernel.local_time import start_of_day

REASSESSED: Final = "reassessment"
BELOW: Final = 0
"""Stands for "below the scale" among the grades."""


def sample_grades(session: Session, since: date, until: date) -> Iterable[Sample]:
    """Each city's conclusions of the period beside everybody's."""
    return grade_drift(list_conclusions(session, since, until))


def list_conclusions(session: Session, since: date, until: date) -> list[Conclusion]:
    """Conclusions on workers that aren't reassessments themselves; one that is reassessed was changed or wasn't."""
    query = (
        select(Case, Region.name_zh, CaseFacts.facts)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .join(Region, Region.code == Case.region_code)
        .where(
            Case.process_key == ASSESSMENT,
            Case.outcome == POSITIVE,
            Case.decided_at >= start_of_day(since),
        )
        .order_by(Case.id)
    )
    rows = [row for row in session.execute(query) if not is_of_dependant(row.facts)]
    ends = start_of_day(until + timedelta(days=1))
    again = [(case, _grade(facts)) for case, _, facts in rows if _kind(facts) == REASSESSED]
    found = []
    for case, city, facts in rows:
        if _kind(facts) != REASSESSED and case.decided_at < ends:
            grade = _grade(facts)
            later = next(
                (new for one, new in again if one.chain_id == case.chain_id and one.id > case.id), None
            )
            found.append(Conclusion(city, case.region_code, grade, None if later is None else later != grade))
    return found


def _kind(facts: Mapping[str, Any]) -> str:
    return str(facts.get("assessment_type") or "")


def _grade(facts: Mapping[str, Any]) -> int:
    return int(facts.get("grade") or BELOW)
