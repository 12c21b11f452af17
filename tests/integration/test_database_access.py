"""Which roles a process gets: administrator's URL, application's URL, both, or none."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import URL, make_url

from app.faces.cli import main
from app.faces.cli.migration import migrate_or_check
from app.storage import access, migrate, roles
from app.storage.access import DatabaseUnreachable, database_access
from app.storage.credentials import kept_password
from app.storage.embedded import EmbeddedServer
from config import Settings
from tests.databases import CopiedDatabase


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[URL]:
    """A server that isn't ours: an administrator who is no superuser, and an empty database of his."""
    server = EmbeddedServer(tmp_path / "foreign", durable=False)
    with server.running():
        name = f"d{uuid4().hex[:8]}"
        with server.admin() as admin:
            admin.execute("DROP DATABASE sanshen")
            for role in roles.ROLES:
                admin.execute(f"REVOKE ALL ON DATABASE postgres FROM {role}")  # type: ignore[call-overload]
                admin.execute(f"DROP ROLE {role}")  # type: ignore[call-overload]
            admin.execute("CREATE ROLE keeper LOGIN CREATEROLE CREATEDB PASSWORD 'pw'")
            admin.execute(f"CREATE DATABASE {name} OWNER keeper")  # type: ignore[call-overload]
        yield make_url(server.app_url(name)).set(username="keeper", password="pw")


def test_administrators_url_makes_the_roles_and_is_handed_to_nobody(foreign: URL, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=access.rendered(foreign))
    for _ in range(2):
        with database_access(settings) as given:
            users = [make_url(url or "").username for url in (given.app_url, given.owner_url)]
            assert users == [roles.APP, roles.OWNER]
            migrate_or_check(given)
            assert migrate.is_current(given.app_url)
            with (
                access.connected(make_url(given.app_url)) as app,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                app.execute("CREATE TABLE t (i int)")


def test_applications_url_alone_migrates_nothing(database: CopiedDatabase, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=database.app_url)
    with database_access(settings) as given:
        assert given.app_url == database.app_url
        assert given.owner_url is None
        migrate_or_check(given)
    assert not (tmp_path / "data").exists()


def test_stale_schema_is_refused_when_it_can_not_be_migrated(
    fresh_database: CopiedDatabase, tmp_path: Path
) -> None:
    with fresh_database.admin() as admin:
        admin.execute("UPDATE alembic_version SET version_num = 'earlier'")
    settings = Settings(data_dir=tmp_path / "data", database_url=fresh_database.app_url)
    with database_access(settings) as given, pytest.raises(Exception, match="earlier"):
        migrate_or_check(given)


def test_demonstration_asks_for_the_schema_where_it_may_not_make_it(
    database: CopiedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"d{uuid4().hex[:8]}"
    database.server.create_database(name)
    monkeypatch.setenv("DATABASE_URL", database.server.app_url(name))
    monkeypatch.setenv("SANSHEN_DATA", str(tmp_path))
    answer = CliRunner().invoke(main, ["demo"])
    database.server.drop_database(name)
    assert answer.exit_code == 1
    assert "sanshen migrate" in answer.output


def test_both_urls_are_taken_as_they_are(database: CopiedDatabase, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, database_url=database.app_url, database_owner_url=database.owner_url
    )
    with database_access(settings) as given:
        assert (given.app_url, given.owner_url) == (database.app_url, database.owner_url)


def test_unreachable_database_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://someone:hidden-word@/db?host={tmp_path}"
    with (
        pytest.raises(DatabaseUnreachable) as refused,
        database_access(Settings(data_dir=tmp_path, database_url=url)),
    ):
        pass
    assert "someone" in str(refused.value)
    assert "hidden-word" not in str(refused.value)


def test_kept_password_stays_the_same(tmp_path: Path) -> None:
    first = kept_password(tmp_path / "secrets", "a_role")
    assert len(first) >= 40
    assert kept_password(tmp_path / "secrets", "a_role") == first
    assert kept_password(tmp_path / "secrets", "other_role") != first
