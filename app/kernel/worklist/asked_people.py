"""People somebody names by log-in, name or number, as natural persons."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.kernel.identity.models import Account, Person


def find_people(session: Session, text: str) -> dict[int, str]:
    """Everybody a text may mean, canonical id → name: the log-in first, then the number, then the name."""
    own = aliased(Person)
    by_login = (
        select(own.id, own.name)
        .join(Person, Person.canonical_id == own.id)
        .join(Account, Account.person_id == Person.id)
        .where(Account.login == text.strip().lower())
    )
    by_name = (
        select(own.id, own.name)
        .join(Person, Person.canonical_id == own.id)
        .where(Person.name == text.strip())
    )
    statements = [by_login, by_name]
    if text.isascii() and text.isdigit() and len(text) < 18:
        by_number = select(own.id, own.name).join(Person, Person.canonical_id == own.id)
        statements.insert(1, by_number.where(Person.id == int(text)))
    for statement in statements:
        found = {row.id: row.name for row in session.execute(statement.distinct())}
        if found:
            return found
    return {}
