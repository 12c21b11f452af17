"""The demonstration region: played with the real operations, so every trace of it is genuine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.demo import accounts, load
from app.demo.roster import TRANSFERRED, YANCHI
from app.domain.registry import reference
from app.kernel.audit.models import AuditEvent
from app.kernel.audit.verify import verify
from app.kernel.cases.models import Case, Material
from app.kernel.deadlines.models import Clock
from app.kernel.duties.models import CaseDecision, Performance
from app.kernel.duties.refusals import DutyDenied
from app.kernel.identity.login import Credentials, log_in
from app.kernel.identity.models import Account, Person
from app.kernel.identity.queries import accounts_of
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, run
from app.kernel.worklist.models import Notification, Task
from app.kernel.worklist.operations import claim_task
from app.storage.embedded import EmbeddedServer
from app.wiring import build_kernel
from config import Settings
from tests.databases import copy_of_template
from tests.moving_clock import MovingClock

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CASES = 45


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
        assert session.scalar(select(func.count()).select_from(Case)) == CASES
        steps = set(session.scalars(select(Task.step_key).where(Task.state == "open")))
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
        assert len(chains) == CASES


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
