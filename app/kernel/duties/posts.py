"""The posts a person holds today, with their names and places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.duties.candidates import TODAY, get_candidate, grant_in_force
from app.kernel.duties.models import Post, PostGrant
from app.kernel.identity.models import Person, Region
from app.kernel.identity.regions import list_subtree


@dataclass(frozen=True)
class HeldPost:
    """A post held today in one region."""

    key: str
    kind: str
    title_zh: str
    title_en: str
    region_code: str
    region_zh: str
    region_en: str
    authority: str


_HELD = (
    select(
        Post.key,
        Post.kind,
        Post.title_zh,
        Post.title_en,
        Region.code,
        Region.name_zh,
        Region.name_en,
        Post.authority,
    )
    .join(PostGrant, PostGrant.post == Post.key)
    .join(Region, Region.code == PostGrant.region_code)
    .join(Person, Person.id == PostGrant.person_id)
    .where(Person.canonical_id == bindparam("person"), grant_in_force(TODAY))
    .distinct()
    .order_by(Region.code, Post.key)
)


def list_held_posts(session: Session, person_id: int, today: date) -> tuple[HeldPost, ...]:
    """By region and post key."""
    rows = session.execute(_HELD, {"person": person_id, "today": today})
    return tuple(HeldPost(*row) for row in rows)


def regions_of(session: Session, posts: Iterable[HeldPost], person_id: int, today: date) -> tuple[str, ...]:
    """Regions a person may see: those of the posts held or filled today, with all below them."""
    regions = {post.region_code for post in posts} | list_filled_regions(session, person_id, today)
    return list_subtree(session, regions)


def list_filled_regions(session: Session, person_id: int, today: date) -> frozenset[str]:
    """Regions of the posts that the person fills for somebody today."""
    return frozenset(region for _, region in get_candidate(session, person_id, today).substituting)
