"""Acts that come to collide afterwards freeze their cases at once, whatever kind of set they break; by raw SQL.

Also: when an act was done is not the application's to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.databases import CopiedDatabase
from tests.fence_world import Staff, act, decide, sign
from tests.watch_world import Watched, new_set, watched


@pytest.fixture(scope="module")
def site(database: CopiedDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    data: Path = tmp_path_factory.mktemp("late")
    with watched(database, data / "data") as opened:
        yield opened


def violations(site: Watched, case: int) -> list[tuple[str, str, int, list[str]]]:
    """Rule, cause, person and members of what is recorded on a case."""
    return site.world.owner.execute(
        "SELECT v.rule, v.cause, v.person_id, v.members FROM sod_violation v"
        " JOIN violation_case t ON t.violation_id = v.id WHERE t.case_id = %s ORDER BY v.id",
        (case,),
    ).fetchall()


def problems(site: Watched, case: int, signatures: list[int], risk: str) -> list[str]:
    """What the gate has against a decision; empty when it was taken."""
    try:
        decide(site.world.app, case, signatures, risk=risk)
    except psycopg.Error as error:
        return [found["problem"] for found in json.loads(error.diag.message_detail or "{}")["problems"]]
    return []


def rule(site: Watched, case: int, verdict: str, void: tuple[int, ...] = ()) -> None:
    """Three people rule on every open violation of a case."""
    world = site.world
    for (violation,) in world.owner.execute(
        "SELECT violation_id FROM violation_case t WHERE case_id = %s AND NOT EXISTS"
        " (SELECT FROM violation_ruling r WHERE r.violation_id = t.violation_id)",
        (case,),
    ).fetchall():
        world.app.execute(
            "INSERT INTO violation_ruling (violation_id, verdict, reason, change_id, at)"
            " VALUES (%s, %s, 'test', %s, now())",
            (violation, verdict, site.change("violation_ruling", str(violation))),
        )
    for performance in void:
        world.app.execute(
            "INSERT INTO performance_void (performance_id, cause, reason, at) VALUES (%s, 'violation', 'test', now())",
            (performance,),
        )


def signed(site: Watched, case: int) -> list[int]:
    one, other = site.world.staff(2)
    app = site.world.app
    return [sign(app, case, one, "initial_review", 1), sign(app, case, other, "final_review", 2)]


def test_merge_that_joins_duties_of_one_region_and_period_freezes_both_cases(site: Watched) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    key = new_set(site.planter, 960, ("p_audited", "p_audit"), scope="region_period", period="year")
    first, second, elsewhere = world.case("normal"), world.case("normal"), world.case(region="640200")
    act(world.app, first, one, "p_audited")
    act(world.app, second, other, "p_audit")
    act(world.app, elsewhere, other, "p_audit")
    signatures = signed(site, second)
    site.merge(other.person, one.person)
    told = [(key, "merge", one.person, ["p_audit", "p_audited"])]
    assert violations(site, first) == violations(site, second) == told
    assert violations(site, elsewhere) == []
    assert set(problems(site, second, signatures, "normal")) == {"violation", "collision"}
    rule(site, second, "upheld")
    assert problems(site, second, signatures, "normal") == []


@pytest.mark.parametrize(("days", "found"), [(29, True), (31, False)])
def test_merge_that_joins_acts_for_one_party_within_the_window(site: Watched, days: int, found: bool) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    change, payment = world.case(process="payee_account_change"), world.case(process="fund_payment")
    for case in (change, payment):
        world.owner.execute(
            "INSERT INTO case_party VALUES (%s, %s, 'payee')", (case, f"payee {days}".encode())
        )
    act(world.app, change, one, "initial_review", days_ago=days)
    made = act(world.app, payment, other, "payment_make")
    site.merge(other.person, one.person)
    told = [("payee_account_payment", "merge", one.person)] if found else []
    for case in (change, payment):
        assert [row[:3] for row in violations(site, case)] == told
    rule(site, payment, "redo", (made,) if found else ())
    left = world.one("SELECT count(*) FROM public.fence_collisions(%s)", payment)
    assert left == 0


def test_merge_that_leaves_too_few_people_freezes_what_is_decided_and_nothing_else(site: Watched) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    new_set(site.planter, 961, ("q_look", "q_check"), kind="minimum", maximum=2)
    decided, begun = world.case("normal"), world.case("normal")
    for case in (decided, begun):
        act(world.app, case, one, "q_look")
        act(world.app, case, other, "q_check")
    assert problems(site, decided, signed(site, decided), "normal") == []
    site.merge(other.person, one.person)
    assert violations(site, decided) == [("set_961", "merge", one.person, ["q_check", "q_look"])]
    assert violations(site, begun) == []
    assert problems(site, begun, signed(site, begun), "normal") == ["too_few_persons"]


def tied(site: Watched, number: int, scope: str) -> str:
    """A same-person set in force from now on, put there as the owner's installation does: triggers awake."""
    key = f"set_{number}"
    with site.world.owner.transaction():
        site.world.owner.execute(
            "INSERT INTO conflict_set (set_id, version, key, kind, scope, maximum, severity, risk_classes, title_zh,"
            " title_en, ground, active_from) VALUES (%s, 1, %s, 'same', %s, 1, 'deny', '{normal,high,routed}',"
            " '', '', '', now() - interval '1 hour')",
            (number, key, scope),
        )
        for duty in (f"open_{number}", f"close_{number}"):
            site.world.owner.execute(
                "INSERT INTO conflict_member VALUES (%s, 1, %s, %s, '')", (number, duty, duty)
            )
    return key


def test_new_set_that_binds_two_duties_to_one_person_finds_those_done_by_two(site: Watched) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    case, alone = world.case("normal"), world.case("normal")
    opened = act(world.app, case, one, "open_962")
    act(world.app, case, other, "close_962")
    act(world.app, alone, one, "open_962")
    act(world.app, alone, one, "close_962")
    key = tied(site, 962, "case")
    assert violations(site, case) == [(key, "activation", other.person, ["close_962", "open_962"])]
    assert violations(site, alone) == []
    rule(site, case, "redo", (opened,))
    with pytest.raises(psycopg.Error) as refused:  # what is left binds: he does not come back to it
        act(world.app, case, one, "open_962")
    assert refused.value.sqlstate == "SD008"
    act(world.app, case, other, "open_962")
    assert world.one("SELECT count(*) FROM public.fence_collisions(%s)", case) == 0


def test_late_link_of_cases_whose_duties_bind_one_person(site: Watched) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    key = tied(site, 963, "chain")
    first, second = world.case("normal"), world.case("normal")
    act(world.app, first, one, "open_963")
    act(world.app, second, other, "close_963")
    assert violations(site, second) == []
    site.link(second, world.one('SELECT chain_id FROM "case" WHERE id = %s', first))
    assert [row[:3] for row in violations(site, second)] == [(key, "link", other.person)]
    assert violations(site, first) == violations(site, second)


def test_the_watch_finds_nothing_that_is_not_on_record(site: Watched) -> None:
    assert site.look() == ()


def founded(site: Watched) -> Staff:
    """From here on the office is founded."""
    site.world.owner.execute("INSERT INTO founding VALUES (1, now(), '{}') ON CONFLICT DO NOTHING")
    return site.world.staff(1)[0]


def written_at(site: Watched, staff: Staff, case: int, offset: str) -> Any:
    """An act that states a time so far from the present."""
    decision = site.world.app.execute(
        "INSERT INTO duty_decision (id, at, account_id, person_id, action, case_id, duty, verdict, reason, evidence)"
        " VALUES (gen_random_uuid(), now(), %s, %s, 'complete', %s, 'serve', 'allow', 'test', '{}') RETURNING id",
        (staff.account, staff.person, case),
    ).fetchone()
    assert decision is not None
    return site.world.app.execute(
        "INSERT INTO performance (case_id, person_id, account_id, duty, state, at, decision_id)"
        " VALUES (%s, %s, %s, 'serve', 'performed', clock_timestamp() + %s::interval, %s)",
        (case, staff.person, staff.account, offset, decision[0]),
    )


@pytest.mark.parametrize("offset", ["-31 days", "-6 minutes", "6 minutes", "1 year"])
def test_an_act_is_not_dated_back_or_ahead_once_the_office_is_founded(site: Watched, offset: str) -> None:
    staff, case = founded(site), site.world.case()
    with pytest.raises(psycopg.Error) as refused:
        written_at(site, staff, case, offset)
    assert refused.value.sqlstate == "SD034"
    assert site.world.one("SELECT count(*) FROM performance WHERE case_id = %s", case) == 0


@pytest.mark.parametrize("offset", ["-4 minutes", "0", "4 minutes"])
def test_hosts_whose_clocks_differ_a_little_may_act(site: Watched, offset: str) -> None:
    staff, case = founded(site), site.world.case()
    written_at(site, staff, case, offset)
