"""Recusal in the database itself: raw SQL under the application's role, and races with acts under way."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import psycopg
import pytest
from sqlalchemy import func, select

from app.kernel.duties.models import PerformanceVoid, Signature
from app.kernel.engine.operations import complete_task
from app.kernel.recusal.models import Recusal
from app.kernel.recusal.operations import declare_recusal
from app.kernel.refusals import Refusal, TaskNotClaimed
from app.kernel.transaction import run
from tests.databases import CopiedDatabase
from tests.fence_world import Connection, Staff, World, act, connect, first, world_of
from tests.office import Office, bring_to_review, id_number
from tests.recusal_office import rows

ROUNDS = 12
WAITS = 0.4


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as opened:
        yield opened


def recuse(
    connection: Connection, case: int, person: int, cause: str = "interest", origin: str = "declared"
) -> int:
    return int(
        first(
            connection,
            "INSERT INTO recusal (case_id, person_id, cause, origin, detail, at)"
            " VALUES (%s, %s, %s, %s, 'test', now()) RETURNING id",
            case,
            person,
            cause,
            origin,
        )
    )


def rule(connection: Connection, recusal: int, head: int, verdict: str) -> None:
    connection.execute(
        "INSERT INTO recusal_ruling (recusal_id, verdict, reason, ruled_by, at) VALUES (%s, %s, 'test', %s, now())",
        (recusal, verdict, head),
    )


def refuses(code: str) -> pytest.RaisesExc[psycopg.DatabaseError]:
    return pytest.raises(psycopg.DatabaseError, check=lambda error: getattr(error, "sqlstate", "") == code)


def test_recused_person_performs_nothing_until_the_head_refuses(world: World) -> None:
    case, (staff, head) = world.case(), world.staff(2)
    recusal = recuse(world.app, case, staff.person)
    for state in ("opened", "performed"):
        with refuses("SD024"):
            act(world.app, case, staff, "initial_review", state=state)
    with refuses("SD024"):
        act(world.app, case, head, "initial_review", behalf=staff.person)
    rule(world.app, recusal, head.person, "refused")
    act(world.app, case, staff, "initial_review")


def test_upheld_or_second_recusal_still_bars(world: World) -> None:
    case, (staff, head) = world.case(), world.staff(2)
    one, two = recuse(world.app, case, staff.person), recuse(world.app, case, staff.person, "kinship")
    rule(world.app, one, head.person, "refused")
    rule(world.app, two, head.person, "upheld")
    with refuses("SD024"):
        act(world.app, case, staff, "recheck")
    act(world.app, world.case(), staff, "recheck")


def test_interest_in_a_party_bars_by_itself_and_its_refusal_lifts_that_cause_only(world: World) -> None:
    case, (staff, head), index = world.case(), world.staff(2), secrets.token_bytes(32)
    world.app.execute("INSERT INTO case_party VALUES (%s, %s, 'employer')", (case, index))
    enter(world.app, staff, "former_employer", index)
    with refuses("SD024"):
        act(world.app, case, staff, "recheck")
    rule(world.app, recuse(world.app, case, staff.person, "former_employer", "data"), head.person, "refused")
    act(world.app, case, staff, "recheck")
    enter(world.app, staff, "shareholding", index)
    with refuses("SD024"):
        act(world.app, case, staff, "recheck")


def enter(connection: Connection, staff: Staff, cause: str, index: bytes) -> None:
    connection.execute(
        "INSERT INTO person_interest (person_id, cause, subject_index, subject_label, declared_at)"
        " VALUES (%s, %s, %s, 'test', now())",
        (staff.person, cause, index),
    )


def test_nobody_rules_on_himself_nor_twice(world: World) -> None:
    case, (staff, head) = world.case(), world.staff(2)
    recusal = recuse(world.app, case, staff.person)
    with refuses("SD025"):
        rule(world.app, recusal, staff.person, "refused")
    rule(world.app, recusal, head.person, "upheld")
    with pytest.raises(psycopg.errors.UniqueViolation):
        rule(world.app, recusal, head.person, "refused")


def test_recusals_and_rulings_are_never_changed(world: World) -> None:
    case, (staff, head) = world.case(), world.staff(2)
    recusal = recuse(world.app, case, staff.person)
    rule(world.app, recusal, head.person, "upheld")
    for statement in (
        "UPDATE recusal_ruling SET verdict = 'refused'",
        "DELETE FROM recusal_ruling",
        "UPDATE recusal SET person_id = 1",
        "DELETE FROM recusal",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.app.execute(statement)
        with refuses("SD020"):
            world.owner.execute(statement)


def test_signature_is_voided_after_a_recusal_only(world: World) -> None:
    case, (staff,) = world.case(), world.staff(1)
    performance = act(world.app, case, staff, "initial_review")
    void = "INSERT INTO performance_void (performance_id, cause, reason, at) VALUES (%s, 'recusal', 'test', now())"
    with refuses("SD019"):
        world.app.execute(void, (performance,))
    recuse(world.app, case, staff.person)
    world.app.execute(void, (performance,))


def test_act_that_waits_for_a_recusal_under_way_is_refused(world: World) -> None:
    case, (staff,) = world.case(), world.staff(1)
    with ThreadPoolExecutor(1) as pool, connect(world.app_url) as first_one, connect(world.app_url) as second:
        first_one.execute("BEGIN")
        recuse(first_one, case, staff.person)
        waiting = pool.submit(act, second, case, staff, "recheck")
        assert still_waits(waiting)
        first_one.execute("COMMIT")
        with refuses("SD024"):
            waiting.result(20)


def test_recusal_waits_for_an_act_under_way_and_holds_after_it(world: World) -> None:
    case, (staff,) = world.case(), world.staff(1)
    with ThreadPoolExecutor(1) as pool, connect(world.app_url) as first_one, connect(world.app_url) as second:
        first_one.execute("BEGIN")
        act(first_one, case, staff, "recheck")
        waiting = pool.submit(recuse, second, case, staff.person)
        assert still_waits(waiting)
        first_one.execute("COMMIT")
        assert waiting.result(20)
        with refuses("SD024"):
            act(first_one, case, staff, "recheck")


def still_waits(future: Future[int]) -> bool:
    """The other side neither ended nor failed meanwhile."""
    try:
        future.result(WAITS)
    except TimeoutError:
        return True
    return False


def test_declaring_races_completing_and_either_order_is_lawful(office: Office) -> None:
    """Completed first, the signature is voided; declared first, completing is refused. Never both in force."""
    orders = {"completed_first": 0, "declared_first": 0}
    for number in range(ROUNDS):
        case_id = bring_to_review(office, worker_id_no=id_number(2000 + number))
        orders[_race(office, case_id)] += 1
        with office.kernel.database.session() as session:
            office.kernel.database.scope(session, ("*",))
            counted = session.scalar(
                select(func.count())
                .select_from(Signature)
                .outerjoin(PerformanceVoid, PerformanceVoid.performance_id == Signature.performance_id)
                .where(Signature.case_id == case_id, PerformanceVoid.performance_id.is_(None))
            )
        assert counted == 0
        assert len(rows(office, select(Recusal).where(Recusal.case_id == case_id))) == 1
    print(orders)
    assert sum(orders.values()) == ROUNDS


def _race(office: Office, case_id: int) -> str:
    """Both at once, by two accounts' threads; answers which came first."""
    task = office.take(case_id, "handler")
    submitted = office.fill(case_id, task, {"outcome": "submit_positive"})
    completing = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
    declaring = partial(declare_recusal, cause="interest", detail="与用人单位有亲戚关系")
    barrier, failures = threading.Barrier(2), []

    def go(operation: partial[object], expected: tuple[type[Refusal], ...]) -> None:
        barrier.wait()
        try:
            run(
                office.kernel,
                lambda unit: operation(unit) and None,
                office.actors["handler"],
                case_id=case_id,
            )
        except expected as refusal:
            failures.append(refusal)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(go, completing, (TaskNotClaimed,)), pool.submit(go, declaring, ())]
        for future in futures:
            future.result(60)
    return "declared_first" if failures else "completed_first"
