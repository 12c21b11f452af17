"""Writes of the permission chain: apply, review, approve, assign; refuse and cancel; the same for an end.

Each step asks `decide_grant_step`, keeps the answer with its evidence and goes to the audit chain of the
person the post is for. The database checks order and persons again (SD015, SD012, SD016).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, select

from app.kernel.audit.chain import person_chain
from app.kernel.duties.models import Post, PostGrant
from app.kernel.grants.alerts import about, tell, tell_auditors
from app.kernel.grants.entities import CHAIN, GrantDecision, Grantee, PostWanted, Step, TakenStep
from app.kernel.grants.foresight import toggled
from app.kernel.grants.holdings import list_holdings
from app.kernel.grants.models import GrantRequest, GrantStep
from app.kernel.grants.queries import (
    RequestRow,
    canonical_id,
    find_open_request,
    get_officer,
    get_request,
    in_doubt,
    list_rules_of_grants,
    list_takers,
)
from app.kernel.grants.records import keep_grant_decision
from app.kernel.grants.refusals import GrantDenied, GrantNotFound, GrantRequestNotFound, PostUnknown
from app.kernel.grants.rules import decide_content, decide_grant_step
from app.kernel.identity.dormancy import dormant_days
from app.kernel.identity.models import Account, Person, Region
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.claims import LAPSED, reconsider_later

EVENTS = {
    Step.APPLY: "grant.applied",
    Step.REVIEW: "grant.reviewed",
    Step.APPROVE: "grant.approved",
    Step.ASSIGN: "grant.assigned",
    Step.REFUSE: "grant.refused",
    Step.CANCEL: "grant.cancelled",
}


@dataclass(frozen=True)
class PostApplication:
    """A post for a person in a region, from a day on to another (exclusive; None: until it is ended)."""

    person_id: int
    post: str
    region_code: str
    valid_from: date
    valid_to: date | None
    reason: str


def apply_for_post(unit: Unit, application: PostApplication) -> int:
    """Ask for a post; answers the request's id.

    Raise PostUnknown, or GrantDenied (not a supervisor there, oneself, static exclusion, tenure, …).
    """
    wanted = read_application(unit, application)
    return _apply(unit, wanted, wanted.person_id, application.reason)


def apply_for_end(unit: Unit, grant_id: int, last_day_after: date, reason: str) -> int:
    """Ask for the end of a grant: `last_day_after` is the first day without it. Answers the request's id.

    Raise GrantNotFound or GrantDenied.
    """
    grant = unit.session.get(PostGrant, grant_id)
    if grant is None or grant.revokes is not None:
        raise GrantNotFound(grant_id=grant_id)
    asked = PostApplication(grant.person_id, grant.post, grant.region_code, last_day_after, None, reason)
    return _apply(unit, read_application(unit, asked, ends=grant_id), grant.person_id, reason)


def review_request(unit: Unit, request_id: int, comment: str = "") -> None:
    """Internal control has looked at it. Raise GrantRequestNotFound or GrantDenied."""
    _take(unit, request_id, Step.REVIEW, comment)


def approve_request(unit: Unit, request_id: int, comment: str = "") -> None:
    """The head agrees. Raise GrantRequestNotFound or GrantDenied."""
    _take(unit, request_id, Step.APPROVE, comment)


def assign_post(unit: Unit, request_id: int, comment: str = "") -> int:
    """The security administrator puts it into force; answers the new grant's id.

    Raise GrantRequestNotFound, GrantDenied, or what the fence refuses.
    """
    row = _take(unit, request_id, Step.ASSIGN, comment)
    return _insert_grant(unit, row)


def refuse_request(unit: Unit, request_id: int, reason: str) -> None:
    """Whoever could take the next step says no, for good. Raise GrantRequestNotFound or GrantDenied."""
    row = _take(unit, request_id, Step.REFUSE, reason)
    _tell_applicant(unit, row, "grant_refused")


def cancel_request(unit: Unit, request_id: int, reason: str) -> None:
    """The applicant takes it back. Raise GrantRequestNotFound or GrantDenied."""
    _take(unit, request_id, Step.CANCEL, reason)


TAKING: Mapping[Step, Callable[..., int | None]] = {
    Step.REVIEW: review_request,
    Step.APPROVE: approve_request,
    Step.ASSIGN: assign_post,
    Step.REFUSE: refuse_request,
    Step.CANCEL: cancel_request,
}
"""The operation of each step on a request that exists."""


def foresee(unit: Unit, wanted: PostWanted, step: Step, taken: tuple[TakenStep, ...] = ()) -> GrantDecision:
    """What `decide_grant_step` would say to the actor now; nothing is kept."""
    asked = find_open_request(unit.session, wanted) if step is Step.APPLY else None
    officer = get_officer(unit.session, unit.actor.person_id or 0, unit.today)
    return decide_grant_step(
        officer,
        step,
        wanted,
        taken,
        _grantee(unit, wanted, asked),
        list_rules_of_grants(unit.session, unit.now),
        unit.today,
    )


def foresee_post(unit: Unit, wanted: PostWanted) -> GrantDecision:
    """What stands against the post itself now, whoever would take the step."""
    rules = list_rules_of_grants(unit.session, unit.now)
    return decide_content(wanted, _grantee(unit, wanted, None), rules, unit.today, applying=False)


def _grantee(unit: Unit, wanted: PostWanted, asked_already: int | None) -> Grantee:
    session = unit.session
    return Grantee(
        list_holdings(session, wanted.person_id),
        in_doubt(session, wanted.person_id),
        dormant_days(session, wanted.person_id, unit.now),
        asked_already,
    )


def read_application(unit: Unit, asked: PostApplication, *, ends: int | None = None) -> PostWanted:
    """The application with the canonical person, the post's kind and the region's lineage. Raise PostUnknown."""
    post = unit.session.get(Post, asked.post)
    region = unit.session.get(Region, asked.region_code)
    if post is None or region is None:
        raise PostUnknown(post=asked.post, region=asked.region_code)
    person_id = canonical_id(unit.session, asked.person_id)
    return PostWanted(
        person_id=person_id,
        name=unit.session.get_one(Person, person_id).name,
        post=post.key,
        kind=post.kind,
        region_code=region.code,
        level=region.level,
        lineage=tuple(region.path.split("/")),
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        ends=ends,
    )


def _apply(unit: Unit, wanted: PostWanted, record_id: int, reason: str) -> int:
    _decide(unit, Step.APPLY, wanted, (), None)
    request_id = unit.session.execute(
        insert(GrantRequest)
        .values(
            person_id=record_id,
            post=wanted.post,
            region_code=wanted.region_code,
            valid_from=wanted.valid_from,
            valid_to=wanted.valid_to,
            revokes=wanted.ends,
            reason=reason,
            at=unit.now,
        )
        .returning(GrantRequest.id)
    ).scalar_one()
    _write_step(unit, request_id, Step.APPLY, wanted, reason)
    return request_id


def _take(unit: Unit, request_id: int, step: Step, comment: str) -> RequestRow:
    """Under a lock on the request: rivals for one step come one after the other."""
    key = func.hashtextextended(f"grant_request/{request_id}", 0)
    unit.session.execute(select(func.pg_advisory_xact_lock(key)))
    row = get_request(unit.session, request_id)
    if row is None:
        raise GrantRequestNotFound(request_id=request_id)
    _decide(unit, step, row.wanted, row.steps, request_id)
    _write_step(unit, request_id, step, row.wanted, comment)
    return row


def _decide(
    unit: Unit, step: Step, wanted: PostWanted, taken: tuple[TakenStep, ...], request_id: int | None
) -> None:
    decision = foresee(unit, wanted, step, taken)
    if not decision.allowed:
        raise GrantDenied(decision, step, wanted, request_id)
    keep_grant_decision(unit, decision, step, wanted, request_id)


def _write_step(unit: Unit, request_id: int, step: Step, wanted: PostWanted, comment: str) -> None:
    account = unit.session.get_one(Account, unit.actor.account_id)
    unit.session.execute(
        insert(GrantStep).values(
            request_id=request_id,
            step=step.value,
            person_id=account.person_id,
            account_id=account.id,
            comment=comment,
            at=unit.now,
        )
    )
    payload = {
        "request": request_id,
        "post": wanted.post,
        "region": wanted.region_code,
        "from": wanted.valid_from.isoformat(),
        "to": wanted.valid_to.isoformat() if wanted.valid_to else None,
        "ends": wanted.ends,
        "comment": comment,
    }
    unit.record(EVENTS[step], payload, chain=person_chain(wanted.person_id))
    if step in CHAIN[:-1]:
        coming = CHAIN[CHAIN.index(step) + 1]
        _tell_next(unit, request_id, coming, wanted)


def _tell_next(unit: Unit, request_id: int, coming: Step, wanted: PostWanted) -> None:
    takers = [
        who
        for who in list_takers(unit.session, coming, wanted.lineage, unit.today)
        if who != wanted.person_id
    ]
    tell(
        unit,
        takers,
        "grant_waiting",
        f"grant:{request_id}:{coming.value}",
        about(unit, wanted, request_id),
    )


def _tell_applicant(unit: Unit, row: RequestRow, code: str) -> None:
    tell(unit, [row.steps[0].person_id], code, f"grant:{row.id}:{code}", about(unit, row.wanted, row.id))


def _insert_grant(unit: Unit, row: RequestRow) -> int:
    records = dict(
        unit.session.execute(
            select(GrantStep.step, GrantStep.person_id).where(GrantStep.request_id == row.id)
        ).all()
    )
    again = (
        None if row.wanted.ends else toggled(row.wanted, list_holdings(unit.session, row.wanted.person_id))
    )
    grant_id = unit.session.execute(
        insert(PostGrant)
        .values(
            person_id=row.record_id,
            post=row.wanted.post,
            region_code=row.wanted.region_code,
            valid_from=row.wanted.valid_from,
            valid_to=row.wanted.valid_to,
            revokes=row.wanted.ends,
            recorded_at=unit.now,
            requested_by=records["apply"],
            reviewed_by=records["review"],
            approved_by=records["approve"],
            assigned_by=records["assign"],
            request_id=row.id,
        )
        .returning(PostGrant.id)
    ).scalar_one()
    event = "grant.ended" if row.wanted.ends else "grant.recorded"
    payload = {
        "grant": grant_id,
        "post": row.wanted.post,
        "region": row.wanted.region_code,
        "request": row.id,
    }
    unit.record(event, payload, chain=person_chain(row.wanted.person_id))
    if row.wanted.ends and row.wanted.valid_from <= unit.today:
        reconsider_later(unit, LAPSED, persons=[row.wanted.person_id])
    _tell_applicant(unit, row, "grant_assigned")
    if again is not None and again.valid_to is not None:
        told = {**payload, "ended_on": again.valid_to.isoformat(), "earlier_grant": again.grant_id}
        unit.record("grant.toggled", told, chain=person_chain(row.wanted.person_id))
        tell_auditors(unit, "grant_toggled", f"grant_toggled:{grant_id}", row.wanted)
    return grant_id
