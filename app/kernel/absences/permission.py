"""Who may enter absences and decide on substitutes: the person himself, or a supervisor of his office."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.duties.queries import get_candidate
from app.kernel.duties.records import keep_decision
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import decide_supervising
from app.kernel.duties.views import ALLOWED, Action, Decision, deny
from app.kernel.identity.regions import get_lineage
from app.kernel.refusals import Refusal
from app.kernel.transaction.unit import Unit


class ActorWithoutPerson(Refusal):
    """The system and machine accounts are never away and name no substitutes."""

    code = "actor_without_person"


def acting_person(unit: Unit) -> int:
    """The natural person who acts. Raise ActorWithoutPerson for the system."""
    if unit.actor.person_id is None:
        raise ActorWithoutPerson
    return unit.actor.person_id


def supervises(session: Session, supervisor_id: int, region_code: str, unit: Unit) -> Decision:
    """May this person supervise the region today?"""
    candidate = get_candidate(session, supervisor_id, unit.today)
    return decide_supervising(candidate, get_lineage(session, region_code))


def require_supervisor_of(unit: Unit, region_code: str, action: Action) -> None:
    """Keep the permission. Raise DutyDenied when the actor doesn't supervise the region."""
    decision = supervises(unit.session, acting_person(unit), region_code, unit)
    if not decision.allowed:
        raise DutyDenied(decision, action, None, None, None)
    keep_decision(unit, decision, action, None, None, None)


def require_own_or_supervised(unit: Unit, person_id: int, action: Action) -> None:
    """The person himself, or a supervisor of a region in which that person holds a post today.

    Raise DutyDenied.
    """
    actor = acting_person(unit)
    if actor == person_id:
        keep_decision(unit, ALLOWED, action, None, None, None)
        return
    regions = {region for _, region in get_candidate(unit.session, person_id, unit.today).posts}
    decision = deny("not_supervisor")
    for region in sorted(regions):
        decision = supervises(unit.session, actor, region, unit)
        if decision.allowed:
            keep_decision(unit, decision, action, None, None, None)
            return
    raise DutyDenied(decision, action, None, None, None)
