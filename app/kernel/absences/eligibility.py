"""Who could stand in for somebody: static exclusion foreseen with its evidence, absences, active accounts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.absences.models import Substitution
from app.kernel.absences.queries import list_absent, list_office
from app.kernel.absences.rules import CARRIES_DUTIES, Away
from app.kernel.duties.models import Post, PostExclusion, PostGrant
from app.kernel.identity.models import Account, Person


@dataclass(frozen=True)
class Exclusion:
    """A post held in the period that excludes the wanted one, by the table of static exclusions."""

    post: str
    post_zh: str
    post_en: str
    title_zh: str
    title_en: str
    ground: str


def list_exclusions(
    session: Session, person_ids: Collection[int], post: str, first: date, until: date
) -> dict[int, Exclusion]:
    """Who of these people holds, in [first, until), a post that excludes `post`; by grant or substitution."""
    if not person_ids:
        return {}
    mine, theirs = aliased(PostExclusion), aliased(PostExclusion)
    held = _holds_in(person_ids, first, until)
    rows = session.execute(
        select(held.c.person_id, Post.key, Post.title_zh, Post.title_en, theirs)
        .join(theirs, theirs.post == held.c.post)
        .join(mine, and_(mine.pair == theirs.pair, mine.side != theirs.side, mine.post == post))
        .join(Post, Post.key == held.c.post)
        .order_by(theirs.pair.desc())
    )
    return {
        row[0]: Exclusion(row[1], row[2], row[3], row[4].title_zh, row[4].title_en, row[4].ground)
        for row in rows
    }


def _holds_in(person_ids: Collection[int], first: date, until: date) -> Any:
    """Posts of the natural persons behind these ids within a period; an ended grant counts up to its end."""
    asked, own = aliased(Person), aliased(Person)
    people = [asked.id.in_(list(person_ids)), own.canonical_id == asked.canonical_id]
    cut, ended = aliased(PostGrant), aliased(Substitution)
    granted = (
        select(asked.id.label("person_id"), PostGrant.post.label("post"))
        .join(own, own.canonical_id == asked.canonical_id)
        .join(PostGrant, PostGrant.person_id == own.id)
        .outerjoin(cut, cut.revokes == PostGrant.id)
        .where(
            *people,
            PostGrant.revokes.is_(None),
            PostGrant.valid_from < until,
            or_(PostGrant.valid_to.is_(None), PostGrant.valid_to > first),
            or_(cut.id.is_(None), cut.valid_from > first),
        )
    )
    filled = (
        select(asked.id.label("person_id"), Substitution.post.label("post"))
        .join(own, own.canonical_id == asked.canonical_id)
        .join(Substitution, Substitution.substitute_id == own.id)
        .outerjoin(ended, ended.revokes == Substitution.id)
        .where(
            *people,
            Substitution.revokes.is_(None),
            Substitution.valid_from < until,
            Substitution.valid_to > first,
            or_(ended.id.is_(None), ended.valid_from > first),
        )
    )
    return granted.union(filled).subquery()


def has_active_account(session: Session, person_id: int) -> bool:
    """Whether the natural person can log in with any account."""
    asked = aliased(Person)
    return bool(
        session.scalar(
            select(
                exists().where(
                    asked.id == person_id,
                    Person.canonical_id == asked.canonical_id,
                    Account.person_id == Person.id,
                    Account.state == "active",
                )
            )
        )
    )


@dataclass(frozen=True)
class Substitutable:
    """Somebody of the office who might stand in, and why not: `refusal` is a code, empty when possible."""

    person_id: int
    name: str
    refusal: str = ""
    exclusion: Exclusion | None = None
    away: Away | None = None


def list_possible_substitutes(
    session: Session,
    principal_id: int,
    post: str,
    region: str,
    offices: Collection[str],
    first: date,
    until: date,
) -> list[Substitutable]:
    """People with duties in these offices, each with what would refuse them in [first, until); possible ones first."""
    people = [
        person
        for person in list_office(session, offices, first, CARRIES_DUTIES)
        if person.person_id != principal_id
    ]
    ids = [person.person_id for person in people]
    excluded = list_exclusions(session, ids, post, first, until)
    away = list_absent(session, ids, first, until - timedelta(days=1))
    found = []
    for person in people:
        key, code = person.person_id, ""
        if key in excluded:
            code = "substitution_excluded"
        elif (post, region) in person.posts:
            code = "substitution_needless"
        elif key in away:
            code = "substitute_absent"
        found.append(Substitutable(key, person.name, code, excluded.get(key), away.get(key)))
    return sorted(found, key=lambda item: bool(item.refusal))
