"""Reads for `decide`: rules in force, candidates with their posts, case histories, signatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import URL, Date, and_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from app.kernel.cases.models import Case, CaseParty
from app.kernel.duties.models import ConflictMember, ConflictSet, Performance, Post, PostGrant, Signature
from app.kernel.duties.rules import (
    Candidate,
    CaseView,
    ConflictRule,
    Member,
    PastAct,
    SignatureView,
    TaskView,
)
from app.kernel.identity.models import Account, Person
from app.kernel.worklist.models import Task
from app.storage.core import execute, table

_RULES: dict[tuple[URL, int], tuple[tuple[datetime, ConflictRule], ...]] = {}
"""Every version of the conflict sets by database and number of versions: the table only ever grows."""


def list_rules(session: Session, now: datetime) -> tuple[ConflictRule, ...]:
    """The version in force of every conflict set, in order of set id."""
    return _rules_in_force(session, execute(session, _VERSIONS, {}).scalar_one(), now)


def _rules_in_force(session: Session, versions: int, now: datetime) -> tuple[ConflictRule, ...]:
    key = (session.get_bind().engine.url, versions)
    known = _RULES.get(key)
    if known is None:
        known = _RULES[key] = _load_versions(session)
    latest = {rule.set_id: rule for since, rule in known if since <= now}
    return tuple(latest.values())


def _load_versions(session: Session) -> tuple[tuple[datetime, ConflictRule], ...]:
    """All versions with the moment each counts from, by set id and version."""
    members: dict[tuple[int, int], list[Member]] = defaultdict(list)
    for row in session.scalars(select(ConflictMember)):
        members[row.set_id, row.version].append(Member(row.member, row.duty, row.process_key, row.case_role))
    sets = session.scalars(select(ConflictSet).order_by(ConflictSet.set_id, ConflictSet.version))
    return tuple(
        (
            row.active_from,
            ConflictRule(
                set_id=row.set_id,
                version=row.version,
                key=row.key,
                scope=row.scope,
                maximum=row.maximum,
                severity=row.severity,
                risk_classes=frozenset(row.risk_classes),
                ground=row.ground,
                members=tuple(members[row.set_id, row.version]),
            ),
        )
        for row in sets
    )


def grant_in_force(today: date) -> ColumnElement[bool]:
    """Condition on PostGrant: gives its post today and is not cut by a revoking row."""
    revoking = aliased(PostGrant)
    return and_(
        PostGrant.revokes.is_(None),
        PostGrant.valid_from <= today,
        or_(PostGrant.valid_to.is_(None), PostGrant.valid_to > today),
        ~exists().where(revoking.revokes == PostGrant.id, revoking.valid_from <= today),
    )


# Statements of every claim and completion: built once, on tables (see app.storage.core).
_PERSON, _ACCOUNT, _CASE = table(Person), table(Account), table(Case)
_GRANT, _POST, _ACT, _PARTY = table(PostGrant), table(Post), table(Performance), table(CaseParty)
_TODAY = bindparam("today", type_=Date())
_REVOKING = _GRANT.alias()
_IN_FORCE = and_(
    _GRANT.c.revokes.is_(None),
    _GRANT.c.valid_from <= _TODAY,
    or_(_GRANT.c.valid_to.is_(None), _GRANT.c.valid_to > _TODAY),
    ~exists().where(_REVOKING.c.revokes == _GRANT.c.id, _REVOKING.c.valid_from <= _TODAY),
)
_CANDIDATES = (
    select(
        _PERSON.c.id,
        _PERSON.c.name,
        _PERSON.c.pinyin,
        _PERSON.c.id_number_index,
        exists().where(_ACCOUNT.c.person_id == _PERSON.c.id, _ACCOUNT.c.state == "active").label("active"),
        _GRANT.c.post,
        _GRANT.c.region_code,
        _POST.c.kind,
    )
    .select_from(_PERSON)
    .outerjoin(_GRANT, and_(_GRANT.c.person_id == _PERSON.c.id, _IN_FORCE))
    .outerjoin(_POST, _POST.c.key == _GRANT.c.post)
    .where(_PERSON.c.id.in_(bindparam("persons", expanding=True)))
)
_HOLDERS = (
    select(_GRANT.c.post, _GRANT.c.region_code, _GRANT.c.person_id)
    .where(
        _GRANT.c.post.in_(bindparam("posts", expanding=True)),
        _GRANT.c.region_code.in_(bindparam("regions", expanding=True)),
        _IN_FORCE,
    )
    .distinct()
    .order_by(_GRANT.c.person_id)
)
_CHAIN_ACTS = (
    select(
        _CASE.c.chain_id,
        _CASE.c.case_no,
        _CASE.c.process_key,
        _CASE.c.case_role,
        _ACT.c.case_id,
        _ACT.c.person_id,
        _ACT.c.on_behalf_of,
        _ACT.c.duty,
        _ACT.c.state,
        _ACT.c.at,
        _PERSON.c.name,
    )
    .select_from(_ACT)
    .join(_CASE, _CASE.c.id == _ACT.c.case_id)
    .join(_PERSON, _PERSON.c.id == _ACT.c.person_id)
    .where(_CASE.c.chain_id.in_(bindparam("chains", expanding=True)))
    .order_by(_ACT.c.id)
)
_PARTIES = select(_PARTY.c.case_id, _PARTY.c.id_number_index).where(
    _PARTY.c.case_id.in_(bindparam("cases", expanding=True))
)
_ACTOR = _PERSON.alias("actor")
_VERSIONS = select(func.count()).select_from(table(ConflictSet))
_QUESTION = _CANDIDATES.add_columns(
    _VERSIONS.scalar_subquery().label("versions"),
    select(func.array_agg(_PARTY.c.id_number_index))
    .where(_PARTY.c.case_id == bindparam("case"))
    .scalar_subquery()
    .label("parties"),
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(
                    _ACT.c.person_id,
                    _ACT.c.on_behalf_of,
                    _ACTOR.c.name,
                    _ACT.c.duty,
                    _ACT.c.state,
                    _CASE.c.id,
                    _CASE.c.case_no,
                    _CASE.c.process_key,
                    _CASE.c.case_role,
                    _ACT.c.at,
                ),
                _ACT.c.id,
            )
        )
    )
    .select_from(_ACT)
    .join(_CASE, _CASE.c.id == _ACT.c.case_id)
    .join(_ACTOR, _ACTOR.c.id == _ACT.c.person_id)
    .where(_CASE.c.chain_id == bindparam("chain"))
    .scalar_subquery()
    .label("acts"),
)
ACTIVE_HOLDERS = select(_GRANT.c.person_id).where(
    _GRANT.c.post == bindparam("post"),
    _GRANT.c.region_code == bindparam("region"),
    _IN_FORCE,
    exists().where(_ACCOUNT.c.person_id == _GRANT.c.person_id, _ACCOUNT.c.state == "active"),
)
UNTOUCHED_HOLDER = exists().where(
    _GRANT.c.post == bindparam("post"),
    _GRANT.c.region_code == bindparam("region"),
    _IN_FORCE,
    exists().where(_ACCOUNT.c.person_id == _GRANT.c.person_id, _ACCOUNT.c.state == "active"),
    ~exists().where(
        _ACT.c.person_id == _GRANT.c.person_id,
        _ACT.c.case_id == _CASE.c.id,
        _CASE.c.chain_id == bindparam("chain"),
    ),
    ~exists().where(
        _PERSON.c.id == _GRANT.c.person_id,
        _PARTY.c.id_number_index == _PERSON.c.id_number_index,
        _PARTY.c.case_id == bindparam("case"),
    ),
)
"""An active holder of `post` in `region` without any act in the `chain` who is no party of the `case`:
such a person may certainly claim. The quick answer before `decide` is asked for every holder."""


def load_question(
    session: Session, person_id: int, case: Case, now: datetime, today: date
) -> tuple[Candidate, CaseView, tuple[ConflictRule, ...]]:
    """All that `decide` needs for one person and one case, in one round trip.

    Raise IndexError when there is no such person.
    """
    values = {"persons": [person_id], "today": today, "case": case.id, "chain": case.chain_id}
    rows = execute(session, _QUESTION, values).all()
    acts = [act for row in rows[0].acts or () for act in _acts_of_json(*row)]
    view = _case_view(case, acts, rows[0].parties or ())
    return _candidate(rows), view, _rules_in_force(session, rows[0].versions, now)


def _acts_of_json(person: int, principal: int | None, name: str, *rest: Any) -> Iterator[PastAct]:
    """Both persons count when someone acts on behalf of another."""
    duty, state, case_id, case_no, process_key, case_role, at = rest
    for person_id in dict.fromkeys((person, principal or person)):
        moment = datetime.fromisoformat(at)
        yield PastAct(person_id, name, duty, state, case_id, case_no, process_key, case_role, moment)


def get_candidate(session: Session, person_id: int, today: date) -> Candidate:
    """The person with every post held today. Raise KeyError when there is no such person."""
    return list_candidates(session, [person_id], today)[person_id]


def list_candidates(session: Session, person_ids: Collection[int], today: date) -> dict[int, Candidate]:
    """Candidates by person id, each with all posts held today."""
    people: dict[int, list[Any]] = defaultdict(list)
    for row in execute(session, _CANDIDATES, {"persons": list(person_ids), "today": today}):
        people[row.id].append(row)
    return {person_id: _candidate(rows) for person_id, rows in people.items()}


def _candidate(rows: Sequence[Any]) -> Candidate:
    """One person from the rows of the posts held (a single row without a post for who holds none)."""
    held = [row for row in rows if row.post is not None]
    first = rows[0]
    return Candidate(
        person_id=first.id,
        name=first.name,
        pinyin=first.pinyin,
        id_number_index=first.id_number_index,
        posts=frozenset((row.post, row.region_code) for row in held),
        post_kinds=frozenset(row.kind for row in held),
        supervised=frozenset(row.region_code for row in held if row.kind == "supervision"),
        active=first.active,
    )


def list_holders(
    session: Session, pairs: Collection[tuple[str, str]], today: date
) -> dict[tuple[str, str], list[int]]:
    """Person ids holding each (post, region) today."""
    if not pairs:
        return {}
    values = {
        "posts": sorted({post for post, _ in pairs}),
        "regions": sorted({region for _, region in pairs}),
        "today": today,
    }
    rows = execute(session, _HOLDERS, values)
    holders: dict[tuple[str, str], list[int]] = {pair: [] for pair in pairs}
    for row in rows:
        if (row.post, row.region_code) in holders:
            holders[row.post, row.region_code].append(row.person_id)
    return holders


def list_supervisors(session: Session, lineage: Collection[str], today: date) -> list[int]:
    """Person ids holding a supervision post in a region or above it."""
    return list(
        session.scalars(
            select(PostGrant.person_id)
            .join(Post, Post.key == PostGrant.post)
            .where(Post.kind == "supervision", PostGrant.region_code.in_(lineage), grant_in_force(today))
            .distinct()
            .order_by(PostGrant.person_id)
        )
    )


def list_case_views(session: Session, cases: Iterable[Case]) -> dict[int, CaseView]:
    """Views of cases by id, with the acts of their whole chains and their parties."""
    cases = list(cases)
    acts = _list_chain_acts(session, {case.chain_id for case in cases})
    parties: dict[int, set[bytes]] = defaultdict(set)
    for party in execute(session, _PARTIES, {"cases": [case.id for case in cases]}):
        parties[party.case_id].add(party.id_number_index)
    return {case.id: _case_view(case, acts[case.chain_id], parties[case.id]) for case in cases}


def _case_view(case: Case, acts: Iterable[PastAct], parties: Iterable[bytes]) -> CaseView:
    return CaseView(
        case_id=case.id,
        region_code=case.region_code,
        chain_id=case.chain_id,
        process_key=case.process_key,
        case_role=case.case_role,
        risk=case.risk,
        acts=tuple(acts),
        party_indexes=frozenset(parties),
    )


def _list_chain_acts(session: Session, chain_ids: Collection[int]) -> dict[int, list[PastAct]]:
    rows = execute(session, _CHAIN_ACTS, {"chains": sorted(chain_ids)})
    acts: dict[int, list[PastAct]] = defaultdict(list)
    for row in rows:
        # Both persons count when someone acts on behalf of another.
        for person_id in {row.person_id, row.on_behalf_of} - {None}:
            acts[row.chain_id].append(
                PastAct(
                    person_id,
                    row.name,
                    row.duty,
                    row.state,
                    row.case_id,
                    row.case_no,
                    row.process_key,
                    row.case_role,
                    row.at,
                )
            )
    return acts


def get_case_view(session: Session, case: Case) -> CaseView:
    return list_case_views(session, [case])[case.id]


def list_task_views(session: Session, tasks: Iterable[Task]) -> dict[int, TaskView]:
    """Views of tasks by id; those needing several persons carry who has acted already."""
    tasks = list(tasks)
    acted: dict[int, set[int]] = defaultdict(set)
    shared = [task.id for task in tasks if task.persons_required > 1]
    if shared:
        for row in session.execute(
            select(Performance.task_id, Performance.person_id).where(
                Performance.task_id.in_(shared), Performance.state == "performed"
            )
        ):
            acted[row.task_id].add(row.person_id)
    return {
        task.id: TaskView(
            task_id=task.id,
            duty=task.duty,
            post=task.post,
            region_code=task.region_code,
            claimed_by=task.claimed_by,
            opened=task.opened_at is not None,
            acted_by=frozenset(acted[task.id]),
        )
        for task in tasks
    }


def get_task_view(session: Session, task: Task) -> TaskView:
    return list_task_views(session, [task])[task.id]


def list_latest_signatures(session: Session, case_id: int, subject: str) -> dict[str, SignatureView]:
    """The latest signature of every duty on a subject of a case."""
    rows = session.scalars(
        select(Signature)
        .where(Signature.case_id == case_id, Signature.subject == subject)
        .ext(distinct_on(Signature.duty))
        .order_by(Signature.duty, Signature.seq.desc())
    )
    return {
        row.duty: SignatureView(
            row.id, row.duty, row.person_id, row.seq, row.content_hash, row.verdict == "agree"
        )
        for row in rows
    }
