"""Notices of the permission chain: the next person's turn, and what the auditors should hear of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.queries import grant_in_force
from app.kernel.grants.entities import PostWanted
from app.kernel.identity.models import Person
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Notification


def tell(unit: Unit, people: Iterable[int], code: str, key: str, params: Mapping[str, object]) -> None:
    """A line under each bell; the same key comes once."""
    rows = [
        {"person_id": who, "key": key, "code": code, "params": dict(params), "case_id": None, "at": unit.now}
        for who in sorted(set(people))
        if who != unit.actor.person_id
    ]
    if rows:
        unit.session.execute(insert(Notification).values(rows).on_conflict_do_nothing())


def tell_auditors(unit: Unit, code: str, key: str, wanted: PostWanted) -> None:
    """Tell everybody who keeps watch: internal auditors and the audit administrator."""
    tell(unit, list_watchers(unit), code, key, about(unit, wanted))


def list_watchers(unit: Unit) -> list[int]:
    """Canonical ids of today's internal auditors and audit administrators, wherever they sit."""
    return list(
        unit.session.scalars(
            select(Person.canonical_id)
            .join(PostGrant, PostGrant.person_id == Person.id)
            .join(Post, Post.key == PostGrant.post)
            .where(or_(Post.kind == "audit", Post.key == "audit_admin"), grant_in_force(unit.today))
            .distinct()
        )
    )


def about(unit: Unit, wanted: PostWanted, request_id: int | None = None) -> dict[str, object]:
    """What the words of a notice name."""
    post = unit.session.get_one(Post, wanted.post)
    return {
        "name": wanted.name,
        "title_zh": post.title_zh,
        "title_en": post.title_en,
        "person": wanted.person_id,
        "request": request_id,
    }
