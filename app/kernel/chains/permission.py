"""Who may order something for a whole case: the supervisor of its region, when nothing stands against him."""

from __future__ import annotations

from app.kernel.cases.models import Case
from app.kernel.duties.queries import load_question
from app.kernel.duties.records import keep_decision
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import decide_supervising, standing
from app.kernel.duties.views import Action, Decision, deny
from app.kernel.identity.regions import get_lineage
from app.kernel.transaction.unit import Unit


def require_case_supervisor(unit: Unit, action: Action, case: Case) -> Decision:
    """Ask for the actor and keep the answer. A party or a recused person orders nothing. Raise DutyDenied."""
    if unit.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), action, case.id, None, None)
    candidate, view, _ = load_question(unit.session, unit.actor.person_id, case, unit.now, unit.today)
    decision = standing(candidate, view) or decide_supervising(
        candidate, get_lineage(unit.session, case.region_code)
    )
    if not decision.allowed:
        raise DutyDenied(decision, action, case.id, None, None)
    keep_decision(unit, decision, action, case.id, None, None)
    return decision
