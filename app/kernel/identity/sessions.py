"""Server-side sessions: the browser holds a random token, the database only its SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session

from app.kernel.audit.chain import LOGIN_CHAIN
from app.kernel.identity.models import Account, ApiToken, Person, WebSession
from app.kernel.identity.refusals import SessionExpired
from app.kernel.transaction.unit import Unit

TOKEN_BYTES: Final = 32
LONGEST: Final = timedelta(hours=12)
TOUCH_EVERY: Final = timedelta(seconds=60)

# Plain SQL on purpose: showing that somebody is still there is no act and writes no audit event.
_TOUCH: Final = text(
    "UPDATE web_session SET last_seen_at = :now WHERE token_digest = :digest AND revoked_at IS NULL"
)
_FORGET: Final = text("DELETE FROM web_session WHERE expires_at < :before")
KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """What a log-in hands to the browser; the token is in no log and no table."""

    token: str
    csrf_token: str
    account_id: int
    person_id: int
    locale: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"OpenedSession(account_id={self.account_id})"


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Who is behind a request: the natural person (canonical id), and the record the account belongs to."""

    account_id: int
    person_id: int
    recorded_person_id: int
    login: str
    person_name: str
    locale: str
    csrf_token: str
    last_seen_at: datetime

    def csrf_matches(self, presented: str) -> bool:
        """Constant-time comparison with the token of the form or header."""
        return hmac.compare_digest(self.csrf_token.encode(), presented.encode("utf-8", "surrogatepass"))

    def needs_touch(self, now: datetime) -> bool:
        """Whether `touch` is due; not with every request, which would make every read a write."""
        return now - self.last_seen_at >= TOUCH_EVERY


def token_digest(token: str) -> bytes:
    """What is stored of a token. Plain SHA-256 will do: 256 random bits can't be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


_LIVE = (
    select(WebSession, Account.login, Account.person_id, Person.canonical_id, Person.name)
    .join(Account, Account.id == WebSession.account_id)
    .join(Person, Person.id == Account.person_id)
    .where(
        WebSession.token_digest == bindparam("digest"),
        WebSession.revoked_at.is_(None),
        WebSession.expires_at > bindparam("now"),
        WebSession.last_seen_at > bindparam("seen_since"),
        Account.state == "active",
    )
)


def find_session(session: Session, token: str, now: datetime, idle: timedelta) -> LiveSession:
    """The live session of a token. Raises `SessionExpired`: unknown, idle, too old, revoked, not active."""
    values = {"digest": token_digest(token), "now": now, "seen_since": now - idle}
    row = session.execute(_LIVE, values).one_or_none()
    if row is None or row.person_id is None:
        raise SessionExpired
    kept: WebSession = row.WebSession
    return LiveSession(
        account_id=kept.account_id,
        person_id=row.canonical_id,
        recorded_person_id=row.person_id,
        login=row.login,
        person_name=row.name,
        locale=kept.locale,
        csrf_token=kept.csrf_token,
        last_seen_at=kept.last_seen_at,
    )


def open_session(unit: Unit, account: Account, address: str | None) -> OpenedSession:
    """A new session with new tokens; the account must be a person's."""
    if account.person_id is None:
        raise ValueError("a machine account has no web session")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kept = WebSession(
        token_digest=token_digest(token),
        account_id=account.id,
        csrf_token=secrets.token_urlsafe(TOKEN_BYTES),
        locale=account.locale,
        created_at=unit.now,
        last_seen_at=unit.now,
        expires_at=unit.now + LONGEST,
        revoked_at=None,
        address=address,
    )
    unit.session.add(kept)
    unit.session.flush()
    return OpenedSession(
        token, kept.csrf_token, account.id, account.person_id, account.locale, kept.expires_at
    )


def touch(unit: Unit, token: str) -> None:
    """Put off the idle time-out."""
    unit.session.execute(_TOUCH, {"now": unit.now, "digest": token_digest(token)})


def log_out(unit: Unit, token: str) -> None:
    """End one session; ending it twice is harmless."""
    ended = unit.session.execute(
        update(WebSession)
        .where(WebSession.token_digest == token_digest(token), WebSession.revoked_at.is_(None))
        .values(revoked_at=unit.now)
        .returning(WebSession.account_id)
    ).scalar_one_or_none()
    unit.record("session.ended", {"account_id": ended}, chain=LOGIN_CHAIN)


def choose_locale(unit: Unit, token: str, locale: str) -> None:
    """Remember the language for this session and for the account's next ones."""
    digest = token_digest(token)
    unit.session.execute(update(WebSession).where(WebSession.token_digest == digest).values(locale=locale))
    unit.session.execute(update(Account).where(Account.id == unit.actor.account_id).values(locale=locale))
    unit.record("account.locale_chosen", {"locale": locale})


def revoke_sessions(unit: Unit, account_id: int) -> int:
    """End every session of an account, and its tokens; answers how many sessions. The caller records why."""
    ended = unit.session.execute(
        update(WebSession)
        .where(WebSession.account_id == account_id, WebSession.revoked_at.is_(None))
        .values(revoked_at=unit.now)
        .returning(WebSession.token_digest)
    )
    unit.session.execute(
        update(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=unit.now)
    )
    return len(ended.all())


def forget_sessions(unit: Unit) -> None:
    """Drop sessions that ended more than 30 days ago; the audit log keeps who logged in."""
    unit.session.execute(_FORGET, {"before": unit.now - KEPT})
