"""The embedded PostgreSQL: closed without a password, kept over restarts, adopted after a kill."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from app.storage import roles, server_directory
from app.storage.embedded import EmbeddedServer
from tests.databases import CopiedDatabase


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "with space" / "data", durable=False)
    yield server
    server.stop()


def connect(url: str, **changed: str) -> psycopg.Connection[tuple[object, ...]]:
    parsed = make_url(url)
    given = {
        "host": str(parsed.query["host"]),
        "port": str(parsed.query["port"]),
        "user": parsed.username or "",
        "password": parsed.password or "",
        "dbname": parsed.database or "",
    }
    return psycopg.connect(**{**given, **changed}, autocommit=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("user", ["sanshen_owner", "sanshen_auditor", "postgres"])
def test_app_role_password_opens_no_other_role(database: CopiedDatabase, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(database.app_url, user=user)


@pytest.mark.parametrize("user", [*roles.ROLES, "postgres"])
def test_nobody_connects_without_password(database: CopiedDatabase, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(database.app_url, user=user, password="", passfile="/dev/null")


def test_each_role_connects_with_its_own_password(database: CopiedDatabase) -> None:
    urls = (database.owner_url, database.app_url, database.auditor_url)
    users = []
    for url in urls:
        with connect(url) as connection:
            users.append(connection.execute("SELECT current_user").fetchone())
    assert users == [(role,) for role in roles.ROLES]


@pytest.mark.parametrize("role", ["app", "auditor"])
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (i int)", "CREATE SCHEMA s", "CREATE TEMP TABLE t (i int)"]
)
def test_app_and_auditor_change_no_schema(database: CopiedDatabase, role: str, statement: str) -> None:
    url = database.app_url if role == "app" else database.auditor_url
    with connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)  # type: ignore[call-overload]


def test_owner_is_no_superuser(database: CopiedDatabase) -> None:
    with database.admin() as admin:
        rights = admin.execute(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
            " FROM pg_roles WHERE rolname LIKE 'sanshen%'"
        ).fetchall()
    assert rights == [(False,)] * 3


def test_server_listens_on_no_network_address(database: CopiedDatabase) -> None:
    with database.admin() as admin:
        assert admin.execute("SHOW listen_addresses").fetchone() == ("",)


def test_secrets_and_database_are_closed_to_others(own_server: EmbeddedServer) -> None:
    own_server.start()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in own_server.secrets.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(own_server.secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE(own_server.directory.stat().st_mode) == 0o700


def test_restart_keeps_data(own_server: EmbeddedServer) -> None:
    assert own_server.start()
    with connect(own_server.owner_url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    own_server.stop()
    assert not own_server.is_running()
    assert own_server.start()
    with connect(own_server.owner_url()) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_left_over_server_is_adopted(own_server: EmbeddedServer) -> None:
    own_server.start()
    successor = EmbeddedServer(own_server.data_dir, durable=False)
    assert not successor.start()
    with connect(successor.app_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    successor.stop()
    assert not own_server.is_running()


def test_server_starts_after_its_main_process_was_killed(own_server: EmbeddedServer) -> None:
    own_server.start()
    os.kill(main_process(own_server), signal.SIGKILL)
    assert own_server.start()
    with connect(own_server.app_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_server_starts_when_pid_file_names_another_process(own_server: EmbeddedServer) -> None:
    own_server.start()
    pid_file = own_server.directory / "postmaster.pid"
    left_over = pid_file.read_text()
    own_server.stop()
    pid_file.write_text(left_over.replace(left_over.split("\n")[0], str(os.getpid()), 1))
    os.chown(pid_file, own_server.directory.stat().st_uid, own_server.directory.stat().st_gid)
    assert not own_server.is_running()
    assert own_server.start()


def test_interrupted_initialisation_is_repeated(own_server: EmbeddedServer) -> None:
    half_made = own_server.data_dir / "postgresql.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    assert own_server.start()
    assert not half_made.exists()


def test_stop_without_data_directory_does_nothing(tmp_path: Path) -> None:
    EmbeddedServer(tmp_path / "none").stop()
    assert not (tmp_path / "none").exists()


def test_running_stops_only_what_it_started(own_server: EmbeddedServer) -> None:
    with own_server.running():
        with own_server.running():
            pass
        assert own_server.is_running()
    assert not own_server.is_running()


def test_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    sockets = server_directory.socket_directory(tmp_path / ("长" * 60))
    assert len(os.fsencode(sockets / ".s.PGSQL.5432.lock")) <= server_directory.LONGEST_SOCKET_PATH


def test_copy_of_a_database_is_fast(fresh_database: CopiedDatabase) -> None:
    began = time.monotonic()
    fresh_database.server.create_database("one_more", template="migrated")
    took = time.monotonic() - began
    fresh_database.server.drop_database("one_more")
    assert took < 3


def main_process(server: EmbeddedServer) -> int:
    pid = int((server.directory / "postmaster.pid").read_text().split("\n")[0])
    assert psutil.Process(pid).name() == "postgres"
    return pid
