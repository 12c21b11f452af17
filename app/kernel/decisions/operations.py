"""Writes of decisions: hits kept once per inputs, hits that lapsed, reasons given for warnings."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue.evaluation import Evaluation, Hit
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.overrides import check_words, get_hit, get_own_task
from app.kernel.decisions.refusals import HitNotWarning
from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.refusals import CaseNotFound
from app.kernel.transaction.unit import Unit
from app.storage.core import table
from app.storage.reading import remembered_one

LAPSED, EXPLAINED = "lapsed", "explained"
_HITS = table(RuleHit)
WARNED = exists().where(
    _HITS.c.case_id == bindparam("case"), _HITS.c.action == "warn", _HITS.c.disposition.is_(None)
)
"""Whether the case `case` has warnings that nobody gave a reason for: a column of other statements."""


def keep_hits(unit: Unit, case: Case, said: Evaluation) -> None:
    """Write new hits with the inputs they saw; the same rule version on the same inputs is one hit.

    Open hits of rules that were judged and say so no more have lapsed; they open again if the inputs come back.
    """
    for hit in said.hits:
        if _keep(unit, case, hit):
            manifest = hit.rule.manifest
            unit.record(
                "rule.hit",
                {
                    "rule": hit.rule.id,
                    "version": manifest.version,
                    "digest": hit.rule.digest,
                    "action": manifest.action,
                    "trigger": hit.trigger,
                },
                case_id=case.id,
            )
    _lapse(unit, case, said)


def _keep(unit: Unit, case: Case, hit: Hit) -> bool:
    manifest, judgement = hit.rule.manifest, hit.judgement
    new = insert(RuleHit).values(
        case_id=case.id,
        rule_id=hit.rule.id,
        rule_version=manifest.version,
        version_id=hit.version_id,
        trigger=hit.trigger,
        severity=judgement.severity,
        action=manifest.action,
        title_zh=manifest.name_zh,
        title_en=manifest.name_en,
        message_zh=judgement.message_zh,
        message_en=judgement.message_en,
        inputs=dict(judgement.inputs),
        inputs_digest=judgement.digest,
        at=unit.now,
    )
    again = new.on_conflict_do_update(
        index_elements=["case_id", "rule_id", "rule_version", "inputs_digest"],
        set_={"disposition": None, "disposed_at": None},
        where=RuleHit.disposition == LAPSED,
    )
    return unit.session.execute(again.returning(RuleHit.id)).scalar_one_or_none() is not None


def _lapse(unit: Unit, case: Case, said: Evaluation) -> None:
    if not said.judged:
        return
    standing = [hit.key for hit in said.hits]
    gone = unit.session.execute(
        update(RuleHit)
        .where(
            RuleHit.case_id == case.id,
            RuleHit.disposition.is_(None),
            RuleHit.rule_id.in_(said.judged),
            tuple_(RuleHit.rule_id, RuleHit.rule_version, RuleHit.inputs_digest).not_in(standing),
        )
        .values(disposition=LAPSED, disposed_at=unit.now)
        .returning(RuleHit.rule_id, RuleHit.rule_version)
        .execution_options(synchronize_session=False)
    )
    for rule_id, version in gone.all():
        unit.record("rule.lapsed", {"rule": rule_id, "version": version}, case_id=case.id)


def explain_hit(unit: Unit, hit_id: int, reason: str) -> None:
    """Say why the case goes on in spite of a warning; who holds an opened task of the case may, once.

    Raise InvalidInput, OverrideNotFound, HitNotWarning, OverrideNotYours, DutyDenied.
    """
    if unit.case is None:
        raise CaseNotFound
    check_words({"reason": reason})
    hit = get_hit(unit, unit.case, hit_id)
    if hit.action != "warn" or hit.disposition is not None:
        raise HitNotWarning(rule=hit.rule_id)
    task, person = get_own_task(unit, unit.case)
    require(unit, Action.OVERRIDE, case=unit.case, task=task)
    hit.disposition, hit.reason = EXPLAINED, reason.strip()
    hit.disposed_by, hit.disposed_at = person, unit.now
    unit.record("rule.explained", {"hit": hit_id, "rule": hit.rule_id, "version": hit.rule_version})


def list_open_warnings(session: Session, case_id: int) -> list[RuleHit]:
    """Warnings of a case that hold and have no reason yet."""
    found = (
        select(RuleHit)
        .where(RuleHit.case_id == case_id, RuleHit.action == "warn", RuleHit.disposition.is_(None))
        .order_by(RuleHit.id)
    )
    return remembered_one(session, "open warnings", case_id, lambda: list(session.scalars(found)))


def list_unexplained(unit: Unit, case: Case) -> list[RuleHit]:
    """Warnings of a case from before this unit that nobody has given a reason for."""
    return [hit for hit in list_open_warnings(unit.session, case.id) if hit.at < unit.now]
