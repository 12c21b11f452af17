"""Substitutes: who may name and approve them, and that both persons' acts and exclusions count for both."""

from __future__ import annotations

import threading
from datetime import date
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.kernel.absences.models import Substitution, SubstitutionRequest
from app.kernel.absences.queries import list_substitutions
from app.kernel.absences.refusals import (
    SubstituteAbsent,
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
from app.kernel.absences.substitution import (
    approve_substitution,
    end_substitution,
    name_substitute,
    refuse_substitution,
    withdraw_substitution,
)
from app.kernel.audit.models import AuditEvent
from app.kernel.duties.models import Performance
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import Refusal
from app.kernel.transaction import run
from app.kernel.worklist.models import Notification
from app.kernel.worklist.operations import claim_task, open_task
from app.kernel.worklist.queries import QueueFilter, Tab, list_queue
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office, bring_to_review
from tests.substitution_office import CHANGES_POST, DAY, act, ask, away, hire_more, substitute, today_of


@pytest.fixture
def staffed(office: Office) -> Office:
    hire_more(office)
    return office


def to_recheck(office: Office, by: str = "handler") -> int:
    """A case that waits for recheck after this handler's initial review."""
    case_id = bring_to_review(office)
    office.work(case_id, by, outcome="submit_positive")
    return case_id


def claim(office: Office, who: str, case_id: int) -> None:
    task = office.open_task_of(case_id)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors[who], case_id=case_id)


def denied(office: Office, who: str, case_id: int) -> DutyDenied:
    with pytest.raises(DutyDenied) as refused:
        claim(office, who, case_id)
    return refused.value


def queue_of(office: Office, who: str, tab: Tab) -> list[tuple[int, str]]:
    """(case, for whom) of the rows."""
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        page = list_queue(
            session, office.person(who), QueueFilter(tab=tab), office.kernel.clock(), today_of(office)
        )
        return [(row.case.id, row.principal) for row in page.rows]


def test_substitute_finds_group_tasks_and_acts_on_behalf(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    assert queue_of(staffed, "clerk2", Tab.CAN_TAKE) == []
    assert denied(staffed, "clerk2", case_id).decision.reason == "post_not_held"
    substitute(staffed)
    assert queue_of(staffed, "clerk2", Tab.CAN_TAKE) == [(case_id, "checker")]
    staffed.work(case_id, "clerk2", outcome="agree")
    with staffed.kernel.database.session() as session:
        acts = session.scalars(select(Performance).where(Performance.duty == "recheck")).all()
        signed = session.scalars(select(AuditEvent).where(AuditEvent.on_behalf_of.is_not(None))).all()
    assert {(act.person_id, act.on_behalf_of) for act in acts} == {
        (staffed.person("clerk2"), staffed.person("checker"))
    }
    assert {act.state for act in acts} == {"opened", "performed"} and signed
    assert queue_of(staffed, "clerk2", Tab.DONE) == [(case_id, "checker")]


def test_principal_and_substitute_are_both_bound_by_what_was_done_for_the_principal(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    substitute(staffed)
    substitute(staffed, principal_id="approver", substitute_id="clerk", post="rec_approver")
    staffed.work(case_id, "clerk2", outcome="return")
    staffed.work(case_id, "handler", outcome="submit_positive")
    # The same duty again is open to both; nothing else of the set is.
    with staffed.kernel.database.session() as session:
        rows = session.execute(
            text("SELECT DISTINCT person_id FROM sod_binding WHERE member = 'recheck'")
        ).scalars()
        assert set(rows) == {staffed.person("clerk2"), staffed.person("checker")}


def test_substitute_cannot_recheck_for_a_principal_who_did_the_initial_review(
    staffed: Office, clock: MovingClock
) -> None:
    case_id = to_recheck(staffed, by="changer")
    clock.set(clock().replace(month=4, day=1))
    substitute(staffed, principal_id="changer")
    refused = denied(staffed, "clerk2", case_id)
    assert refused.decision.reason == "conflicting_duty"
    assert refused.decision.params["principal"] == "changer"
    other = to_recheck(staffed)
    claim(staffed, "clerk2", other)


def test_substitute_who_did_the_initial_review_cannot_recheck_for_another(
    staffed: Office, clock: MovingClock
) -> None:
    case_id = to_recheck(staffed, by="leaver")
    clock.set(clock().replace(month=4, day=1))
    substitute(staffed, substitute_id="leaver")
    refused = denied(staffed, "leaver", case_id)
    assert refused.decision.reason == "conflicting_duty" and "principal" not in refused.decision.params
    claim(staffed, "leaver", to_recheck(staffed))


def test_nothing_is_possible_after_the_substitution_ended(staffed: Office) -> None:
    first, second = to_recheck(staffed), to_recheck(staffed)
    substitution = substitute(staffed)
    claim(staffed, "clerk2", first)
    act(staffed, "checker", end_substitution, substitution, "已回岗")
    task = staffed.open_task_of(first)
    with pytest.raises(DutyDenied):
        run(staffed.kernel, partial(open_task, task_id=task.id), staffed.actors["clerk2"], case_id=first)
    assert denied(staffed, "clerk2", second).decision.reason == "post_not_held"
    assert queue_of(staffed, "clerk2", Tab.CAN_TAKE) == []
    with pytest.raises(SubstitutionNotFound):
        act(staffed, "checker", end_substitution, substitution, "再结束一次")


def test_nothing_is_possible_before_or_after_the_period(staffed: Office, clock: MovingClock) -> None:
    case_id = to_recheck(staffed)
    day = today_of(staffed)
    substitute(staffed, valid_from=day + DAY, valid_to=day + 2 * DAY)
    assert denied(staffed, "clerk2", case_id).decision.reason == "post_not_held"
    clock.move(days=1)
    claim(staffed, "clerk2", case_id)
    clock.move(days=1)
    assert denied(staffed, "clerk2", to_recheck(staffed)).decision.reason == "post_not_held"


def test_what_is_filled_for_another_is_not_passed_on(staffed: Office) -> None:
    substitute(staffed)
    with pytest.raises(SubstitutionChain) as refused:
        act(staffed, "clerk2", name_substitute, ask(staffed, principal_id="clerk2", substitute_id="clerk"))
    assert refused.value.params["principal"] == "checker"


def test_static_exclusion_is_foreseen_with_its_evidence(staffed: Office) -> None:
    with pytest.raises(SubstitutionExcluded) as refused:
        act(staffed, "checker", name_substitute, ask(staffed, substitute_id="handler"))
    assert refused.value.params["held_post_en"] and refused.value.ground
    far = ask(staffed, substitute_id="changer", valid_from=CHANGES_POST - DAY, valid_to=CHANGES_POST + DAY)
    with pytest.raises(SubstitutionExcluded):  # foreseen for the whole period, not for today alone
        act(staffed, "checker", name_substitute, far)


def test_unlawful_requests_are_refused(staffed: Office) -> None:
    day = today_of(staffed)
    away(staffed, "clerk", days=2)
    for refusal, by, wanted in (
        (SubstitutionOfOneself, "checker", ask(staffed, substitute_id="checker")),
        (SubstitutionNeedless, "checker", ask(staffed, substitute_id="checker2")),
        (SubstitutionPostNotHeld, "handler", ask(staffed, principal_id="handler")),
        (SubstitutionPostKind, "supervisor", ask(staffed, principal_id="supervisor", post="supervisor")),
        (SubstitutionPeriodInvalid, "checker", ask(staffed, valid_from=day - DAY)),
        (SubstitutionPeriodInvalid, "checker", ask(staffed, valid_to=day)),
        (SubstitutionPeriodInvalid, "checker", ask(staffed, valid_to=day + 400 * DAY)),
        (SubstituteAbsent, "checker", ask(staffed, substitute_id="clerk")),
        (DutyDenied, "checker2", ask(staffed)),
        (DutyDenied, "county_supervisor", ask(staffed)),
    ):
        with pytest.raises(refusal):
            act(staffed, by, name_substitute, wanted)
    substitute(staffed)
    with pytest.raises(SubstitutionOverlaps):
        act(staffed, "checker", name_substitute, ask(staffed, substitute_id="county_checker"))


def test_nobody_involved_approves(staffed: Office) -> None:
    request = act(staffed, "supervisor", name_substitute, ask(staffed))
    for who, refusal in (
        ("supervisor", SubstitutionApproverInvolved),
        ("checker", SubstitutionApproverInvolved),
        ("clerk2", SubstitutionApproverInvolved),
        ("county_supervisor", DutyDenied),
        ("handler", DutyDenied),
    ):
        with pytest.raises(refusal):
            act(staffed, who, approve_substitution, request)
    act(staffed, "head", approve_substitution, request)
    with pytest.raises(SubstitutionNotFound):
        act(staffed, "head", approve_substitution, request)
    with staffed.kernel.database.session() as session:
        told = session.scalars(
            select(Notification.person_id).where(Notification.code == "substitution_approved")
        )
        assert set(told) == {staffed.person(name) for name in ("supervisor", "checker", "clerk2")}


def test_refused_and_withdrawn_requests_give_nothing(staffed: Office) -> None:
    first = act(staffed, "checker", name_substitute, ask(staffed))
    act(staffed, "supervisor", refuse_substitution, first, "另有安排")
    second = act(staffed, "checker", name_substitute, ask(staffed))
    with pytest.raises(SubstitutionNotFound):
        act(staffed, "clerk2", withdraw_substitution, second)
    act(staffed, "checker", withdraw_substitution, second)
    with staffed.kernel.database.session() as session:
        assert session.scalars(select(Substitution)).all() == []
        verdicts = session.scalars(select(SubstitutionRequest.verdict).order_by(SubstitutionRequest.id))
        assert list(verdicts) == ["refused", "withdrawn"]
    assert denied(staffed, "clerk2", to_recheck(staffed)).decision.reason == "post_not_held"


def test_substitution_never_outlasts_the_principals_grant(staffed: Office) -> None:
    last = {"principal_id": "changer", "post": "rec_handler"}
    beyond = ask(staffed, **last, valid_from=CHANGES_POST - DAY, valid_to=CHANGES_POST + DAY)
    with pytest.raises(SubstitutionPostNotHeld):
        act(staffed, "supervisor", name_substitute, beyond)
    within = ask(staffed, **last, valid_from=CHANGES_POST - DAY, valid_to=CHANGES_POST)
    act(staffed, "supervisor", name_substitute, within)


ROW = """
    INSERT INTO substitution (principal_id, substitute_id, post, region_code, valid_from, valid_to, reason,
        requested_by, approved_by, at)
    VALUES (:principal, :substitute, :post, :region, :first, :until, 'raw', :asked, :approved, now())
"""


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"approved": "checker"}, "SD017"),
        ({"approved": "clerk2"}, "SD017"),
        ({"approved": "supervisor"}, "SD017"),
        ({"principal": "clerk"}, "SD017"),
        ({"region": COUNTY}, "SD017"),
        ({"substitute": "handler"}, "SD012"),
        ({}, ""),
    ],
)
def test_raw_rows_meet_the_fence(staffed: Office, changed: dict[str, str], state: str) -> None:
    people = {"principal": "checker", "substitute": "clerk2", "asked": "supervisor", "approved": "head"}
    day = today_of(staffed)
    values = {"post": "rec_checker", "region": CITY, "first": day, "until": day + DAY}
    values |= {key: staffed.person(changed.get(key, name)) for key, name in people.items()}
    values |= {key: value for key, value in changed.items() if key == "region"}
    with staffed.kernel.database.session() as session:
        if not state:
            session.execute(text(ROW), values)
            return
        with pytest.raises(DBAPIError) as refused:
            session.execute(text(ROW), values)
        assert getattr(refused.value.orig, "sqlstate", "") == state


def test_raw_act_on_behalf_without_substitution_meets_the_fence(staffed: Office) -> None:
    case_id = to_recheck(staffed)
    task = staffed.open_task_of(case_id)
    values = {
        "case": case_id,
        "task": task.id,
        "person": staffed.person("clerk2"),
        "account": staffed.actors["clerk2"].account_id,
        "principal": staffed.person("checker"),
        "at": staffed.kernel.clock(),
    }
    decision = text(
        "INSERT INTO duty_decision (id, at, account_id, person_id, on_behalf_of, action, case_id, task_id, duty,"
        " verdict, reason, evidence) VALUES (gen_random_uuid(), :at, :account, :person, :principal, 'open', :case,"
        " :task, 'recheck', 'allow', 'allowed', '{}') RETURNING id"
    )
    row = text(
        "INSERT INTO performance (case_id, task_id, person_id, account_id, on_behalf_of, duty, state, at, decision_id)"
        " VALUES (:case, :task, :person, :account, :principal, 'recheck', 'opened', :at, :decision)"
    )
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, ("*",))
        values["decision"] = session.execute(decision, values).scalar_one()
        with pytest.raises(DBAPIError) as refused:
            session.execute(row, values)
        assert getattr(refused.value.orig, "sqlstate", "") == "SD026"
    substitute(staffed)
    with staffed.kernel.database.session() as session:
        staffed.kernel.database.scope(session, ("*",))
        values["decision"] = session.execute(decision, values).scalar_one()
        session.execute(row, values)


def test_ending_races_with_claiming_and_never_leaves_an_act_afterwards(staffed: Office) -> None:
    """Whoever is first wins; nothing is opened for the principal once the end is committed."""
    lost = won = 0
    for _ in range(6):
        case_id = to_recheck(staffed)
        substitution = substitute(staffed)
        outcome: list[str] = []

        def take(case_id: int = case_id, outcome: list[str] = outcome) -> None:
            try:
                staffed.take(case_id, "clerk2")
                outcome.append("opened")
            except Refusal:
                outcome.append("refused")

        racer = threading.Thread(target=take)
        racer.start()
        act(staffed, "checker", end_substitution, substitution, "已回岗")
        racer.join(timeout=30)
        won += outcome == ["opened"]
        lost += outcome == ["refused"]
        assert denied(staffed, "clerk2", to_recheck(staffed)).decision.reason == "post_not_held"
    assert won + lost == 6 and lost


def test_list_names_both_and_the_day_of_an_early_end(staffed: Office) -> None:
    substitution = substitute(staffed)
    act(staffed, "supervisor", end_substitution, substitution, "人手已够")
    with staffed.kernel.database.session() as session:
        day = today_of(staffed)
        assert list_substitutions(session, persons=[staffed.person("checker")], first=day) == []
        known = list_substitutions(session, persons=[staffed.person("checker")], first=day - DAY)
    assert [(one.principal, one.substitute, one.ended_on) for one in known] == [("checker", "clerk2", day)]
    assert isinstance(known[0].valid_from, date) and not known[0].in_force(day)
