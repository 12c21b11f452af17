"""Who never performs: parties, people who stood back, administrators of the platform, machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.history import History, Moment

# `who` is the identity of everybody, from the merges alone. `actor`: both people of each act.
_ACTORS = """
    WITH who AS (
        SELECT p.id, coalesce(m.canonical, p.id) AS canonical, p.id_number_index
        FROM person p LEFT JOIN unnest(CAST(:merged AS bigint[]), CAST(:canonicals AS bigint[]))
            AS m(id, canonical) ON m.id = p.id),
    actor AS (
        SELECT p.id, p.case_id, p.duty, p.at, a.record, who.canonical
        FROM performance p
        CROSS JOIN LATERAL (VALUES (p.person_id), (p.on_behalf_of)) AS a(record)
        JOIN who ON who.id = a.record
        WHERE p.id > :since)
"""
# Facts may make somebody a party who acted before; a case's own registration comes with its first parties.
_PARTY = """
    SELECT a.id, a.case_id, a.duty, a.at, a.canonical, a.record, w.id AS other, cp.role AS why
    FROM actor a JOIN who w ON w.canonical = a.canonical
    JOIN case_party cp ON cp.case_id = a.case_id AND cp.id_number_index = w.id_number_index
        AND (a.at > cp.at OR (a.at = cp.at AND a.duty = 'intake'))
"""
# A recusal holds from its record until the head refuses it.
_RECUSED = """
    SELECT a.id, a.case_id, a.duty, a.at, a.canonical, a.record, w.id AS other, r.cause AS why
    FROM recusal r JOIN who w ON w.id = r.person_id
    JOIN actor a ON a.canonical = w.canonical AND a.case_id = r.case_id AND a.at > r.at
    LEFT JOIN recusal_ruling v ON v.recusal_id = r.id AND v.verdict = 'refused'
    WHERE v.recusal_id IS NULL OR v.at > a.at
"""
_INTERESTED = """
    SELECT a.id, a.case_id, a.duty, a.at, a.canonical, a.record, w.id AS other, i.cause AS why
    FROM person_interest i JOIN who w ON w.id = i.person_id
    JOIN case_party cp ON cp.id_number_index = i.subject_index
    JOIN actor a ON a.canonical = w.canonical AND a.case_id = cp.case_id
        AND a.at > greatest(i.declared_at, cp.at) AND (i.ended_at IS NULL OR a.at < i.ended_at)
    WHERE NOT EXISTS (
        SELECT FROM recusal r JOIN who same ON same.id = r.person_id AND same.canonical = a.canonical
        JOIN recusal_ruling v ON v.recusal_id = r.id AND v.verdict = 'refused' AND v.at <= a.at
        WHERE r.case_id = a.case_id AND r.origin = 'data' AND r.cause = i.cause)
"""
# A grant counts for the acts after it was recorded: one back-dated later changes nothing that was done.
_PLATFORM = """
    SELECT a.id, a.case_id, a.duty, a.at, a.canonical, a.record, w.id AS other, g.post AS why
    FROM post_grant g JOIN post ON post.key = g.post AND post.kind = 'platform'
    JOIN who w ON w.id = g.person_id
    JOIN actor a ON a.canonical = w.canonical AND a.at > g.recorded_at
        AND (a.at AT TIME ZONE 'Asia/Shanghai')::date >= g.valid_from
        AND (g.valid_to IS NULL OR (a.at AT TIME ZONE 'Asia/Shanghai')::date < g.valid_to)
    WHERE g.revokes IS NULL AND NOT EXISTS (
        SELECT FROM post_grant r WHERE r.revokes = g.id AND r.recorded_at <= a.at
          AND r.valid_from <= (a.at AT TIME ZONE 'Asia/Shanghai')::date)
"""
_MACHINE = """
    SELECT p.id, p.case_id, p.duty, p.at, p.person_id AS canonical, p.person_id AS record,
           p.person_id AS other, account.login AS why
    FROM performance p JOIN account ON account.id = p.account_id
    WHERE p.id > :since AND account.kind = 'machine'
"""
_KINDS = (
    ("party", _ACTORS + _PARTY),
    ("recused", _ACTORS + _RECUSED),
    ("recused", _ACTORS + _INTERESTED),
    ("platform_post", _ACTORS + _PLATFORM),
    ("machine_account", _MACHINE),
)


def find_barred_acts(session: Session, history: History, since: int) -> list[Finding]:
    """Acts after `since` of people who may not act, one finding per kind, person and case."""
    merged = {record: history.canonical(record) for record in history.aliases}
    values = {"since": since, "merged": list(merged), "canonicals": list(merged.values())}
    findings: dict[tuple[object, ...], list[Any]] = {}
    for kind, statement in _KINDS:
        for row in session.execute(text(f"{statement} ORDER BY 1"), _needed(statement, values)):
            findings.setdefault((kind, row.canonical, row.case_id), []).append(row)
    return [_finding(history, str(key[0]), rows) for key, rows in findings.items()]


def _needed(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


def _finding(history: History, kind: str, rows: Sequence[Any]) -> Finding:
    """`revealed` when every one of the acts was done before the merge that shows who did it."""
    first = rows[0]
    known = [row for row in rows if _known_then(history, row)]
    return Finding(
        kind=kind,
        rule=kind,
        scope="case",
        scope_id=first.case_id,
        persons=(first.canonical,),
        members=tuple(sorted({row.duty for row in rows})),
        performance_ids=tuple(sorted({row.id for row in rows})),
        case_ids=(first.case_id,),
        at=rows[-1].at,
        revealed=not known,
        detail={"why": first.why},
    )


def _known_then(history: History, row: Any) -> bool:
    moment = Moment(row.id, row.at)
    return history.canonical(row.record, moment) == history.canonical(row.other, moment)
