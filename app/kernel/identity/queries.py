"""Reads of persons and accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.identity.identifiers import ID_NUMBER_KIND, parse_id_number
from app.kernel.identity.models import Account, Person
from app.storage.core import among, execute, table
from app.storage.crypto import KeyRing

_PERSON = table(Person)


def person_by_id_number(session: Session, keyring: KeyRing, id_number: str) -> Person | None:
    """The person with this ID number, typed in any form. Raises `IdentifierInvalid`."""
    index = keyring.blind_index(ID_NUMBER_KIND, parse_id_number(id_number).number)
    return session.scalar(select(Person).where(Person.id_number_index == index))


def accounts_of(session: Session, person_id: int) -> Sequence[Account]:
    """All accounts of a person, oldest first."""
    return session.scalars(select(Account).where(Account.person_id == person_id).order_by(Account.id)).all()


_NAMES = select(_PERSON.c.id, _PERSON.c.name).where(among(_PERSON.c.id, "persons"))


def names_by_id(session: Session, person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id, in the order of ids; None among the ids is passed over."""
    wanted = sorted({one for one in person_ids if one is not None})
    if not wanted:
        return {}
    found = {row.id: row.name for row in execute(session, _NAMES, {"persons": wanted})}
    return {one: found[one] for one in wanted if one in found}


def names_of(session: Session, person_ids: Collection[int]) -> list[str]:
    """Names in pinyin order."""
    return list(
        session.scalars(
            select(Person.name).where(Person.id.in_(person_ids)).order_by(Person.pinyin, Person.id)
        )
    )
