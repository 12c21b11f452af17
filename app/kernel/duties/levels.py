"""Levels of approval of a case: two where a rule or a threshold asks for second-level approval (二级审批)."""

from __future__ import annotations

from sqlalchemy import insert

from app.kernel.cases.models import Case
from app.kernel.duties.models import CaseRisk
from app.kernel.transaction.unit import Unit


def raise_approval_levels(unit: Unit, case: Case, reason: str, levels: int = 2) -> bool:
    """Raise the levels of approval (never lowers); answers whether they rose.

    Appends a row beside the risk classes and an audit event; from here on the gate demands the second level.
    """
    if levels <= case.approval_levels:
        return False
    row = insert(CaseRisk).values(
        case_id=case.id, risk=case.risk, approval_levels=levels, reason=reason, at=unit.now
    )
    unit.session.execute(row)
    unit.record("case.approval_levels_raised", {"to": levels, "reason": reason}, case_id=case.id)
    case.approval_levels = levels
    return True
