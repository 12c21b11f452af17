"""Proposing an override: which rules may be set aside is the deployed process's to say."""

from __future__ import annotations

from app.kernel.decisions.overrides import propose_override
from app.kernel.engine.catalogue import get_deployed
from app.kernel.refusals import CaseNotFound
from app.kernel.transaction import Unit


def propose(unit: Unit, hit_id: int, reason: str, evidence: str) -> None:
    """`propose_override` under the rules of the version the locked case runs on."""
    if unit.case is None:
        raise CaseNotFound
    deployed = get_deployed(unit.session, unit.case.definition_id)
    propose_override(unit, hit_id, reason, evidence, deployed.rules)
