"""Logging in: count the attempt, check the password outside any transaction, open a session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.audit.chain import LOGIN_CHAIN
from app.kernel.identity.attempts import Reserved, mark_succeeded, plain_address, reserve
from app.kernel.identity.dormancy import note_awakening
from app.kernel.identity.logins import normalise_login
from app.kernel.identity.models import Account, WebSession
from app.kernel.identity.passwords import verify_password
from app.kernel.identity.refusals import AccountLocked, LoginFailed, LoginThrottled
from app.kernel.identity.sessions import OpenedSession, open_session, token_digest
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, Unit, run, system_actor


@dataclass(frozen=True, slots=True)
class Credentials:
    """What came with a log-in form. `old_token` is the session cookie it arrived with, if any."""

    login: str
    password: str
    address: str | None = None
    old_token: str | None = None
    request_id: str = ""

    def __repr__(self) -> str:
        return f"Credentials(request_id={self.request_id!r})"


def log_in(kernel: Kernel, credentials: Credentials) -> OpenedSession:
    """Check credentials and open a session (its tokens are new, the old one's end).

    Raises `LoginThrottled` (seconds), `LoginFailed` (never says which part was wrong), or
    `AccountLocked` (only to who knows the password).
    """
    credentials = replace(credentials, address=plain_address(credentials.address))
    nobody = system_actor(credentials.request_id)
    digest = kernel.keyring.blind_index("login", normalise_login(credentials.login))
    reserved = run(kernel, lambda unit: reserve(unit, digest, credentials.address), nobody)
    if reserved.seconds:
        raise LoginThrottled(seconds=reserved.seconds)
    account = _account(kernel, credentials.login)
    verdict = verify_password(account.password_hash if account else None, credentials.password)
    if account is None or not verdict.accepted or account.state == "disabled":
        run(kernel, lambda unit: _fail(digest, credentials, reserved), nobody)
    actor = Actor(account.id, account.person_id, (), request_id=credentials.request_id)
    attempt = _Accepted(account, verdict.rehash, reserved, digest)
    return run(kernel, lambda unit: _succeed(unit, attempt, credentials), actor)


@dataclass(frozen=True, slots=True)
class _Accepted:
    account: Account
    rehash: str | None
    reserved: Reserved
    digest: bytes


def _account(kernel: Kernel, login: str) -> Account | None:
    with kernel.database.session() as session:
        return account_by_login(session, login)


def account_by_login(session: Session, login: str) -> Account | None:
    """The account of a login, typed in any case or width."""
    return session.scalar(select(Account).where(Account.login == normalise_login(login)))


def _fail(digest: bytes, credentials: Credentials, reserved: Reserved) -> NoReturn:
    raise LoginFailed(login_index=digest.hex(), address=credentials.address, failures=reserved.failures + 1)


def _succeed(unit: Unit, accepted: _Accepted, credentials: Credentials) -> OpenedSession:
    # Read again under a lock: since the check, the account may have been locked or its password changed.
    account = unit.session.scalars(
        select(Account).where(Account.id == accepted.account.id).with_for_update()
    ).one()
    if account.password_changed_at != accepted.account.password_changed_at:
        _fail(accepted.digest, credentials, accepted.reserved)
    if account.state != "active":
        raise AccountLocked(address=credentials.address)
    if accepted.rehash:
        account.password_hash = accepted.rehash
    mark_succeeded(unit, accepted.reserved.attempt_id)
    note_awakening(unit, account)
    if credentials.old_token:
        unit.session.execute(
            update(WebSession)
            .where(WebSession.token_digest == token_digest(credentials.old_token))
            .values(revoked_at=unit.now)
        )
    unit.record("login.succeeded", {"address": credentials.address}, chain=LOGIN_CHAIN)
    return open_session(unit, account, credentials.address)
