"""Reads of the region tree."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.identity.models import Region


def get_lineage(session: Session, code: str) -> tuple[str, ...]:
    """The region's code and its ancestors', root first. Raise NoResultFound for an unknown code."""
    path = session.scalars(select(Region.path).where(Region.code == code)).one()
    return tuple(path.split("/"))


def list_subtree(session: Session, codes: Iterable[str]) -> tuple[str, ...]:
    """The codes with everything below them, sorted; empty for no codes."""
    paths = session.scalars(select(Region.path).where(Region.code.in_(list(codes)))).all()
    if not paths:
        return ()
    below = or_(*[or_(Region.path == path, Region.path.startswith(path + "/")) for path in paths])
    return tuple(session.scalars(select(Region.code).where(below).order_by(Region.code)))


def get_region(session: Session, code: str) -> Region:
    """Raise NoResultFound for an unknown code."""
    return session.scalars(select(Region).where(Region.code == code)).one()
