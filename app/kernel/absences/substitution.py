"""Writes of substitution: ask, approve, refuse, withdraw, end early. Nobody decides for himself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import insert, select, update

from app.kernel.absences.eligibility import has_active_account, list_exclusions
from app.kernel.absences.models import Substitution, SubstitutionRequest
from app.kernel.absences.permission import (
    acting_person,
    require_own_or_supervised,
    require_supervisor_of,
)
from app.kernel.absences.queries import (
    StandIn,
    get_substitution,
    list_absent,
    list_substitutions,
)
from app.kernel.absences.refusals import (
    SubstituteAbsent,
    SubstituteInactive,
    SubstitutionApproverInvolved,
    SubstitutionChain,
    SubstitutionExcluded,
    SubstitutionNeedless,
    SubstitutionNotFound,
    SubstitutionOfOneself,
    SubstitutionOverlaps,
    SubstitutionPeriodInvalid,
    SubstitutionPostKind,
    SubstitutionPostNotHeld,
)
from app.kernel.absences.rules import CARRIES_DUTIES, LONGEST_SUBSTITUTION
from app.kernel.duties.models import Post
from app.kernel.duties.queries import get_candidate, list_supervisors
from app.kernel.duties.records import keep_decision
from app.kernel.duties.views import ALLOWED, Action, Candidate
from app.kernel.identity.regions import get_lineage
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.claims import reconsider_later
from app.kernel.worklist.notices import tell


@dataclass(frozen=True)
class SubstitutionAsk:
    """`substitute_id` fills `post` in `region_code` for `principal_id` on [valid_from, valid_to)."""

    principal_id: int
    substitute_id: int
    post: str
    region_code: str
    valid_from: date
    valid_to: date
    reason: str
    absence_id: int | None = None


def name_substitute(unit: Unit, ask: SubstitutionAsk) -> int:
    """Ask for a substitute, by the principal or a supervisor; a further supervisor approves. Answers the request's id.

    Raise DutyDenied, and what `check_substitution` raises.
    """
    require_own_or_supervised(unit, ask.principal_id, Action.SUBSTITUTE)
    check_substitution(unit, ask)
    row = insert(SubstitutionRequest).values(
        **vars(ask), requested_by=acting_person(unit), requested_at=unit.now
    )
    request_id: int = unit.session.execute(row.returning(SubstitutionRequest.id)).scalar_one()
    unit.record(
        "substitution.requested",
        {"request": request_id, **_about(ask)},
        chain=f"person:{ask.principal_id}",
    )
    involved = {ask.principal_id, ask.substitute_id, acting_person(unit)}
    lineage = get_lineage(unit.session, ask.region_code)
    for person_id in list_supervisors(unit.session, lineage, unit.today):
        if person_id not in involved:
            _tell(unit, person_id, "substitution_requested", f"substitution-request:{request_id}", ask)
    return request_id


def approve_substitution(unit: Unit, request_id: int) -> int:
    """A supervisor who is neither principal, substitute nor requester approves; answers the substitution's id.

    Everything is looked at again; the fence looks once more. Raise SubstitutionNotFound,
    SubstitutionApproverInvolved, DutyDenied, and what `check_substitution` raises.
    """
    row = _open_request(unit, request_id)
    actor = acting_person(unit)
    if actor in (row.principal_id, row.substitute_id, row.requested_by):
        raise SubstitutionApproverInvolved
    require_supervisor_of(unit, row.region_code, Action.SUBSTITUTE)
    ask = _ask_of(row)
    check_substitution(unit, ask)
    inserted = insert(Substitution).values(
        **vars(ask), requested_by=row.requested_by, approved_by=actor, at=unit.now
    )
    substitution_id: int = unit.session.execute(inserted.returning(Substitution.id)).scalar_one()
    _decide(unit, row, "approved")
    row.substitution_id = substitution_id
    unit.record(
        "substitution.approved",
        {"substitution": substitution_id, "request": request_id, **_about(ask)},
        chain=f"person:{ask.principal_id}",
    )
    for person_id in {ask.principal_id, ask.substitute_id, row.requested_by}:
        _tell(unit, person_id, "substitution_approved", f"substitution:{substitution_id}", ask)
    return substitution_id


def refuse_substitution(unit: Unit, request_id: int, reason: str) -> None:
    """A supervisor of the region says no and why. Raise SubstitutionNotFound, DutyDenied."""
    row = _open_request(unit, request_id)
    require_supervisor_of(unit, row.region_code, Action.SUBSTITUTE)
    _decide(unit, row, "refused", reason)
    unit.record(
        "substitution.refused",
        {"request": request_id, "reason": reason},
        chain=f"person:{row.principal_id}",
    )
    for person_id in {row.principal_id, row.requested_by} - {acting_person(unit)}:
        _tell(unit, person_id, "substitution_refused", f"substitution-refused:{request_id}", _ask_of(row))


def withdraw_substitution(unit: Unit, request_id: int) -> None:
    """Principal or requester takes the request back. Raise SubstitutionNotFound."""
    row = _open_request(unit, request_id)
    if acting_person(unit) not in (row.principal_id, row.requested_by):
        raise SubstitutionNotFound
    keep_decision(unit, ALLOWED, Action.SUBSTITUTE, None, None, None)
    _decide(unit, row, "withdrawn")
    unit.record("substitution.withdrawn", {"request": request_id}, chain=f"person:{row.principal_id}")


def end_substitution(unit: Unit, substitution_id: int, reason: str) -> int:
    """End a substitution early, today or before it begins: by principal, substitute or a supervisor.

    Answers the revoking row's id. Raise SubstitutionNotFound, DutyDenied.
    """
    found = get_substitution(unit.session, substitution_id, unit.today)
    if found is None:
        raise SubstitutionNotFound
    actor = acting_person(unit)
    if actor in (found.principal_id, found.substitute_id):
        keep_decision(unit, ALLOWED, Action.SUBSTITUTE, None, None, None)
    else:
        require_supervisor_of(unit, found.region_code, Action.SUBSTITUTE)
    return cut_substitution(unit, found, reason=reason)


def cut_substitution(unit: Unit, found: StandIn, *, reason: str) -> int:
    """Append the row that ends one from today (or before its first day). Who may has been asked.

    What the substitute had claimed under it goes back to the queue.
    """
    actor = acting_person(unit)
    reconsider_later(unit, "substitution_ended", persons=[found.substitute_id])
    row = insert(Substitution).values(
        principal_id=found.principal_id,
        substitute_id=found.substitute_id,
        post=found.post,
        region_code=found.region_code,
        valid_from=max(unit.today, found.valid_from),
        valid_to=found.valid_to,
        revokes=found.id,
        absence_id=found.absence_id,
        reason=reason,
        requested_by=actor,
        approved_by=actor,
        at=unit.now,
    )
    ended: int = unit.session.execute(row.returning(Substitution.id)).scalar_one()
    unit.record(
        "substitution.ended",
        {"substitution": found.id, "reason": reason},
        chain=f"person:{found.principal_id}",
    )
    params = {"principal": found.principal, "substitute": found.substitute, "post": found.post}
    for person_id in {found.principal_id, found.substitute_id} - {actor}:
        tell(unit, person_id, "substitution_ended", f"substitution-ended:{found.id}", params)
    return ended


def withdraw_requests_of(unit: Unit, absence_id: int) -> None:
    """Open requests for an absence that was cancelled go with it."""
    unit.session.execute(
        update(SubstitutionRequest)
        .where(SubstitutionRequest.absence_id == absence_id, SubstitutionRequest.verdict.is_(None))
        .values(verdict="withdrawn", decided_by=acting_person(unit), decided_at=unit.now)
    )


def check_substitution(unit: Unit, ask: SubstitutionAsk) -> None:
    """Raise the refusal that names what stands against it; the fence would say SD012 or SD017."""
    days = (ask.valid_to - ask.valid_from).days
    if days < 1 or days > LONGEST_SUBSTITUTION or ask.valid_from < unit.today:
        raise SubstitutionPeriodInvalid(field="valid_to", limit=LONGEST_SUBSTITUTION)
    principal = get_candidate(unit.session, ask.principal_id, ask.valid_from)
    substitute = get_candidate(unit.session, ask.substitute_id, ask.valid_from)
    if principal.person_id == substitute.person_id:
        raise SubstitutionOfOneself(field="substitute_id")
    _check_principal(unit, ask, principal)
    _check_substitute(unit, ask, substitute)


def _check_principal(unit: Unit, ask: SubstitutionAsk, principal: Candidate) -> None:
    post = unit.session.get(Post, ask.post)
    if post is None or post.kind not in CARRIES_DUTIES:
        titles = (post.title_zh, post.title_en) if post else (ask.post, ask.post)
        raise SubstitutionPostKind(post_zh=titles[0], post_en=titles[1])
    known = list_substitutions(
        unit.session,
        persons=[ask.principal_id],
        first=ask.valid_from,
        last=ask.valid_to - timedelta(days=1),
    )
    last_day = get_candidate(unit.session, ask.principal_id, ask.valid_to - timedelta(days=1))
    pair = (ask.post, ask.region_code)
    if pair not in principal.posts or pair not in last_day.posts:
        held = next((s for s in known if s.substitute_id == ask.principal_id and _same(s, ask)), None)
        if held is not None:
            raise SubstitutionChain(name=principal.name, principal=held.principal)
        raise SubstitutionPostNotHeld(name=principal.name, post_zh=post.title_zh, post_en=post.title_en)
    other = next((s for s in known if s.principal_id == ask.principal_id and _same(s, ask)), None)
    if other is not None:
        raise SubstitutionOverlaps(name=other.substitute)


def _same(known: StandIn, ask: SubstitutionAsk) -> bool:
    ends = min(known.valid_to, known.ended_on or known.valid_to)
    return (known.post, known.region_code) == (ask.post, ask.region_code) and ends > ask.valid_from


def _check_substitute(unit: Unit, ask: SubstitutionAsk, substitute: Candidate) -> None:
    name, person = substitute.name, ask.substitute_id
    if not has_active_account(unit.session, person):
        raise SubstituteInactive(field="substitute_id", name=name)
    excluded = list_exclusions(unit.session, [person], ask.post, ask.valid_from, ask.valid_to).get(person)
    if excluded is not None:
        raise SubstitutionExcluded(
            field="substitute_id",
            ground=excluded.ground,
            name=name,
            held_post_zh=excluded.post_zh,
            held_post_en=excluded.post_en,
            rule_zh=excluded.title_zh,
            rule_en=excluded.title_en,
        )
    if (ask.post, ask.region_code) in substitute.posts:
        raise SubstitutionNeedless(field="substitute_id", name=name)
    away = list_absent(unit.session, [person], ask.valid_from, ask.valid_to - timedelta(days=1)).get(person)
    if away is not None:
        raise SubstituteAbsent(
            field="substitute_id",
            name=name,
            starts=away.starts_on.isoformat(),
            ends=away.ends_on.isoformat(),
        )


def _open_request(unit: Unit, request_id: int) -> SubstitutionRequest:
    row = unit.session.scalar(
        select(SubstitutionRequest).where(SubstitutionRequest.id == request_id).with_for_update()
    )
    if row is None or row.verdict is not None:
        raise SubstitutionNotFound
    return row


def _ask_of(row: SubstitutionRequest) -> SubstitutionAsk:
    return SubstitutionAsk(
        row.principal_id,
        row.substitute_id,
        row.post,
        row.region_code,
        row.valid_from,
        row.valid_to,
        row.reason,
        row.absence_id,
    )


def _decide(unit: Unit, row: SubstitutionRequest, verdict: str, answer: str | None = None) -> None:
    row.verdict, row.answer = verdict, answer
    row.decided_by, row.decided_at = acting_person(unit), unit.now


def _about(ask: SubstitutionAsk) -> dict[str, object]:
    return {
        "principal": ask.principal_id,
        "substitute": ask.substitute_id,
        "post": ask.post,
        "region": ask.region_code,
        "from": ask.valid_from.isoformat(),
        "to": ask.valid_to.isoformat(),
        "reason": ask.reason,
    }


def _tell(unit: Unit, person_id: int, code: str, key: str, ask: SubstitutionAsk) -> None:
    if person_id == unit.actor.person_id:
        return
    people = {
        who: get_candidate(unit.session, who, unit.today).name
        for who in (ask.principal_id, ask.substitute_id)
    }
    params = {
        "principal": people[ask.principal_id],
        "substitute": people[ask.substitute_id],
        "from": ask.valid_from.isoformat(),
        "to": (ask.valid_to - timedelta(days=1)).isoformat(),
    }
    tell(unit, person_id, code, key, params)
