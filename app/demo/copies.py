"""Many copies of the cases of a generated region, for measuring pages over lists of the size of years.

Only for a database made to be thrown away: written by its superuser past fence and triggers, with ids of their own but
the original's people. As in a region after ten years, one copied case in fifty is open, with its claims and clocks;
the others are closed, received some time in those years. What a page reads of one case alone (states, documents, the
audit chain) isn't copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

TABLES = ("case_chain", "case", "case_party", "clock", "task", "performance", "sod_binding")
STEP = 1_000_000
"""Distance between the ids of two copies; more than a generated region has rows in any of the tables."""
OPEN_SHARE = 50
"""One case in so many is open."""
YEARS = 10

# What tells an open case from one long done, by table and column; every other value is the original's.
_DONE = {
    ("case", "status"): "CASE s.status WHEN 'open' THEN 'closed' ELSE s.status END",
    ("task", "state"): "CASE s.state WHEN 'open' THEN 'cancelled' ELSE s.state END",
    ("task", "claimed_by"): "CASE s.state WHEN 'open' THEN NULL ELSE s.claimed_by END",
    ("task", "claimed_account"): "CASE s.state WHEN 'open' THEN NULL ELSE s.claimed_account END",
    ("task", "waiting_for_staff"): "false",
    ("clock", "state"): "'stopped'",
}

_COLUMNS = """
SELECT a.attname, a.attidentity <> '' OR a.attname = 'scope_id' OR EXISTS (
        SELECT FROM pg_constraint c
        WHERE c.conrelid = a.attrelid AND a.attnum = ANY (c.conkey)
          AND c.contype = 'f' AND c.confrelid = ANY (%(tables)s::regclass[])
    ),
    EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnatts = 1 AND i.indkey[0] = a.attnum
    ),
    a.atttypid::regtype::text
FROM pg_attribute a
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum
"""


@dataclass(frozen=True)
class _Column:
    """`ours`: an id of a copied row, or (scope_id of a binding) of its case or chain."""

    name: str
    ours: bool
    unique: bool
    type: str


def copy_cases(admin: Connection[Any], wanted: int) -> int:
    """Copies, until there are about `wanted` cases; answers how many there are then. `admin` is a superuser's."""
    there = _count(admin)
    times = wanted // there - 1
    if times > 0:
        admin.execute("SET session_replication_role = replica")
        for table in TABLES:
            admin.execute(_copying(admin, table), {"times": times, "open": times // OPEN_SHARE})
        admin.execute("RESET session_replication_role")
    return _count(admin)


def _count(admin: Connection[Any]) -> int:
    (number,) = admin.execute('SELECT count(*) FROM "case"').fetchone() or (0,)
    return int(number)


def _copying(admin: Connection[Any], table: str) -> sql.Composed:
    quoted = [f'"{name}"' for name in TABLES]
    rows = admin.execute(_COLUMNS, {"table": f'"{table}"', "tables": quoted}).fetchall()
    columns = [_Column(*row) for row in rows]
    return sql.SQL(
        "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"
        " SELECT {values} FROM {table} s, generate_series(1::bigint, %(times)s) AS copy(no)"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
        values=sql.SQL(", ").join(sql.SQL(_value(table, column)) for column in columns),
    )


def _value(table: str, column: _Column) -> str:
    own = f's."{column.name}"'
    if column.ours:
        return f"{own} + copy.no * {STEP}"
    if column.type == "uuid":
        return "gen_random_uuid()"
    if column.name in (
        "subject_index",
        "id_number_index",
    ):  # the parties of a copy are other people and employers
        return f"sha256({own} || copy.no::text::bytea)"
    if column.unique:
        return f"{own} || '-' || copy.no"
    if column.type == "date" or column.type.startswith("timestamp"):
        days = f"CASE WHEN copy.no > %(open)s THEN copy.no %% {YEARS * 365} ELSE 0 END"
        moved = f"{own} - make_interval(days => ({days})::integer)"
        return f"({moved})::{column.type}"
    done = _DONE.get((table, column.name))
    return f"CASE WHEN copy.no > %(open)s THEN {done} ELSE {own} END" if done else own
