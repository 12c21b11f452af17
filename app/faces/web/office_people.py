"""Whom pages list as the people of an office."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from app.kernel.absences.queries import OfficePerson, list_office

DRAWN: Final = frozenset({"as_expert", "ras_expert"})
"""Posts of those who are drawn case by case and say each time whether they can come."""


def list_staff(
    session: Session, regions: Collection[str], today: date, kinds: Iterable[str] = ()
) -> list[OfficePerson]:
    """Everyone of these offices but experts who hold no other post there, in pinyin order."""
    return but_drawn(list_office(session, regions, today, kinds))


def but_drawn(people: Iterable[OfficePerson]) -> list[OfficePerson]:
    """Those with a post that isn't drawn. Pure."""
    return [one for one in people if any(post not in DRAWN for post, _region in one.posts)]
