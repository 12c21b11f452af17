"""What is done with an incident: the worker tries again, a supervisor tries again or settles it."""

from __future__ import annotations

from sqlalchemy import select

from app.kernel.cases.models import Case
from app.kernel.duties.operations import require_supervising
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.incidents.models import Incident
from app.kernel.engine.incidents.refusals import (
    IncidentNeedsPerson,
    IncidentNotFound,
    IncidentPending,
    IncidentResolved,
)
from app.kernel.engine.operations import advance
from app.kernel.engine.progress import restore
from app.kernel.holds.operations import check_reason
from app.kernel.holds.queries import is_held
from app.kernel.holds.refusals import CaseHeld
from app.kernel.transaction import Unit


def retry_incident(unit: Unit, incident_id: int) -> bool:
    """The worker's attempt, when one is due; True when the case went on.

    Not tried while the case is on hold: the sweep comes back to it.
    """
    case = _locked(unit)
    incident = _find(unit, case, incident_id)
    due = incident.next_try_at is not None and incident.next_try_at <= unit.now
    if incident.state != "retrying" or not due or is_held(unit.session, case):
        return False
    permit_system(unit, Action.RETRY, case.id)
    unit.record("incident.tried_again", {"incident": incident_id, "attempt": incident.attempts + 1})
    return advance(unit, case, incident.kind)


def retry_now(unit: Unit, incident_id: int) -> bool:
    """A supervisor (or the console, as the system) has the step run now; True when the case went on.

    Raise IncidentNotFound, IncidentResolved, IncidentNeedsPerson, CaseHeld, DutyDenied.
    """
    case, incident = _open(unit, incident_id)
    _permit(unit, case, Action.RETRY)
    if incident.kind == "completion":
        raise IncidentNeedsPerson(incident=incident_id)
    if is_held(unit.session, case):
        raise CaseHeld
    unit.record("incident.tried_again", {"incident": incident_id, "attempt": incident.attempts + 1})
    return advance(unit, case, incident.kind)


def resolve_incident(unit: Unit, incident_id: int, reason: str) -> None:
    """Call an incident settled whose step needs no run any more (gone, changed, or a person's own).

    Raise IncidentNotFound, IncidentResolved, IncidentPending while the automatic step would still run,
    InvalidInput without a reason, DutyDenied.
    """
    case, incident = _open(unit, incident_id)
    why = check_reason(reason)
    _permit(unit, case, Action.RESOLVE)
    if incident.kind != "completion" and _has_work(unit, case):
        raise IncidentPending(incident=incident_id)
    incident.state, incident.resolution, incident.reason = "resolved", "resolved", why
    incident.resolved_at, incident.resolved_by = unit.now, unit.actor.person_id
    incident.next_try_at = None
    unit.session.flush()
    unit.record("incident.resolved", {"incident": incident_id, "reason": why})


def _has_work(unit: Unit, case: Case) -> bool:
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    return restore(context).has_work(unit.now)


def _permit(unit: Unit, case: Case, action: Action) -> None:
    """Supervisors of the region; the console acts as the system."""
    if unit.actor.account_id is None:
        permit_system(unit, action, case.id)
    else:
        require_supervising(unit, case.region_code, action, case)


def _locked(unit: Unit) -> Case:
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    return unit.case


def _find(unit: Unit, case: Case, incident_id: int) -> Incident:
    incident = unit.session.scalar(select(Incident).where(Incident.id == incident_id).with_for_update())
    if incident is None or incident.case_id != case.id:
        raise IncidentNotFound(incident=incident_id)
    return incident


def _open(unit: Unit, incident_id: int) -> tuple[Case, Incident]:
    case = _locked(unit)
    incident = _find(unit, case, incident_id)
    if incident.state == "resolved":
        raise IncidentResolved(incident=incident_id)
    return case, incident
