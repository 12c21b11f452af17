"""Reads of what is held: grants of a person with their history, holders of a post."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.absences.models import Substitution
from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.queries import grant_in_force
from app.kernel.grants.entities import Holding
from app.kernel.identity.models import Person, Region

ANYWHERE = ("*",)


@dataclass(frozen=True)
class GrantRow:
    """A grant as it stands: `ends_on` (exclusive) is its end, or the day a later row cut it."""

    id: int
    post: str
    kind: str
    title_zh: str
    title_en: str
    region_code: str
    region_zh: str
    region_en: str
    lineage: tuple[str, ...]
    valid_from: date
    ends_on: date | None
    revoked: bool
    recorded_at: datetime
    requested_by: str
    reviewed_by: str
    approved_by: str
    assigned_by: str | None
    request_id: int | None

    def in_force(self, today: date) -> bool:
        return self.valid_from <= today and (self.ends_on is None or today < self.ends_on)

    def coming(self, today: date) -> bool:
        return today < self.valid_from and (self.ends_on is None or self.valid_from < self.ends_on)


def list_holdings(session: Session, person_id: int) -> tuple[Holding, ...]:
    """All the canonical person ever held or will hold, by grant or substitution, with effective ends."""
    rows = [*_holdings_by_grant(session, person_id), *_holdings_by_substitution(session, person_id)]
    return tuple(sorted(rows, key=lambda item: (item.valid_from, item.post)))


def _holdings_by_grant(session: Session, person_id: int) -> Iterable[Holding]:
    ended = aliased(PostGrant)
    rows = session.execute(
        select(PostGrant, Post.title_zh, Post.title_en, ended.valid_from.label("cut"))
        .join(Person, Person.id == PostGrant.person_id)
        .join(Post, Post.key == PostGrant.post)
        .outerjoin(ended, ended.revokes == PostGrant.id)
        .where(Person.canonical_id == person_id, PostGrant.revokes.is_(None))
    )
    for row in rows:
        grant: PostGrant = row.PostGrant
        end = row.cut or grant.valid_to
        if end is None or end > grant.valid_from:
            yield Holding(
                grant.post, row.title_zh, row.title_en, grant.region_code, grant.valid_from, end, grant.id
            )


def _holdings_by_substitution(session: Session, person_id: int) -> Iterable[Holding]:
    ended = aliased(Substitution)
    rows = session.execute(
        select(Substitution, Post.title_zh, Post.title_en, ended.valid_from.label("cut"))
        .join(Person, Person.id == Substitution.substitute_id)
        .join(Post, Post.key == Substitution.post)
        .outerjoin(ended, ended.revokes == Substitution.id)
        .where(Person.canonical_id == person_id, Substitution.revokes.is_(None))
    )
    for row in rows:
        held: Substitution = row.Substitution
        end = row.cut or held.valid_to
        if end > held.valid_from:
            yield Holding(held.post, row.title_zh, row.title_en, held.region_code, held.valid_from, end)


def list_grants(session: Session, person_id: int) -> list[GrantRow]:
    """Every grant of the canonical person, newest first, with who asked, reviewed, approved and assigned."""
    return _grant_rows(session, Person.canonical_id == person_id)


def get_grant(session: Session, grant_id: int) -> tuple[int, GrantRow] | None:
    """A grant with the record it was given to; None for a revocation or an unknown id."""
    row = session.execute(_grants_query(PostGrant.id == grant_id)).one_or_none()
    return None if row is None else (row.PostGrant.person_id, _grant_row(row))


def list_post_holders(
    session: Session, post: str, today: date, regions: Collection[str] = ANYWHERE
) -> dict[str, list[tuple[int, str, GrantRow]]]:
    """Who holds a post today, by region code: canonical id, name and grant."""
    seen = [] if tuple(regions) == ANYWHERE else [PostGrant.region_code.in_(regions)]
    found: dict[str, list[tuple[int, str, GrantRow]]] = defaultdict(list)
    rows = session.execute(
        _grants_query(PostGrant.post == post, grant_in_force(today), *seen).add_columns(
            Person.canonical_id, Person.name
        )
    ).all()
    for row in sorted(rows, key=lambda item: (item.PostGrant.region_code, item.name)):
        found[row.PostGrant.region_code].append((row.canonical_id, row.name, _grant_row(row)))
    return dict(found)


def _grant_rows(session: Session, *conditions: ColumnElement[bool]) -> list[GrantRow]:
    return [_grant_row(row) for row in session.execute(_grants_query(*conditions))]


def _grants_query(*conditions: ColumnElement[bool]) -> Select[Any]:
    ended = aliased(PostGrant)
    named = {name: aliased(Person) for name in ("requested_by", "reviewed_by", "approved_by", "assigned_by")}
    query = (
        select(PostGrant, Post.title_zh, Post.title_en, Post.kind, Region.name_zh, Region.name_en)
        .add_columns(Region.path)
        .add_columns(ended.valid_from.label("cut"), *(who.name.label(name) for name, who in named.items()))
        .join(Person, Person.id == PostGrant.person_id)
        .join(Post, Post.key == PostGrant.post)
        .join(Region, Region.code == PostGrant.region_code)
        .outerjoin(ended, ended.revokes == PostGrant.id)
    )
    for name, who in named.items():
        query = query.outerjoin(who, who.id == getattr(PostGrant, name))
    return query.where(PostGrant.revokes.is_(None), *conditions).order_by(
        PostGrant.valid_from.desc(), PostGrant.id.desc()
    )


def _grant_row(row: Any) -> GrantRow:
    grant: PostGrant = row.PostGrant
    return GrantRow(
        id=grant.id,
        post=grant.post,
        kind=row.kind,
        title_zh=row.title_zh,
        title_en=row.title_en,
        region_code=grant.region_code,
        region_zh=row.name_zh,
        region_en=row.name_en,
        lineage=tuple(row.path.split("/")),
        valid_from=grant.valid_from,
        ends_on=row.cut or grant.valid_to,
        revoked=row.cut is not None,
        recorded_at=grant.recorded_at,
        requested_by=row.requested_by,
        reviewed_by=row.reviewed_by,
        approved_by=row.approved_by,
        assigned_by=row.assigned_by,
        request_id=grant.request_id,
    )


def list_posts(session: Session) -> list[Post]:
    """Every post by kind and key."""
    order = func.array_position(["business", "supervision", "audit", "design", "platform"], Post.kind)
    return list(session.scalars(select(Post).order_by(order, Post.key)))


def count_holders(session: Session, today: date, regions: Collection[str] = ANYWHERE) -> dict[str, int]:
    """How many natural persons hold each post today."""
    seen = [] if tuple(regions) == ANYWHERE else [PostGrant.region_code.in_(regions)]
    rows = session.execute(
        select(PostGrant.post, func.count(Person.canonical_id.distinct()))
        .join(Person, Person.id == PostGrant.person_id)
        .where(grant_in_force(today), *seen)
        .group_by(PostGrant.post)
    )
    return dict(rows.all())


def may_see(session: Session, person_id: int, regions: Collection[str]) -> bool:
    """Whether the person's grants touch these regions, or he has none at all yet."""
    held = (
        select(PostGrant.id)
        .join(Person, Person.id == PostGrant.person_id)
        .where(Person.canonical_id == person_id)
    )
    inside = held.where(PostGrant.region_code.in_(regions))
    return bool(session.scalar(select(or_(inside.exists(), ~held.exists()))))
