"""Migrations: from empty to head and back, each step twice, ending in what the models say."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from app.domain.registry import reference
from app.storage import migrate
from app.storage.base import Base
from app.storage.embedded import EmbeddedServer
from app.storage.fence import describe
from tests.databases import CopiedDatabase

REVISIONS = [
    script.revision for script in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions("base", "heads")
][::-1]


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[str]:
    """The owner's address of a database without any table."""
    name = f"empty_{uuid4().hex[:12]}"
    server.create_database(name)
    yield server.owner_url(name)
    server.drop_database(name)


def engine_of(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool)


def tables(url: str) -> set[str]:
    return set(inspect(engine_of(url)).get_table_names())


def differences(url: str) -> list[object]:
    with engine_of(url).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found: list[object] = compare_metadata(context, Base.metadata)
    return found


def fence(url: str) -> dict[str, dict[str, str]]:
    with engine_of(url).connect() as connection:
        return describe(connection)


def test_every_revision_goes_up_down_and_up_again(empty: str) -> None:
    for before, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        migrate.upgrade(empty, revision)
        there = fence(empty)
        migrate.downgrade(empty, before)
        assert migrate.current(empty) == (None if before == "base" else before)
        migrate.upgrade(empty, revision)
        assert migrate.current(empty) == revision
        assert fence(empty) == there
    assert migrate.is_current(empty)


def test_downgrade_to_base_leaves_nothing(empty: str) -> None:
    migrate.upgrade(empty)
    migrate.downgrade(empty, "base")
    assert tables(empty) <= {"alembic_version"}
    left = fence(empty)
    assert left["function"] == {}
    assert left["trigger"] == {}
    with engine_of(empty).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname = 'jobs'")) == 0
        assert connection.scalar(text("SELECT count(*) FROM pg_type WHERE typnamespace = 'public'::regnamespace "
                                      "AND typtype IN ('e', 'd')")) == 0  # fmt: skip


def test_models_and_migrated_schema_agree(database: CopiedDatabase) -> None:
    migrate.upgrade(database.owner_url)  # imports every model
    assert [entry for entry in differences(database.owner_url) if "alembic_version" not in str(entry)] == []


def test_comparison_sees_a_changed_column(fresh_database: CopiedDatabase) -> None:
    engine = engine_of(fresh_database.owner_url)
    with engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE task ALTER COLUMN version SET DEFAULT 7, ALTER due_on TYPE timestamptz")
        )
        connection.execute(text("ALTER TABLE clock DROP COLUMN stop_reason"))
    assert len(differences(fresh_database.owner_url)) == 3


def test_reference_data_installs_twice_without_a_change(fresh_database: CopiedDatabase) -> None:
    engine = engine_of(fresh_database.owner_url)
    counts = []
    for _ in range(2):
        with engine.begin() as connection:
            reference.install(connection)
            counts.append([
                connection.scalar(text(f"SELECT count(*) FROM {table}"))
                for table in ("region", "post", "post_exclusion", "conflict_set", "conflict_member")
            ])  # fmt: skip
    assert counts[0] == counts[1]
    assert counts[0][0] == 28


def test_changed_conflict_set_becomes_a_new_version(fresh_database: CopiedDatabase) -> None:
    with engine_of(fresh_database.owner_url).begin() as connection:
        reference.install(connection)
        entry = dict(reference.conflict_sets()[0], maximum=2)
        assert reference.install_set(connection, entry)
        assert not reference.install_set(connection, entry)
        versions = connection.execute(
            text("SELECT version, maximum FROM conflict_set WHERE set_id = 1 ORDER BY version")
        ).all()
    assert [tuple(version) for version in versions] == [(1, 1), (2, 2)]


def test_lost_exclusion_is_refused(fresh_database: CopiedDatabase) -> None:
    with engine_of(fresh_database.owner_url).begin() as connection:
        reference.install(connection)
        with pytest.raises(reference.ReferenceDataShrunk):
            reference.install_exclusions(connection, list(reference.exclusion_rows())[1:])


def test_regions_form_one_tree_with_distinct_names_and_prefixes() -> None:
    rows = list(reference.region_rows())
    assert [row["code"] for row in rows if row["parent_code"] is None] == ["640000"]
    assert sum(row["level"] == "city" for row in rows) == 5
    assert sum(row["level"] == "county" for row in rows) == 22
    assert all(row["path"].split("/")[-2:-1] == [row["parent_code"]] for row in rows[1:])
    for column in ("code", "name_zh", "name_en", "authority_zh", "document_prefix"):
        assert len({row[column] for row in rows}) == 28
