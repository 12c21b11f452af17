"""Writes of decisions: keep the hits of a run of rules, each once per inputs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.dialects.postgresql import insert

from app.kernel.cases.models import Case
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.rules import Hit
from app.kernel.transaction.unit import Unit


def keep_hits(unit: Unit, case: Case, hits: Iterable[Hit]) -> None:
    """Write new hits with the inputs they saw; the same rule on the same inputs is one hit."""
    for hit in hits:
        rule = hit.rule
        new = unit.session.execute(
            insert(RuleHit)
            .values(
                case_id=case.id,
                rule_id=rule.rule_id,
                rule_version=rule.version,
                severity=rule.severity,
                action=rule.action,
                title_zh=rule.title_zh,
                title_en=rule.title_en,
                message_zh=hit.message_zh,
                message_en=hit.message_en,
                inputs=dict(hit.inputs),
                inputs_digest=hit.digest,
                at=unit.now,
            )
            .on_conflict_do_nothing()
            .returning(RuleHit.id)
        ).scalar_one_or_none()
        if new is not None:
            unit.record(
                "rule.hit",
                {"rule": rule.rule_id, "version": rule.version, "action": rule.action},
                case_id=case.id,
            )
