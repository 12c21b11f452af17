"""Static exclusion from the grants themselves, and what merges and links should have left behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.kernel.absences.models import Substitution
from app.kernel.duties.models import PostExclusion, PostGrant
from app.kernel.identity.models import Person
from app.kernel.local_time import local_day
from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.history import History


class Hold(NamedTuple):
    """A post held by a record for [since, until), by grant or as a substitute."""

    record: int
    post: str
    region: str
    since: date
    until: date


def find_excluded_posts(session: Session, history: History) -> list[Finding]:
    """Posts of both sides of a pair held at one time by one natural person, from the day that was known."""
    sides: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in session.scalars(select(PostExclusion)):
        sides[row.post].append((row.pair, row.side))
    by_person: dict[int, list[Hold]] = defaultdict(list)
    for hold in _holds(session):
        if hold.post in sides and hold.since < hold.until:
            by_person[history.canonical(hold.record)].append(hold)
    found: dict[tuple[int, int], Finding] = {}
    for person, holds in by_person.items():
        for one, other in combinations(holds, 2):
            for pair, side in sides[one.post]:
                if (pair, 1 - side) in sides[other.post] and _overlap(history, one, other):
                    found.setdefault((person, pair), _finding(person, pair, one, other))
    return list(found.values())


def _holds(session: Session) -> Iterator[Hold]:
    grants = session.scalars(select(PostGrant).order_by(PostGrant.id)).all()
    ended = {row.revokes: row.valid_from for row in grants if row.revokes is not None}
    for row in grants:
        if row.revokes is None:
            until = min(row.valid_to or date.max, ended.get(row.id, date.max))
            yield Hold(row.person_id, row.post, row.region_code, row.valid_from, until)
    substitutions = session.scalars(select(Substitution).order_by(Substitution.id)).all()
    cut = {row.revokes: row.valid_from for row in substitutions if row.revokes is not None}
    for item in substitutions:
        if item.revokes is None:
            until = min(item.valid_to, cut.get(item.id, date.max))
            yield Hold(item.substitute_id, item.post, item.region_code, item.valid_from, until)


def _overlap(history: History, one: Hold, other: Hold) -> bool:
    since, until = max(one.since, other.since), min(one.until, other.until)
    return max(since, _known_as_one(history, one.record, other.record)) < until


def _known_as_one(history: History, one: int, other: int) -> date:
    """The day from which two records are known to be one person."""
    known = date.min
    paths = [_merges(history, record) for record in (one, other)]
    for record, day in (item for path in paths for item in path.items()):
        if one != other and record not in set(paths[0]) & set(paths[1]):
            known = max(known, day)
    return known


def _merges(history: History, record: int) -> dict[int, date]:
    """The merges on the way from a record to the canonical one: record merged away, and the day."""
    path = {}
    while record in history.aliases:
        above, since = history.aliases[record]
        path[record] = local_day(since.at)
        record = above
    return path


def _finding(person: int, pair: int, one: Hold, other: Hold) -> Finding:
    return Finding(
        kind="exclusion",
        rule=f"exclusion:{pair}",
        scope="post",
        scope_id=pair,
        persons=(person,),
        members=tuple(sorted({one.post, other.post})),
        detail={
            "regions": sorted({one.region, other.region}),
            "since": max(one.since, other.since).isoformat(),
            "until": min(one.until, other.until).isoformat(),
        },
    )


def find_drift(session: Session, history: History) -> list[Finding]:
    """Persons and cases that are not where the recorded merges and links put them."""
    findings = []
    for row in session.execute(select(Person.id, Person.canonical_id).order_by(Person.id)):
        if history.canonical(row.id) != row.canonical_id:
            persons = tuple(sorted({row.id, row.canonical_id}))
            findings.append(Finding("identity", "identity", "person", row.id, persons))
    for moved in session.execute(_LAST_LINKS):
        if moved.chain_id != moved.to_chain_id:
            findings.append(Finding("chain", "chain", "chain", moved.chain_id, (), case_ids=(moved.case_id,)))
    return findings


_LAST_LINKS = text(
    "SELECT DISTINCT ON (l.case_id) l.case_id, l.to_chain_id, c.chain_id FROM chain_link l"
    ' JOIN "case" c ON c.id = l.case_id ORDER BY l.case_id, l.id DESC'
)
