"""Conflict sets of every kind and scope, at the data: task, region and period, party window, same person, minimum."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.databases import CopiedDatabase
from tests.fence_world import World, act, decide, sign, world_of


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as made:
        yield made


def add_set(
    world: World, number: int, key: str, duties: tuple[str, ...], process: str = "", **columns: Any
) -> None:
    """A set in force from now on whose members are single duties."""
    content = {"kind": "exclusive", "scope": "case", "maximum": 1, "severity": "deny"} | columns
    names = ", ".join(content)
    with world.owner.transaction():
        world.owner.execute(
            f"INSERT INTO conflict_set (set_id, version, key, risk_classes, title_zh, title_en, ground, active_from,"
            f" {names}) VALUES (%s, 1, %s, '{{normal,high,routed}}', '', '', '', now() - interval '1 hour',"
            f" {', '.join(['%s'] * len(content))})".encode(),
            (number, key, *content.values()),
        )
        for duty in duties:
            world.owner.execute(
                "INSERT INTO conflict_member VALUES (%s, 1, %s, %s, %s)", (number, duty, duty, process)
            )


def refusal(error: pytest.ExceptionInfo[psycopg.Error]) -> tuple[str | None, dict[str, Any]]:
    return error.value.sqlstate, json.loads(error.value.diag.message_detail or "{}")


def test_task_scope_counts_acts_on_the_same_task_only(world: World) -> None:
    add_set(world, 950, "task_pair", ("t_one", "t_two"), scope="task")
    case, (a,) = world.case(), world.staff(1)
    first, second = world.task(case), world.task(case)
    act(world.app, case, a, "t_one", task=first)
    act(world.app, case, a, "t_two", task=second)
    with pytest.raises(psycopg.Error) as refused:
        act(world.app, case, a, "t_two", task=first)
    assert refusal(refused)[0] == "SD001"
    assert refusal(refused)[1]["scope_id"] == first


def test_region_and_period_scope_reaches_over_cases_of_one_region(world: World) -> None:
    add_set(world, 951, "region_year", ("r_audited", "r_audit"), scope="region_period", period="year")
    a, b = world.staff(2)
    act(world.app, world.case(region="640100"), a, "r_audited")
    with pytest.raises(psycopg.Error) as refused:
        act(world.app, world.case(region="640100"), a, "r_audit")
    assert refusal(refused)[1]["set_key"] == "region_year"
    act(world.app, world.case(region="640200"), a, "r_audit")
    act(world.app, world.case(region="640100"), b, "r_audit")


def test_same_person_performs_every_duty_of_a_tied_set(world: World) -> None:
    add_set(world, 952, "tied", ("s_open", "s_close"), kind="same")
    case, (a, b) = world.case(), world.staff(2)
    act(world.app, case, a, "s_open")
    with pytest.raises(psycopg.Error) as refused:
        act(world.app, case, b, "s_close")
    assert refusal(refused) == (
        "SD008",
        {
            "set_id": 952,
            "set_key": "tied",
            "version": 1,
            "scope": "case",
            "scope_id": case,
            "person_id": b.person,
            "tied_to": a.person,
        },
    )
    act(world.app, case, a, "s_close")
    act(world.app, world.case(), b, "s_close")


def payee_cases(world: World, payee: bytes, processes: tuple[str, ...]) -> list[int]:
    cases = [world.case(process=process) for process in processes]
    for case in cases:
        world.owner.execute("INSERT INTO case_party VALUES (%s, %s, 'payee')", (case, payee))
    return cases


def test_who_changed_a_payees_account_may_not_pay_that_payee_for_thirty_days(world: World) -> None:
    change, payment = payee_cases(world, b"payee one", ("payee_account_change", "fund_payment"))
    (other_payment,) = payee_cases(world, b"payee two", ("fund_payment",))
    a, b = world.staff(2)
    changed = act(world.app, change, a, "initial_review")
    with pytest.raises(psycopg.Error) as refused:
        act(world.app, payment, a, "payment_make")
    assert refusal(refused)[0] == "SD009"
    assert refusal(refused)[1] | {"version": 1} == {
        "set_id": 16,
        "set_key": "payee_account_payment",
        "version": 1,
        "days": 30,
        "role": "payee",
        "person_id": a.person,
        "conflicts": [changed],
    }
    act(world.app, payment, b, "payment_make")
    act(world.app, other_payment, a, "payment_make")


def test_the_window_ends_after_thirty_days(world: World) -> None:
    change, payment = payee_cases(world, b"payee three", ("payee_account_change", "fund_payment"))
    (a,) = world.staff(1)
    act(world.app, change, a, "initial_review", days_ago=31)
    act(world.app, payment, a, "payment_make")


def test_minimum_of_persons_stops_the_effect(world: World) -> None:
    duties = ("m_look", "initial_review", "final_review")
    add_set(world, 953, "three_people", duties, "rate_determination", kind="minimum", maximum=3)
    case, (a, b, c) = world.case("normal", process="rate_determination"), world.staff(3)
    signed = [sign(world.app, case, a, "initial_review", 1), sign(world.app, case, b, "final_review", 2)]
    act(world.app, case, a, "m_look")
    with pytest.raises(psycopg.Error) as refused:
        decide(world.app, case, signed, risk="normal")
    assert refusal(refused)[1]["problems"] == [
        {"problem": "too_few_persons", "set_key": "three_people", "minimum": 3, "persons": 2}
    ]
    act(world.app, case, c, "m_look")
    decide(world.app, case, signed, risk="normal")


def test_second_level_of_approval_needs_its_own_signature(world: World) -> None:
    case, (a, b, c) = world.case("normal"), world.staff(3)
    signed = [sign(world.app, case, a, "initial_review", 1), sign(world.app, case, b, "final_review", 2)]
    world.app.execute(
        "INSERT INTO case_risk (case_id, risk, approval_levels, reason, at) VALUES (%s, 'normal', 2, '', now())",
        (case,),
    )
    with pytest.raises(psycopg.Error) as refused:
        decide(world.app, case, signed, risk="normal")
    assert {"problem": "missing", "duty": "final_review_2", "signature_id": None} in refusal(refused)[1][
        "problems"
    ]
    decide(world.app, case, [*signed, sign(world.app, case, c, "final_review_2", 3)], risk="normal")


def test_levels_of_approval_fall_only_by_two_people(world: World) -> None:
    case = world.case("normal")
    lower = (
        "INSERT INTO case_risk (case_id, risk, approval_levels, reason, at, proposed_by, approved_by)"
        " VALUES (%s, 'normal', %s, '', now(), %s, %s)"
    )
    world.app.execute(lower, (case, 2, None, None))
    a, b = world.person(), world.person()
    with pytest.raises(psycopg.Error) as refused:
        world.app.execute(lower, (case, 1, a, a))
    assert refused.value.sqlstate == "SD004"
    world.app.execute(lower, (case, 1, a, b))


def test_stay_in_a_post_ends_with_its_tenure(world: World) -> None:
    world.owner.execute(
        "INSERT INTO tenure_rule VALUES ('rec_risk', 1, 12, 3, 'deny', 'test', now() - interval '1 day', NULL)"
    )
    person = world.person()
    grant = (
        "INSERT INTO post_grant (person_id, post, region_code, valid_from, valid_to, recorded_at, requested_by,"
        " reviewed_by, approved_by) VALUES (%s, 'rec_risk', '640100', %s, %s, now(), %s, %s, %s)"
    )
    chain = [world.person() for _ in range(3)]
    world.app.execute(grant, (person, "2025-01-01", "2025-10-01", *chain))
    with pytest.raises(psycopg.Error) as refused:
        world.app.execute(grant, (person, "2025-12-01", "2026-03-01", *chain))
    assert refusal(refused)[0] == "SD016"
    assert refusal(refused)[1]["since"] == "2025-01-01"
    world.app.execute(grant, (person, "2026-02-01", "2026-06-01", *chain))


def test_who_stands_in_question_performs_nothing(world: World) -> None:
    case, (a, b) = world.case(), world.staff(2)
    world.app.execute(
        "INSERT INTO identity_doubt (person_id, other_id, ground, raised_at) VALUES (%s, %s, 'test', now())",
        (a.person, world.person()),
    )
    with pytest.raises(psycopg.Error) as refused:
        act(world.app, case, a, "assign")
    assert refused.value.sqlstate == "SD027"
    act(world.app, case, b, "assign")
