"""Idempotency keys: a replayed intention gets its first answer, never a second effect."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.kernel.refusals import IdempotencyConflict
from app.kernel.transaction.models import IdempotencyKey
from app.kernel.transaction.unit import Unit
from app.storage.core import execute, table

_INSERT = insert(table(IdempotencyKey)).on_conflict_do_nothing().returning(table(IdempotencyKey).c.key)


@dataclass(frozen=True)
class Idempotency:
    """A client's key with the digest of what it asked for."""

    key: str
    body_digest: bytes

    @classmethod
    def of(cls, key: str, body: Mapping[str, Any]) -> Idempotency:
        """Digest the body canonically (sorted keys), so that field order does not matter."""
        canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)
        return cls(key, hashlib.sha256(canonical).digest())


@dataclass(frozen=True)
class Replay:
    """The intention was carried out before; `result` is what it answered then."""

    result: dict[str, Any] | None


def insert_key(unit: Unit, idempotency: Idempotency) -> Replay | None:
    """Insert the key before any lock (checking it first gives wrong conflicts in replays).

    A concurrent twin waits here until the first commits. Raise IdempotencyConflict on another body.
    """
    account_id = unit.actor.account_id
    values = {
        "account_id": account_id,
        "key": idempotency.key,
        "body_digest": idempotency.body_digest,
        "at": unit.now,
    }
    if execute(unit.session, _INSERT, values).scalar_one_or_none() is not None:
        return None
    stored = unit.session.execute(
        select(IdempotencyKey.body_digest, IdempotencyKey.result).where(
            IdempotencyKey.account_id == account_id, IdempotencyKey.key == idempotency.key
        )
    ).one()
    if stored.body_digest != idempotency.body_digest:
        raise IdempotencyConflict(key=idempotency.key)
    return Replay(stored.result)


def keep_result(unit: Unit, idempotency: Idempotency, result: object) -> None:
    """Remember a mapping for replays; of any other answer a replay only learns that it happened (None)."""
    if not isinstance(result, dict):
        return
    unit.session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.account_id == unit.actor.account_id, IdempotencyKey.key == idempotency.key)
        .values(result=result)
    )
