"""Leads to late links: two chains that data say are one injury. A lead is no fact; people decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

NEAR_DAYS = 7
"""Days between two recorded accidents of one person that may be the same accident."""


@dataclass(frozen=True)
class LeadCase:
    """One side of a lead: the earliest case of its chain that matches."""

    case_id: int
    case_no: str
    chain_id: int
    process_key: str
    title_zh: str
    title_en: str
    subject_name: str
    organisation: str
    event_on: date
    region_zh: str
    region_en: str


@dataclass(frozen=True)
class Lead:
    """Two chains of one subject with accidents `days` apart. `change_id`: a link of them is under way."""

    older: LeadCase
    newer: LeadCase
    days: int
    change_id: int | None


# Chains that were split from one chain were found to be two injuries; nobody is led there again.
_LEADS = """
    WITH several AS ({subjects}),
    pairs AS (
        SELECT DISTINCT ON (a.chain_id, b.chain_id) a.id AS older, b.id AS newer, a.chain_id AS older_chain,
               b.chain_id AS newer_chain, abs(a.event_on - b.event_on) AS days
        FROM several s
        JOIN "case" a ON a.subject_index = s.subject_index
        JOIN "case" b ON b.subject_index = s.subject_index AND b.chain_id > a.chain_id
            AND abs(a.event_on - b.event_on) <= :near
        WHERE {sides} AND NOT EXISTS (
            SELECT FROM chain_link la JOIN chain_link lb ON lb.from_chain_id = la.from_chain_id
            WHERE la.kind = 'split' AND lb.kind = 'split' AND la.to_chain_id = a.chain_id
              AND lb.to_chain_id = b.chain_id)
        ORDER BY a.chain_id, b.chain_id, abs(a.event_on - b.event_on), a.id, b.id)
    SELECT p.days, p.older, p.newer, ch.case_id AS change_id
    FROM pairs p
    LEFT JOIN LATERAL (
        SELECT c.case_id FROM controlled_change c JOIN "case" k ON k.id = c.case_id AND k.status = 'open'
        WHERE c.kind = 'chain_link' AND c.applied_at IS NULL
          AND c.target IN (p.older_chain::text, p.newer_chain::text)
        ORDER BY c.case_id LIMIT 1) AS ch ON true
    ORDER BY p.days, p.newer DESC, p.older
    OFFSET :offset LIMIT :limit
    """
# Of years of cases few are open; their subjects are found by an index. Among all of them, whoever has one chain
# only falls out first.
_OPEN = text(
    _LEADS.format(
        subjects="""SELECT DISTINCT subject_index FROM "case" WHERE status = 'open' AND event_on IS NOT NULL""",
        sides="'open' IN (a.status, b.status)",
    )
)
_ALL = text(
    _LEADS.format(
        subjects="""SELECT subject_index FROM "case" WHERE subject_index IS NOT NULL AND event_on IS NOT NULL
            GROUP BY subject_index HAVING count(DISTINCT chain_id) > 1""",
        sides="true",
    )
)
_SIDES = text(
    """
    SELECT c.id AS case_id, c.case_no, c.chain_id, c.process_key, d.title_zh, d.title_en, c.subject_name,
           c.organisation, c.event_on, r.name_zh, r.name_en
    FROM "case" c JOIN process_definition d ON d.id = c.definition_id JOIN region r ON r.code = c.region_code
    WHERE c.id = ANY(:ids)
    """
)


def list_leads(
    session: Session, *, near: int = NEAR_DAYS, closed_too: bool = False, offset: int = 0, limit: int = 50
) -> list[Lead]:
    """Leads among the cases the reader's regions show, the nearest accidents first.

    One of the two cases is open; with `closed_too` neither need be, which reads all cases there are.
    """
    rows = session.execute(
        _ALL if closed_too else _OPEN, {"near": near, "offset": offset, "limit": limit}
    ).all()
    ids = sorted({row.older for row in rows} | {row.newer for row in rows})
    sides = {row.case_id: LeadCase(*row) for row in session.execute(_SIDES, {"ids": ids})}
    return [Lead(sides[row.older], sides[row.newer], row.days, row.change_id) for row in rows]
