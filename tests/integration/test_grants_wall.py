"""Static exclusion: posts that exclude each other can't be held at the same time, whoever grants them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import product

import psycopg
import pytest

from app.domain.registry import reference
from tests.databases import CopiedDatabase
from tests.fence_world import Connection, Staff, World, act, connect, first, world_of

START = date(2026, 1, 1)
EXCLUSIONS = {
    pair: tuple(
        [row["post"] for row in reference.exclusion_rows() if (row["pair"], row["side"]) == (pair, side)]
        for side in (0, 1)
    )
    for pair in sorted({row["pair"] for row in reference.exclusion_rows()})
}


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as made:
        yield made


@pytest.fixture(scope="module")
def chain_of_permission(world: World) -> tuple[int, int, int]:
    return world.person(), world.person(), world.person()


def grant(
    connection: Connection,
    by: tuple[int, int, int],
    person: int,
    post: str,
    begin: date = START,
    end: date | None = None,
    *,
    revokes: int | None = None,
    region: str = "640100",
) -> int:
    return int(
        first(
            connection,
            "INSERT INTO post_grant (person_id, post, region_code, valid_from, valid_to, revokes, recorded_at,"
            " requested_by, reviewed_by, approved_by) VALUES (%s, %s, %s, %s, %s, %s, now(), %s, %s, %s) RETURNING id",
            person,
            post,
            region,
            begin,
            end,
            revokes,
            *by,
        )
    )


def refused(
    sqlstate: str, connection: Connection, by: tuple[int, int, int], *args: object, **more: object
) -> str:
    with pytest.raises(psycopg.Error) as error:
        grant(connection, by, *args, **more)  # type: ignore[arg-type]
    assert error.value.sqlstate == sqlstate, error.value
    return error.value.diag.message_detail or ""


@pytest.mark.parametrize("pair", EXCLUSIONS)
def test_posts_of_both_sides_exclude_each_other_either_way_round(
    world: World, chain_of_permission: tuple[int, int, int], pair: int
) -> None:
    for left, right in product(*EXCLUSIONS[pair]):
        for held, wanted in ((left, right), (right, left)):
            person = world.person()
            grant(world.app, chain_of_permission, person, held)
            refused("SD012", world.app, chain_of_permission, person, wanted, region="640200")


def test_posts_of_one_side_go_together(world: World, chain_of_permission: tuple[int, int, int]) -> None:
    person = world.person()
    for post in ("rec_window", "rec_handler", "rec_clerk", "rec_handler"):
        assert grant(world.app, chain_of_permission, person, post) > 0


def test_handler_until_may_may_check_from_june(
    world: World, chain_of_permission: tuple[int, int, int]
) -> None:
    person = world.person()
    grant(world.app, chain_of_permission, person, "rec_handler", START, date(2026, 6, 1))
    detail = refused("SD012", world.app, chain_of_permission, person, "rec_checker", date(2026, 5, 31))
    assert '"post": "rec_checker"' in detail
    assert grant(world.app, chain_of_permission, person, "rec_checker", date(2026, 6, 1)) > 0


def test_revocation_frees_the_other_side_from_its_day(
    world: World, chain_of_permission: tuple[int, int, int]
) -> None:
    person = world.person()
    held = grant(world.app, chain_of_permission, person, "rec_handler")
    grant(world.app, chain_of_permission, person, "rec_handler", date(2026, 7, 1), revokes=held)
    refused("SD012", world.app, chain_of_permission, person, "rec_approver", date(2026, 6, 30))
    assert grant(world.app, chain_of_permission, person, "rec_approver", date(2026, 7, 1)) > 0


def test_grant_revoked_on_its_first_day_excludes_nothing(
    world: World, chain_of_permission: tuple[int, int, int]
) -> None:
    person = world.person()
    held = grant(world.app, chain_of_permission, person, "rec_handler")
    grant(world.app, chain_of_permission, person, "rec_handler", START, revokes=held)
    assert grant(world.app, chain_of_permission, person, "rec_checker") > 0


def test_revocation_must_fit_its_grant(world: World, chain_of_permission: tuple[int, int, int]) -> None:
    person, other = world.person(), world.person()
    held = grant(world.app, chain_of_permission, person, "rec_handler", START, date(2026, 6, 1))
    by = chain_of_permission
    refused("SD013", world.app, by, other, "rec_handler", date(2026, 2, 1), revokes=held)
    refused("SD013", world.app, by, person, "rec_clerk", date(2026, 2, 1), revokes=held)
    refused("SD013", world.app, by, person, "rec_handler", date(2026, 6, 1), revokes=held)
    revocation = grant(world.app, by, person, "rec_handler", date(2026, 2, 1), revokes=held)
    refused("SD013", world.app, by, person, "rec_handler", date(2026, 3, 1), revokes=revocation)


def test_nobody_takes_part_in_his_own_grant(world: World) -> None:
    a, b, c, d = (world.person() for _ in range(4))
    for by in ((a, b, c), (a, a, b), (a, b, a), (b, a, a)):
        refused("SD015", world.app, by, a, "rec_window")
    assert grant(world.app, (b, c, d), a, "rec_window") > 0


def test_rival_grants_at_the_same_time_end_with_one(
    world: World, chain_of_permission: tuple[int, int, int]
) -> None:
    def attempt(person: int, post: str) -> str:
        with connect(world.app_url) as connection:
            try:
                grant(connection, chain_of_permission, person, post)
            except psycopg.Error as error:
                return error.sqlstate or "lost"
        return ""

    people = [world.person() for _ in range(25)]
    posts = ("rec_handler", "rec_checker", "rec_approver", "rec_risk")
    with ThreadPoolExecutor(4) as pool:
        for person in people:
            outcomes = sorted(pool.map(attempt, [person] * len(posts), posts))
            assert outcomes == ["", "SD012", "SD012", "SD012"]


def test_platform_administrator_performs_no_duty(
    world: World, chain_of_permission: tuple[int, int, int]
) -> None:
    (staff, substitute), case = world.staff(2), world.case("high")
    grant(world.app, chain_of_permission, staff.person, "audit_admin")
    for actor, behalf in ((staff, None), (substitute, staff.person)):
        with pytest.raises(psycopg.Error) as error:
            act(world.app, case, actor, "assign", behalf=behalf)
        assert error.value.sqlstate == "SD002"
    assert act(world.app, case, substitute, "assign") > 0


def test_former_platform_administrator_may_act(
    world: World, chain_of_permission: tuple[int, int, int]
) -> None:
    person = world.person()
    staff = Staff(person, world.account(person))
    grant(world.app, chain_of_permission, person, "audit_admin", date(2020, 1, 1), date(2020, 2, 1))
    held = grant(world.app, chain_of_permission, person, "system_admin", date(2021, 1, 1))
    grant(world.app, chain_of_permission, person, "system_admin", date(2021, 2, 1), revokes=held)
    assert act(world.app, world.case("high"), staff, "assign") > 0


def test_exclusion_that_arrives_later_counts_for_grants_that_exist(
    fresh_database: CopiedDatabase,
) -> None:
    with world_of(fresh_database) as world:
        by = (world.person(), world.person(), world.person())
        person = world.person()
        grant(world.app, by, person, "rec_window")
        for side, post in enumerate(("rec_window", "rec_clerk")):
            world.owner.execute("INSERT INTO post_exclusion VALUES (900, %s, %s, '', '', '')", (side, post))
        refused("SD012", world.app, by, person, "rec_clerk")


def test_exclusion_broken_by_posts_held_today_is_refused(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world:
        by = (world.person(), world.person(), world.person())
        person = world.person()
        for post in ("rec_window", "rec_clerk"):
            grant(world.app, by, person, post)
        world.owner.execute("INSERT INTO post_exclusion VALUES (900, 0, 'rec_window', '', '', '')")
        with pytest.raises(psycopg.Error) as error:
            world.owner.execute("INSERT INTO post_exclusion VALUES (900, 1, 'rec_clerk', '', '', '')")
        assert error.value.sqlstate == "SD012"
