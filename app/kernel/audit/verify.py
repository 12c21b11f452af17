"""Verification of the audit log: recompute every hash, MAC and sequence number.

Chains alone can't show that a whole chain, or the newest events of one, were cut off: keep the
`heads` of an earlier verification outside the database and hand them in again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from psycopg import Connection
from sqlalchemy.orm import Session

from app.kernel.audit.chain import START, canonical_bytes, link, mac
from app.storage.crypto import KeyRing

BATCH: Final = 5_000
_COLUMNS: Final = (
    "chain, seq, at, event, account_id, person_id, on_behalf_of, case_id, task_id, decision_id, "
    "request_id, payload, previous_hash, hash, mac"
)


class BreakKind(StrEnum):
    """How an event fails."""

    GAP = "sequence_gap"
    LINK = "link_broken"
    HASH = "hash_wrong"
    MAC = "mac_wrong"
    CUT = "chain_cut"


@dataclass(frozen=True, slots=True)
class Break:
    """One thing wrong with one event; `seq` is where the chain stops for `chain_cut`."""

    chain: str
    seq: int
    kind: BreakKind


class StoredEvent(NamedTuple):
    """One row of the log, in the order of `canonical_bytes`, then the three proofs."""

    chain: str
    seq: int
    at: datetime
    event: str
    account_id: int | None
    person_id: int | None
    on_behalf_of: int | None
    case_id: int | None
    task_id: int | None
    decision_id: UUID | None
    request_id: str
    payload: bytes
    previous_hash: bytes
    hash: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended when it was verified."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """Result: counts, every break, and the heads to keep elsewhere."""

    events: int
    breaks: tuple[Break, ...]
    heads: Mapping[str, Head]
    seconds: float

    @property
    def intact(self) -> bool:
        """Nothing was found wrong."""
        return not self.breaks


def verify(session: Session, keyring: KeyRing, known: Mapping[str, Head] | None = None) -> Verification:
    """Check the whole log as the session's role sees it; `known` are heads kept from earlier."""
    return check(_stored(session), keyring, known)


def check(
    rows: Iterable[StoredEvent], keyring: KeyRing, known: Mapping[str, Head] | None = None
) -> Verification:
    """Check events that come chain by chain, in ascending sequence."""
    started = time.perf_counter()
    expected = known or {}
    breaks: list[Break] = []
    heads: dict[str, Head] = {}
    count = 0
    for row in rows:
        count += 1
        before = heads.get(row.chain, Head(0, START))
        breaks.extend(Break(row.chain, row.seq, kind) for kind in _faults(row, before, keyring))
        heads[row.chain] = Head(row.seq, row.hash)
        if (kept := expected.get(row.chain)) and kept.seq == row.seq and kept.hash != row.hash:
            breaks.append(Break(row.chain, row.seq, BreakKind.HASH))
    breaks.extend(_cuts(heads, expected))
    return Verification(count, tuple(breaks), heads, time.perf_counter() - started)


def _faults(row: StoredEvent, before: Head, keyring: KeyRing) -> Iterator[BreakKind]:
    if row.seq != before.seq + 1:
        yield BreakKind.GAP
    if row.previous_hash != before.hash:
        yield BreakKind.LINK
    if link(row.previous_hash, canonical_bytes(*row[:12])) != row.hash:
        yield BreakKind.HASH
    if mac(keyring, row.hash) != row.mac:
        yield BreakKind.MAC


def _cuts(heads: Mapping[str, Head], expected: Mapping[str, Head]) -> Iterator[Break]:
    for chain, kept in expected.items():
        found = heads.get(chain, Head(0, START))
        if found.seq < kept.seq:
            yield Break(chain, found.seq, BreakKind.CUT)


def _stored(session: Session) -> Iterator[StoredEvent]:
    # The driver's own server-side cursor: the ORM's row handling would take most of the time.
    connection = cast("Connection[Any]", session.connection().connection.driver_connection)
    with closing(connection.cursor("audit_verify", binary=True)) as cursor:
        cursor.itersize = BATCH
        cursor.execute(f"SELECT {_COLUMNS} FROM audit_event ORDER BY chain, seq")
        for row in cursor:
            yield StoredEvent(*row)
