"""Reads of the region tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.identity.models import Region
from app.storage.reading import remembered_one


def get_lineage(session: Session, code: str) -> tuple[str, ...]:
    """The region's code and its ancestors', root first. Raise NoResultFound for an unknown code."""

    def load() -> tuple[str, ...]:
        return tuple(session.scalars(select(Region.path).where(Region.code == code)).one().split("/"))

    return remembered_one(session, "lineages", code, load)


def list_subtree(session: Session, codes: Iterable[str]) -> tuple[str, ...]:
    """The codes with everything below them, sorted; empty for no codes."""
    wanted = frozenset(codes)
    return remembered_one(session, "subtrees", wanted, lambda: _load_subtree(session, wanted))


def _load_subtree(session: Session, codes: Collection[str]) -> tuple[str, ...]:
    paths = session.scalars(select(Region.path).where(Region.code.in_(sorted(codes)))).all()
    if not paths:
        return ()
    below = or_(*[or_(Region.path == path, Region.path.startswith(path + "/")) for path in paths])
    return tuple(session.scalars(select(Region.code).where(below).order_by(Region.code)))


def get_region(session: Session, code: str) -> Region:
    """Raise NoResultFound for an unknown code."""
    return session.scalars(select(Region).where(Region.code == code)).one()


def list_regions(session: Session) -> list[Region]:
    """The whole tree, parents first."""
    return list(session.scalars(select(Region).order_by(Region.path)))


def list_region_names(session: Session, codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Chinese and English names by code."""
    rows = session.execute(
        select(Region.code, Region.name_zh, Region.name_en).where(Region.code.in_(list(codes)))
    )
    return {row.code: (row.name_zh, row.name_en) for row in rows}
