"""Was a case's risk lowered although a rule had hit? Then that hit on the same inputs raises it no more."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.kernel.decisions.models import RuleHit
from app.kernel.duties.models import CaseRisk


def lowered_despite(session: Session, case_id: int, rule_id: str, version: int, digest: str) -> bool:
    """True when people lowered the class (or levels) after the rule first hit on exactly these inputs."""
    known = exists().where(
        RuleHit.case_id == case_id,
        RuleHit.rule_id == rule_id,
        RuleHit.rule_version == version,
        RuleHit.inputs_digest == digest,
        RuleHit.at < CaseRisk.at,
    )
    fell = exists().where(CaseRisk.case_id == case_id, CaseRisk.proposed_by.is_not(None), known)
    return bool(session.scalar(select(fell)))
