"""Tokens by which a person's program acts for him at the API: made and revoked by himself, for a time.

The database keeps a SHA-256 of each; the token itself is shown once. A token gives nothing that its account doesn't
have: the same posts, the same decisions, the same name in the ledger.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from app.kernel.audit.chain import LOGIN_CHAIN
from app.kernel.identity.models import Account, ApiToken, Person
from app.kernel.identity.refusals import TokenInvalid, TokenNotFound
from app.kernel.identity.sessions import token_digest
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

PREFIX = "sanshen_"
TOKEN_BYTES = 32
LONGEST_LABEL, MOST_DAYS, MOST_LIVE = 60, 365, 20
TOUCH_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class IssuedToken:
    """The only time the token itself is known."""

    token_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class LiveToken:
    """Whom a token speaks for. `person_id` is canonical; None for a machine's account."""

    token_id: int
    account_id: int
    login: str
    person_id: int | None
    recorded_person_id: int | None
    person_name: str
    used_at: datetime | None

    def needs_touch(self, now: datetime) -> bool:
        """Whether `touch_token` is due; not with every request, which would make every read a write."""
        return self.used_at is None or now - self.used_at >= TOUCH_EVERY


@dataclass(frozen=True)
class TokenLine:
    """A token as its owner's page lists it; `live` at the moment asked."""

    token_id: int
    label: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    live: bool


def create_token(unit: Unit, label: str, days: int) -> IssuedToken:
    """A token for the actor's own account, good for `days`. Raise InvalidInput by field (label, days)."""
    label = label.strip()
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if not label:
        wrong["label"] = ("required", {})
    elif len(label) > LONGEST_LABEL:
        wrong["label"] = ("too_long", {"max": LONGEST_LABEL})
    if not 1 <= days <= MOST_DAYS:
        wrong["days"] = ("too_large", {"max": MOST_DAYS}) if days > MOST_DAYS else ("too_small", {"min": 1})
    if sum(line.live for line in list_tokens(unit.session, _account(unit), unit.now)) >= MOST_LIVE:
        wrong["label"] = ("too_many_rows", {"max": MOST_LIVE})
    if wrong:
        raise InvalidInput(wrong)
    token, expires = PREFIX + secrets.token_urlsafe(TOKEN_BYTES), unit.now + timedelta(days=days)
    row = insert(ApiToken).values(
        account_id=_account(unit),
        token_digest=token_digest(token),
        label=label,
        created_at=unit.now,
        expires_at=expires,
    )
    token_id: int = unit.session.execute(row.returning(ApiToken.id)).scalar_one()
    told = {"token": token_id, "label": label, "until": expires.isoformat()}
    unit.record("token.created", told, chain=LOGIN_CHAIN)
    return IssuedToken(token_id, token, expires)


def revoke_token(unit: Unit, token_id: int) -> None:
    """End one of the actor's own tokens; twice is harmless. Raise TokenNotFound."""
    mine = ApiToken.id == token_id, ApiToken.account_id == _account(unit)
    if unit.session.scalar(select(ApiToken.id).where(*mine)) is None:
        raise TokenNotFound
    unit.session.execute(
        update(ApiToken).where(*mine, ApiToken.revoked_at.is_(None)).values(revoked_at=unit.now)
    )
    unit.record("token.revoked", {"token": token_id}, chain=LOGIN_CHAIN)


def list_tokens(session: Session, account_id: int, now: datetime) -> Sequence[TokenLine]:
    """Newest first, ended ones too."""
    rows = session.scalars(
        select(ApiToken).where(ApiToken.account_id == account_id).order_by(ApiToken.id.desc()).limit(100)
    )
    return [
        TokenLine(
            row.id,
            row.label,
            row.created_at,
            row.expires_at,
            row.used_at,
            row.revoked_at,
            row.revoked_at is None and row.expires_at > now,
        )
        for row in rows
    ]


def find_token(session: Session, token: str, now: datetime) -> LiveToken:
    """Raise TokenInvalid: unknown, run out, revoked, or its account isn't active."""
    row = session.execute(
        select(ApiToken.id, ApiToken.used_at, Account, Person.canonical_id, Person.name)
        .join(Account, Account.id == ApiToken.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(
            ApiToken.token_digest == token_digest(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            Account.state == "active",
        )
    ).one_or_none()
    if row is None:
        raise TokenInvalid
    account: Account = row.Account
    return LiveToken(
        row.id, account.id, account.login, row.canonical_id, account.person_id, row.name or "", row.used_at
    )


_TOUCH = text("UPDATE api_token SET used_at = :now WHERE id = :token")


def touch_token(unit: Unit, token_id: int) -> None:
    """Note the use, for its owner's page."""
    unit.session.execute(_TOUCH, {"now": unit.now, "token": token_id})


def _account(unit: Unit) -> int:
    if unit.actor.account_id is None:
        raise LookupError("only an account has tokens")
    return unit.actor.account_id
