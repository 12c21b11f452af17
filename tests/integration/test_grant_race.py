"""Two halves of a static exclusion granted to one person at the same time: exactly one of them commits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.databases import CopiedDatabase
from tests.fence_world import Connection, World, connect, world_of

SHORT, LONG = 40, 1000
HALVES = ("rec_handler", "rec_checker")
GRANT = (
    "INSERT INTO post_grant (person_id, post, region_code, valid_from, recorded_at, requested_by, reviewed_by,"
    " approved_by) VALUES (%s, %s, '640100', current_date, now(), %s, %s, %s)"
)


@pytest.fixture
def world(fresh_database: CopiedDatabase) -> Iterator[World]:
    with world_of(fresh_database) as made:
        yield made


def grant(connection: Connection, gate: threading.Barrier, row: tuple[object, ...]) -> str:
    """SQLSTATE of the refusal; empty when the grant committed."""
    gate.wait()
    try:
        connection.execute(GRANT, row)
    except psycopg.Error as refused:
        return refused.sqlstate or "lost"
    return ""


@pytest.mark.parametrize("rounds", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])
def test_of_two_excluding_posts_exactly_one_is_granted(world: World, rounds: int) -> None:
    chain = [world.person() for _ in range(3)]
    outcomes: Counter[tuple[str, ...]] = Counter()
    with connect(world.app_url) as one, connect(world.app_url) as other, ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            person, gate = world.person(), threading.Barrier(2)
            sides = zip((one, other), HALVES, strict=True)
            tried = [pool.submit(grant, side, gate, (person, post, *chain)) for side, post in sides]
            outcomes[tuple(sorted(half.result(60) for half in tried))] += 1
    assert outcomes == {("", "SD012"): rounds}


@pytest.mark.parametrize("rounds", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])
def test_posts_that_go_together_are_both_granted(world: World, rounds: int) -> None:
    """The lawful twin: a fence that refuses everything would pass the race above."""
    chain = [world.person() for _ in range(3)]
    with connect(world.app_url) as one, connect(world.app_url) as other, ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            person, gate = world.person(), threading.Barrier(2)
            sides = zip((one, other), ("rec_handler", "rec_window"), strict=True)
            tried = [pool.submit(grant, side, gate, (person, post, *chain)) for side, post in sides]
            assert [half.result(60) for half in tried] == ["", ""]
