"""Reads of the permission chain: requests with their steps, grants of a person, holders of a post."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from app.kernel.duties.models import Post, PostExclusion, PostGrant, TenureRule
from app.kernel.duties.queries import grant_in_force
from app.kernel.grants.entities import (
    ENDINGS,
    TAKERS,
    ExclusionPair,
    GrantRules,
    Officer,
    PostWanted,
    State,
    Step,
    TakenStep,
    TenureLimit,
    next_step,
    state_of,
)
from app.kernel.grants.holdings import ANYWHERE
from app.kernel.grants.models import GrantRequest, GrantStep
from app.kernel.grants.rules import decide_taker
from app.kernel.identity.models import Account, IdentityDoubt, Person, Region


@dataclass(frozen=True)
class RequestRow:
    """A request with its steps; `record_id` is the person's record it names, `wanted` the canonical person."""

    id: int
    record_id: int
    wanted: PostWanted
    title_zh: str
    title_en: str
    region_zh: str
    region_en: str
    reason: str
    at: datetime
    steps: tuple[TakenStep, ...]

    @property
    def state(self) -> State:
        return state_of(self.steps)

    @property
    def coming(self) -> Step | None:
        return next_step(self.steps)


def canonical_id(session: Session, person_id: int) -> int:
    """The person behind a record. Raise NoResultFound for an unknown id."""
    return session.scalars(select(Person.canonical_id).where(Person.id == person_id)).one()


def _records(person_id: int) -> ColumnElement[bool]:
    """Condition on `Person`: a record of this canonical person."""
    return Person.canonical_id == person_id


def in_doubt(session: Session, person_id: int) -> bool:
    """Whether an open doubt is about any record of the canonical person."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    IdentityDoubt.cleared_at.is_(None),
                    Person.id.in_([IdentityDoubt.person_id, IdentityDoubt.other_id]),
                    _records(person_id),
                )
            )
        )
    )


def get_officer(session: Session, person_id: int, today: date) -> Officer:
    """Who would take a step: posts by own grant (a substitute is no link of the permission chain)."""
    rows = session.execute(
        select(PostGrant.post, Post.kind, PostGrant.region_code)
        .join(Post, Post.key == PostGrant.post)
        .join(Person, Person.id == PostGrant.person_id)
        .where(_records(person_id), grant_in_force(today))
        .distinct()
    )
    active = exists().where(Account.person_id == Person.id, Account.state == "active", _records(person_id))
    return Officer(
        person_id,
        frozenset((row.post, row.kind, row.region_code) for row in rows),
        bool(session.scalar(select(active))),
        in_doubt(session, person_id),
    )


def list_takers(session: Session, step: Step, lineage: Collection[str], today: date) -> list[int]:
    """Canonical ids of everybody whose post lets him take a step in a region with this lineage."""
    by, name = TAKERS[step]
    return list(
        session.scalars(
            select(Person.canonical_id)
            .join(PostGrant, PostGrant.person_id == Person.id)
            .join(Post, Post.key == PostGrant.post)
            .where(
                (Post.kind if by == "kind" else Post.key) == name,
                PostGrant.region_code.in_(lineage),
                grant_in_force(today),
            )
            .distinct()
            .order_by(Person.canonical_id)
        )
    )


def list_rules_of_grants(session: Session, now: datetime) -> GrantRules:
    """Every static exclusion, and the version in force of every limit of tenure."""
    sides: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    heads: dict[int, PostExclusion] = {}
    for row in session.scalars(select(PostExclusion).order_by(PostExclusion.pair)):
        sides[row.pair][row.side].add(row.post)
        heads[row.pair] = row
    pairs = tuple(
        ExclusionPair(
            pair,
            (frozenset(sides[pair][0]), frozenset(sides[pair][1])),
            row.title_zh,
            row.title_en,
            row.ground,
        )
        for pair, row in heads.items()
    )
    versions = session.scalars(
        select(TenureRule).where(TenureRule.active_from <= now).order_by(TenureRule.version)
    )
    tenures = {
        row.post: TenureLimit(row.post, row.version, row.months, row.gap_months, row.severity, row.ground)
        for row in versions
    }
    return GrantRules(pairs, tenures)


_CLOSED = exists().where(
    GrantStep.request_id == GrantRequest.id, GrantStep.step.in_([step.value for step in ENDINGS])
)


def list_requests(
    session: Session,
    *,
    regions: Collection[str] = ANYWHERE,
    person_id: int | None = None,
    is_open: bool | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[RequestRow]:
    """Requests newest first, those of the regions or of one canonical person, open or closed."""
    return _request_rows(session, _narrowed(regions, person_id, is_open), limit=limit, offset=offset)


def count_requests(
    session: Session, *, regions: Collection[str] = ANYWHERE, is_open: bool | None = None
) -> int:
    """How many `list_requests` would find without its limit."""
    query = select(func.count()).select_from(GrantRequest).where(*_narrowed(regions, None, is_open))
    return session.scalar(query) or 0


def get_request(session: Session, request_id: int) -> RequestRow | None:
    """One request with its steps; None when there is none."""
    return next(iter(_request_rows(session, [GrantRequest.id == request_id])), None)


def list_waiting(session: Session, officer: Officer, regions: Collection[str]) -> list[RequestRow]:
    """Open requests whose next step this officer may take."""
    found = list_requests(session, regions=regions, is_open=True)
    return [
        row
        for row in found
        if row.coming is not None and decide_taker(officer, row.coming, row.wanted, row.steps).allowed
    ]


def _narrowed(
    regions: Collection[str], person_id: int | None, is_open: bool | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if tuple(regions) != ANYWHERE:
        conditions.append(GrantRequest.region_code.in_(regions))
    if person_id is not None:
        conditions.append(GrantRequest.person_id.in_(select(Person.id).where(_records(person_id))))
    if is_open is not None:
        conditions.append(~_CLOSED if is_open else _CLOSED)
    return conditions


def _request_rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], *, limit: int = 1, offset: int = 0
) -> list[RequestRow]:
    rows = session.execute(
        select(GrantRequest, Person.canonical_id, Person.name, Post, Region)
        .join(Person, Person.id == GrantRequest.person_id)
        .join(Post, Post.key == GrantRequest.post)
        .join(Region, Region.code == GrantRequest.region_code)
        .where(*conditions)
        .order_by(GrantRequest.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    steps = _steps(session, [row.GrantRequest.id for row in rows])
    return [_request_row(row, tuple(steps[row.GrantRequest.id])) for row in rows]


def _steps(session: Session, request_ids: Sequence[int]) -> dict[int, list[TakenStep]]:
    taken: dict[int, list[TakenStep]] = defaultdict(list)
    rows = session.execute(
        select(GrantStep, Person.canonical_id, Person.name)
        .join(Person, Person.id == GrantStep.person_id)
        .where(GrantStep.request_id.in_(request_ids))
        .order_by(GrantStep.id)
    )
    for row in rows:
        step: GrantStep = row.GrantStep
        taken[step.request_id].append(
            TakenStep(Step(step.step), row.canonical_id, row.name, step.at, step.comment)
        )
    return taken


def _request_row(row: Any, steps: tuple[TakenStep, ...]) -> RequestRow:
    request: GrantRequest = row.GrantRequest
    wanted = PostWanted(
        person_id=row.canonical_id,
        name=row.name,
        post=request.post,
        kind=row.Post.kind,
        region_code=request.region_code,
        level=row.Region.level,
        lineage=tuple(row.Region.path.split("/")),
        valid_from=request.valid_from,
        valid_to=request.valid_to,
        ends=request.revokes,
    )
    return RequestRow(
        id=request.id,
        record_id=request.person_id,
        wanted=wanted,
        title_zh=row.Post.title_zh,
        title_en=row.Post.title_en,
        region_zh=row.Region.name_zh,
        region_en=row.Region.name_en,
        reason=request.reason,
        at=request.at,
        steps=steps,
    )


def find_open_request(session: Session, wanted: PostWanted) -> int | None:
    """An open request for the same canonical person, post and region, or for the end of the same grant."""
    same = (
        GrantRequest.revokes == wanted.ends
        if wanted.ends is not None
        else and_(
            GrantRequest.revokes.is_(None),
            GrantRequest.post == wanted.post,
            GrantRequest.region_code == wanted.region_code,
        )
    )
    return session.scalar(
        select(GrantRequest.id)
        .join(Person, Person.id == GrantRequest.person_id)
        .where(_records(wanted.person_id), same, ~_CLOSED)
        .limit(1)
    )
