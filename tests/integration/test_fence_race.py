"""Races over raw SQL under the application's role: conflicting duties never both commit, lawful ones all do."""

import random
import statistics
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.databases import CopiedDatabase
from tests.fence_racers import Racer, Tally, race
from tests.fence_world import Staff, World, act, connect, decide, sign, world_of
from tests.racing import racing_pool

PROCESSES = 8
CASES = 1000
RIVALS = ("initial_review", "recheck")


def run(racers: list[Racer]) -> list[Tally]:
    with racing_pool(PROCESSES) as pool:
        return list(pool.map(race, racers))


def racers_of(world: World, cases: list[int], rng: random.Random) -> list[Racer]:
    """Two accounts of one person, four processes each; everybody works through the cases in nearly the same order."""
    person = world.person()
    accounts = [Staff(person, world.account(person)) for _ in RIVALS]
    racers = []
    for n in range(PROCESSES):
        order = [case for i in range(0, len(cases), 10) for case in rng.sample(cases[i : i + 10], k=10)]
        side = n % 2
        others = frozenset(cases[n::PROCESSES])
        racers.append(
            Racer(
                world.app_url,
                tuple(order),
                accounts[side],
                RIVALS[side],
                world.staff(1)[0],
                RIVALS[1 - side],
                others,
            )
        )
    return racers


def test_two_accounts_of_one_person_race_for_conflicting_duties(
    database: CopiedDatabase, rng: random.Random, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_of(database) as world:
        cases = [world.case("high") for _ in range(CASES)]
        racers = racers_of(world, cases, rng)
        tallies = run(racers)
        committed = duties_per_case(world, racers[0].rival.person)
    rival, other = Counter[str](), Counter[str]()
    for tally in tallies:
        rival += tally.rival
        other += tally.other
    milliseconds = 1000 * statistics.median(s for tally in tallies for s in tally.seconds)
    with capsys.disabled():
        print(f"\nfence race: rivals {dict(rival)}, others {dict(other)}, median act {milliseconds:.1f} ms")
    assert committed == {1: CASES}
    # Whoever repeats the winning duty may: four processes of eight per case, and nothing but SD001 for the rest.
    assert rival == {"": CASES * PROCESSES // 2, "SD001": CASES * PROCESSES // 2}
    assert other == {"": CASES}


def test_race_sees_the_violations_of_a_database_without_fence(
    fresh_database: CopiedDatabase, rng: random.Random
) -> None:
    with world_of(fresh_database) as world:
        world.owner.execute("ALTER TABLE performance DISABLE TRIGGER performance_bind")
        racers = racers_of(world, [world.case("high") for _ in range(20)], rng)
        run(racers)
        assert duties_per_case(world, racers[0].rival.person) == {2: 20}


def duties_per_case(world: World, person: int) -> dict[int, int]:
    """Number of different duties this person committed on a case → number of such cases."""
    rows = world.owner.execute(
        "SELECT count(DISTINCT duty) FROM performance WHERE person_id = %s GROUP BY case_id", (person,)
    ).fetchall()
    return dict(Counter(row[0] for row in rows))


def test_decision_waits_for_a_rising_risk_and_is_refused(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world, ThreadPoolExecutor(1) as pool, connect(world.app_url) as riser:
        a, b = world.staff(2)
        case = world.case("normal")
        signed = [sign(world.app, case, a, "initial_review", 1), sign(world.app, case, b, "final_review", 2)]
        with riser.transaction():
            world.risk(riser, case, "high")
            waiting = pool.submit(decide, world.app, case, signed, risk="normal")
            wait_for_lock(world)
        with pytest.raises(psycopg.Error) as refused:
            waiting.result(timeout=30)
        assert refused.value.sqlstate == "SD010"


def test_both_of_two_rivals_may_when_the_first_rolls_back(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world, ThreadPoolExecutor(1) as pool, connect(world.app_url) as first:
        person = world.person()
        accounts = [Staff(person, world.account(person)) for _ in range(2)]
        case = world.case("high")
        first.execute("BEGIN")
        act(first, case, accounts[0], "initial_review")
        waiting = pool.submit(act, world.app, case, accounts[1], "recheck")
        wait_for_lock(world)
        first.execute("ROLLBACK")
        assert waiting.result(timeout=30) > 0


def wait_for_lock(world: World) -> None:
    """Until some session of this database waits for another's lock."""
    pause = threading.Event()
    for _ in range(600):
        waiting = world.one(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity s USING (pid)"
            " WHERE NOT l.granted AND s.datname = current_database()"
        )
        if waiting:
            return
        pause.wait(0.05)
    pytest.fail("nobody waits for a lock")
