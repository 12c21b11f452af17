"""Start-up self-test: is the fence in this database the one we built?

`fence.toml` says how triggers, functions, constraints, policies and rights must be; `describe` reads how they
are. After a migration that changes them: `python -m app.storage.fence DATABASE_URL > app/storage/fence.toml`,
and review the difference.
"""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.storage.database import normalised_url

MANIFEST = Path(__file__).with_suffix(".toml")

Section = dict[str, str]

_ROLE = """
    SELECT r.rolname, concat_ws(' ',
        CASE WHEN r.rolsuper THEN 'superuser' END,
        CASE WHEN r.rolcreaterole THEN 'createrole' END,
        CASE WHEN r.rolcreatedb THEN 'createdb' END,
        CASE WHEN r.rolreplication THEN 'replication' END,
        CASE WHEN r.rolbypassrls THEN 'bypassrls' END,
        CASE WHEN r.rolname <> 'sanshen_owner' AND pg_has_role(r.oid, o.oid, 'MEMBER') THEN 'owner' END,
        CASE WHEN r.rolname <> 'sanshen_owner' AND has_schema_privilege(r.oid, 'public', 'CREATE')
             THEN 'create' END)
    FROM pg_roles r JOIN pg_roles o ON o.rolname = 'sanshen_owner'
    WHERE r.rolname IN ('sanshen_owner', 'sanshen_app', 'sanshen_auditor')
"""
_TABLE = """
    SELECT relname, concat_ws(' ', pg_get_userbyid(relowner),
                              CASE WHEN relrowsecurity THEN 'row-security' END,
                              CASE WHEN relforcerowsecurity THEN 'forced' END)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
"""
_FUNCTION = """
    SELECT format('%s(%s)', proname, pg_get_function_identity_arguments(oid)),
           concat_ws(' ', pg_get_userbyid(proowner), CASE WHEN prosecdef THEN 'definer' END,
                     array_to_string(proconfig, ';'), encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'),
                     CASE WHEN has_function_privilege('sanshen_app', oid, 'EXECUTE') THEN 'callable' END)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
_TRIGGER = """
    SELECT format('%s.%s', c.relname, t.tgname),
           concat_ws(' ', t.tgtype, p.pronamespace::regnamespace::text || '.' || p.proname,
                     CASE t.tgenabled WHEN 'O' THEN NULL WHEN 'A' THEN NULL ELSE 'disabled' END,
                     (SELECT 'of ' || string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum = ANY (t.tgattr)),
                     CASE WHEN t.tgqual IS NOT NULL THEN 'conditional' END)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
"""
_CONSTRAINT = """
    SELECT format('%s.%s', c.relname, k.conname),
           concat_ws(' ', k.contype, k.confrelid::regclass::text,
                     (SELECT string_agg(a.attname, ',' ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY AS u (num, n)
                      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num),
                     (SELECT string_agg(o.oprname, ',' ORDER BY n)
                      FROM unnest(k.conexclop) WITH ORDINALITY AS u (op, n) JOIN pg_operator o ON o.oid = u.op),
                     CASE WHEN NOT k.convalidated THEN 'not-validated' END,
                     CASE WHEN k.condeferrable THEN 'deferrable' END,
                     (SELECT 'disabled' FROM pg_trigger t
                      WHERE t.tgconstraint = k.oid AND t.tgenabled NOT IN ('O', 'A') LIMIT 1))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'x', 'f', 'c')
"""
_INDEX = """
    SELECT c.relname, concat_ws(' ', i.indrelid::regclass::text,
                                CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END,
                                CASE WHEN i.indpred IS NOT NULL THEN 'partial' END)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
"""
_POLICY = """
    SELECT format('%s.%s', tablename, policyname),
           concat_ws(' ', permissive, array_to_string(roles, ','), cmd,
                     CASE WHEN qual LIKE '%visible_regions()%' THEN 'reads-scoped' END,
                     CASE WHEN with_check LIKE '%visible_regions()%' THEN 'writes-scoped' END)
    FROM pg_policies WHERE schemaname = 'public'
"""
# What the role can really do, whether granted to it, to PUBLIC or to a role it belongs to.
_RIGHTS = """
    SELECT c.relname, string_agg(r.allowed, ' ' ORDER BY r.n)
    FROM pg_class c
    CROSS JOIN LATERAL (
        SELECT n, CASE
            WHEN has_table_privilege(:role, c.oid, p.name) THEN p.name
            WHEN n <= 3 THEN (
                SELECT format('%s(%s)', p.name, string_agg(a.attname, ',' ORDER BY a.attnum))
                FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND has_column_privilege(:role, c.oid, a.attnum, p.name) HAVING count(*) > 0)
            END AS allowed
        FROM (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE'), (5, 'TRUNCATE'),
                     (6, 'REFERENCES'), (7, 'TRIGGER')) AS p (n, name)) AS r
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    GROUP BY c.relname HAVING count(r.allowed) > 0
"""
_SECTIONS = {
    "role": _ROLE,
    "table": _TABLE,
    "function": _FUNCTION,
    "trigger": _TRIGGER,
    "constraint": _CONSTRAINT,
    "unique-index": _INDEX,
    "policy": _POLICY,
}
_ROLES = ("sanshen_app", "sanshen_auditor")


def verify_fence(connection: Connection) -> list[str]:
    """What differs from `fence.toml`, one line each; empty when the fence stands. Any role may ask."""
    expected: dict[str, Section] = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    actual = describe(connection)
    return [
        line
        for section in sorted(expected.keys() | actual.keys())
        for line in _differences(section, expected.get(section, {}), actual.get(section, {}))
    ]


def describe(connection: Connection) -> dict[str, Section]:
    """The fence as it stands: section → name of the object → its properties in one line."""
    found = {section: _pairs(connection, query, {}) for section, query in _SECTIONS.items()}
    rights = {f"rights-{role}": _pairs(connection, _RIGHTS, {"role": role}) for role in _ROLES}
    return found | rights


def _pairs(connection: Connection, query: str, values: Mapping[str, str]) -> Section:
    return {str(row[0]): str(row[1]) for row in connection.execute(text(query), values)}


def _differences(section: str, expected: Section, actual: Section) -> list[str]:
    names = sorted(expected.keys() | actual.keys())
    return [
        f"{section} {name}: expected {expected.get(name, 'none')!r}, found {actual.get(name, 'none')!r}"
        for name in names
        if expected.get(name) != actual.get(name)
    ]


def manifest(described: Mapping[str, Section]) -> str:
    """`describe`'s answer as TOML, sorted."""
    lines = []
    for section in sorted(described):
        lines.append(f"[{section}]")
        lines += [
            f"{json.dumps(name)} = {json.dumps(is_)}" for name, is_ in sorted(described[section].items())
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Print the manifest of the database whose URL is the first argument."""
    engine = create_engine(normalised_url(sys.argv[1]), poolclass=NullPool)
    with engine.connect() as connection:
        sys.stdout.write(manifest(describe(connection)))


if __name__ == "__main__":
    main()
