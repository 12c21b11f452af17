"""Late merges: two records become one person; what was done stands as it was, and what collides is reported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.kernel.audit.models import AuditEvent
from app.kernel.changes.kinds import Moment
from app.kernel.duties.models import CaseDecision
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.duties.refusals import DutyDenied
from app.kernel.grants.operations import PostApplication, apply_for_post
from app.kernel.grants.refusals import GrantDenied
from app.kernel.identity import administration
from app.kernel.identity.administration import NewPerson, register_person
from app.kernel.identity.change_kinds import PersonMergeKind
from app.kernel.identity.doubts import find_likely_duplicates, list_doubts, raise_doubt, raise_likely_doubts
from app.kernel.identity.login import Credentials, log_in
from app.kernel.identity.merging import merge_person
from app.kernel.identity.models import Account, IdentityDoubt, Person, WebSession
from app.kernel.identity.operations import create_person
from app.kernel.identity.records import get_person_file
from app.kernel.identity.refusals import (
    AccountsBySystemAdmin,
    DoubtKnown,
    DoubtsBySupervisors,
    MergeImpossible,
    OwnAccount,
    PersonKnown,
)
from app.kernel.recusal.operations import declare_recusal
from app.kernel.refusals import FenceRefused, Refusal
from app.kernel.transaction import Actor, run, system_actor
from app.kernel.violations.models import SodViolation, ViolationCase
from app.kernel.violations.queries import frozen_cases
from app.kernel.worklist.models import Task, TaskClaim
from app.kernel.worklist.operations import claim_task
from tests.changing import add_changers, carry_through, propose, sign, to_approval
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, PASSWORD, Office, bring_to_review, id_number

TODAY = date(2026, 3, 2)
MORNING = Moment(datetime(2026, 3, 2, 1, tzinfo=UTC), TODAY)


@pytest.fixture
def office(office: Office) -> Office:
    """The office with the three who decide on changes."""
    add_changers(office)
    return office


def merge(office: Office, duplicate: str, survivor: str) -> dict[str, Any]:
    """Merged by a controlled change of three people; answers the report that both audit chains got."""
    values = {
        "person_id": str(office.person(duplicate)),
        "canonical_id": str(office.person(survivor)),
        "finding": "核对户籍资料，确为同一人",
    }
    carry_through(office, "person_merge", values)
    reports = [_report(office, name) for name in (duplicate, survivor)]
    assert reports[0] == reports[1]
    return reports[0]


def _report(office: Office, name: str) -> dict[str, Any]:
    query = select(AuditEvent.payload).where(
        AuditEvent.chain == f"person:{office.person(name)}", AuditEvent.event == "person.merged"
    )
    found: dict[str, Any] = orjson.loads(scalars(office, query.order_by(AuditEvent.id))[-1])
    return found


def scalars(office: Office, query: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(query))


def canonical(office: Office, name: str) -> int:
    found: int = scalars(office, select(Person.canonical_id).where(Person.id == office.person(name)))[0]
    return found


def test_one_person_who_reviewed_and_rechecked_under_two_records_is_a_violation_that_freezes(
    office: Office,
) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    report = merge(office, "checker", "handler")
    assert [item["rule"] for item in report["violations"]] == ["exclusion:1", "case_reviews"]
    found = scalars(office, select(SodViolation).where(SodViolation.rule == "case_reviews"))[0]
    assert (found.cause, found.person_id) == ("merge", office.person("handler"))
    assert set(found.members) == {"initial_review", "recheck"}
    assert scalars(office, select(ViolationCase.case_id)) == [case_id]
    with pytest.raises(Refusal):
        office.work(case_id, "approver", outcome="agree")
    assert scalars(office, select(CaseDecision.id).where(CaseDecision.case_id == case_id)) == []
    with office.kernel.database.session() as session:
        assert list(frozen_cases(session, [case_id])) == [case_id]


def recuse(office: Office, case_id: int, by: str) -> None:
    operation = partial(declare_recusal, cause="kinship", detail="与职工为亲属")
    run(office.kernel, operation, office.actors[by], case_id=case_id)


def test_who_acted_and_stood_back_afterwards_is_no_violation_when_another_record_is_merged(
    office: Office,
) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    recuse(office, case_id, "handler")
    office.hire("twin", 90)
    assert merge(office, "twin", "handler")["violations"] == []
    assert scalars(office, select(ViolationCase.case_id)) == []


def test_who_acted_after_another_record_stood_back_is_found_at_the_merge_and_freezes(
    office: Office, clock: MovingClock
) -> None:
    case_id = bring_to_review(office)
    office.hire("twin", 90)
    recuse(office, case_id, "twin")
    clock.move(minutes=1)
    office.work(case_id, "handler", outcome="submit_positive")
    report = merge(office, "twin", "handler")
    assert [(item["rule"], item["members"]) for item in report["violations"]] == [
        ("recused", ["initial_review"])
    ]
    assert scalars(office, select(ViolationCase.case_id)) == [case_id]


def test_merged_person_may_not_take_what_the_other_record_excludes(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.hire("twin", 90)
    merge(office, "twin", "handler")
    actor = office.actors["twin"]
    as_twin = Actor(
        actor.account_id, office.person("handler"), actor.regions, recorded_person_id=actor.person_id
    )
    task = office.open_task_of(case_id)
    with pytest.raises(DutyDenied) as refused:
        run(office.kernel, partial(claim_task, task_id=task.id), as_twin, case_id=case_id)
    assert refused.value.decision.reason == "post_not_held"
    asked = PostApplication(actor.person_id or 0, "rec_checker", CITY, TODAY, None, "轮岗")
    with pytest.raises(GrantDenied) as excluded:
        run(office.kernel, partial(apply_for_post, application=asked), office.actors["supervisor"])
    assert excluded.value.decision.reason == "grant_excluded", "what one record holds excludes the other"


def test_posts_that_exclude_each_other_come_out_and_stop_all_duties(office: Office) -> None:
    case_id = bring_to_review(office)
    report = merge(office, "checker", "handler")
    assert [item["rule"] for item in report["violations"]] == ["exclusion:1"]
    with pytest.raises(DutyDenied) as refused:
        office.take(case_id, "handler")
    assert refused.value.decision.reason == "posts_in_violation"


def test_post_excluded_by_the_one_a_merged_record_kept_is_not_granted_again(office: Office) -> None:
    """The record's hold collided when it was merged and stayed behind: it excludes all the same."""
    merge(office, "checker", "handler")
    chiefs = [office.person(name) for name in ("chief1", "chief2", "chief3")]

    def granted(post: str) -> list[int]:
        wanted = GrantRequest(office.person("handler"), post, COUNTY, TODAY, None, *chiefs)
        return run(office.kernel, partial(grant_posts, requests=[wanted]), system_actor())

    for post in ("rec_handler", "rec_checker"):
        with pytest.raises(FenceRefused) as refused:
            granted(post)
        assert refused.value.params["sqlstate"] == "SD012"
    assert granted("rec_clerk")


def test_chains_of_merges_stay_flat(office: Office) -> None:
    merge(office, "chief3", "chief2")
    merge(office, "chief2", "chief1")
    assert [canonical(office, name) for name in ("chief1", "chief2", "chief3")] == [
        office.person("chief1")
    ] * 3
    with office.kernel.database.session() as session:
        file = get_person_file(session, office.kernel.keyring, office.person("chief3"))
        assert file is not None and file.id == office.person("chief1")
        assert file.record_ids == [office.person(name) for name in ("chief1", "chief2", "chief3")]


def test_merged_record_is_merged_no_second_time(office: Office) -> None:
    merge(office, "chief3", "chief2")
    for duplicate, survivor in (("chief3", "chief1"), ("chief1", "chief3"), ("chief1", "chief1")):
        operation = partial(
            merge_person,
            person_id=office.person(duplicate),
            canonical_id=office.person(survivor),
            reason="",
            change_id=1,
        )
        with pytest.raises(MergeImpossible):
            run(office.kernel, operation, system_actor("test"))


def test_claims_of_the_merged_record_are_given_back_and_its_sessions_end(office: Office) -> None:
    case_id = bring_to_review(office)
    office.take(case_id, "handler2")
    log_in(office.kernel, Credentials("handler2-account", PASSWORD))
    report = merge(office, "handler2", "handler")
    assert (report["released_cases"], report["sessions_ended"]) == ([case_id], 1)
    task = office.open_task_of(case_id)
    assert task.claimed_by is None
    ended = scalars(office, select(TaskClaim.release_reason).where(TaskClaim.task_id == task.id))
    assert ended == ["merged"]
    assert scalars(office, select(WebSession.token_digest).where(WebSession.revoked_at.is_(None))) == []
    events = scalars(office, select(AuditEvent.event).where(AuditEvent.chain == f"case:{case_id}"))
    assert events.count("task.claim_ended") == 1


def test_what_if_names_the_cases_that_would_collide_and_the_claims(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    office.take(case_id, "checker")
    payload = {"person_id": str(office.person("checker")), "canonical_id": str(office.person("handler"))}
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        kind = PersonMergeKind()
        touched = list(kind.what_if(session, payload, MORNING))
        assert {(item.case_id, item.severity) for item in touched} == {
            (case_id, "violation"),
            (case_id, "info"),
        }
        lines = kind.differences(session, None, {**payload, "finding": "x"}, MORNING)
        assert any("初审与复核" in line.new_zh or "×" in line.new_zh for line in lines)


def test_merge_without_an_approved_change_is_refused_by_the_database(office: Office) -> None:
    values = {"person_id": str(office.person("chief3")), "canonical_id": str(office.person("chief1"))}
    other = propose(office, "person_merge", {**values, "finding": "另一件"})
    for change, duplicate in ((other, "chief3"), (other, "chief2")):
        operation = partial(
            merge_person,
            person_id=office.person(duplicate),
            canonical_id=office.person("chief1"),
            reason="",
            change_id=change,
        )
        with pytest.raises(FenceRefused) as refused:
            run(office.kernel, operation, system_actor("test"))
        assert refused.value.params["sqlstate"] == "SD014"
        assert canonical(office, duplicate) == office.person(duplicate)


def test_merge_racing_a_claim_leaves_nothing_that_the_merged_record_could_finish(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    values = {
        "person_id": str(office.person("handler2")),
        "canonical_id": str(office.person("handler")),
        "finding": "同一人",
    }
    change = propose(office, "person_merge", values)
    to_approval(office, change)

    def claim() -> str:
        operation = partial(claim_task, task_id=task.id)
        try:
            run(office.kernel, operation, office.actors["handler2"], case_id=case_id)
        except Refusal as refusal:
            return refusal.code
        return "claimed"

    with ThreadPoolExecutor(2) as pool:
        claimed = pool.submit(claim)
        merged = pool.submit(sign, office, change, "authoriser", "approve")
        merged.result()
        assert claimed.result() in ("claimed", "duty_denied")
    assert canonical(office, "handler2") == office.person("handler")
    holder = scalars(office, select(Task.claimed_by).where(Task.id == task.id))[0]
    assert holder in (None, office.person("handler2")), "the survivor was given nothing"


# Doubts -------------------------------------------------------------------------------------------


@pytest.fixture
def bureau(office: Office) -> Office:
    office.hire("sysadm", 300)
    office.grant("sysadm", "system_admin", region="640000")
    return office


def test_doubt_stops_every_duty_until_three_people_have_settled_it(bureau: Office) -> None:
    case_id = bring_to_review(bureau)
    pair = (bureau.person("handler"), bureau.person("chief1"))
    raising = partial(raise_doubt, person_id=pair[0], other_id=pair[1], ground="身份证复印件不一致")
    doubt = run(bureau.kernel, raising, bureau.actors["supervisor"])
    with pytest.raises(DutyDenied) as refused:
        bureau.take(case_id, "handler")
    assert refused.value.decision.reason == "identity_in_doubt"
    carry_through(bureau, "identity_distinct", {"doubt_id": str(doubt), "finding": "是两个人"})
    bureau.take(case_id, "handler")


def test_merge_settles_the_doubt_between_the_two(bureau: Office) -> None:
    raising = partial(
        raise_doubt, person_id=bureau.person("chief2"), other_id=bureau.person("chief1"), ground="疑为一人"
    )
    doubt = run(bureau.kernel, raising, bureau.actors["auditor"])
    report = merge(bureau, "chief2", "chief1")
    assert report["doubts"] == [doubt]
    with bureau.kernel.database.session() as session:
        assert list_doubts(session) == []
        assert [item.verdict for item in list_doubts(session, open_only=False)] == ["merged"]


def test_doubt_is_raised_once_and_only_by_who_may(bureau: Office) -> None:
    raising = partial(raise_doubt, person_id=bureau.person("chief2"), other_id=None, ground="证件过期")
    with pytest.raises(DoubtsBySupervisors):
        run(bureau.kernel, raising, bureau.actors["handler"])
    run(bureau.kernel, raising, bureau.actors["sysadm"])
    with pytest.raises(DoubtKnown):
        run(bureau.kernel, raising, bureau.actors["auditor"])


def test_doubt_can_not_be_cleared_by_hand(bureau: Office) -> None:
    raising = partial(raise_doubt, person_id=bureau.person("chief2"), other_id=None, ground="证件过期")
    run(bureau.kernel, raising, bureau.actors["sysadm"])
    with bureau.kernel.database.session() as session, pytest.raises(DBAPIError) as refused:
        session.execute(text("UPDATE identity_doubt SET cleared_at = now(), verdict = 'distinct'"))
    assert getattr(refused.value.orig, "sqlstate", "") == "SD014"


def test_namesake_with_the_same_birthday_is_registered_in_doubt(bureau: Office) -> None:
    numbers = (id_number(401), id_number(402))  # one digit apart, and the check digit follows
    for number, login in zip(numbers, ("first.ma", "second.ma"), strict=True):
        new = NewPerson("马建华", number, login, PASSWORD)
        done = run(bureau.kernel, partial(register_person, new=new), bureau.actors["sysadm"])
    assert len(done.doubts) == 1
    with bureau.kernel.database.session() as session:
        found = list_doubts(session, person_ids=[done.person_id])[0]
        assert found.raised_by is None and found.ground.startswith("data:")
        pairs = find_likely_duplicates(session, bureau.kernel.keyring)
        assert not any(done.person_id in (pair.person_id, pair.other_id) and pair.strong for pair in pairs)


def test_nightly_comparison_raises_strong_pairs_once(bureau: Office) -> None:
    for serial in (411, 412):
        run(bureau.kernel, partial(create_person, name="丁小燕", id_number=id_number(serial)), system_actor())
    before = len(scalars(bureau, select(IdentityDoubt.id)))
    assert raise_likely_doubts(bureau.kernel) == 1
    assert len(scalars(bureau, select(IdentityDoubt.id))) == before + 1
    assert raise_likely_doubts(bureau.kernel) == 0


# Accounts -----------------------------------------------------------------------------------------


def test_accounts_are_managed_by_the_system_administrator_and_by_nobody_for_himself(bureau: Office) -> None:
    account = bureau.actors["handler"].account_id
    locking = partial(administration.lock_account, account_id=account, reason="离岗")
    for name in ("supervisor", "auditor", "handler"):
        with pytest.raises(AccountsBySystemAdmin):
            run(bureau.kernel, locking, bureau.actors[name])
    own = partial(
        administration.reset_password, account_id=bureau.actors["sysadm"].account_id, new="Another-horse-9"
    )
    with pytest.raises(OwnAccount):
        run(bureau.kernel, own, bureau.actors["sysadm"])
    run(bureau.kernel, locking, bureau.actors["sysadm"])
    assert scalars(bureau, select(Account.state).where(Account.id == account)) == ["locked"]
    enabling = partial(administration.enable_account, account_id=account, reason="回岗")
    run(bureau.kernel, enabling, bureau.actors["sysadm"])
    assert scalars(bureau, select(Account.state).where(Account.id == account)) == ["active"]


def test_account_never_goes_to_another_person(bureau: Office) -> None:
    account = bureau.actors["handler"].account_id
    move = f"UPDATE account SET person_id = {bureau.person('chief1')} WHERE id = {account}"
    with bureau.kernel.database.session() as session, pytest.raises(DBAPIError) as refused:
        session.execute(text(move))
    assert getattr(refused.value.orig, "sqlstate", "") in ("42501", "SD021")


def test_one_person_per_number_holds_under_a_race_of_spellings(bureau: Office) -> None:
    number = id_number(500)
    spellings = [
        number,
        f"{number[:6]} {number[6:14]}-{number[14:]}",
        number.lower(),
        f"\u200b{number}\u3000",
    ]

    def create(spelling: str) -> str:
        operation = partial(create_person, name="杨雪", id_number=spelling)
        try:
            run(bureau.kernel, operation, system_actor("race"))
        except PersonKnown:
            return "known"
        return "created"

    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            ended = list(pool.map(create, spellings * 2))
        assert ended.count("created") <= 1
    assert len(scalars(bureau, select(Person.id).where(Person.name == "杨雪"))) == 1
