"""Claims and assignments that leave a case impossible to finish: foreseen, explained, refused where policy says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select

from app.kernel.absences.operations import AbsenceEntry, record_absence
from app.kernel.audit.models import AuditEvent
from app.kernel.duties.models import DutyDecision
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Decision, Verdict
from app.kernel.local_time import local_day
from app.kernel.transaction import run
from app.kernel.worklist.operations import assign_task, claim_task, release_task
from app.kernel.worklist.outlooks import Asked, Foreseen, foresee, foresee_rows
from app.kernel.worklist.pools import forget_pools
from app.kernel.worklist.queries import QueueFilter, QueueRow, Tab, list_queue
from tests.lookahead_county import WHOLE_WAY, deploy_with, found_county
from tests.office import COUNTY, Office, bring_to_review


@pytest.fixture(autouse=True)
def _fresh_pools() -> Iterator[None]:
    forget_pools()
    yield
    forget_pools()


def claim(office: Office, case_id: int, by: str) -> Decision:
    task = office.open_task_of(case_id)
    return run(office.kernel, partial(claim_task, task_id=task.id), office.actors[by], case_id=case_id)


def rows_for(office: Office, who: str) -> list[QueueRow]:
    """The rows of a person's "can take" tab, with the look-ahead."""
    kernel, person = office.kernel, office.person(who)
    now = kernel.clock()
    with kernel.database.session() as session:
        kernel.database.scope(session, ("*",))
        found = list_queue(session, person, QueueFilter(tab=Tab.CAN_TAKE), now, local_day(now))
        return foresee_rows(session, kernel.ports.routes, found.rows, person, now, local_day(now))


def foreseen(office: Office, case_id: int, who: str) -> Foreseen:
    """The preview of giving the open task to somebody, with how tight the rest becomes."""
    kernel, now = office.kernel, office.kernel.clock()
    row = next(row for row in rows_for(office, who) if row.case.id == case_id)
    with kernel.database.session() as session:
        kernel.database.scope(session, ("*",))
        asked = Asked(row.task, row.case, office.person(who), Decision(Verdict.ALLOW, "allowed"))
        found = foresee(session, kernel.ports.routes, [asked], now, local_day(now), slack=True)
    return found[row.task.id, office.person(who)]


def away(office: Office, name: str) -> None:
    day = local_day(office.kernel.clock())
    entry = AbsenceEntry(office.person(name), day, day + timedelta(days=3), "leave", "")

    def operation(unit: Any) -> None:
        record_absence(unit, entry)

    run(office.kernel, operation, office.actors[name])
    forget_pools()


def test_claim_that_uses_up_the_only_approver_is_warned_of_with_the_remedy(office: Office) -> None:
    found_county(office)
    case_id = office.start("front", region=COUNTY)
    decision = claim(office, case_id, "both")
    assert (decision.verdict, decision.reason) == (Verdict.WARN, "leaves_case_unfinishable")
    assert decision.params["tight"] == ["final_review"]
    assert decision.params["others"] == ["front"]
    assert office.open_task_of(case_id).claimed_by == office.person("both")
    with office.kernel.database.session() as session:
        kept = session.scalars(select(DutyDecision).where(DutyDecision.action == "claim")).one()
    assert (kept.verdict, kept.reason) == ("warn", "leaves_case_unfinishable")


def test_who_the_remedy_names_takes_it_without_warning_and_the_case_is_finished(office: Office) -> None:
    found_county(office)
    case_id = office.start("front", region=COUNTY)
    named = claim(office, case_id, "both").params["others"]
    task = office.open_task_of(case_id)
    run(office.kernel, partial(release_task, task_id=task.id), office.actors["both"], case_id=case_id)
    assert named == ["front"]
    for who, form in WHOLE_WAY:
        assert claim(office, case_id, who).verdict is Verdict.ALLOW
        office.work(case_id, who, **form)
    office.serve(case_id, "last")
    office.let_remedies_pass(case_id)
    assert office.case(case_id).status == "closed"


def test_whoever_ignores_the_warning_leaves_the_case_stuck_as_foretold(office: Office) -> None:
    found_county(office)
    case_id = office.start("front", region=COUNTY)
    office.work(case_id, "both", outcome="complete")
    for who, form in WHOLE_WAY[1:-1]:
        office.work(case_id, who, **form)
    with pytest.raises(DutyDenied) as denied:
        claim(office, case_id, "both")
    assert denied.value.decision.reason == "conflicting_duty"


def test_process_may_refuse_what_others_warn_of_and_nothing_is_claimed(office: Office) -> None:
    found_county(office)
    deploy_with(office, "refuse")
    case_id = office.start("front", region=COUNTY)
    with pytest.raises(DutyDenied) as denied:
        claim(office, case_id, "both")
    assert denied.value.decision.reason == "leaves_case_unfinishable"
    assert denied.value.params["others"] == ["front"]
    assert office.open_task_of(case_id).claimed_by is None
    assert claim(office, case_id, "front").verdict is Verdict.ALLOW


def test_refusal_of_a_supervisors_assignment_is_recorded(office: Office) -> None:
    found_county(office)
    deploy_with(office, "refuse")
    case_id = office.start("front", region=COUNTY)
    task = office.open_task_of(case_id)
    assign = partial(assign_task, task_id=task.id, person_id=office.person("both"))
    with pytest.raises(DutyDenied):
        run(office.kernel, assign, office.actors["boss"], case_id=case_id)
    with office.kernel.database.session() as session:
        events = session.scalars(select(AuditEvent.event).where(AuditEvent.case_id == case_id)).all()
    assert "duty.denied" in events
    assert "task.reassigned" not in events
    assign = partial(assign_task, task_id=task.id, person_id=office.person("front"))
    assert run(office.kernel, assign, office.actors["boss"], case_id=case_id).verdict is Verdict.ALLOW


def test_policy_off_says_nothing(office: Office) -> None:
    found_county(office)
    deploy_with(office, "off")
    assert claim(office, office.start("front", region=COUNTY), "both").verdict is Verdict.ALLOW


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_case_that_nobody_could_finish_says_so_and_refuses_nobody(office: Office, policy: str) -> None:
    found_county(office, without="third")
    deploy_with(office, policy)
    case_id = office.start("front", region=COUNTY)
    decision = claim(office, case_id, "front")
    assert (decision.verdict, decision.reason) == (Verdict.WARN, "case_unfinishable_anyway")
    assert decision.params["tight"] == ["recheck"]
    assert decision.params["short"] == 1


def test_people_who_are_away_make_a_warning_never_a_refusal(office: Office) -> None:
    found_county(office)
    deploy_with(office, "refuse")
    office.hire("spare", 59)
    office.grant("spare", "rec_approver", region=COUNTY)
    case_id = office.start("front", region=COUNTY)
    assert claim(office, case_id, "both").verdict is Verdict.ALLOW
    run(
        office.kernel,
        partial(release_task, task_id=office.open_task_of(case_id).id),
        office.actors["both"],
        case_id=case_id,
    )
    away(office, "spare")
    decision = claim(office, case_id, "both")
    assert (decision.verdict, decision.reason) == (Verdict.WARN, "leaves_case_to_absent")
    assert decision.params["others"] == ["front"]


def test_queue_marks_the_row_for_the_one_it_would_use_up_only(office: Office) -> None:
    found_county(office)
    stuck, plain = office.start("front", region=COUNTY), bring_to_review(office)
    marks = {row.case.id: row.decision.reason for row in rows_for(office, "both")}
    assert marks == {stuck: "leaves_case_unfinishable"}
    assert [row.decision.reason for row in rows_for(office, "front")] == ["allowed"]
    assert {row.case.id: row.decision.reason for row in rows_for(office, "handler")} == {plain: "allowed"}


def test_preview_tells_how_tight_the_rest_becomes(office: Office) -> None:
    found_county(office)
    case_id = office.start("front", region=COUNTY)
    found = foreseen(office, case_id, "front").outlook
    assert (found.reason, found.slack) == ("", 0)
    assert len(found.tight) == 1
    assert len(found.people) == 1
    assert foreseen(office, case_id, "both").decision.reason == "leaves_case_unfinishable"


def test_number_of_queries_does_not_grow_with_the_rows(office: Office) -> None:
    found_county(office)
    counts = []
    for _ in range(2):
        for _ in range(4):
            office.start("front", region=COUNTY)
        rows_for(office, "both")
        seen: list[str] = []
        engine = office.kernel.database.engine

        def note(*args: Any, seen: list[str] = seen) -> None:
            seen.append(args[2])

        event.listen(engine, "before_cursor_execute", note)
        rows = rows_for(office, "both")
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert len(rows) == 8
    assert counts[0] == counts[1]
