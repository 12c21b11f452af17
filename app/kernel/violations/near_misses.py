"""Near-misses: what `decide` denied, what the fence had to refuse, warnings gone through; counted and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


class By(StrEnum):
    """What near-misses are counted by."""

    RULE = "rule"
    PERSON = "person"
    OFFICE = "office"


class Kind(StrEnum):
    DENIED = "deny"
    WARNED = "warn"
    FENCED = "fence"


@dataclass(frozen=True)
class Period:
    """[since, until), instants in UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Tally:
    """Near-misses under one key: a conflict set's key or the reason of `decide`, a person's id, a region code."""

    key: str
    label_zh: str
    label_en: str
    denied: int
    warned: int
    fenced: int

    @property
    def total(self) -> int:
        return self.denied + self.warned + self.fenced


@dataclass(frozen=True)
class Attempt:
    """One near-miss. `rule` is a conflict set's key, empty for reasons without one (a post not held, …)."""

    kind: str
    at: datetime
    person_id: int | None
    person: str | None
    action: str | None
    duty: str | None
    reason: str
    rule: str | None
    case_id: int | None
    case_no: str | None
    region_code: str | None
    evidence: Mapping[str, Any]


# Of cases outside the reader's regions nothing is counted; of attempts without a case those of people who
# have held a post in a region he sees. The fence's refusals are audit events with its detail as payload.
_MISSES = """
    WITH seen AS (SELECT code FROM region WHERE code = ANY(CAST(:regions AS text[]))),
    raw AS (
        SELECT d.verdict AS kind, d.at, d.person_id, d.action, d.duty, d.reason, d.rule, d.case_id, d.evidence
        FROM duty_decision d
        WHERE d.verdict <> 'allow' AND d.at >= :since AND d.at < :until
        UNION ALL
        SELECT 'fence', e.at, e.person_id, NULL, NULL, p.body ->> 'sqlstate', p.body -> 'detail' ->> 'set_key',
               coalesce(e.case_id, (p.body -> 'detail' ->> 'case_id')::bigint), p.body -> 'detail'
        FROM audit_event e
        CROSS JOIN LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS body) p
        WHERE e.event = 'fence.refused' AND e.at >= :since AND e.at < :until),
    miss AS (
        SELECT raw.*, c.case_no, c.region_code, who.canonical_id, who.name
        FROM raw
        LEFT JOIN "case" c ON c.id = raw.case_id
        LEFT JOIN person named ON named.id = raw.person_id
        LEFT JOIN person who ON who.id = named.canonical_id
        WHERE c.region_code IN (SELECT code FROM seen)
           OR (raw.case_id IS NULL AND EXISTS (
               SELECT FROM post_grant g JOIN person same ON same.id = g.person_id
               WHERE same.canonical_id = who.canonical_id AND g.region_code IN (SELECT code FROM seen))))
"""
_KEYS = {
    By.RULE: ("coalesce(m.rule, m.reason)", "NULL", "NULL"),
    By.PERSON: ("m.canonical_id::text", "max(m.name)", "max(m.name)"),
    By.OFFICE: ("m.region_code", "max(r.name_zh)", "max(r.name_en)"),
}


def count_misses(
    session: Session, period: Period, by: By, regions: tuple[str, ...], limit: int = 30
) -> list[Tally]:
    """The most frequent first. Labels of rules are the conflict sets' titles, empty for bare reasons."""
    key, zh, en = _KEYS[by]
    rows = session.execute(
        text(
            f"{_MISSES} SELECT {key} AS key, {zh} AS zh, {en} AS en,"
            " count(*) FILTER (WHERE m.kind = 'deny') AS denied,"
            " count(*) FILTER (WHERE m.kind = 'warn') AS warned,"
            " count(*) FILTER (WHERE m.kind = 'fence') AS fenced"
            " FROM miss m LEFT JOIN region r ON r.code = m.region_code"
            f" WHERE {key} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT :limit"
        ),
        {**_values(period, regions), "limit": limit},
    )
    return [Tally(row.key, row.zh or "", row.en or "", row.denied, row.warned, row.fenced) for row in rows]


def list_misses(
    session: Session,
    period: Period,
    regions: tuple[str, ...],
    *,
    only: Mapping[By, str] | None = None,
    offset: int = 0,
    limit: int = 50,
) -> list[Attempt]:
    """Newest first; `only` keeps those under one key of a count."""
    wanted = dict(only or {})
    conditions = [f"{_KEYS[by][0]} = :{by.value}" for by in wanted]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = session.execute(
        text(
            f"{_MISSES} SELECT m.kind, m.at, m.canonical_id, m.name, m.action, m.duty, m.reason, m.rule, m.case_id,"
            f" m.case_no, m.region_code, m.evidence FROM miss m {where} ORDER BY m.at DESC, m.reason"
            " OFFSET :offset LIMIT :limit"
        ),
        {
            **_values(period, regions),
            **{by.value: value for by, value in wanted.items()},
            "offset": offset,
            "limit": limit,
        },
    )
    return [Attempt(*row) for row in rows]


def _values(period: Period, regions: tuple[str, ...]) -> dict[str, Any]:
    return {"since": period.since, "until": period.until, "regions": list(regions)}
