"""Outbox: effects outside the transaction, written inside it and delivered afterwards.

A delivery is claimed for a lease before it is tried, so that a worker that dies in the middle
leaves a counted attempt behind; a row that was tried too often is dead at the next claim. The
channel gets every row at least once, with its key; the recorded effect happens exactly once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Index, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.storage.base import Base, Instant, big_id

LEASE = timedelta(seconds=60)
ATTEMPTS = 8

_CLAIM = text(
    """
    WITH due AS (
        SELECT id FROM outbox WHERE state = 'waiting' AND next_try_at <= :now
        ORDER BY next_try_at, id LIMIT :limit FOR UPDATE SKIP LOCKED)
    UPDATE outbox
    SET state = CASE WHEN attempts >= :attempts THEN 'dead' ELSE 'waiting' END,
        attempts = attempts + CASE WHEN attempts >= :attempts THEN 0 ELSE 1 END,
        next_try_at = :until
    FROM due WHERE due.id = outbox.id
    RETURNING outbox.id, outbox.state
    """
)
_SENT = text("UPDATE outbox SET state = 'sent', sent_at = :now, last_error = NULL WHERE id = :id")
_FAILED = text(
    """
    UPDATE outbox
    SET last_error = :error,
        next_try_at = CAST(:now AS timestamptz) + make_interval(secs => least(2 ^ attempts, 3600))
    WHERE id = :id AND state = 'waiting'
    """
)


class Outbox(Base):
    """One effect to deliver. `key` is the idempotency key towards the channel named by `topic`."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="state"),
        Index("ix_outbox_waiting", "next_try_at", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = big_id()
    key: Mapped[str] = mapped_column(unique=True)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None]


def send(session: Session, topic: str, key: str, payload: dict[str, Any], now: datetime) -> None:
    """Write an effect into the current transaction. A second one with the same key fails it."""
    session.add(Outbox(topic=topic, key=key, payload=payload, next_try_at=now, created_at=now))


def claim(session: Session, now: datetime, limit: int = 20) -> Sequence[int]:
    """Lease due rows to this worker and count the attempt; returns the ids to deliver.

    Rows already tried `ATTEMPTS` times become dead instead. Commit before delivering.
    """
    values = {"now": now, "until": now + LEASE, "attempts": ATTEMPTS, "limit": limit}
    rows = session.execute(_CLAIM, values)
    return sorted(row.id for row in rows if row.state == "waiting")


def locked(session: Session, outbox_id: int) -> Outbox | None:
    """The row, locked, if it still waits and nobody else delivers it now."""
    query = (
        select(Outbox)
        .where(Outbox.id == outbox_id, Outbox.state == "waiting")
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).one_or_none()


def mark_sent(session: Session, outbox_id: int, now: datetime) -> None:
    """Record the one effect; in the transaction that delivered it."""
    session.execute(_SENT, {"id": outbox_id, "now": now})


def mark_failed(session: Session, outbox_id: int, error: str, now: datetime) -> None:
    """Keep the reason (no personal data: the exception's type) and wait longer each time."""
    session.execute(_FAILED, {"id": outbox_id, "error": error, "now": now})
