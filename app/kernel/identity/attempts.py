"""Attempts to log in, counted before they are checked.

An attempt is written as failed first and replaced after success. So many guesses at once are
counted like many in a row: the check of the password can't be raced.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text

from app.kernel.identity.throttling import BY_ADDRESS, BY_LOGIN, Failures, seconds_left
from app.kernel.transaction.unit import Unit

KEPT: Final = timedelta(days=90)

_LOCK: Final = text("SELECT pg_advisory_xact_lock(:key)")
_BY_LOGIN: Final = text(
    "SELECT count(*), max(at) FROM login_attempt WHERE login_digest = :login AND NOT succeeded AND at > :since"
    " AND at > coalesce((SELECT max(at) FROM login_attempt WHERE login_digest = :login AND succeeded),"
    " '-infinity'::timestamptz)"
)
_BY_ADDRESS: Final = text(
    "SELECT count(*), max(at) FROM login_attempt"
    " WHERE address = CAST(:address AS inet) AND NOT succeeded AND at > :since"
)
# Plain SQL on purpose: counting attempts is book-keeping, no act, and so writes no audit event of its own.
_INSERT: Final = text(
    "INSERT INTO login_attempt (login_digest, address, at, succeeded)"
    " VALUES (:login, CAST(:address AS inet), :at, false) RETURNING id"
)
_REPLACE: Final = text(
    "WITH reserved AS (DELETE FROM login_attempt WHERE id = :id RETURNING login_digest, address)"
    " INSERT INTO login_attempt (login_digest, address, at, succeeded)"
    " SELECT login_digest, address, :at, true FROM reserved"
)
_FORGET: Final = text("DELETE FROM login_attempt WHERE at < :before")


@dataclass(frozen=True, slots=True)
class Reserved:
    """An attempt that may be checked, or the seconds to wait (then `attempt_id` is 0)."""

    attempt_id: int
    seconds: int
    failures: int


def reserve(unit: Unit, login_digest: bytes, address: str | None) -> Reserved:
    """Count this attempt as failed until `mark_succeeded`; while throttled nothing is written."""
    # One attempt per login at a time; those of one address may overlap, they are merely many.
    unit.session.execute(_LOCK, {"key": _lock_key(login_digest)})
    by_login = _failures(unit, _BY_LOGIN, {"login": login_digest, "since": unit.now - BY_LOGIN.window})
    by_address = _failures(unit, _BY_ADDRESS, {"address": address, "since": unit.now - BY_ADDRESS.window})
    wait = max(
        seconds_left(BY_LOGIN, by_login, unit.now),
        seconds_left(BY_ADDRESS, by_address, unit.now),
    )
    if wait:
        return Reserved(0, wait, by_login.count)
    values = {"login": login_digest, "address": address, "at": unit.now}
    attempt_id: int = unit.session.execute(_INSERT, values).scalar_one()
    return Reserved(attempt_id, 0, by_login.count)


def mark_succeeded(unit: Unit, attempt_id: int) -> None:
    """Replace the reserved failure by a success: the login's failures start again from nothing."""
    unit.session.execute(_REPLACE, {"id": attempt_id, "at": unit.now})


def forget_attempts(unit: Unit) -> None:
    """Drop attempts nobody counts any more (older than 90 days); the audit log keeps its own."""
    unit.session.execute(_FORGET, {"before": unit.now - KEPT})


def plain_address(given: str | None) -> str | None:
    """The address as PostgreSQL takes it, or None for anything that isn't one (a socket's name)."""
    try:
        return str(ipaddress.ip_address((given or "").partition("%")[0]))
    except ValueError:
        return None


def _failures(unit: Unit, query: Any, values: dict[str, Any]) -> Failures:
    count, last = unit.session.execute(query, values).one()
    return Failures(count, last)


def _lock_key(login_digest: bytes) -> int:
    digest = hashlib.sha256(b"login_attempt\n" + login_digest).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
