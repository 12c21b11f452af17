"""Stays in posts, over grants that follow one another, for changes about posts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.deadlines.rules import add_months

# Whoever holds a post of each side on a common day; merged records are one person.
_BOTH_SIDES = text(
    """
    WITH held AS (
        SELECT who.canonical_id AS person_id, g.post, g.valid_from,
               least(coalesce(g.valid_to, 'infinity'), coalesce(r.valid_from, 'infinity')) AS valid_to
        FROM post_grant g JOIN person who ON who.id = g.person_id
        LEFT JOIN post_grant r ON r.revokes = g.id
        WHERE g.revokes IS NULL
        UNION ALL
        SELECT who.canonical_id, s.post, s.valid_from,
               least(s.valid_to, coalesce(r.valid_from, 'infinity'))
        FROM substitution s JOIN person who ON who.id = s.substitute_id
        LEFT JOIN substitution r ON r.revokes = s.id
        WHERE s.revokes IS NULL
    )
    SELECT DISTINCT person.name
    FROM held a JOIN held b USING (person_id) JOIN person ON person.id = a.person_id
    WHERE a.post = ANY (:left) AND b.post = ANY (:right)
      AND a.valid_from < a.valid_to AND b.valid_from < b.valid_to
      AND greatest(a.valid_from, b.valid_from) < least(a.valid_to, b.valid_to)
    ORDER BY person.name
    """
)
_STAYS = text(
    """
    WITH held AS (
        SELECT who.canonical_id AS person_id, g.region_code, g.valid_from,
               least(coalesce(g.valid_to, 'infinity'), coalesce(r.valid_from, 'infinity')) AS valid_to
        FROM post_grant g JOIN person who ON who.id = g.person_id
        LEFT JOIN post_grant r ON r.revokes = g.id
        WHERE g.post = :post AND g.revokes IS NULL
    )
    SELECT held.person_id, person.name, held.valid_from,
           CASE WHEN held.valid_to = 'infinity' THEN NULL ELSE held.valid_to END AS valid_to, held.region_code
    FROM held JOIN person ON person.id = held.person_id
    WHERE held.valid_from < held.valid_to ORDER BY held.person_id, held.valid_from
    """
)


def persons_on_both_sides(session: Session, left: Collection[str], right: Collection[str]) -> list[str]:
    """Names of people holding posts of both sides on one day, past or coming: the fence would refuse the pair."""
    return list(session.scalars(_BOTH_SIDES, {"left": list(left), "right": list(right)}))


@dataclass(frozen=True)
class Stay:
    """A person's present stay in a post: since when, over grants with breaks shorter than the gap; where."""

    person_id: int
    name: str
    since: date
    regions: frozenset[str]


def list_stays(session: Session, post: str, gap_months: int, today: date) -> Sequence[Stay]:
    """Stays that last today, by person."""
    people: dict[int, list[tuple[str, date, date | None, str]]] = {}
    for row in session.execute(_STAYS, {"post": post}):
        people.setdefault(row.person_id, []).append((row.name, row.valid_from, row.valid_to, row.region_code))
    return [stay for person, held in people.items() if (stay := _stay(person, held, gap_months, today))]


def _stay(
    person: int, held: Sequence[tuple[str, date, date | None, str]], gap_months: int, today: date
) -> Stay | None:
    since: date | None = None
    until: date | None = None
    for _, start, end, _ in held:
        if start > today:
            break
        if since is None or (until is not None and add_months(until, gap_months) < start):
            since, until = start, end
        elif until is not None:
            until = None if end is None else max(until, end)
    regions = frozenset(region for _, a, b, region in held if a <= today and (b is None or b > today))
    if since is None or not regions:
        return None
    return Stay(person, held[0][0], since, regions)
