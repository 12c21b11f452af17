"""Races of acts against late links and merges, as raw SQL under the application's role."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg

from tests.fence_world import Connection, Staff, act, connect

ALLOWED_TO_LOSE = ("40P01", "40001")


@dataclass(frozen=True)
class Round:
    """One round: what the changer does, and a person's act that must not slip past it."""

    change: Callable[[Connection], None]
    case: int
    staff: Staff
    duty: str


def race(url: str, rounds: Sequence[Round]) -> Counter[tuple[str, str]]:
    """Every round's two sides at once; counts (SQLSTATE of the change, SQLSTATE of the act), '' for committed."""
    outcomes: Counter[tuple[str, str]] = Counter()
    with connect(url) as one, connect(url) as other, ThreadPoolExecutor(2) as pool:
        for number, item in enumerate(rounds):
            gate = threading.Barrier(2)
            changed = pool.submit(_try, one, gate, lambda c, i=item: i.change(c), number % 3 == 0)
            acted = pool.submit(
                _try, other, gate, lambda c, i=item: act(c, i.case, i.staff, i.duty), number % 3 == 1
            )
            outcomes[changed.result(60), acted.result(60)] += 1
    return outcomes


def _try(
    connection: Connection, gate: threading.Barrier, work: Callable[[Connection], object], late: bool
) -> str:
    """In a transaction of its own; tried again after a deadlock, as `run` does. `late`: the other begins first."""
    gate.wait()
    if late:
        connection.execute("SELECT pg_sleep(0.002)")
    for _ in range(5):
        try:
            with connection.transaction():
                work(connection)
        except psycopg.Error as error:
            if error.sqlstate in ALLOWED_TO_LOSE:
                continue
            return error.sqlstate or "lost"
        return ""
    return "lost"
