"""What a system administrator does with people and accounts: register, add an account, lock, disable, enable, reset.

Creating accounts is his, assigning posts the security administrator's, reading the log the audit
administrator's (三员分立, controls.md §6). No operation gives an account to another person: SD021 forbids it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import select

from app.kernel.audit.chain import person_chain
from app.kernel.identity import operations
from app.kernel.identity.authority import require_account_manager
from app.kernel.identity.doubts import raise_by_data
from app.kernel.identity.identifiers import parse_id_number
from app.kernel.identity.likeness import Identity, find_likely_pairs
from app.kernel.identity.models import Account, Person
from app.kernel.identity.names import is_name
from app.kernel.identity.refusals import AccountNotFound, NameInvalid, PersonNotFound
from app.kernel.identity.sessions import revoke_sessions
from app.kernel.transaction.unit import Unit

Locale = Literal["zh", "en"]


@dataclass(frozen=True)
class NewPerson:
    """A person to be registered with a first account; the secrets are never shown."""

    name: str
    id_number: str = field(repr=False)
    login: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Registered:
    """Ids of the new person and account, and of doubts that the comparison with known people raised at once."""

    person_id: int
    account_id: int
    doubts: tuple[int, ...]


def register_person(unit: Unit, new: NewPerson) -> Registered:
    """A new natural person with an account and no post.

    Raise AccountsBySystemAdmin, NameInvalid, IdentifierInvalid, PersonKnown (person_id), LoginInvalid,
    LoginTaken, PasswordWeak. Who may be somebody we know is registered, but in doubt: he gets no duty yet.
    """
    require_account_manager(unit)
    if not is_name(new.name):
        raise NameInvalid(field="name")
    person_id = operations.create_person(unit, new.name, new.id_number)
    account_id = operations.create_account(unit, person_id, new.login, new.password)
    return Registered(person_id, account_id, _doubt_namesakes(unit, person_id, new))


def add_account(unit: Unit, person_id: int, login: str, password: str, *, locale: Locale = "zh") -> int:
    """A further account of a person; duties bind to the person, so it gives nothing new.

    Raise AccountsBySystemAdmin, OwnAccount, PersonNotFound, LoginInvalid, LoginTaken, PasswordWeak.
    """
    person = unit.session.get(Person, person_id)
    if person is None:
        raise PersonNotFound(person_id=person_id)
    require_account_manager(unit, person.canonical_id)
    return operations.create_account(unit, person_id, login, password, locale=locale)


def lock_account(unit: Unit, account_id: int, reason: str) -> None:
    """Until it is enabled; sessions end at once. Raise AccountsBySystemAdmin, OwnAccount, AccountNotFound."""
    _account(unit, account_id)
    operations.lock_account(unit, account_id, reason)


def disable_account(unit: Unit, account_id: int, reason: str) -> None:
    """For who has left; the log-in doesn't even say that the account exists. Raises as `lock_account`."""
    account = _account(unit, account_id)
    account.state = "disabled"
    payload = {
        "account_id": account_id,
        "reason": reason,
        "sessions_ended": revoke_sessions(unit, account_id),
    }
    unit.record("account.disabled", payload, chain=_chain(account))


def enable_account(unit: Unit, account_id: int, reason: str) -> None:
    """A locked or disabled account is active again. Raises as `lock_account`."""
    account = _account(unit, account_id)
    before, account.state = account.state, "active"
    payload = {"account_id": account_id, "reason": reason, "before": before}
    unit.record("account.enabled", payload, chain=_chain(account))


def reset_password(unit: Unit, account_id: int, new: str) -> None:
    """A new password; all sessions end. Raises as `lock_account`, and PasswordWeak."""
    _account(unit, account_id)
    operations.reset_password(unit, account_id, new)


def _account(unit: Unit, account_id: int) -> Account:
    """The locked account of somebody else than the actor."""
    account = unit.session.scalar(select(Account).where(Account.id == account_id).with_for_update())
    if account is None:
        raise AccountNotFound(account_id=account_id)
    person = unit.session.get(Person, account.person_id) if account.person_id else None
    require_account_manager(unit, person.canonical_id if person else None)
    return account


def _chain(account: Account) -> str:
    return "system" if account.person_id is None else person_chain(account.person_id)


def _doubt_namesakes(unit: Unit, person_id: int, new: NewPerson) -> tuple[int, ...]:
    """The nightly comparison, at once and with namesakes only: before any post is given is the best moment."""
    born = unit.session.get_one(Person, person_id)
    namesakes = unit.session.scalars(
        select(Person).where(
            Person.pinyin == born.pinyin, Person.id != person_id, Person.canonical_id == Person.id
        )
    ).all()
    keyring = unit.kernel.keyring
    people = [Identity(person_id, born.pinyin, parse_id_number(new.id_number).number)]
    people += [
        Identity(
            known.id,
            known.pinyin,
            keyring.open(known.id_number_sealed, table="person", column="id_number", row=str(known.uid)),
        )
        for known in namesakes
    ]
    pairs = [pair for pair in find_likely_pairs(people) if person_id in (pair.person_id, pair.other_id)]
    raised = [raise_by_data(unit, pair) for pair in pairs]
    return tuple(doubt for doubt in raised if doubt is not None)
