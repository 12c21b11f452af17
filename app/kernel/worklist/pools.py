"""Who may fill a post in a region today, whatever the case: kept for half a minute, because every claim asks."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from datetime import date

from sqlalchemy import URL
from sqlalchemy.orm import Session

from app.kernel.duties.candidates import list_candidates, list_holders
from app.kernel.duties.pending import Pair, Pool
from app.kernel.duties.rules import standing
from app.kernel.duties.views import Candidate

KNOWN_FOR = 30.0
MOST_KEPT = 5000
_POOLS: dict[tuple[URL, Pair, date], tuple[Pool, float]] = {}


def known_pools(session: Session, pairs: Collection[Pair], today: date) -> dict[Pair, Pool]:
    """Pools at most `KNOWN_FOR` seconds old: good for a yes, asked again before anybody is told no."""
    url, since = session.get_bind().engine.url, time.monotonic() - KNOWN_FOR
    found, missing = {}, []
    for pair in pairs:
        kept = _POOLS.get((url, pair, today))
        if kept is not None and kept[1] > since:
            found[pair] = kept[0]
        else:
            missing.append(pair)
    return found | (load_pools(session, missing, today) if missing else {})


def load_pools(session: Session, pairs: Collection[Pair], today: date) -> dict[Pair, Pool]:
    """Pools as they are now, in a fixed number of queries; kept for `known_pools`."""
    holders = list_holders(session, pairs, today)
    people = list_candidates(session, {one for held in holders.values() for one in held}, today)
    found = {pair: _pool(pair, [people[one] for one in held]) for pair, held in holders.items()}
    url, now = session.get_bind().engine.url, time.monotonic()
    if len(_POOLS) > MOST_KEPT:
        _POOLS.clear()
    _POOLS.update({(url, pair, today): (pool, now) for pair, pool in found.items()})
    return found


def forget_pools() -> None:
    """Drop what is kept; tests do so after changing who holds what."""
    _POOLS.clear()


def _pool(pair: Pair, holders: Collection[Candidate]) -> Pool:
    able = [person for person in holders if _may_fill(pair, person)]
    return Pool(
        able=frozenset(person.person_id for person in able),
        away=frozenset(person.person_id for person in able if person.absent_until is not None),
        principals={
            person.person_id: person.substituting[pair].person_id
            for person in able
            if pair not in person.posts
        },
        names={person.person_id: person.name for person in able},
    )


def _may_fill(pair: Pair, person: Candidate) -> bool:
    """Nothing about the person or the principal bars every case; the longest stay isn't over."""
    if standing(person, None) is not None:
        return False
    stay = person.stays_too_long.get(pair[0])
    if stay is not None and stay.severity == "deny":
        return False
    principal = None if pair in person.posts else person.substituting.get(pair)
    return principal is None or standing(replace(principal, active=True), None) is None
