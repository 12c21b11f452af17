"""Keeping the answers of `decide`: every case write refers to one, every denial outlives its rollback."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from app.kernel.duties.models import DutyDecision
from app.kernel.duties.views import ALLOWED, Action, Decision, PastAct
from app.kernel.transaction.unit import Unit
from app.storage.core import table

_INSERT = insert(table(DutyDecision)).inline()


def permit_system(unit: Unit, action: Action, case_id: int | None) -> None:
    """Record that the system acted by itself (timers, messages): it performs no duty and decides nothing."""
    keep_decision(unit, Decision(ALLOWED.verdict, "system"), action, case_id, None, None)


def keep_decision(
    unit: Unit, decision: Decision, action: Action, case_id: int | None, task_id: int | None, duty: str | None
) -> None:
    """Queue the decision row and let the unit refer to it; a performance takes it along."""
    decision_id = uuid4()
    values = {
        "id": decision_id,
        "at": unit.now,
        "account_id": unit.actor.account_id,
        "person_id": unit.actor.person_id,
        "on_behalf_of": decision.on_behalf_of,
        "action": action.value,
        "case_id": case_id,
        "task_id": task_id,
        "duty": duty,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "rule": decision.rule,
        "rule_version": decision.rule_version,
        "evidence": {"acts": [_evidence(act) for act in decision.evidence]} if decision.evidence else {},
    }
    unit.write_last(_INSERT, values)
    unit.decided(decision_id)


def _evidence(act: PastAct) -> dict[str, Any]:
    return {
        "person": act.person_id,
        "duty": act.duty,
        "state": act.state,
        "case": act.case_id,
        "at": act.at.isoformat(),
    }
