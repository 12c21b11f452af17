"""The file of a draw: from the day of the assessment on, for anybody who may read the case."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.assessment.models import ExpertSeat, PanelOpinion
from app.domain.assessment.queries import list_draws
from app.domain.assessment.refusals import DrawNotFound, DrawNotPublic
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.local_time import local_day
from app.kernel.transaction import Unit


def published_from(session: Session, case: Case) -> date | None:
    """The day of the appointment, or of the first opinion when that came earlier; None while neither is known."""
    appointed = session.scalar(
        select(CaseFacts.facts["appointment_at"].as_string()).where(CaseFacts.case_id == case.id)
    )
    seats = select(ExpertSeat.id).where(ExpertSeat.case_id == case.id)
    signed = session.scalar(select(func.min(PanelOpinion.signed_at)).where(PanelOpinion.seat_id.in_(seats)))
    days = [local_day(signed)] if signed is not None else []
    days += [date.fromisoformat(appointed[:10])] if appointed else []
    return min(days, default=None)


def publish_draw(unit: Unit, case: Case, number: int) -> str:
    """The draw `number` of the case as JSON; that it was handed out goes on record.

    Raise DrawNotFound for one that isn't there or drew nobody, DrawNotPublic before the day.
    """
    found = next((one for one in list_draws(unit.session, case.id) if one.round == number), None)
    if found is None or not found.result:
        raise DrawNotFound()
    public = published_from(unit.session, case)
    if public is None or public > unit.today:
        raise DrawNotPublic(on=public.isoformat() if public else "")
    unit.record("draw.published", {"draw": found.uid}, case_id=case.id)
    return found.published().to_json(case=case.case_no, round=found.round, reach=found.reach)
