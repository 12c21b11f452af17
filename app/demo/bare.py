"""The same rows written without the application: recorded statements replayed into a copy of the tables.

The copy (schema `bare`) has every index, check and default but neither triggers nor foreign keys nor row-level
security, so it is the cheapest transaction that could write these rows; its commit waits for the disk like ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

WRITES = ("INSERT", "UPDATE", "DELETE")


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
        if statement.lstrip().upper().startswith(WRITES):
            values = list(parameters) if many else [parameters]
            self.acts[-1] += [(statement, value) for value in values]


class BareCopy:
    """A copy of all our tables with their present rows; dropped at the end."""

    def __init__(self, owner_url: str) -> None:
        plain = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(plain)

    def __enter__(self) -> BareCopy:
        with self._connection.transaction():
            self._run("DROP SCHEMA IF EXISTS bare CASCADE")
            self._run("CREATE SCHEMA bare")
            names = self._connection.execute(
                "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
                " AND c.relname NOT LIKE 'procrastinate%'"
            ).fetchall()
            for (name,) in names:
                table = sql.Identifier(name)
                self._run(sql.SQL("CREATE TABLE bare.{0} (LIKE public.{0} INCLUDING ALL)").format(table))
                self._run(
                    sql.SQL("INSERT INTO bare.{0} OVERRIDING SYSTEM VALUE SELECT * FROM public.{0}").format(
                        table
                    )
                )
        self._number_apart()
        self._run("SET search_path = bare, public")
        self._connection.commit()
        return self

    def _number_apart(self) -> None:
        """New rows get numbers that no copied row has."""
        found = self._connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'bare' AND is_identity = 'YES'"
        ).fetchall()
        for table, column in found:
            statement = "ALTER TABLE bare.{} ALTER COLUMN {} RESTART WITH 1000000000"
            self._run(sql.SQL(statement).format(sql.Identifier(table), sql.Identifier(column)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.rollback()
        self._run("DROP SCHEMA bare CASCADE")
        self._connection.commit()
        self._connection.close()

    def replay(self, acts: Sequence[Sequence[tuple[str, Any]]]) -> tuple[list[float], int]:
        """One transaction per act; answers seconds of each and all rows written."""
        seconds, rows = [], 0
        for act in acts:
            began = time.perf_counter()
            with self._connection.cursor() as cursor:
                for statement, values in act:
                    cursor.execute(statement.encode(), values)
                    rows += max(cursor.rowcount, 0)
            self._connection.commit()
            seconds.append(time.perf_counter() - began)
        return seconds, rows

    def _run(self, statement: str | sql.Composed) -> None:
        self._connection.execute(statement.encode() if isinstance(statement, str) else statement)
