"""The same rows written without the application: recorded statements replayed into a copy of the database.

A bare transaction writes row by row: where the application merges two rows into one statement (WITH … the one,
then the other), the replay writes them one after the other. `merged` replays the statements as they were.

The copy is taken just before the acts, so the statements find what they found, get the numbers they got, and pass
the same triggers and keys; nothing is read, checked or computed. Its commit waits for the disk like ours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from app.storage.database import conninfo
from app.storage.embedded import EmbeddedServer

WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
"""How a writing statement begins; ours that begin with WITH write two tables at once."""


@dataclass
class Recorder:
    """Keeps the writing statements of each act, with their values, as the driver got them."""

    engine: Engine
    acts: list[list[tuple[str, Any]]] = field(default_factory=list)

    def __enter__(self) -> Recorder:
        event.listen(self.engine, "before_cursor_execute", self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._keep)

    def each(self, act: Callable[[int, int], None]) -> Callable[[int, int], None]:
        """The same act, opening a new list first."""

        def recorded(case_id: int, task_id: int) -> None:
            self.acts.append([])
            act(case_id, task_id)

        return recorded

    def _keep(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if statement[:16].lstrip().upper().startswith(WRITES):
            values = list(parameters) if many else [parameters]
            self.acts[-1] += [(statement, value) for value in values]


class BareCopy:
    """A copy of the whole database as it stands, with every trigger, key, policy and sequence; dropped at the end."""

    def __init__(self, server: EmbeddedServer, database: str, regions: str, *, suffix: str = "bare") -> None:
        """Nobody may be connected to `database` meanwhile; `regions` is what the replaying session sees."""
        self._server, self._name, self._regions = server, f"{database}_{suffix}", regions
        server.drop_database(self._name)
        server.create_database(self._name, template=database)

    def __enter__(self) -> BareCopy:
        address = conninfo(self._server.app_url(self._name))
        self._connection = psycopg.connect(address, options="-c timezone=UTC")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._server.drop_database(self._name)

    def replay(
        self, acts: Sequence[Sequence[tuple[str, Any]]], *, merged: bool = False
    ) -> tuple[list[float], int]:
        """One transaction per act; answers seconds of each and all rows the statements wrote."""
        prepared = [
            [(part, values) for statement, values in act for part in parts_of(statement, merged=merged)]
            for act in acts
        ]
        seconds, rows = [], 0
        for act in prepared:
            began = time.perf_counter()
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.regions', %s, true)", (self._regions,))
                for statement, values in act:
                    cursor.execute(statement, values)
                    rows += max(cursor.rowcount, 0)
            self._connection.commit()
            seconds.append(time.perf_counter() - began)
        return seconds, rows


_MERGED = re.compile(r"WITH (?P<name>\w+) AS\s+\(", re.IGNORECASE)


def parts_of(statement: str, *, merged: bool) -> list[bytes]:
    """The statement, or the two it merges. The second may read the row the first wrote: then its newest.

    Raise ValueError for a WITH it can't take apart.
    """
    found = None if merged else _MERGED.match(statement)
    if found is None:
        return [statement.encode()]
    depth, place = 1, found.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(statement[place], 0)
        place += 1
    first, second = statement[found.end() : place - 1], statement[place:].strip()
    name = found["name"]
    target = re.match(r"INSERT INTO (\w+)", first)
    if f"FROM {name}" in second:
        if target is None:
            raise ValueError(statement)
        newest = f"(SELECT * FROM {target[1]} ORDER BY id DESC LIMIT 1) AS {name}"
        second = second.replace(f"FROM {name}", f"FROM {newest}")
    return [first.encode(), second.encode()]
