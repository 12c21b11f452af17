"""The demonstration region: played with the real operations, so every trace of it is genuine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.demo import accounts, load
from app.demo.roster import (
    AWAY,
    AWAY_APPROVER,
    AWAY_SOON,
    AWAY_SUBSTITUTE,
    TRANSFERRED,
    TWO_RECORDS,
    YANCHI,
)
from app.domain.assessment.models import PanelOpinion
from app.domain.benefits.models import Payable
from app.domain.registry import reference
from app.domain.registry.facts import facts_of_case
from app.domain.registry.own_wage import own_wage
from app.domain.registry.queries import experts, find_person_by_index
from app.kernel.absences.queries import list_absent, list_substitutions
from app.kernel.audit.models import AuditEvent
from app.kernel.audit.verify import verify
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, Material
from app.kernel.changes.models import ControlledChange
from app.kernel.deadlines.models import Clock
from app.kernel.duties.models import CaseDecision, Performance
from app.kernel.duties.refusals import DutyDenied
from app.kernel.grants.entities import State
from app.kernel.grants.queries import list_requests
from app.kernel.identity.doubts import list_doubts
from app.kernel.identity.login import Credentials, log_in
from app.kernel.identity.models import Account, Person
from app.kernel.identity.queries import accounts_of
from app.kernel.kernel import Kernel
from app.kernel.recusal.models import PersonInterest, Recusal, RecusalRuling
from app.kernel.transaction import Actor, run
from app.kernel.violations.queries import list_violations
from app.kernel.worklist.models import Notification, Task
from app.kernel.worklist.operations import claim_task
from app.storage.embedded import EmbeddedServer
from app.wiring import build_kernel
from config import Settings
from tests.databases import copy_of_template
from tests.moving_clock import MovingClock

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CASES = 24
SHOWN_CHANGES = 4
BEYOND = ("capacity_assessment", "disability_benefit_award")
"""What follows a recognition; one injury of so small a region has come that far."""
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def region(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A small region, loaded once for all tests of this file."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with copy_of_template(server) as copy:
        reference.install_at(copy.owner_url)
        built = build_kernel(Settings(data_dir=folder, database_url=copy.app_url))
        kernel = replace(built, clock=MovingClock(NOW))
        load(kernel, cases=CASES)
        yield kernel
        kernel.database.dispose()


def test_cases_stand_in_every_state(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        played = select(func.count()).where(Case.process_key == "injury_recognition")
        assert session.scalar(played) == CASES
        open_ones = select(Task.step_key).join(Case, Case.id == Task.case_id).where(Task.state == "open")
        steps = set(session.scalars(open_ones.where(Case.process_key.not_in(BEYOND))))
        steps.remove("rule_recheck")  # the controlled change that waits
        steps.remove("rb8_blocked")  # the identity match that a senior is asked to set aside
        assert len(steps) == 10
        outcomes = set(session.scalars(select(CaseDecision.outcome)))
        assert "approved_positive" in outcomes
        assert session.scalar(select(func.count()).where(Case.status == "closed"))
        assert session.scalar(select(func.count()).where(Task.acts == 1, Task.state == "open"))
        assert session.scalar(select(func.count()).select_from(Material))
        assert set(session.scalars(select(Case.risk))) == {"high", "routed"}


def test_every_trace_is_genuine_and_in_order_of_time(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        assert verify(session, region.keyring).intact
        chains: dict[str, datetime] = {}
        events = select(AuditEvent.chain, AuditEvent.at).where(AuditEvent.chain.like("case:%"))
        for chain, at in session.execute(events.order_by(AuditEvent.chain, AuditEvent.seq)):
            assert chains.get(chain, at) <= at <= NOW
            chains[chain] = at
        beyond = session.scalar(select(func.count()).where(Case.process_key.in_(BEYOND)))
        assert len(chains) == CASES + SHOWN_CHANGES + (beyond or 0)


def test_some_injuries_go_on_to_a_panel_and_an_award_with_payables(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        found = session.scalars(select(Case).where(Case.process_key == "capacity_assessment")).all()
        assert len(found) == 1
        assert session.scalar(select(func.count()).select_from(PanelOpinion))
        awards = session.scalars(select(Case).where(Case.process_key == "disability_benefit_award")).all()
        assert {one.chain_id for one in awards} <= {one.chain_id for one in found}
        assert set(session.scalars(select(Payable.state))) == {"ready"}


def test_clocks_are_warned_or_breached_where_they_are_due(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        running = session.scalars(select(Clock).where(Clock.state == "running", Clock.binding)).all()
    assert any(clock.breached_at for clock in running)
    assert any(clock.warned_at and not clock.breached_at for clock in running)
    assert all(
        (clock.breached_at is not None) == (clock.breach_at <= NOW) for clock in running if clock.breach_at
    )


def test_reviewer_of_may_is_refused_the_recheck_of_the_same_case_by_either_account(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("640100",))
        person = session.scalars(select(Person.id).where(Person.name == TRANSFERRED)).one()
        task = session.scalars(
            select(Task)
            .join(Performance, Performance.case_id == Task.case_id)
            .where(
                Performance.person_id == person,
                Performance.duty == "initial_review",
                Performance.state == "performed",
                Task.state == "open",
                Task.duty == "recheck",
            )
            .limit(1)
        ).one()
        both = accounts_of(session, person)
    assert len(both) == 2
    for account in both:
        actor = Actor(account.id, person, ("640100",))
        with pytest.raises(DutyDenied) as denied:
            run(region, partial(claim_task, task_id=task.id), actor, case_id=task.case_id)
        assert denied.value.decision.reason == "conflicting_duty"
        assert {act.duty for act in denied.value.decision.evidence} == {"initial_review"}


def test_small_county_waits_for_staff_and_its_supervisors_know(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        waiting = session.scalars(select(Task).where(Task.waiting_for_staff, Task.state == "open")).all()
        told = session.scalars(
            select(Notification.person_id).where(Notification.code == "waiting_for_staff")
        ).all()
    assert all((task.region_code, task.duty) == (YANCHI, "recheck") for task in waiting)
    assert bool(waiting) == bool(told)


def test_printed_accounts_can_log_in(region: Kernel) -> None:
    for account in accounts():
        opened = log_in(region, Credentials(account.login, account.password))
        with region.database.session() as session:
            assert session.get_one(Account, opened.account_id).login == account.login
    with region.database.session() as session:
        woken = select(func.count()).where(Notification.code == "account_woken")
        assert session.scalar(woken) == 0, "everybody was there yesterday"


def test_somebody_is_away_with_a_substitute_and_a_county_waits_or_hands_over(region: Kernel) -> None:
    today = NOW.date()
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        names = {one.id: one.name for one in session.scalars(select(Person))}
        away = {
            names[key]: item
            for key, item in list_absent(session, names.keys(), today, today + 7 * DAY).items()
        }
        assert away.keys() == {AWAY, AWAY_SOON} and away[AWAY].covers(today)
        assert not away[AWAY_SOON].covers(today)
        stand_ins = list_substitutions(session, regions=["640100"], first=today)
        assert [(one.principal, one.substitute, one.approver) for one in stand_ins] == [
            (AWAY, AWAY_SUBSTITUTE, AWAY_APPROVER)
        ]
        waiting = session.scalars(select(Task).where(Task.waiting_for_staff, Task.state == "open")).all()
        assert YANCHI in {task.region_code for task in waiting}
        routed = session.scalars(select(AuditEvent).where(AuditEvent.event == "task.routed_upward")).all()
        assert all(event.person_id is None for event in routed)


def test_one_request_for_recusal_waits_for_the_head_and_a_declared_interest_bars(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        found = session.scalars(select(Recusal).order_by(Recusal.id)).all()
        ruled = session.scalar(select(func.count()).select_from(RecusalRuling))
        declared = session.scalars(select(PersonInterest)).all()
    asked = [item for item in found if item.origin == "requested"]
    by_data = [item for item in found if item.origin == "data"]
    assert (len(asked), ruled) == (1, 0)
    assert {item.cause for item in by_data} == {"former_employer"}
    assert {item.person_id for item in by_data} == {item.person_id for item in declared} != set()


def test_requests_for_posts_stand_in_every_state_and_one_identity_is_in_doubt(region: Kernel) -> None:
    with region.database.session() as session:
        states = [request.state for request in list_requests(session)]
        doubts = list_doubts(session)
    assert set(states) == set(State) - {State.CANCELLED}
    assert [(doubt.name, doubt.other_name, doubt.raised_by) for doubt in doubts] == [
        ("马建华", "马建华", None)
    ]


def test_a_merge_found_late_shows_its_violations_and_one_waits_for_its_ruling(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        first, second = (
            session.scalars(select(Person).where(Person.name == name)).one() for name in TWO_RECORDS
        )
        assert second.canonical_id == first.id
        found = list_violations(session, person_id=first.id, open_only=True)
        assert found
        assert {violation.cause for violation in found} == {"merge"}
        kinds = select(ControlledChange.kind, CaseDecision.case_id).outerjoin(
            CaseDecision, CaseDecision.case_id == ControlledChange.case_id
        )
        decided = {kind: case_id is not None for kind, case_id in session.execute(kinds)}
    assert decided["person_merge"]
    assert not decided["violation_ruling"]


def test_the_register_knows_every_worker_as_the_applications_say(region: Kernel) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        applied = Case.subject_index.is_not(None) & Case.process_key.not_in(BEYOND)
        cases = session.scalars(select(Case).where(applied)).all()
        assert len(cases) >= CASES
        for case in cases:
            facts = load_facts(session, region.keyring, case)
            on = datetime.fromisoformat(facts["accident_at"]).date()
            told = facts_of_case(session, case, facts, on)
            assert told["insured_since"] == facts["insured_since"]
            assert told["enrolment_received_at"] == facts["enrolment_received_at"]
        person = find_person_by_index(session, cases[0].subject_index)
        assert person is not None
        assert own_wage(session, person.id, NOW.date()).value is not None
        assert len(experts(session, NOW.date(), regions=["640100"], specialities=["骨科"])) >= 3
