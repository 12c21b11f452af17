"""Posts come by four people: apply, review, approve, assign; every shortcut is refused, by operation and by raw SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from app.kernel.audit.models import AuditEvent
from app.kernel.duties.models import DutyDecision, PostGrant
from app.kernel.grants.entities import State, Step
from app.kernel.grants.holdings import list_grants
from app.kernel.grants.operations import (
    PostApplication,
    apply_for_end,
    apply_for_post,
    approve_request,
    assign_post,
    cancel_request,
    refuse_request,
    review_request,
)
from app.kernel.grants.queries import get_request, list_requests, list_waiting
from app.kernel.grants.refusals import GrantDenied
from app.kernel.refusals import FenceRefused, Refusal
from app.kernel.transaction import run
from app.kernel.worklist.models import Notification
from tests.office import CITY, Office

REGION = "640000"
START = date(2026, 3, 2)
"""The clock of the tests stands on this day."""


@pytest.fixture
def bureau(office: Office) -> Iterator[Office]:
    """The office with a head, a second internal auditor, a security administrator and a newcomer."""
    for number, (name, post, region) in enumerate(
        (
            ("head", "dept_head", REGION),
            ("auditor2", "internal_auditor", REGION),
            ("security", "security_admin", REGION),
            ("audit_admin", "audit_admin", REGION),
            ("newcomer", "", ""),
        )
    ):
        office.hire(name, 200 + number)
        if post:
            office.grant(name, post, region=region)
    office.grant("auditor", "internal_auditor", region=REGION)
    yield office


def apply(
    office: Office,
    post: str = "rec_window",
    who: str = "newcomer",
    by: str = "supervisor",
    since: date = START,
    until: date | None = None,
    region: str = CITY,
) -> int:
    asked = PostApplication(office.person(who), post, region, since, until, "人手不足")
    return run(office.kernel, partial(apply_for_post, application=asked), office.actors[by])


CHAIN: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("auditor", review_request),
    ("head", approve_request),
    ("security", assign_post),
)


def take(office: Office, request: int, operation: Callable[..., Any], by: str) -> Any:
    return run(office.kernel, partial(operation, request_id=request), office.actors[by])


def carry(office: Office, request: int) -> int:
    """Review, approve and assign."""
    return [take(office, request, operation, by) for by, operation in CHAIN][-1]  # type: ignore[no-any-return]


def reason_of(call: Callable[[], Any]) -> str:
    with pytest.raises(GrantDenied) as refused:
        call()
    return refused.value.decision.reason


def scalars(office: Office, query: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        return list(session.scalars(query))


def events_of(office: Office, person: int) -> list[str]:
    query = select(AuditEvent.event).where(AuditEvent.chain == f"person:{person}").order_by(AuditEvent.id)
    return scalars(office, query)


def notices(office: Office, who: str) -> list[str]:
    return scalars(office, select(Notification.code).where(Notification.person_id == office.person(who)))


def test_post_comes_by_four_people_and_is_held_from_its_day(bureau: Office) -> None:
    request = apply(bureau)
    grant = carry(bureau, request)
    with bureau.kernel.database.session() as session:
        row = session.get_one(PostGrant, grant)
        people = [bureau.person(name) for name in ("supervisor", "auditor", "head", "security")]
        assert [row.requested_by, row.reviewed_by, row.approved_by, row.assigned_by] == people
        assert row.request_id == request
        held = list_grants(session, bureau.person("newcomer"))
        assert [(item.post, item.in_force(START)) for item in held] == [("rec_window", True)]
        found = get_request(session, request)
        assert found is not None and found.state is State.ASSIGNED
        assert [step.step for step in found.steps] == [Step.APPLY, Step.REVIEW, Step.APPROVE, Step.ASSIGN]
    told = events_of(bureau, bureau.person("newcomer"))
    assert told[-5:] == [
        "grant.applied",
        "grant.reviewed",
        "grant.approved",
        "grant.assigned",
        "grant.recorded",
    ]
    kept = scalars(bureau, select(DutyDecision.evidence).where(DutyDecision.action == "grant"))
    assert [item["step"] for item in kept] == ["apply", "review", "approve", "assign"]


def test_next_in_the_chain_hears_of_it_and_finds_it_waiting(bureau: Office) -> None:
    request = apply(bureau)
    assert "grant_waiting" in notices(bureau, "auditor")
    assert "grant_waiting" not in notices(bureau, "head")
    take(bureau, request, review_request, "auditor")
    assert "grant_waiting" in notices(bureau, "head")
    from app.kernel.grants.queries import get_officer

    with bureau.kernel.database.session() as session:
        waiting = {
            name: [
                row.id
                for row in list_waiting(session, get_officer(session, bureau.person(name), START), ("*",))
            ]
            for name in ("supervisor", "auditor", "auditor2", "head", "security")
        }
    assert waiting == {"supervisor": [], "auditor": [], "auditor2": [], "head": [request], "security": []}


@pytest.mark.parametrize(
    ("operation", "by", "reason"),
    [
        (review_request, "supervisor", "grant_step_repeated"),
        (review_request, "handler", "grant_step_not_yours"),
        (review_request, "newcomer", "grant_self"),
        (review_request, "security", "grant_step_not_yours"),
        (approve_request, "head", "grant_out_of_order"),
        (assign_post, "security", "grant_out_of_order"),
        (cancel_request, "auditor", "grant_not_applicant"),
        (refuse_request, "handler", "grant_step_not_yours"),
    ],
)
def test_first_step_can_be_followed_only_by_the_reviewer(
    bureau: Office, operation: Callable[..., Any], by: str, reason: str
) -> None:
    request = apply(bureau)
    extra = {"reason": "试"} if operation in (cancel_request, refuse_request) else {}
    call = partial(operation, request_id=request, **extra)
    assert reason_of(lambda: run(bureau.kernel, call, bureau.actors[by])) == reason


def test_nobody_takes_two_steps_even_holding_both_posts(bureau: Office) -> None:
    bureau.grant("head", "supervisor", region=REGION)
    request = apply(bureau, by="head")
    take(bureau, request, review_request, "auditor")
    assert reason_of(lambda: take(bureau, request, approve_request, "head")) == "grant_step_repeated"
    second = apply(bureau, post="rec_clerk")
    take(bureau, second, review_request, "auditor")
    take(bureau, second, approve_request, "head")
    assert reason_of(lambda: take(bureau, second, assign_post, "head")) == "grant_step_repeated"


def test_nobody_applies_outside_his_region_or_without_supervising(bureau: Office) -> None:
    assert reason_of(lambda: apply(bureau, region="640300")) == "grant_step_not_yours"
    assert reason_of(lambda: apply(bureau, by="handler")) == "grant_step_not_yours"
    assert reason_of(lambda: apply(bureau, by="security")) == "grant_step_not_yours"


def test_attempt_to_grant_oneself_is_kept_and_told_to_the_auditors(bureau: Office) -> None:
    me = bureau.person("supervisor")
    assert reason_of(lambda: apply(bureau, post="rec_clerk", who="supervisor")) == "grant_self"
    assert "grant.self_attempted" in events_of(bureau, me)
    assert "grant_self_attempted" in notices(bureau, "auditor2")
    assert "grant_self_attempted" in notices(bureau, "audit_admin")
    denied = scalars(bureau, select(DutyDecision.reason).where(DutyDecision.verdict == "deny"))
    assert denied == ["grant_self"]


def test_static_exclusion_is_foreseen_with_its_evidence(bureau: Office) -> None:
    with pytest.raises(GrantDenied) as refused:
        apply(bureau, post="rec_checker", who="handler")
    decision = refused.value.decision
    assert (decision.reason, decision.rule) == ("grant_excluded", "exclusion:1")
    assert [held.post for held in decision.holdings] == ["rec_handler"]
    assert decision.ground and decision.possible_from is None


def test_excluded_post_is_possible_from_the_day_the_other_ends(bureau: Office) -> None:
    ends = START + timedelta(days=30)
    with bureau.kernel.database.session() as session:
        grant = session.scalars(
            select(PostGrant.id).where(PostGrant.person_id == bureau.person("handler2"))
        ).one()
    operation = partial(apply_for_end, grant_id=grant, last_day_after=ends, reason="轮岗")
    carry(bureau, run(bureau.kernel, operation, bureau.actors["supervisor"]))
    with pytest.raises(GrantDenied) as refused:
        apply(bureau, post="rec_checker", who="handler2", since=ends - timedelta(days=1))
    assert refused.value.decision.possible_from == ends
    assert carry(bureau, apply(bureau, post="rec_checker", who="handler2", since=ends)) > 0


def test_what_became_impossible_on_the_way_is_refused_at_the_assignment(bureau: Office) -> None:
    request = apply(bureau, post="rec_handler")
    take(bureau, request, review_request, "auditor")
    take(bureau, request, approve_request, "head")
    bureau.grant("newcomer", "rec_checker")
    assert reason_of(lambda: take(bureau, request, assign_post, "security")) == "grant_excluded"


def test_request_ends_with_a_refusal_or_a_withdrawal(bureau: Office) -> None:
    refused, cancelled = apply(bureau), apply(bureau, post="rec_clerk")
    run(
        bureau.kernel,
        partial(refuse_request, request_id=refused, reason="编制已满"),
        bureau.actors["auditor"],
    )
    run(
        bureau.kernel,
        partial(cancel_request, request_id=cancelled, reason="另有安排"),
        bureau.actors["supervisor"],
    )
    assert "grant_refused" in notices(bureau, "supervisor")
    for request in (refused, cancelled):
        assert reason_of(lambda request=request: take(bureau, request, review_request, "auditor2")) == (
            "grant_closed"
        )
    with bureau.kernel.database.session() as session:
        assert {row.id: row.state for row in list_requests(session, is_open=False)} == {
            refused: State.REFUSED,
            cancelled: State.CANCELLED,
        }
    assert apply(bureau) > cancelled, "after a refusal one may ask again"


def test_the_same_is_not_asked_for_twice_nor_given_to_who_holds_it(bureau: Office) -> None:
    request = apply(bureau)
    assert reason_of(lambda: apply(bureau)) == "grant_asked_already"
    carry(bureau, request)
    assert reason_of(lambda: apply(bureau)) == "grant_held_already"
    assert reason_of(lambda: apply(bureau, post="rec_clerk", since=START - timedelta(days=1))) == (
        "grant_backdated"
    )


def test_county_gets_no_administrator(bureau: Office) -> None:
    bureau.grant("supervisor", "supervisor", region=REGION)
    assert reason_of(lambda: apply(bureau, post="security_admin", region="640121")) == (
        "grant_county_administrator"
    )


def test_post_given_again_soon_after_its_end_is_told_to_the_auditors(bureau: Office) -> None:
    first = carry(bureau, apply(bureau))
    ends = START + timedelta(days=10)
    operation = partial(apply_for_end, grant_id=first, last_day_after=ends, reason="调离")
    carry(bureau, run(bureau.kernel, operation, bureau.actors["supervisor"]))
    assert "grant_toggled" not in notices(bureau, "auditor2")
    carry(bureau, apply(bureau, since=ends + timedelta(days=5)))
    assert "grant.toggled" in events_of(bureau, bureau.person("newcomer"))
    assert "grant_toggled" in notices(bureau, "auditor2")
    assert "grant_toggled" in notices(bureau, "audit_admin")


def test_rivals_for_one_step_end_with_one(bureau: Office) -> None:
    request = apply(bureau)

    def attempt(by: str) -> str:
        try:
            take(bureau, request, review_request, by)
        except Refusal as refusal:
            return refusal.code
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(attempt, ["auditor", "auditor2"]))
    assert ended == ["grant_denied", "taken"]


# The database by itself ---------------------------------------------------------------------------


def raw(office: Office, statement: str, **values: Any) -> str:
    """Run a statement under the application's role; answers the SQLSTATE of its refusal, or "done"."""
    from sqlalchemy.exc import DBAPIError

    with office.kernel.database.session() as session:
        try:
            session.execute(text(statement), values)
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", ""))
        session.rollback()
    return "done"


STEP = (
    "INSERT INTO grant_step (request_id, step, person_id, account_id, comment, at) "
    "VALUES (:request, :step, :person, :account, '', now())"
)


def raw_step(office: Office, request: int, step: str, by: str) -> str:
    actor = office.actors[by]
    return raw(office, STEP, request=request, step=step, person=actor.person_id, account=actor.account_id)


def test_database_refuses_steps_out_of_order_by_the_grantee_or_by_one_person_twice(bureau: Office) -> None:
    request = apply(bureau)
    assert raw_step(bureau, request, "approve", "head") == "SD015"
    assert raw_step(bureau, request, "assign", "security") == "SD015"
    assert raw_step(bureau, request, "review", "newcomer") == "SD015"
    assert raw_step(bureau, request, "review", "supervisor") == "SD015"
    assert raw_step(bureau, request, "review", "auditor") == "done"


def test_database_refuses_steps_by_who_does_not_hold_their_posts(bureau: Office) -> None:
    request = apply(bureau)
    for by in ("handler", "head", "security", "chief1"):
        assert raw_step(bureau, request, "review", by) == "SD015", by
    take(bureau, request, review_request, "auditor")
    assert raw_step(bureau, request, "approve", "auditor2") == "SD015"
    take(bureau, request, approve_request, "head")
    assert raw_step(bureau, request, "assign", "auditor2") == "SD015"
    assert raw_step(bureau, request, "assign", "security") == "done"


def test_database_refuses_a_grant_without_its_steps_or_other_than_asked_for(bureau: Office) -> None:
    request = apply(bureau)
    for by, operation in CHAIN[:2]:
        take(bureau, request, operation, by)
    names = ("supervisor", "auditor", "head", "security")
    values = {f"p{n}": bureau.person(name) for n, name in enumerate(names)}
    statement = (
        "INSERT INTO post_grant (person_id, post, region_code, valid_from, recorded_at, requested_by, "
        "reviewed_by, approved_by, assigned_by, request_id) "
        "VALUES (:who, :post, '640100', '2026-03-02', now(), :p0, :p1, :p2, :p3, :request)"
    )
    given = {"who": bureau.person("newcomer"), "post": "rec_window", "request": request, **values}
    assert raw(bureau, statement, **given) == "SD015", "nobody has assigned it"
    assert raw(bureau, statement, **{**given, "post": "rec_clerk"}) == "SD015"
    assert raw(bureau, statement, **{**given, "p3": bureau.person("newcomer")}) in ("SD015", "23514")


def test_requests_and_steps_never_change(bureau: Office) -> None:
    request = apply(bureau)
    for table in ("grant_request", "grant_step", "post_grant"):
        assert raw(bureau, f"DELETE FROM {table}") in ("42501", "SD020")
    assert raw(bureau, "UPDATE grant_step SET step = 'assign'") in ("42501", "SD020")
    assert raw(bureau, "UPDATE grant_request SET reason = '' WHERE id = :request", request=request) in (
        "42501",
        "SD020",
    )


def test_fence_speaks_when_the_operation_would_let_a_conflict_through(bureau: Office) -> None:
    """The same exclusion without our foresight: the database refuses and the refusal is translated."""
    from app.kernel.duties.operations import GrantRequest, grant_posts

    three = [bureau.person(f"chief{n}") for n in (1, 2, 3)]
    request = GrantRequest(bureau.person("handler"), "rec_checker", CITY, START, None, *three)
    with pytest.raises(FenceRefused) as refused:
        run(bureau.kernel, lambda unit: grant_posts(unit, [request]), bureau.actors["security"])
    assert refused.value.params["sqlstate"] == "SD012"
