"""What is under a person's bell: counted, listed, marked as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kernel.transaction import Unit
from app.kernel.worklist.models import Notification


def count_unread(session: Session, person_id: int) -> int:
    unread = select(func.count()).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return session.scalar(unread) or 0


def list_notifications(session: Session, person_id: int, limit: int) -> Sequence[Notification]:
    """Newest first, read ones too."""
    return session.scalars(
        select(Notification)
        .where(Notification.person_id == person_id)
        .order_by(Notification.id.desc())
        .limit(limit)
    ).all()


def tell(unit: Unit, person_id: int, code: str, key: str, params: Mapping[str, str]) -> None:
    """A line under the person's bell that belongs to no case; the same key comes once."""
    unit.session.execute(
        upsert(Notification)
        .values(person_id=person_id, key=key, code=code, params=dict(params), at=unit.now)
        .on_conflict_do_nothing()
    )


def mark_read(unit: Unit) -> None:
    """Mark all of the actor's notifications as read."""
    unit.session.execute(
        update(Notification)
        .where(Notification.person_id == unit.actor.person_id, Notification.read_at.is_(None))
        .values(read_at=unit.now)
    )
    unit.record("notices.read", {})
