"""What rules, pages and documents are told of a case of the committee beside its facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, pstdev
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.assessment.draw import DEVICE
from app.domain.assessment.models import ExpertSeat
from app.domain.assessment.queries import SeatView, is_bound, list_opinions, list_seats, newest_panel
from app.domain.registry.as_of import everywhere
from app.domain.registry.queries import experts
from app.kernel.cases.models import Case
from app.kernel.local_time import local_day

Facts = Mapping[str, Any]


def derive_assessment(session: Session, case: Case, facts: Facts) -> Facts:
    """P02: dates count only for the type they are about."""
    kind = facts.get("assessment_type")
    return {
        **_panel(session, case, facts),
        "review_from": facts.get("previous_concluded_on") if kind == "review" else None,
        "reassess_from": facts.get("conclusion_received_on") if kind == "reassessment" else None,
        "reassess_applied": str(facts.get("received_at") or "")[:10] or None,
    }


def derive_confirmation(session: Session, case: Case, facts: Facts) -> Facts:
    """P03: what the cap rules ask for a device or for paid leave, and for nothing else."""
    device = facts.get("confirmation_type") == DEVICE
    return {
        **_panel(session, case, facts),
        "device_confirmed": True if device else None,
        "device_price": facts.get("device_price") if device else None,
        "leave_periods": _periods(facts),
    }


def _periods(facts: Facts) -> list[dict[str, Any]] | None:
    """Leave so far and the extension asked for, for the rule on overlaps."""
    begun, ends = facts.get("leave_from"), facts.get("leave_to")
    asked, until = facts.get("extension_from"), facts.get("extension_to")
    if not (begun and ends and asked and until):
        return None
    return [{"from": begun, "to": ends}, {"from": asked, "to": until}]


def _panel(session: Session, case: Case, facts: Facts) -> dict[str, Any]:
    seats = list_seats(session, case.id, newest_panel(session, case.id) or 0)
    device = facts.get("confirmation_type") == DEVICE
    return {
        "outcome": case.outcome,
        "device_case": device,
        "panel_size": len(seats) or None,
        "panel_specialities": sorted({one.speciality for one in seats}) or None,
        "required_specialities": [DEVICE] if device else [],
        "expert_hospitals": _hospitals(session, case, seats) if seats else None,
        "treating_hospitals": _treating(facts),
        "panel_signatures": [one.name for one in list_opinions(session, case.id)],
        **_draws(session, seats),
    }


def _hospitals(session: Session, case: Case, seats: Sequence[SeatView]) -> list[str]:
    sitting = {one.person_id for one in seats}
    found = experts(session, local_day(case.received_at))
    return sorted({one.hospital for one in found if one.person_id in sitting})


def _treating(facts: Facts) -> list[str]:
    texts = (str(facts.get(key) or "") for key in ("hospital", "treating_hospitals"))
    return sorted({line.strip() for text in texts for line in text.splitlines() if line.strip()})


def _draws(session: Session, seats: Sequence[SeatView]) -> dict[str, Any]:
    """How often the experts of all panels were drawn (RSK-18); figures of persons, not of this case. A case that ended
    before they gave an opinion doesn't count."""
    if not seats:
        return {"expert_draws": None, "expert_mean": None, "expert_deviation": None}
    query = select(ExpertSeat.person_id, func.count()).join(Case, Case.id == ExpertSeat.case_id)
    with everywhere(session):
        bound = query.where(is_bound()).group_by(ExpertSeat.person_id)
        counts = {row[0]: row[1] for row in session.execute(bound)}
    here = [counts.get(one.person_id, 0) for one in seats]
    everybody = list(counts.values())
    return {
        "expert_draws": max(here, default=None),
        "expert_mean": str(round(mean(everybody), 2)) if everybody else None,
        "expert_deviation": str(round(pstdev(everybody), 2)) if everybody else None,
    }
