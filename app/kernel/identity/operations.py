"""Writes on persons and accounts. Who may do them is decided by the duties package and the faces."""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.audit.chain import person_chain
from app.kernel.identity.identifiers import ID_NUMBER_KIND, ID_NUMBER_TAIL_KIND, TAIL, parse_id_number
from app.kernel.identity.logins import is_login, normalise_login
from app.kernel.identity.models import Account, Person
from app.kernel.identity.names import pinyin_key
from app.kernel.identity.passwords import MIN_LENGTH, hash_password, verify_password, weakness
from app.kernel.identity.refusals import (
    AccountNotFound,
    LoginInvalid,
    LoginTaken,
    PasswordWeak,
    PasswordWrong,
    PersonKnown,
)
from app.kernel.identity.sessions import OpenedSession, open_session, revoke_sessions
from app.kernel.transaction.unit import Unit


def create_person(unit: Unit, name: str, id_number: str) -> int:
    """Record a natural person and return its id.

    Raises `IdentifierInvalid` for a bad ID number, `PersonKnown` (person_id) when the number is
    known: one person per number, however many accounts.
    """
    number = parse_id_number(id_number, today=unit.today).number
    uid = uuid4()
    keyring = unit.kernel.keyring
    index = keyring.blind_index(ID_NUMBER_KIND, number)
    person_id = unit.session.execute(
        insert(Person)
        .values(
            uid=uid,
            name=name.strip(),
            pinyin=pinyin_key(name.strip()),
            id_number_sealed=keyring.seal(number, table="person", column="id_number", row=str(uid)),
            id_number_index=index,
            id_number_tail_index=keyring.blind_index(ID_NUMBER_TAIL_KIND, number[-TAIL:]),
            created_at=unit.now,
        )
        .on_conflict_do_nothing(index_elements=[Person.id_number_index])
        .returning(Person.id)
    ).scalar_one_or_none()
    if person_id is None:
        known = unit.session.scalar(select(Person.id).where(Person.id_number_index == index))
        raise PersonKnown(person_id=known)
    unit.record("person.created", {"person_id": person_id}, chain=person_chain(person_id))
    return person_id


def create_account(
    unit: Unit,
    person_id: int,
    login: str,
    password: str,
    *,
    locale: Literal["zh", "en"] = "zh",
    hashed: str | None = None,
) -> int:
    """Give a person a (further) account and return its id. `hashed`: the password's hash where many accounts of a
    demonstration share a password that is no secret.

    Raises `LoginInvalid`, `LoginTaken`, `PasswordWeak`.
    """
    normalised = _new_login(login)
    _require_strong(password, normalised)
    account_id = _insert_account(
        unit,
        normalised,
        kind="human",
        person_id=person_id,
        password_hash=hashed or hash_password(password),
        locale=locale,
    )
    payload = {"account_id": account_id, "person_id": person_id, "login": normalised}
    unit.record("account.created", payload, chain=person_chain(person_id))
    return account_id


def create_machine_account(unit: Unit, login: str) -> int:
    """An account of a program: it has no person and no password, so it can neither log in nor hold a duty."""
    normalised = _new_login(login)
    account_id = _insert_account(
        unit, normalised, kind="machine", person_id=None, password_hash=None, locale="zh"
    )
    unit.record("account.created", {"account_id": account_id, "login": normalised}, chain="system")
    return account_id


def change_password(unit: Unit, present: str, new: str, *, address: str | None = None) -> OpenedSession:
    """Change the actor's own password: all sessions end, the returned new one goes on.

    Raises `PasswordWrong` when the present one is wrong, `PasswordWeak` (rule) for the new one.
    """
    account = _locked_account(unit, unit.actor.account_id)
    if not verify_password(account.password_hash, present).accepted:
        raise PasswordWrong(field="present_password")
    _set_password(unit, account, new)
    unit.record("password.changed", {"account_id": account.id}, chain=_account_chain(account))
    return open_session(unit, account, address)


def reset_password(unit: Unit, account_id: int, new: str) -> None:
    """Set another account's password (an administrator's act): all its sessions end."""
    account = _locked_account(unit, account_id)
    _set_password(unit, account, new)
    unit.record("password.reset", {"account_id": account_id}, chain=_account_chain(account))


def lock_account(unit: Unit, account_id: int, reason: str) -> None:
    """Lock an account until `unlock_account`: its sessions end at once."""
    account = _locked_account(unit, account_id)
    account.state = "locked"
    ended = revoke_sessions(unit, account_id)
    payload = {"account_id": account_id, "reason": reason, "sessions_ended": ended}
    unit.record("account.locked", payload, chain=_account_chain(account))


def unlock_account(unit: Unit, account_id: int, reason: str) -> None:
    """Make a locked account active again; a disabled one stays disabled."""
    account = _locked_account(unit, account_id)
    if account.state == "locked":
        account.state = "active"
    payload = {"account_id": account_id, "reason": reason, "state": account.state}
    unit.record("account.unlocked", payload, chain=_account_chain(account))


def reveal_id_number(unit: Unit, person_id: int, purpose: str) -> str:
    """A person's ID number in clear; reading it is recorded."""
    person = unit.session.get_one(Person, person_id)
    unit.record(
        "person.id_number_read", {"person_id": person_id, "purpose": purpose}, chain=person_chain(person_id)
    )
    return unit.kernel.keyring.open(
        person.id_number_sealed, table="person", column="id_number", row=str(person.uid)
    )


def _new_login(login: str) -> str:
    normalised = normalise_login(login)
    if not is_login(normalised):
        raise LoginInvalid(field="login")
    return normalised


def _insert_account(
    unit: Unit, login: str, *, kind: str, person_id: int | None, password_hash: str | None, locale: str
) -> int:
    account_id = unit.session.execute(
        insert(Account)
        .values(
            login=login,
            kind=kind,
            person_id=person_id,
            password_hash=password_hash,
            password_changed_at=unit.now if password_hash else None,
            state="active",
            locale=locale,
            created_at=unit.now,
        )
        .on_conflict_do_nothing(index_elements=[Account.login])
        .returning(Account.id)
    ).scalar_one_or_none()
    if account_id is None:
        raise LoginTaken(field="login", login=login)
    return account_id


def _locked_account(unit: Unit, account_id: int | None) -> Account:
    account = unit.session.scalar(select(Account).where(Account.id == account_id).with_for_update())
    if account is None:
        raise AccountNotFound(account_id=account_id)
    return account


def _set_password(unit: Unit, account: Account, new: str) -> None:
    _require_strong(new, account.login)
    account.password_hash = hash_password(new)
    account.password_changed_at = unit.now
    revoke_sessions(unit, account.id)


def _require_strong(password: str, login: str) -> None:
    rule = weakness(password, login)
    if rule is not None:
        raise PasswordWeak(field="password", rule=rule.value, minimum=MIN_LENGTH)


def _account_chain(account: Account) -> str:
    return "system" if account.person_id is None else person_chain(account.person_id)
