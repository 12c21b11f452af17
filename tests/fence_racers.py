"""One process of the fence's race: it tries its duty on every case, as fast as it can."""

import time
from collections import Counter
from dataclasses import dataclass

import psycopg

from tests.fence_world import Staff, act, connect


@dataclass(frozen=True)
class Racer:
    """`rival` is one of the two accounts of one person; `other` is somebody who may act."""

    url: str
    cases: tuple[int, ...]
    rival: Staff
    duty: str
    other: Staff
    other_duty: str
    other_cases: frozenset[int]


@dataclass
class Tally:
    """SQLSTATE → attempts ('' for committed), for the rival and for the other; seconds of each lawful insert."""

    rival: Counter[str]
    other: Counter[str]
    seconds: list[float]


def race(racer: Racer) -> Tally:
    tally = Tally(Counter(), Counter(), [])
    with connect(racer.url) as connection:
        for case in racer.cases:
            tally.rival[attempt(connection, case, racer.rival, racer.duty)] += 1
            if case in racer.other_cases:
                began = time.perf_counter()
                tally.other[attempt(connection, case, racer.other, racer.other_duty)] += 1
                tally.seconds.append(time.perf_counter() - began)
    return tally


def attempt(connection: psycopg.Connection[object], case: int, staff: Staff, duty: str) -> str:
    try:
        with connection.transaction():
            act(connection, case, staff, duty)
    except psycopg.Error as error:
        return error.sqlstate or "lost"
    return ""
