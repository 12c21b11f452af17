"""Reads of absences and substitutions: who is away, who stands in, what is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.absences.models import Absence, Substitution, SubstitutionRequest
from app.kernel.absences.rules import Away
from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.queries import grant_in_force
from app.kernel.identity.models import Person, Region
from app.storage.core import among, table

_ABSENCE, _PERSON = table(Absence), table(Person)
_TODAY = bindparam("today", type_=Date())


def absent_today(person: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition with the parameter `today`: the natural person behind this person id is away."""
    one, other = _PERSON.alias(), _PERSON.alias()
    return exists().where(
        one.c.id == person,
        other.c.canonical_id == one.c.canonical_id,
        _ABSENCE.c.person_id == other.c.id,
        _ABSENCE.c.cancelled_at.is_(None),
        _ABSENCE.c.starts_on <= _TODAY,
        _ABSENCE.c.ends_on >= _TODAY,
    )


def _overlapping(
    first: date | BindParameter[date], last: date | BindParameter[date]
) -> tuple[ColumnElement[bool], ...]:
    return (Absence.cancelled_at.is_(None), Absence.starts_on <= last, Absence.ends_on >= first)


_ASKED, _RECORDED = table(Person).alias("asked"), table(Person).alias("recorded")
_ABSENT = (
    select(_ASKED.c.id, Absence)
    .join(_RECORDED, _RECORDED.c.canonical_id == _ASKED.c.canonical_id)
    .join(Absence, Absence.person_id == _RECORDED.c.id)
    .where(
        among(_ASKED.c.id, "persons"),
        *_overlapping(bindparam("first", type_=Date()), bindparam("last", type_=Date())),
    )
    .order_by(Absence.starts_on.desc(), Absence.id)
)


def list_absent(
    session: Session, person_ids: Collection[int], first: date, last: date | None = None
) -> dict[int, Away]:
    """Who of these people is away on a day in [first, last] (`first` alone by default): the earliest absence."""
    if not person_ids:
        return {}
    asked = {"persons": list(person_ids), "first": first, "last": last or first}
    return {row[0]: away_of(row[1], row[0]) for row in session.execute(_ABSENT, asked)}


def away_of(absence: Absence, person_id: int | None = None) -> Away:
    """The row as the rules see it."""
    return Away(
        absence.id,
        person_id if person_id is not None else absence.person_id,
        absence.starts_on,
        absence.ends_on,
        absence.cause,
        absence.note,
    )


@dataclass(frozen=True)
class StandIn:
    """A substitution or a request for one, with names; `valid_to` is exclusive, `ended_on` when it was cut."""

    id: int
    principal_id: int
    principal: str
    substitute_id: int
    substitute: str
    post: str
    post_zh: str
    post_en: str
    region_code: str
    region_zh: str
    region_en: str
    valid_from: date
    valid_to: date
    reason: str
    absence_id: int | None
    requested_by: int
    requester: str
    approver: str
    at: datetime
    ended_on: date | None = None
    verdict: str | None = None

    def in_force(self, day: date) -> bool:
        """Whether the post may be filled on that day."""
        return self.valid_from <= day < min(self.valid_to, self.ended_on or self.valid_to)


def list_substitutions(
    session: Session,
    *,
    persons: Collection[int] = (),
    regions: Collection[str] = (),
    first: date,
    last: date | None = None,
) -> list[StandIn]:
    """Substitutions reaching into [first, last], of these people (either side) or in these regions."""
    cut = aliased(Substitution)
    statement = _with_names(Substitution, Substitution.approved_by, Substitution.at)
    statement = statement.add_columns(cut.valid_from.label("ended_on")).outerjoin(
        cut, cut.revokes == Substitution.id
    )
    statement = statement.where(
        Substitution.revokes.is_(None),
        Substitution.valid_to > first,
        or_(cut.id.is_(None), cut.valid_from > first),
        _whose(Substitution, persons, regions),
    )
    if last is not None:
        statement = statement.where(Substitution.valid_from <= last)
    return [StandIn(**row._mapping) for row in session.execute(statement.order_by(Substitution.valid_from))]


def get_substitution(session: Session, substitution_id: int, today: date) -> StandIn | None:
    """One that is not over and was not ended; None otherwise."""
    row = session.get(Substitution, substitution_id)
    if row is None:
        return None
    found = list_substitutions(session, persons=[row.principal_id], first=today)
    return next((item for item in found if item.id == substitution_id and item.ended_on is None), None)


def list_requests(
    session: Session, *, persons: Collection[int] = (), regions: Collection[str] = (), limit: int = 100
) -> list[StandIn]:
    """Requests nobody has decided on, oldest first."""
    statement = _with_names(
        SubstitutionRequest, SubstitutionRequest.decided_by, SubstitutionRequest.requested_at
    ).add_columns(SubstitutionRequest.verdict)
    statement = statement.where(
        SubstitutionRequest.verdict.is_(None), _whose(SubstitutionRequest, persons, regions)
    )
    rows = session.execute(statement.order_by(SubstitutionRequest.id).limit(limit))
    return [StandIn(**row._mapping) for row in rows]


def _whose(model: Any, persons: Collection[int], regions: Collection[str]) -> ColumnElement[bool]:
    people = list(persons)
    return or_(
        model.principal_id.in_(people),
        model.substitute_id.in_(people),
        model.region_code.in_(list(regions)),
    )


def _with_names(model: Any, approved_by: Any, at: Any) -> Select[Any]:
    principal, substitute = aliased(Person), aliased(Person)
    requester, approver = aliased(Person), aliased(Person)
    return (
        select(
            model.id,
            model.principal_id,
            principal.name.label("principal"),
            model.substitute_id,
            substitute.name.label("substitute"),
            model.post,
            Post.title_zh.label("post_zh"),
            Post.title_en.label("post_en"),
            model.region_code,
            Region.name_zh.label("region_zh"),
            Region.name_en.label("region_en"),
            model.valid_from,
            model.valid_to,
            model.reason,
            model.absence_id,
            model.requested_by,
            requester.name.label("requester"),
            func.coalesce(approver.name, "").label("approver"),
            at.label("at"),
        )
        .select_from(model)
        .join(principal, principal.id == model.principal_id)
        .join(substitute, substitute.id == model.substitute_id)
        .join(requester, requester.id == model.requested_by)
        .outerjoin(approver, approver.id == approved_by)
        .join(Post, Post.key == model.post)
        .join(Region, Region.code == model.region_code)
    )


@dataclass(frozen=True)
class OfficePerson:
    """Somebody with posts in some of the regions asked for."""

    person_id: int
    name: str
    pinyin: str
    posts: tuple[tuple[str, str], ...]


def list_office(
    session: Session, regions: Collection[str], today: date, kinds: Iterable[str] = ()
) -> list[OfficePerson]:
    """Everyone with a post held today in these regions, in pinyin order; `kinds` narrows the posts."""
    statement = (
        select(Person.canonical_id, Person.name, Person.pinyin, PostGrant.post, PostGrant.region_code)
        .join(PostGrant, PostGrant.person_id == Person.id)
        .join(Post, Post.key == PostGrant.post)
        .where(PostGrant.region_code.in_(list(regions)), grant_in_force(today))
        .distinct()
        .order_by(Person.pinyin, Person.canonical_id, PostGrant.post)
    )
    wanted = list(kinds)
    if wanted:
        statement = statement.where(Post.kind.in_(wanted))
    people: dict[int, tuple[str, str, list[tuple[str, str]]]] = {}
    for row in session.execute(statement):
        people.setdefault(row[0], (row[1], row[2], []))[2].append((row[3], row[4]))
    return [OfficePerson(key, name, pinyin, tuple(posts)) for key, (name, pinyin, posts) in people.items()]


def list_absences(
    session: Session, person_ids: Collection[int], first: date, last: date
) -> dict[int, list[Away]]:
    """All absences of these people that touch [first, last], by person."""
    found: dict[int, list[Away]] = defaultdict(list)
    asked, recorded = aliased(Person), aliased(Person)
    rows = session.execute(
        select(asked.id, Absence)
        .join(recorded, recorded.canonical_id == asked.canonical_id)
        .join(Absence, Absence.person_id == recorded.id)
        .where(asked.id.in_(list(person_ids)), *_overlapping(first, last))
        .order_by(Absence.starts_on, Absence.id)
    )
    for row in rows:
        found[row[0]].append(away_of(row[1], row[0]))
    return found


def list_coming_absences(session: Session, person_id: int, today: date) -> Sequence[Absence]:
    """The person's absences that are not over, earliest first."""
    asked = aliased(Person)
    return session.scalars(
        select(Absence)
        .join(Person, Person.id == Absence.person_id)
        .join(asked, asked.canonical_id == Person.canonical_id)
        .where(asked.id == person_id, Absence.cancelled_at.is_(None), Absence.ends_on >= today)
        .order_by(Absence.starts_on)
    ).all()


def list_offices(session: Session, regions: Collection[str], today: date) -> dict[str, tuple[str, str]]:
    """Regions among these in which anybody holds a post today, with their names; by code."""
    rows = session.execute(
        select(Region.code, Region.name_zh, Region.name_en)
        .where(
            Region.code.in_(list(regions)),
            exists().where(PostGrant.region_code == Region.code, grant_in_force(today)),
        )
        .order_by(Region.code)
    )
    return {row.code: (row.name_zh, row.name_en) for row in rows}


def list_post_titles(session: Session) -> dict[str, tuple[str, str]]:
    """Titles of all posts by key."""
    return {row.key: (row.title_zh, row.title_en) for row in session.scalars(select(Post))}
