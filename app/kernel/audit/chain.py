"""The hash chain: an event's canonical bytes, its link to the one before, its MAC, and appending.

Canonical form, version 1: a JSON object of every column with sorted keys, a newline, then the
payload exactly as stored. JSON escapes newlines, so the first one ends the header and no text
can move between the two. An event's hash is SHA-256 over the hash before it and these bytes;
its MAC is keyed with a key that lives outside the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.kernel.audit.models import AuditEvent
from app.storage.crypto import KeyRing

FORMAT: Final = 1
START: Final = bytes(32)
LOGIN_CHAIN: Final = "login"
SYSTEM_CHAIN: Final = "system"

_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
_MAC_DOMAIN: Final = b"audit_event\n"
_LAST: Final = text(
    "SELECT wanted.chain, last.seq, last.hash FROM unnest((SELECT CAST(:chains AS text[]))) AS wanted(chain) "
    "CROSS JOIN LATERAL (SELECT seq, hash FROM audit_event WHERE chain = wanted.chain"
    " ORDER BY seq DESC LIMIT 1) AS last"
)
# The table, not the class: identities of events aren't needed back, and asking for them costs.
_INSERT: Final = insert(AuditEvent.metadata.tables[AuditEvent.__tablename__]).inline()
_LOCK: Final = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def case_chain(case_id: int) -> str:
    """Chain of everything that happens to one case."""
    return f"case:{case_id}"


def person_chain(person_id: int) -> str:
    """Chain of what happens to one person outside any case: grants, accounts, passwords."""
    return f"person:{person_id}"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened, before it has a place in its chain."""

    chain: str
    at: datetime
    event: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    account_id: int | None = None
    person_id: int | None = None
    on_behalf_of: int | None = None
    case_id: int | None = None
    task_id: int | None = None
    decision_id: UUID | None = None
    request_id: str = ""


def payload_bytes(payload: Mapping[str, Any]) -> bytes:
    """Canonical JSON of a payload: sorted keys, UTF-8, decimals as text.

    Raises TypeError for a value that has no JSON form and for keys that aren't text.
    """
    return orjson.dumps(dict(payload), default=_as_text, option=_OPTIONS)


def canonical_bytes(
    chain: str,
    seq: int,
    at: datetime,
    event: str,
    account_id: int | None,
    person_id: int | None,
    on_behalf_of: int | None,
    case_id: int | None,
    task_id: int | None,
    decision_id: UUID | None,
    request_id: str,
    payload: bytes,
) -> bytes:
    """Every column of the event but its row number, hashes and MAC. `at` must be aware."""
    header = {
        "account_id": account_id,
        "at": at.astimezone(UTC),
        "case_id": case_id,
        "chain": chain,
        "decision_id": decision_id,
        "event": event,
        "format": FORMAT,
        "on_behalf_of": on_behalf_of,
        "person_id": person_id,
        "request_id": request_id,
        "seq": seq,
        "task_id": task_id,
    }
    return orjson.dumps(header, option=_OPTIONS) + b"\n" + payload


def link(previous_hash: bytes, event_bytes: bytes) -> bytes:
    """The event's hash (32 bytes), which carries the whole chain before it."""
    return hashlib.sha256(previous_hash + event_bytes).digest()


def mac(keyring: KeyRing, event_hash: bytes) -> bytes:
    """The event's MAC (32 bytes): proof that the application, not the database account, wrote it."""
    return keyring.mac(_MAC_DOMAIN + event_hash)


def append(
    session: Session,
    keyring: KeyRing,
    events: Sequence[NewEvent],
    *,
    held: frozenset[str] = frozenset(),
    heads: Mapping[str, tuple[int, bytes]] = MappingProxyType({}),
) -> None:
    """Write events at the end of their chains, in the given order, inside the caller's transaction.

    Each chain is locked until the transaction ends, but for those `held` already: a case's row lock
    guards its chain. `heads` are ends of held chains that were read already. Should two writers meet all
    the same, (chain, seq) is unique and one of them fails.
    """
    write_rows(session, chained_rows(session, keyring, events, held=held, heads=heads))


def chained_rows(
    session: Session,
    keyring: KeyRing,
    events: Sequence[NewEvent],
    *,
    held: frozenset[str] = frozenset(),
    heads: Mapping[str, tuple[int, bytes]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """The rows that `append` writes: numbered, linked and signed; chains not held are locked here."""
    if not events:
        return []
    known = {chain: head for chain, head in heads.items() if chain in held}
    unknown = {draft.chain for draft in events} - known.keys()
    last = {**known, **(_lock_and_read_last(session, unknown, held) if unknown else {})}
    rows = []
    for draft in events:
        seq, previous = last.get(draft.chain, (0, START))
        row = _row(keyring, draft, seq + 1, previous)
        last[draft.chain] = (seq + 1, row["hash"])
        rows.append(row)
    return rows


def write_rows(session: Session, rows: list[dict[str, Any]]) -> None:
    """Insert chained rows."""
    if rows:
        session.connection().execute(_INSERT, rows)


def _lock_and_read_last(
    session: Session, chains: Iterable[str], held: frozenset[str]
) -> dict[str, tuple[int, bytes]]:
    # One order for everybody, so that two writers of the same chains can't deadlock; and two
    # statements, because the second needs a snapshot from after the lock was granted.
    wanted = sorted(chains)
    connection = session.connection()
    free = sorted(_lock_key(chain) for chain in wanted if chain not in held)
    if free:
        connection.execute(_LOCK, {"keys": free})
    rows = connection.execute(_LAST, {"chains": wanted})
    return {chain: (seq, bytes(event_hash)) for chain, seq, event_hash in rows}


def _lock_key(chain: str) -> int:
    digest = hashlib.sha256(b"audit_chain\n" + chain.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _row(keyring: KeyRing, draft: NewEvent, seq: int, previous: bytes) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "chain": draft.chain,
        "seq": seq,
        "at": draft.at,
        "event": draft.event,
        "account_id": draft.account_id,
        "person_id": draft.person_id,
        "on_behalf_of": draft.on_behalf_of,
        "case_id": draft.case_id,
        "task_id": draft.task_id,
        "decision_id": draft.decision_id,
        "request_id": draft.request_id,
        "payload": payload_bytes(draft.payload),
    }
    event_hash = link(previous, canonical_bytes(**columns))
    return {**columns, "previous_hash": previous, "hash": event_hash, "mac": mac(keyring, event_hash)}


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
