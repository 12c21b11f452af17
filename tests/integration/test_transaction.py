"""One intention, one transaction: what `run` refuses to commit, what survives a rollback, what is retried."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from app.kernel.audit.models import AuditEvent
from app.kernel.audit.verify import verify
from app.kernel.cases.models import Case
from app.kernel.duties.models import DutyDecision
from app.kernel.duties.records import permit_system
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.refusals import CaseNotFound, Refusal, TaskAlreadyClaimed, TaskAlreadyCompleted
from app.kernel.transaction import Idempotency, Unit, run, system_actor
from app.kernel.transaction.run import TransactionFault
from app.kernel.worklist.operations import assign_task, claim_task
from tests.office import CITY, Office, bring_to_review


def note_track(unit: Unit, track: str = "simple") -> None:
    """A lawful case write: decided, recorded."""
    assert unit.case is not None
    permit_system(unit, Action.SYSTEM, unit.case.id)
    unit.case.track = track
    unit.record("case.track_set", {"track": track})


def test_a_write_that_records_no_event_does_not_commit(office: Office) -> None:
    case_id = office.start()

    def silent(unit: Unit) -> None:
        assert unit.case is not None
        permit_system(unit, Action.SYSTEM, unit.case.id)
        unit.case.track = "simple"

    with pytest.raises(TransactionFault, match="audit event"):
        run(office.kernel, silent, system_actor(), case_id=case_id)
    assert office.case(case_id).track is None


def test_a_bulk_statement_is_noticed_as_a_write_too(office: Office) -> None:
    case_id = office.start()

    def silent(unit: Unit) -> None:
        unit.session.execute(update(Case).where(Case.id == case_id).values(track="simple"))

    with pytest.raises(TransactionFault, match="audit event"):
        run(office.kernel, silent, system_actor())


def test_a_case_write_without_a_duty_decision_does_not_commit(office: Office) -> None:
    case_id = office.start()

    def undecided(unit: Unit) -> None:
        assert unit.case is not None
        unit.case.track = "simple"
        unit.record("case.track_set", {})

    with pytest.raises(TransactionFault, match="duty decision"):
        run(office.kernel, undecided, system_actor(), case_id=case_id)
    assert office.case(case_id).track is None


def test_a_refusal_rolls_everything_back(office: Office) -> None:
    case_id = office.start()

    def refused(unit: Unit) -> None:
        note_track(unit)
        unit.session.flush()
        raise Refusal

    with pytest.raises(Refusal):
        run(office.kernel, refused, system_actor(), case_id=case_id)
    assert office.case(case_id).track is None


def test_a_denied_attempt_survives_the_rollback_on_the_cases_chain(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    with pytest.raises(DutyDenied):
        run(office.kernel, partial(claim_task, task_id=task.id), office.actors["clerk"], case_id=case_id)
    with office.kernel.database.session() as session:
        kept = session.scalars(select(DutyDecision).where(DutyDecision.verdict == "deny")).one()
        event = session.scalars(select(AuditEvent).where(AuditEvent.event == "duty.denied")).one()
    assert (kept.person_id, kept.reason) == (office.person("clerk"), "post_not_held")
    assert (event.chain, event.decision_id) == (f"case:{case_id}", kept.id)


def test_a_case_outside_the_actors_regions_is_not_found(office: Office) -> None:
    case_id = office.start()
    stranger = system_actor()
    narrow = type(stranger)(None, None, ("640300",))
    with pytest.raises(CaseNotFound):
        run(office.kernel, note_track, narrow, case_id=case_id)
    run(office.kernel, note_track, type(stranger)(None, None, (CITY,)), case_id=case_id)
    assert office.case(case_id).track == "simple"


def test_a_lost_race_is_tried_again(office: Office) -> None:
    case_id = office.start()
    tries = []

    def unlucky(unit: Unit) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("", {}, DeadlockDetected())
        note_track(unit)

    run(office.kernel, unlucky, system_actor(), case_id=case_id)
    assert (len(tries), office.case(case_id).track) == (3, "simple")


def test_every_commit_raises_the_cases_version_by_one(office: Office) -> None:
    case_id = office.start()
    before = office.case(case_id).version
    for track in ("simple", "ordinary"):
        run(office.kernel, partial(note_track, track=track), system_actor(), case_id=case_id)
    assert office.case(case_id).version == before + 2


def test_concurrent_twins_of_one_key_have_one_effect(office: Office) -> None:
    """The second waits at the key for the first; neither sees a conflict."""
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    key = Idempotency.of("twin", {"task": task.id})
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            operation = partial(claim_task, task_id=task.id)
            run(office.kernel, operation, office.actors["handler"], case_id=case_id, idempotency=key)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    claims = (
        select(func.count())
        .select_from(AuditEvent)
        .where(AuditEvent.event == "task.claimed", AuditEvent.task_id == task.id)
    )
    with office.kernel.database.session() as session:
        assert (failures, session.scalar(claims)) == ([], 1)


def test_of_many_claimants_exactly_one_wins_and_the_others_are_told(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    results: list[str] = []

    def attempt(who: str) -> None:
        try:
            run(office.kernel, partial(claim_task, task_id=task.id), office.actors[who], case_id=case_id)
            results.append("won")
        except TaskAlreadyClaimed:
            results.append("told")

    threads = [threading.Thread(target=attempt, args=(who,)) for who in ("handler", "handler2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["told", "won"]


def test_application_role_cannot_write_what_only_triggers_may(office: Office) -> None:
    with office.kernel.database.session() as session, pytest.raises(Exception, match="permission denied"):
        session.execute(text("INSERT INTO sod_binding VALUES (1, 1, 1, 1, 'recheck', 1, 1)"))


def test_denied_attempts_in_a_storm_do_not_break_the_act_they_race(office: Office) -> None:
    """Denied attempts join the case's chain without its row lock; whoever loses a place tries again."""
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    broken: list[BaseException] = []
    ended = threading.Event()
    knocks = threading.Semaphore(0)

    denied = partial(assign_task, task_id=task.id, person_id=office.person("handler2"))

    def knock() -> None:
        while not ended.is_set():
            try:
                run(office.kernel, denied, office.actors["clerk"], case_id=case_id)
            except DutyDenied:
                knocks.release()
            except BaseException as error:
                broken.append(error)
                return

    knocking = [threading.Thread(target=knock) for _ in range(4)]
    for thread in knocking:
        thread.start()
    heard = sum(knocks.acquire(timeout=30) for _ in range(5))  # the storm blows before the act begins
    office.complete(case_id, task, "handler", outcome="submit_positive")
    ended.set()
    for thread in knocking:
        thread.join(30)
    assert office.open_task_of(case_id).duty == "recheck"
    assert all(isinstance(error, TaskAlreadyCompleted) for error in broken)
    with office.kernel.database.session() as session:
        assert verify(session, office.kernel.keyring).intact
        events = select(func.count()).select_from(AuditEvent).where(AuditEvent.event == "duty.denied")
        while knocks.acquire(blocking=False):
            heard += 1
        assert session.scalar(events) == heard > 4
