"""The list of people: who is there, with the posts held today, accounts, doubts; searched, filtered, paged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.queries import grant_in_force
from app.kernel.grants.holdings import ANYWHERE
from app.kernel.identity.dormancy import last_uses
from app.kernel.identity.models import Account, IdentityDoubt, Person, Region

PAGE_SIZE = 50


class PeopleSort(StrEnum):
    NAME = "name"
    NEWEST = "newest"


class PeopleState(StrEnum):
    """Filters by what is the matter with a person."""

    DOUBT = "doubt"
    NO_POST = "no_post"
    LOCKED = "locked"
    MERGED = "merged"


@dataclass(frozen=True)
class PeopleFilter:
    """`search` is part of a name, pinyin or login, or of the name of an office where a post is held; `number_index`
    the blind index of a whole ID number, `tail_index` that of its last four characters.
    """

    search: str = ""
    number_index: bytes | None = None
    tail_index: bytes | None = None
    post: str = ""
    region: str = ""
    state: PeopleState | None = None
    sort: PeopleSort = PeopleSort.NAME
    page: int = 1


@dataclass(frozen=True)
class HeldHere:
    """A post held today, as a list shows it."""

    post: str
    title_zh: str
    title_en: str
    region_zh: str
    region_en: str
    ends_on: date | None


@dataclass(frozen=True)
class PersonRow:
    """One natural person. `records` counts what was merged into one; `locked` accounts are not active."""

    id: int
    name: str
    accounts: int
    locked: int
    records: int
    in_doubt: bool
    posts: tuple[HeldHere, ...] = ()
    used_at: datetime | None = None


@dataclass(frozen=True)
class PeoplePage:
    rows: Sequence[PersonRow]
    total: int
    page: int
    pages: int


def list_people(
    session: Session, wanted: PeopleFilter, today: date, regions: Collection[str] = ANYWHERE
) -> PeoplePage:
    """Canonical persons whose grants touch the regions, or who never had one (they wait for a first post)."""
    conditions = [Person.canonical_id == Person.id, *_conditions(wanted, today, regions)]
    total = session.scalar(select(func.count()).select_from(Person).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    rows = [
        PersonRow(row.id, row.name, row.accounts, row.locked, row.records, row.in_doubt)
        for row in session.execute(
            _rows(conditions, wanted.sort).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
        )
    ]
    ids = [row.id for row in rows]
    held, used = _held_today(session, ids, today), last_uses(session, ids)
    filled = [
        replace(row, posts=tuple(held[row.id]), used_at=used[row.id].at if row.id in used else None)
        for row in rows
    ]
    return PeoplePage(filled, total, page, pages)


def _rows(conditions: Sequence[ColumnElement[bool]], sort: PeopleSort) -> Select[Any]:
    owner, record = aliased(Person), aliased(Person)
    accounts = (
        select(func.count(Account.id))
        .join(owner, owner.id == Account.person_id)
        .where(owner.canonical_id == Person.id)
        .correlate(Person)
    )
    records = select(func.count(record.id)).where(record.canonical_id == Person.id).correlate(Person)
    order = [Person.id.desc()] if sort is PeopleSort.NEWEST else [Person.pinyin, Person.id]
    return (
        select(
            Person.id,
            Person.name,
            accounts.scalar_subquery().label("accounts"),
            accounts.where(Account.state != "active").scalar_subquery().label("locked"),
            records.scalar_subquery().label("records"),
            _doubted().label("in_doubt"),
        )
        .where(*conditions)
        .order_by(*order)
    )


def _doubted() -> ColumnElement[bool]:
    record = aliased(Person)
    return exists().where(
        IdentityDoubt.cleared_at.is_(None),
        record.canonical_id == Person.id,
        record.id.in_([IdentityDoubt.person_id, IdentityDoubt.other_id]),
    )


def _granted(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    record = aliased(Person)
    return exists().where(record.canonical_id == Person.id, PostGrant.person_id == record.id, *conditions)


def _conditions(wanted: PeopleFilter, today: date, regions: Collection[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if tuple(regions) != ANYWHERE:
        found.append(or_(_granted(PostGrant.region_code.in_(regions)), not_(_granted())))
    if wanted.number_index is not None:
        record = aliased(Person)
        found.append(
            exists().where(record.canonical_id == Person.id, record.id_number_index == wanted.number_index)
        )
    elif wanted.search:
        found.append(_searched(wanted.search, wanted.tail_index, today))
    if wanted.post or wanted.region:
        held = [grant_in_force(today)]
        held += [PostGrant.post == wanted.post] if wanted.post else []
        held += [PostGrant.region_code.in_(_below(wanted.region))] if wanted.region else []
        found.append(_granted(*held))
    if wanted.state is not None:
        found.append(_in_state(wanted.state, today))
    return found


def _below(region: str) -> Select[Any]:
    top = aliased(Region)
    return (
        select(Region.code)
        .join(top, top.code == region)
        .where(or_(Region.path == top.path, Region.path.startswith(top.path + "/")))
    )


def _searched(search: str, tail_index: bytes | None, today: date) -> ColumnElement[bool]:
    """Part of the name, of the pinyin without blanks and tones, of a login, or of where the person works."""
    plain = func.regexp_replace(Person.pinyin, "[0-9 ]", "", "g")
    typed = search.lower().replace(" ", "")
    record = aliased(Person)
    by_login = exists().where(
        record.canonical_id == Person.id,
        Account.person_id == record.id,
        Account.login.startswith(typed, autoescape=True),
    )
    office = select(Region.code).where(Region.name_zh.contains(search, autoescape=True))
    found = [
        Person.name.contains(search, autoescape=True),
        plain.startswith(typed, autoescape=True),
        by_login,
        _granted(grant_in_force(today), PostGrant.region_code.in_(office)),
    ]
    if tail_index is not None:
        found.append(
            exists().where(record.canonical_id == Person.id, record.id_number_tail_index == tail_index)
        )
    return or_(*found)


def _in_state(state: PeopleState, today: date) -> ColumnElement[bool]:
    record = aliased(Person)
    if state is PeopleState.DOUBT:
        return _doubted()
    if state is PeopleState.NO_POST:
        return not_(_granted(grant_in_force(today)))
    if state is PeopleState.MERGED:
        return exists().where(record.canonical_id == Person.id, record.id != Person.id)
    return exists().where(
        record.canonical_id == Person.id, Account.person_id == record.id, Account.state != "active"
    )


def _held_today(session: Session, ids: Sequence[int], today: date) -> dict[int, list[HeldHere]]:
    ended = aliased(PostGrant)
    order = case((Post.kind == "business", 0), else_=1)
    rows = session.execute(
        select(
            Person.canonical_id,
            Post.key,
            Post.title_zh,
            Post.title_en,
            Region.name_zh,
            Region.name_en,
            func.coalesce(ended.valid_from, PostGrant.valid_to).label("ends_on"),
        )
        .join(PostGrant, PostGrant.person_id == Person.id)
        .join(Post, Post.key == PostGrant.post)
        .join(Region, Region.code == PostGrant.region_code)
        .outerjoin(ended, and_(ended.revokes == PostGrant.id))
        .where(Person.canonical_id.in_(ids), grant_in_force(today))
        .order_by(Person.canonical_id, order, Region.path, Post.key)
    )
    held: dict[int, list[HeldHere]] = defaultdict(list)
    for row in rows:
        held[row.canonical_id].append(
            HeldHere(row.key, row.title_zh, row.title_en, row.name_zh, row.name_en, row.ends_on)
        )
    return held
