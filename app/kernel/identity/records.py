"""Reads of one person: all records of it, with accounts, merges and the masked ID number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.identity.identifiers import mask_id_number
from app.kernel.identity.models import Account, Person, PersonAlias, WebSession
from app.storage.crypto import KeyRing


@dataclass(frozen=True)
class AccountLine:
    """An account; `used_at` is its last session's, within the 30 days sessions are kept."""

    id: int
    record_id: int
    login: str
    state: str
    created_at: datetime
    password_changed_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True)
class RecordLine:
    """One record of the person: the canonical one, or one that was merged into it by a controlled change."""

    id: int
    name: str
    masked_number: str
    created_at: datetime
    merged_at: datetime | None = None
    reason: str = ""
    change_id: int | None = None


@dataclass(frozen=True)
class PersonFile:
    """A natural person under the canonical id."""

    id: int
    name: str
    records: Sequence[RecordLine]
    accounts: Sequence[AccountLine]

    @property
    def record_ids(self) -> list[int]:
        return [record.id for record in self.records]


@dataclass(frozen=True)
class NamedRecord:
    """A record as a list tells it apart from its namesakes."""

    name: str
    masked: str


def find_people(session: Session, keyring: KeyRing, ids: Collection[int]) -> dict[int, NamedRecord]:
    """Names and masked ID numbers by record id; those there are none of are left out."""
    rows = session.scalars(select(Person).where(Person.id.in_(ids))) if ids else ()
    return {row.id: NamedRecord(row.name, _record(keyring, row, None).masked_number) for row in rows}


def get_person_file(session: Session, keyring: KeyRing, person_id: int) -> PersonFile | None:
    """The person behind any record; None when there is no such record."""
    canonical = session.scalar(select(Person.canonical_id).where(Person.id == person_id))
    if canonical is None:
        return None
    rows = session.execute(
        select(Person, PersonAlias)
        .outerjoin(PersonAlias, PersonAlias.person_id == Person.id)
        .where(Person.canonical_id == canonical)
        .order_by(Person.id != canonical, Person.id)
    ).all()
    records = [_record(keyring, row.Person, row.PersonAlias) for row in rows]
    return PersonFile(canonical, records[0].name, records, _accounts(session, canonical))


def _record(keyring: KeyRing, person: Person, alias: PersonAlias | None) -> RecordLine:
    number = keyring.open(person.id_number_sealed, table="person", column="id_number", row=str(person.uid))
    masked = mask_id_number(number)
    if alias is None:
        return RecordLine(person.id, person.name, masked, person.created_at)
    return RecordLine(
        person.id, person.name, masked, person.created_at, alias.at, alias.reason, alias.change_id
    )


def _accounts(session: Session, person_id: int) -> list[AccountLine]:
    rows = session.execute(
        select(Account, func.max(WebSession.last_seen_at).label("used_at"))
        .join(Person, Person.id == Account.person_id)
        .outerjoin(WebSession, WebSession.account_id == Account.id)
        .where(Person.canonical_id == person_id)
        .group_by(Account.id)
        .order_by(Account.id)
    )
    return [
        AccountLine(
            id=row.Account.id,
            record_id=row.Account.person_id,
            login=row.Account.login,
            state=row.Account.state,
            created_at=row.Account.created_at,
            password_changed_at=row.Account.password_changed_at,
            used_at=row.used_at,
        )
        for row in rows
    ]
