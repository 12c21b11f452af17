"""Keeping the answers of `decide_grant_step`, like those of `decide`: with the rows they rest on."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from app.kernel.duties.models import DutyDecision
from app.kernel.duties.views import Action
from app.kernel.grants.entities import GrantDecision, PostWanted, Step
from app.kernel.transaction.unit import Unit
from app.storage.core import table

_INSERT = insert(table(DutyDecision)).inline()


def keep_grant_decision(
    unit: Unit, decision: GrantDecision, step: Step, wanted: PostWanted, request_id: int | None
) -> None:
    """Queue the decision row; audit events recorded afterwards refer to it."""
    decision_id = uuid4()
    values = {
        "id": decision_id,
        "at": unit.now,
        "account_id": unit.actor.account_id,
        "person_id": unit.actor.person_id,
        "on_behalf_of": None,
        "action": Action.GRANT.value,
        "case_id": None,
        "task_id": None,
        "duty": None,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "rule": decision.rule,
        "rule_version": decision.rule_version,
        "evidence": _evidence(decision, step, wanted, request_id),
    }
    unit.write_last(_INSERT, values)
    unit.decided(decision_id)


def _evidence(
    decision: GrantDecision, step: Step, wanted: PostWanted, request_id: int | None
) -> dict[str, Any]:
    return {
        "request": request_id,
        "step": step.value,
        "wanted": {
            "person": wanted.person_id,
            "post": wanted.post,
            "region": wanted.region_code,
            "from": wanted.valid_from.isoformat(),
            "to": wanted.valid_to.isoformat() if wanted.valid_to else None,
            "ends": wanted.ends,
        },
        "holdings": [
            {
                "post": held.post,
                "region": held.region_code,
                "from": held.valid_from.isoformat(),
                "to": held.valid_to.isoformat() if held.valid_to else None,
                "grant": held.grant_id,
            }
            for held in decision.holdings
        ],
        "steps": [
            {"step": item.step.value, "person": item.person_id, "at": item.at.isoformat()}
            for item in decision.steps
        ],
    }
