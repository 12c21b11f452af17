"""Who could act: natural persons with everything `decide` asks of them, and who holds or fills a post."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, and_, bindparam, case, column, exists, false, func, or_, select, true, union_all
from sqlalchemy import table as bare_table
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from app.kernel.absences.models import Absence, Substitution
from app.kernel.deadlines.rules import add_months
from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.rule_sets import COUNT_TENURES, tenure_rules
from app.kernel.duties.views import Candidate, Stay
from app.kernel.identity.models import Account, IdentityDoubt, Person
from app.storage.core import among, among_texts, execute, table
from app.storage.reading import remembered


@lru_cache(maxsize=8)
def grant_in_force(today: date | BindParameter[date]) -> ColumnElement[bool]:
    """Condition on PostGrant: gives its post today and is not cut by a revoking row. `today` may be bound later.

    Kept by day: a page puts it into many statements, and to build it takes longer than to run some of them.
    """
    revoking = aliased(PostGrant)
    return and_(
        PostGrant.revokes.is_(None),
        PostGrant.valid_from <= today,
        or_(PostGrant.valid_to.is_(None), PostGrant.valid_to > today),
        ~exists().where(revoking.revokes == PostGrant.id, revoking.valid_from <= today),
    )


# Statements of every claim and completion: built once, on tables (see app.storage.core).
_PERSON, _ACCOUNT = table(Person), table(Account)
_GRANT, _POST = table(PostGrant), table(Post)
_SUBSTITUTION, _ABSENCE, _DOUBT = table(Substitution), table(Absence), table(IdentityDoubt)
_COLLISION = bare_table("post_collision", column("person_id"))
_RECORD = _PERSON.alias("record")
TODAY = bindparam("today", type_=Date())


def _in_force(rows: Any) -> ColumnElement[bool]:
    """Condition on the columns of grants or substitutions: in force on `today`, not ended early."""
    ending = rows.alias()
    return and_(
        rows.c.revokes.is_(None),
        rows.c.valid_from <= TODAY,
        or_(rows.c.valid_to.is_(None), rows.c.valid_to > TODAY),
        ~exists().where(ending.c.revokes == rows.c.id, ending.c.valid_from <= TODAY),
    )


_PRINCIPAL = _PERSON.alias("principal")
_SUBSTITUTE = _PERSON.alias("substitute")
_OWN = _GRANT.alias("own")
_HOLDER = _PERSON.alias("holder")
_STANDS_IN = and_(
    _in_force(_SUBSTITUTION),
    exists().where(
        _OWN.c.post == _SUBSTITUTION.c.post,
        _OWN.c.region_code == _SUBSTITUTION.c.region_code,
        _OWN.c.person_id == _HOLDER.c.id,
        _HOLDER.c.canonical_id == _PRINCIPAL.c.canonical_id,
        _in_force(_OWN),
    ),
)
"""A substitution in force whose principal still holds the post by grant."""

_ABSENT = and_(_ABSENCE.c.cancelled_at.is_(None), _ABSENCE.c.starts_on <= TODAY, _ABSENCE.c.ends_on >= TODAY)
_HAS_OTHER_RECORD = exists().where(_RECORD.c.canonical_id == _PERSON.c.id, _RECORD.c.id != _PERSON.c.id)
# Not EXISTS: the planner would compare all posts of the region with each other as soon as one person asked for has
# two records.
_COLLIDES = select(func.bool_or(true())).where(_COLLISION.c.person_id == _PERSON.c.id).scalar_subquery()

CANDIDATES = select(
    _PERSON.c.id,
    _PERSON.c.name,
    _PERSON.c.pinyin,
    exists()
    .where(
        _ACCOUNT.c.person_id == _RECORD.c.id,
        _RECORD.c.canonical_id == _PERSON.c.id,
        _ACCOUNT.c.state == "active",
    )
    .label("active"),
    select(
        func.json_agg(func.json_build_array(_GRANT.c.post, _GRANT.c.region_code, _POST.c.kind, _POST.c.rank))
    )
    .where(
        _GRANT.c.person_id == _RECORD.c.id,
        _RECORD.c.canonical_id == _PERSON.c.id,
        _POST.c.key == _GRANT.c.post,
        _in_force(_GRANT),
    )
    .scalar_subquery()
    .label("posts"),
    select(
        func.json_agg(
            func.json_build_array(
                _SUBSTITUTION.c.post, _SUBSTITUTION.c.region_code, _PRINCIPAL.c.canonical_id
            )
        )
    )
    .where(
        _SUBSTITUTION.c.substitute_id == _RECORD.c.id,
        _RECORD.c.canonical_id == _PERSON.c.id,
        _PRINCIPAL.c.id == _SUBSTITUTION.c.principal_id,
        _STANDS_IN,
    )
    .scalar_subquery()
    .label("substituting"),
    select(func.max(_ABSENCE.c.ends_on))
    .where(_ABSENCE.c.person_id == _RECORD.c.id, _RECORD.c.canonical_id == _PERSON.c.id, _ABSENT)
    .scalar_subquery()
    .label("absent_until"),
    exists()
    .where(
        _DOUBT.c.cleared_at.is_(None),
        or_(_DOUBT.c.person_id == _RECORD.c.id, _DOUBT.c.other_id == _RECORD.c.id),
        _RECORD.c.canonical_id == _PERSON.c.id,
    )
    .label("in_doubt"),
    case((_HAS_OTHER_RECORD, func.coalesce(_COLLIDES, false())), else_=false()).label("posts_collide"),
    COUNT_TENURES.scalar_subquery().label("tenures"),
).where(among(_PERSON.c.id, "persons"))


def get_candidate(session: Session, person_id: int, today: date) -> Candidate:
    """The person (canonical id) with every post held today. Raise KeyError when there is no such person."""
    return list_candidates(session, [person_id], today)[person_id]


def list_candidates(session: Session, person_ids: Collection[int], today: date) -> dict[int, Candidate]:
    """Candidates by canonical person id, each with the posts held and filled today."""

    def load(wanted: Collection[int]) -> dict[int, Candidate]:
        rows = execute(session, CANDIDATES, {"persons": list(wanted), "today": today}).all()
        return candidates_of(session, rows, today)

    return remembered(session, f"candidates of {today}", person_ids, load)


def candidates_of(session: Session, rows: Sequence[Any], today: date) -> dict[int, Candidate]:
    """Rows of CANDIDATES as candidates; their principals are loaded with them (these fill nothing)."""
    found = {row.id: _candidate(row) for row in rows}
    pairs = {row.id: row.substituting for row in rows if row.substituting}
    if pairs:
        wanted = {principal for filled in pairs.values() for _, _, principal in filled}
        values = {"persons": sorted(wanted), "today": today}
        principals = {row.id: _candidate(row) for row in execute(session, CANDIDATES, values)}
        for person_id, filled in pairs.items():
            known = {(post, region): principals[who] for post, region, who in filled}
            found[person_id] = replace(found[person_id], substituting=known)
    if rows and rows[0].tenures:
        found = _with_stays(session, found, rows[0].tenures, today)
    return found


def _candidate(row: Any) -> Candidate:
    held = row.posts or ()
    return Candidate(
        person_id=row.id,
        name=row.name,
        pinyin=row.pinyin,
        posts=frozenset((post, region) for post, region, _, _ in held),
        post_kinds=frozenset(kind for _, _, kind, _ in held),
        supervised=frozenset(region for _, region, kind, _ in held if kind == "supervision"),
        active=row.active,
        rank=max((rank for _, _, _, rank in held), default=0),
        absent_until=row.absent_until,
        in_doubt=row.in_doubt,
        posts_collide=row.posts_collide,
    )


_SPELLS = (
    select(
        _RECORD.c.canonical_id,
        _GRANT.c.post,
        _GRANT.c.valid_from,
        func.least(_GRANT.c.valid_to, _OWN.c.valid_from).label("valid_to"),
    )
    .join(_RECORD, _RECORD.c.id == _GRANT.c.person_id)
    .outerjoin(_OWN, _OWN.c.revokes == _GRANT.c.id)
    .where(
        _GRANT.c.revokes.is_(None),
        among_texts(_GRANT.c.post, "posts"),
        among(_RECORD.c.canonical_id, "persons"),
        _GRANT.c.valid_from <= TODAY,
    )
    .order_by(_RECORD.c.canonical_id, _GRANT.c.post, _GRANT.c.valid_from.desc())
)


def _with_stays(
    session: Session, found: Mapping[int, Candidate], versions: int, today: date
) -> dict[int, Candidate]:
    """Mark who has been in a post longer than its tenure rule allows."""
    limits = tenure_rules(session, versions, datetime.combine(today, time.max, UTC))
    posts = {post for person in found.values() for post, _ in person.posts} & limits.keys()
    if not posts:
        return dict(found)
    values = {"posts": sorted(posts), "persons": sorted(found), "today": today}
    spells: dict[tuple[int, str], list[tuple[date, date | None]]] = {}
    for row in execute(session, _SPELLS, values):
        spells.setdefault((row.canonical_id, row.post), []).append((row.valid_from, row.valid_to))
    stays: dict[int, dict[str, Stay]] = {}
    for (person_id, post), known in spells.items():
        limit = limits[post]
        since = stay_begins(known, limit.gap_months, today)
        if since is not None and add_months(since, limit.months) < today:
            stays.setdefault(person_id, {})[post] = Stay(since, limit.months, limit.severity)
    return {key: replace(person, stays_too_long=stays.get(key, {})) for key, person in found.items()}


def stay_begins(spells: Sequence[tuple[date, date | None]], gap_months: int, today: date) -> date | None:
    """The day a continuous stay that lasts today began; None when today is outside all spells.

    `spells`: [from, to) newest first. A break shorter than `gap_months` months does not end a stay.
    """
    since: date | None = None
    for begins, ends in spells:
        if since is None:
            if ends is not None and ends <= today:
                continue
            since = begins
        elif ends is None or add_months(ends, gap_months) >= since:
            since = min(since, begins)
    return since


_GRANTED = (
    select(_GRANT.c.post, _GRANT.c.region_code, _PERSON.c.canonical_id.label("person_id"))
    .join(_PERSON, _PERSON.c.id == _GRANT.c.person_id)
    .where(_in_force(_GRANT))
)
_FILLED = (
    select(_SUBSTITUTION.c.post, _SUBSTITUTION.c.region_code, _SUBSTITUTE.c.canonical_id)
    .join(_SUBSTITUTE, _SUBSTITUTE.c.id == _SUBSTITUTION.c.substitute_id)
    .join(_PRINCIPAL, _PRINCIPAL.c.id == _SUBSTITUTION.c.principal_id)
    .where(_STANDS_IN)
)
GRANTED = _GRANTED.subquery("granted")
"""(post, region_code, person_id): who holds a post by grant today."""
HOLDING = union_all(_GRANTED, _FILLED).subquery("holding")
"""The same, with whoever fills one by substitution."""
_HOLDERS = (
    select(HOLDING.c.post, HOLDING.c.region_code, HOLDING.c.person_id)
    .where(
        among_texts(HOLDING.c.post, "posts"),
        among_texts(HOLDING.c.region_code, "regions"),
    )
    .distinct()
    .order_by(HOLDING.c.person_id)
)
_WORKS = and_(
    exists().where(
        _RECORD.c.canonical_id == GRANTED.c.person_id,
        _ACCOUNT.c.person_id == _RECORD.c.id,
        _ACCOUNT.c.state == "active",
    ),
    ~exists().where(
        _RECORD.c.canonical_id == GRANTED.c.person_id, _ABSENCE.c.person_id == _RECORD.c.id, _ABSENT
    ),
)
ACTIVE_HOLDERS = select(GRANTED.c.person_id).where(
    GRANTED.c.post == bindparam("post"), GRANTED.c.region_code == bindparam("region"), _WORKS
)
"""Persons who hold `post` in `region` today, have an active account and aren't absent."""

_BAR = bare_table("case_bar", column("case_id"), column("person_id"))
_DUTY_ACT = bare_table("duty_act", column("chain_id"), column("person_id"), column("principal_id"))
UNTOUCHED_HOLDER = exists().where(
    GRANTED.c.post == bindparam("post"),
    GRANTED.c.region_code == bindparam("region"),
    _WORKS,
    ~exists().where(
        _DUTY_ACT.c.chain_id == bindparam("chain"),
        or_(_DUTY_ACT.c.person_id == GRANTED.c.person_id, _DUTY_ACT.c.principal_id == GRANTED.c.person_id),
    ),
    ~exists().where(_BAR.c.case_id == bindparam("case"), _BAR.c.person_id == GRANTED.c.person_id),
)
"""An active holder of `post` in `region`, here today, without any act in the `chain` and not barred from the
`case`: such a person may certainly claim. The quick answer before `decide` is asked for every holder."""


def list_holders(
    session: Session, pairs: Collection[tuple[str, str]], today: date
) -> dict[tuple[str, str], list[int]]:
    """Ids of the persons holding or filling each (post, region) today."""
    if not pairs:
        return {}
    values = {
        "posts": sorted({post for post, _ in pairs}),
        "regions": sorted({region for _, region in pairs}),
        "today": today,
    }
    holders: dict[tuple[str, str], list[int]] = {pair: [] for pair in pairs}
    for row in execute(session, _HOLDERS, values):
        if (row.post, row.region_code) in holders:
            holders[row.post, row.region_code].append(row.person_id)
    return holders


def list_supervisors(session: Session, lineage: Collection[str], today: date) -> list[int]:
    """Ids of the persons holding a supervision post in a region or above it."""
    return list(
        session.scalars(
            select(Person.canonical_id)
            .join(PostGrant, PostGrant.person_id == Person.id)
            .join(Post, Post.key == PostGrant.post)
            .where(Post.kind == "supervision", PostGrant.region_code.in_(lineage), grant_in_force(today))
            .distinct()
            .order_by(Person.canonical_id)
        )
    )
