"""Choosing a person out of however many there are: found by name, pinyin, login, office or ID number, then taken.

What is chosen stands in the address, so it works without scripts and can be gone back to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.queue_view import Pager
from app.faces.web.parts import Link
from app.faces.web.signin import kernel
from app.kernel.changes.fields import FieldSpec
from app.kernel.grants.people import PAGE_SIZE, PeopleFilter, PersonRow, list_people
from app.kernel.identity.identifiers import (
    ID_NUMBER_KIND,
    ID_NUMBER_TAIL_KIND,
    IdentifierInvalid,
    parse_id_number,
    tail_of,
)
from app.kernel.identity.records import find_people
from app.storage.crypto import KeyRing

LONGEST_SEARCH = 60


@dataclass(frozen=True)
class ChosenPerson:
    """The record a field names, or none yet. `other` leads back to the search without it."""

    value: str
    words: str
    detail: str
    other: str


@dataclass(frozen=True)
class FoundPerson:
    """A record that was found, with a way to take it for each field."""

    words: str
    detail: str
    url: str
    ways: Sequence[Link]


@dataclass(frozen=True)
class PersonSearch:
    """The search; `hidden` keeps the rest of the address."""

    url: str
    hidden: Sequence[tuple[str, str]]
    query: str
    rows: Sequence[FoundPerson]
    pager: Pager | None
    caption: str


def people_filter(search: str, keyring: KeyRing, page: int = 1) -> PeopleFilter:
    """What was typed: a whole ID number, its last four characters, or a text."""
    tail = tail_of(search)
    tail_index = keyring.blind_index(ID_NUMBER_TAIL_KIND, tail) if tail else None
    return PeopleFilter(
        search=search, number_index=number_index(search, keyring), tail_index=tail_index, page=page
    )


def number_index(search: str, keyring: KeyRing) -> bytes | None:
    """Blind index of a whole ID number; None for any other text."""
    try:
        return keyring.blind_index(ID_NUMBER_KIND, parse_id_number(search).number)
    except IdentifierInvalid:
        return None


@dataclass(frozen=True)
class Choosing:
    """The person fields of a form with what is chosen, and the address the form is asked for at."""

    fields: Sequence[FieldSpec]
    values: Mapping[str, Any]
    address: str
    kept: Mapping[str, str]
    query: str = ""
    page: int = 1

    @classmethod
    def of(
        cls, fields: Sequence[FieldSpec], values: Mapping[str, Any], address: str, args: Mapping[str, str]
    ) -> Choosing:
        """`args` of the address choose people, search and page; what makes no sense counts as not given."""
        people = [field for field in fields if field.type == "person"]
        chosen = {
            field.key: args[field.key]
            if _is_id(args.get(field.key, ""))
            else str(values.get(field.key) or "")
            for field in people
        }
        page = args.get("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
        kept = {"kind": args["kind"]} if "kind" in args else {}
        return cls(people, chosen, address, kept, args.get("q", "").strip()[:LONGEST_SEARCH], number)

    def url(self, **changed: str) -> str:
        """This form with other people chosen, or another page of the search."""
        said = {**self.kept, **self.values, "q": self.query, **changed}
        return f"{self.address}?{urlencode({key: value for key, value in said.items() if value})}"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def chosen_people(session: Session, choosing: Choosing) -> dict[str, ChosenPerson]:
    """By field; `words` empty where nobody is chosen."""
    ids = [int(value) for value in choosing.values.values() if _is_id(value)]
    known = find_people(session, kernel().keyring, ids)
    chosen = {}
    for field in choosing.fields:
        value = choosing.values[field.key]
        found = known.get(int(value)) if _is_id(value) else None
        words = f"{found.name} #{value}" if found else ""
        chosen[field.key] = ChosenPerson(
            value if found else "", words, found.masked if found else "", choosing.url(**{field.key: ""})
        )
    return chosen


def person_search(session: Session, who: Standing, choosing: Choosing) -> PersonSearch | None:
    """None where the form has no person to choose."""
    if not choosing.fields:
        return None
    hidden = [*choosing.kept.items(), *((key, value) for key, value in choosing.values.items() if value)]
    if not choosing.query:
        return PersonSearch(choosing.address, hidden, "", (), None, "")
    found = list_people(session, people_filter(choosing.query, kernel().keyring, choosing.page), who.today)
    masked = find_people(session, kernel().keyring, [row.id for row in found.rows])
    rows = [_found(row, masked[row.id].masked, choosing) for row in found.rows]
    first = (found.page - 1) * PAGE_SIZE + 1
    pager = Pager(
        _("共 %(n)s 人，本页 %(a)s–%(b)s", n=found.total, a=first, b=first + len(rows) - 1),
        PAGE_SIZE,
        choosing.url(page=str(found.page - 1)) if found.page > 1 else "",
        choosing.url(page=str(found.page + 1)) if found.page < found.pages else "",
    )
    caption = _("找到 %(n)s 人", n=found.total) if rows else _("没有找到。换一种写法，或者用完整证件号。")
    return PersonSearch(choosing.address, hidden, choosing.query, rows, pager if rows else None, caption)


def _found(row: PersonRow, masked: str, choosing: Choosing) -> FoundPerson:
    posts = _("、").join(
        f"{pick(p.title_zh, p.title_en)} {pick(p.region_zh, p.region_en)}" for p in row.posts
    )
    ways = [
        Link(choosing.url(**{field.key: str(row.id), "q": ""}), pick(field.label_zh, field.label_en))
        for field in choosing.fields
        if choosing.values[field.key] != str(row.id)
    ]
    detail = " · ".join(filter(None, (masked, posts or _("现无岗位"))))
    return FoundPerson(f"{row.name} #{row.id}", detail, url_for("people.person", person_id=row.id), ways)
