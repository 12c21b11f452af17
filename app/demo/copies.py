"""Many copies of the cases of a generated region, for measuring pages over lists of the size of years.

Only for a database made to be thrown away: written by its superuser past fence and triggers, with ids of their own but
the original's people, so that lists, searches and counts meet a million rows. What a page reads of one case alone
(states, documents, the audit chain) isn't copied.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

TABLES = ("case_chain", "case", "case_party", "clock", "task", "performance", "sod_binding")
STEP = 1_000_000
"""Distance between the ids of two copies; more than a generated region has rows in any of the tables."""

_COLUMNS = """
SELECT a.attname, a.attidentity <> '',
    EXISTS (
        SELECT FROM pg_constraint c
        WHERE c.conrelid = a.attrelid AND a.attnum = ANY (c.conkey)
          AND c.contype = 'f' AND c.confrelid = ANY (%(tables)s::regclass[])
    ),
    a.atttypid = 'uuid'::regtype,
    EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnatts = 1 AND i.indkey[0] = a.attnum
          AND a.atttypid = 'text'::regtype
    )
FROM pg_attribute a
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum
"""


def copy_cases(admin: Connection[Any], wanted: int) -> int:
    """Copies, until there are about `wanted` cases; answers how many there are then. `admin` is a superuser's."""
    there = _count(admin)
    times = wanted // there - 1
    if times > 0:
        admin.execute("SET session_replication_role = replica")
        for table in TABLES:
            admin.execute(_copying(admin, table), {"times": times})
        admin.execute("RESET session_replication_role")
    return _count(admin)


def _count(admin: Connection[Any]) -> int:
    (number,) = admin.execute('SELECT count(*) FROM "case"').fetchone() or (0,)
    return int(number)


def _copying(admin: Connection[Any], table: str) -> sql.Composed:
    quoted = [f'"{name}"' for name in TABLES]
    columns = admin.execute(_COLUMNS, {"table": f'"{table}"', "tables": quoted}).fetchall()
    return sql.SQL(
        "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"
        " SELECT {values} FROM {table} s, generate_series(1, %(times)s) AS copy(no)"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(sql.Identifier(name) for name, *_ in columns),
        values=sql.SQL(", ").join(_value(*column) for column in columns),
    )


def _value(name: str, identity: bool, ours: bool, uuid: bool, unique: bool) -> sql.Composed:
    column = sql.SQL("s.{}").format(sql.Identifier(name))
    if identity or ours or name == "scope_id":  # of a binding: the case, or the chain
        return sql.SQL("{} + copy.no * {}").format(column, sql.Literal(STEP))
    if uuid:
        return sql.SQL("gen_random_uuid()").format()
    return sql.SQL("{} || '-' || copy.no").format(column) if unique else sql.SQL("{}").format(column)
