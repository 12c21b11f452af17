"""Regions: the database shows a transaction the rows of its regions only; ledgers and the auditor see all."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.databases import CopiedDatabase
from tests.fence_world import Connection, World, act, connect, decide, sign, world_of

CITY, OTHER = "640100", "640200"
SCOPED = ("case", "case_facts", "task", "material", "document")


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as made:
        for region in (CITY, OTHER, OTHER):
            furnish(made, made.case("normal", region=region), region)
        yield made


def furnish(world: World, case: int, region: str) -> None:
    """A row in every scoped table."""
    for statement in (
        "INSERT INTO case_facts (case_id, region_code, facts, sealed, updated_at) VALUES (%s, %s, '{}', 'x', now())",
        "INSERT INTO task (case_id, region_code, engine_task_id, step_key, title_zh, title_en, duty, signs, resets,"
        " post, created_at) VALUES (%s, %s, 'e', 's', '', '', 'serve', false, false, 'rec_clerk', now())",
        "INSERT INTO material (uid, case_id, region_code, kind, filename, media_type, size, digest, source,"
        " received_at) VALUES (gen_random_uuid(), %s, %s, 'k', 'f', 'm', 1, 'd', 's', now())",
        "INSERT INTO document (uid, case_id, region_code, template, title_zh, title_en, number, docx_digest,"
        " print_digest, state, issued_on, issued_at) VALUES (gen_random_uuid(), %s, %s, 't', '', '',"
        " gen_random_uuid()::text, '', '', 'issued', now(), now())",
    ):
        world.owner.execute(statement, (case, region))


@contextmanager
def scope(connection: Connection, regions: str | None) -> Iterator[None]:
    with connection.transaction():
        if regions is not None:
            connection.execute("SELECT set_config('app.regions', %s, true)", (regions,))
        yield


def seen(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(f'SELECT region_code FROM "{table}" ORDER BY 1').fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize("table", SCOPED)
@pytest.mark.parametrize(
    ("regions", "visible"),
    [
        (None, []),
        ("", []),
        (CITY, [CITY]),
        ("640300," + OTHER, [OTHER, OTHER]),
        (f"{CITY},{OTHER}", [CITY, OTHER, OTHER]),
        ("*", [CITY, OTHER, OTHER]),
    ],
)
def test_only_rows_of_the_regions_are_seen(
    world: World, table: str, regions: str | None, visible: list[str]
) -> None:
    with scope(world.app, regions):
        assert seen(world.app, table) == visible


def test_scope_ends_with_its_transaction(world: World) -> None:
    with scope(world.app, "*"):
        assert seen(world.app, "case")
    assert seen(world.app, "case") == []


def test_row_of_another_region_is_neither_written_nor_moved(world: World) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), scope(world.app, CITY):
        world.app.execute(f"UPDATE case_facts SET region_code = '{OTHER}'")
    with pytest.raises(psycopg.Error) as refused, scope(world.app, CITY):
        world.app.execute(f"UPDATE \"case\" SET region_code = '{OTHER}'")
    assert refused.value.sqlstate == "SD030"
    with scope(world.app, CITY):
        changed = world.app.execute("UPDATE task SET acts = acts WHERE region_code = %s", (OTHER,))
        assert changed.rowcount == 0
        assert world.app.execute("UPDATE task SET acts = acts").rowcount == 1


def test_ledger_acts_need_no_region(world: World) -> None:
    """The fence counts under the owner: what a region may see never decides what it may do."""
    a, b = world.staff(2)
    case = world.case("normal", region=OTHER)
    with scope(world.app, CITY):
        signed = [sign(world.app, case, a, "initial_review", 1), sign(world.app, case, b, "final_review", 2)]
        assert decide(world.app, case, signed, risk="normal") > 0
        with pytest.raises(psycopg.Error) as refused, world.app.transaction():
            act(world.app, case, a, "final_review")
        assert refused.value.sqlstate == "SD001"
    world.move(case, OTHER, "640400")


def test_policy_leaves_indexes_usable(world: World) -> None:
    wanted = "EXPLAIN SELECT * FROM task WHERE post = 'rec_clerk' AND state = 'open'"

    def plan_of(more: str) -> str:
        return "\n".join(row[0] for row in world.app.execute(f"{wanted} {more}").fetchall())

    with scope(world.app, CITY):
        world.app.execute("SET LOCAL enable_seqscan = off")
        narrow, ordered = plan_of("AND due_on < '2026-04-01'"), plan_of("ORDER BY due_on, id LIMIT 5")
    assert "ix_task_scope" in narrow
    assert "Index Cond: ((scope_code = ANY (" in narrow
    assert "InitPlan" in narrow
    assert "ix_task_open_due" in ordered or "ix_task_scope" in ordered
    assert "InitPlan" in ordered


def test_auditor_reads_all_regions_but_no_secret(world: World, database: CopiedDatabase) -> None:
    with connect(database.auditor_url) as auditor:
        assert len(seen(auditor, "case")) >= 3
        auditor.execute("SELECT login, state FROM account")
        auditor.execute("SELECT * FROM performance")
        auditor.execute("SELECT facts FROM case_facts")
        for secret in (
            "SELECT password_hash FROM account",
            "SELECT id_number_sealed FROM person",
            "SELECT sealed FROM case_facts",
            "SELECT token_digest FROM web_session",
            "INSERT INTO case_chain (created_at) VALUES (now())",
            "UPDATE account SET locale = 'en'",
            "DELETE FROM web_session",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                auditor.execute(secret)
