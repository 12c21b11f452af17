"""Claims end at once when what they rest on does: by a job deferred in the very transaction that changed it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import partial
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text

from app.kernel.absences.substitution import end_substitution
from app.kernel.audit.models import AuditEvent
from app.kernel.duties.operations import raise_risk
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.claims import RECONSIDER_JOB, reconsider_later
from app.kernel.worklist.models import Notification
from app.kernel.worklist.operations import claim_task
from app.kernel.worklist.reconsidering import end_lapsed_claims, reconsider_claims
from tests.changing import add_changers, carry_through
from tests.moving_clock import MovingClock
from tests.office import Office, bring_to_review
from tests.substitution_office import CHANGES_POST, act, hire_more, substitute


def run_jobs(office: Office) -> int:
    """What the worker does with the deferred jobs; answers how many claims ended."""
    with office.kernel.database.session() as session:
        rows = session.execute(
            text("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = :name ORDER BY id"),
            {"name": RECONSIDER_JOB},
        ).all()
    return sum(reconsider_claims(office.kernel, row.args) for row in rows)


def told(office: Office, who: str) -> list[str]:
    """Causes of the claims that this person was told he lost."""
    with office.kernel.database.session() as session:
        params = session.scalars(
            select(Notification.params).where(
                Notification.person_id == office.person(who), Notification.code == "task_taken_back"
            )
        )
        return [found["cause"] for found in params]


def said(office: Office, case_id: int) -> list[str]:
    """What the case says about claims that ended."""
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        rows = session.scalars(
            select(AuditEvent.payload).where(
                AuditEvent.case_id == case_id, AuditEvent.event == "task.claim_ended"
            )
        )
        return [orjson.loads(row)["cause"] for row in rows]


def claim(office: Office, case_id: int, who: str) -> int:
    task = office.open_task_of(case_id)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors[who], case_id=case_id)
    return task.id


def test_merge_ends_the_claims_that_the_other_record_excludes(office: Office) -> None:
    add_changers(office)
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    claim(office, case_id, "checker")
    values = {"person_id": str(office.person("handler")), "canonical_id": str(office.person("checker"))}
    carry_through(office, "person_merge", {**values, "finding": "同一人"})
    assert run_jobs(office) == 1
    assert office.open_task_of(case_id).claimed_by is None
    assert told(office, "checker") == said(office, case_id) == ["merged"]
    assert run_jobs(office) == 0


def test_new_set_ends_the_claims_it_forbids_and_no_others(office: Office, clock: MovingClock) -> None:
    add_changers(office)
    barred, free = bring_to_review(office), bring_to_review(office)
    office.work(free, "handler", outcome="submit_positive")
    claim(office, barred, "handler")
    claim(office, free, "checker")
    members = [
        {"member": duty, "duty": duty, "process_key": "", "case_role": ""}
        for duty in ("investigation", "initial_review")
    ]
    values: dict[str, Any] = {
        "key": "look_and_review",
        "kind": "exclusive",
        "scope": "case",
        "maximum": "1",
        "severity": "deny",
        "risk_classes": ["normal", "high", "routed"],
        "title_zh": "调查与初审",
        "title_en": "Investigation and review",
        "ground": "测试",
        "members": members,
    }
    carry_through(office, "conflict_set", values)
    clock.set(datetime.now(UTC))  # the fence stamps the moment from which the set is in force
    assert run_jobs(office) == 1
    assert told(office, "handler") == said(office, barred) == ["set_activated"]
    assert office.open_task_of(free).claimed_by == office.person("checker")


def test_end_of_a_substitution_gives_the_substitutes_claims_back(office: Office) -> None:
    hire_more(office)
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    substitution = substitute(office)
    claim(office, case_id, "clerk2")
    act(office, "checker", end_substitution, substitution, "提前返岗")
    assert run_jobs(office) == 1
    assert office.open_task_of(case_id).claimed_by is None
    assert told(office, "clerk2") == said(office, case_id) == ["substitution_ended"]


def test_posts_that_end_by_date_take_their_claims_along(office: Office, clock: MovingClock) -> None:
    hire_more(office)
    case_id, other = bring_to_review(office), bring_to_review(office)
    claim(office, case_id, "leaver")
    claim(office, other, "handler")
    assert end_lapsed_claims(office.kernel) == 0
    clock.set(datetime.combine(CHANGES_POST, time(9), UTC))
    assert end_lapsed_claims(office.kernel) == 1
    assert told(office, "leaver") == said(office, case_id) == ["post_ended"]
    assert office.open_task_of(other).claimed_by == office.person("handler")


def test_risen_risk_asks_about_others_claims_only(office: Office) -> None:
    unclaimed, claimed = bring_to_review(office), bring_to_review(office)
    claim(office, claimed, "handler")

    def rise(unit: Unit, *, calm: str = "normal") -> None:
        assert unit.case is not None
        permit_system(unit, Action.SYSTEM, unit.case.id)
        unit.case.risk = calm  # as if no rule had raised it yet
        assert raise_risk(unit, unit.case, "routed", "测试")

    run(office.kernel, rise, system_actor(), case_id=unclaimed)
    assert deferred(office) == 0
    run(office.kernel, rise, system_actor(), case_id=claimed)
    assert deferred(office) == 1
    assert run_jobs(office) == 0
    assert office.open_task_of(claimed).claimed_by == office.person("handler")


def deferred(office: Office) -> int:
    with office.kernel.database.session() as session:
        return int(
            session.execute(
                text("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = :name"),
                {"name": RECONSIDER_JOB},
            ).scalar_one()
        )


def test_what_is_asked_goes_with_the_transaction_that_asked(office: Office) -> None:
    def undone(unit: Unit) -> None:
        reconsider_later(unit, "merged", persons=[1])
        raise LookupError

    with pytest.raises(LookupError):
        run(office.kernel, undone, system_actor())
    assert deferred(office) == 0
