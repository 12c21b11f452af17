"""Writes about violations: telling whoever must know, and settling them by a ruling."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from app.kernel.cases.models import Case
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.duties.models import PerformanceVoid
from app.kernel.transaction.unit import Unit
from app.kernel.violations.models import SodViolation, ViolationCase, ViolationRuling
from app.kernel.violations.queries import get_violation, newest_violation, rule_titles, whole_acts
from app.kernel.worklist.reconsidering import reconsider_tasks

__all__ = ["announce_violations", "newest_violation", "rule_on_violation"]

# One statement however many cases a new set freezes: whoever audits or supervises a case's region or one above
# it today. Posts held by a person with several records count for the record that the bell belongs to.
_TELL = text(
    """
    INSERT INTO notification (person_id, key, code, params, case_id, at)
    SELECT DISTINCT p.canonical_id, 'violation:' || vc.violation_id || ':' || c.id, 'violation_recorded',
           jsonb_build_object('case_no', c.case_no, 'subject', c.subject_name,
                              'title_zh', coalesce(t.zh, v.rule), 'title_en', coalesce(t.en, v.rule),
                              'violation', v.id::text),
           c.id, CAST(:at AS timestamptz)
    FROM sod_violation v
    JOIN violation_case vc ON vc.violation_id = v.id
    JOIN "case" c ON c.id = vc.case_id
    JOIN region r ON r.code = c.region_code
    JOIN post_grant g ON g.region_code = ANY (string_to_array(r.path, '/'))
        AND g.revokes IS NULL AND g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today)
        AND NOT EXISTS (SELECT FROM post_grant ended WHERE ended.revokes = g.id AND ended.valid_from <= :today)
    JOIN post ON post.key = g.post AND post.kind IN ('audit', 'supervision')
    JOIN person p ON p.id = g.person_id
    LEFT JOIN unnest(CAST(:rules AS text[]), CAST(:zh AS text[]), CAST(:en AS text[])) AS t(rule, zh, en)
        ON t.rule = v.rule
    WHERE v.id = ANY (:ids)
    ON CONFLICT (person_id, key) DO NOTHING
    """
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


def announce_violations(unit: Unit, since_id: int) -> list[int]:
    """Tell internal auditors and supervisors of the touched cases' regions; answers the new violations' ids.

    `since_id` is `newest_violation(unit.session)` from before the writes that may have found collisions.
    One audit event per violation and touched case goes to that case's chain. Tells nobody twice.
    """
    unit.session.flush()
    found = unit.session.scalars(
        select(SodViolation).where(SodViolation.id > since_id).order_by(SodViolation.id)
    ).all()
    if not found:
        return []
    ids = [violation.id for violation in found]
    _record(unit, found)
    titles = rule_titles(unit.session)
    unit.session.execute(
        _TELL,
        {
            "ids": ids,
            "at": unit.now,
            "today": unit.today,
            "rules": list(titles),
            "zh": [title[0] for title in titles.values()],
            "en": [title[1] for title in titles.values()],
        },
    )
    return ids


def _record(unit: Unit, found: Sequence[SodViolation]) -> None:
    by_id = {violation.id: violation for violation in found}
    touched = unit.session.execute(
        select(ViolationCase.violation_id, ViolationCase.case_id)
        .where(ViolationCase.violation_id.in_(by_id))
        .order_by(ViolationCase.case_id, ViolationCase.violation_id)
    ).all()
    for row in touched:
        unit.record("violation.recorded", _payload(by_id[row.violation_id]), case_id=row.case_id)
    for violation_id in sorted(by_id.keys() - {row.violation_id for row in touched}):
        violation = by_id[violation_id]
        unit.record("violation.recorded", _payload(violation), chain=f"person:{violation.person_id}")


def _payload(violation: SodViolation) -> dict[str, object]:
    return {
        "violation": violation.id,
        "rule": violation.rule,
        "version": violation.rule_version,
        "cause": violation.cause,
        "person": violation.person_id,
        "members": list(violation.members),
        "performances": list(violation.performance_ids),
    }


def rule_on_violation(
    unit: Unit, violation_id: int, verdict: str, void: Sequence[int], *, change_id: int, reason: str
) -> None:
    """Settle a violation; the acts named in `void` (performance ids) no longer count at the gate.

    What was opened goes with what was performed, or the rest would collide on. Bindings stay, so that others do
    it again: the gate sends the token to the earliest signing task that lacks a signature. Raise ChangeOutdated
    when the violation is settled already.
    """
    violation = get_violation(unit.session, violation_id)
    if violation is None or not violation.open:
        raise ChangeOutdated(target=str(violation_id))
    cases = _lock(unit, [case.case_id for case in violation.cases])
    ruling = {"violation_id": violation_id, "verdict": verdict, "reason": reason, "change_id": change_id}
    unit.session.execute(insert(ViolationRuling).values(**ruling, at=unit.now))
    for performance_id in whole_acts(unit.session, violation, void):
        unit.session.execute(
            insert(PerformanceVoid).values(
                performance_id=performance_id,
                cause="violation",
                reason=reason,
                voided_by=unit.actor.own_person_id,
                at=unit.now,
            )
        )
    told = {"violation": violation_id, "verdict": verdict, "void": list(void), "change": change_id}
    for case in cases:
        unit.views.pop(case.id, None)
        unit.record("violation.ruled", told, case_id=case.id)
    if not cases:
        unit.record("violation.ruled", told, chain=f"person:{violation.person_id}")
    reconsider_tasks(unit, [case for case in cases if case.status == "open"], cause="ruled")


def _lock(unit: Unit, case_ids: Sequence[int]) -> list[Case]:
    return list(
        unit.session.scalars(
            select(Case)
            .where(Case.id.in_(bindparam("cases", expanding=True)))
            .order_by(Case.id)
            .with_for_update()
            .execution_options(populate_existing=True),
            {"cases": list(case_ids)},
        )
    )
