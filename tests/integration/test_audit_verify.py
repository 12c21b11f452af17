"""The audit log on the real database: written under contention, verified, tampered with, found out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psycopg
import pytest
from click.testing import CliRunner, Result

from app.faces.cli.audit import audit
from app.kernel.audit.chain import NewEvent, append, case_chain
from app.kernel.audit.verify import BreakKind, verify
from app.storage.crypto import KeyRing, key_file
from app.storage.database import Database
from tests.databases import CopiedDatabase

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def keyring(data_dir: Path) -> KeyRing:
    return KeyRing.create(key_file(data_dir))


@pytest.fixture
def application(fresh_database: CopiedDatabase) -> Iterator[Database]:
    connected = Database(fresh_database.app_url)
    yield connected
    connected.dispose()


@pytest.fixture
def auditor(fresh_database: CopiedDatabase) -> Iterator[Database]:
    connected = Database(fresh_database.auditor_url)
    yield connected
    connected.dispose()


def drafts(chain: str, count: int) -> list[NewEvent]:
    return [
        NewEvent(chain, NOON, "task.completed", {"序": number, "意见": "同意"}, account_id=1, case_id=2)
        for number in range(count)
    ]


def write(database: Database, keyring: KeyRing, events: list[NewEvent]) -> None:
    with database.session() as session:
        append(session, keyring, events)
        session.commit()


def breaks(database: Database, keyring: KeyRing) -> set[tuple[str, int, BreakKind]]:
    with database.session() as session:
        return {(item.chain, item.seq, item.kind) for item in verify(session, keyring).breaks}


def tamper(copy: CopiedDatabase, statement: str) -> None:
    """As a superuser who switches the triggers off: nothing in the database can stop him."""
    with copy.admin() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement.encode()).rowcount > 0


def test_written_events_verify_under_the_auditors_role(
    application: Database, auditor: Database, keyring: KeyRing
) -> None:
    write(application, keyring, drafts("case:1", 3) + drafts("person:7", 1) + drafts("case:1", 2))
    write(application, keyring, drafts("case:1", 1))
    with auditor.session() as session:
        result = verify(session, keyring)
    assert result.intact
    assert result.events == 7
    assert {chain: head.seq for chain, head in result.heads.items()} == {"case:1": 6, "person:7": 1}


def test_empty_log_is_intact(auditor: Database, keyring: KeyRing) -> None:
    with auditor.session() as session:
        result = verify(session, keyring)
    assert (result.intact, result.events) == (True, 0)


def test_events_of_a_rolled_back_transaction_leave_no_gap(
    application: Database, auditor: Database, keyring: KeyRing
) -> None:
    write(application, keyring, drafts("case:1", 1))
    with application.session() as session:
        append(session, keyring, drafts("case:1", 5))
    write(application, keyring, drafts("case:1", 1))
    assert breaks(auditor, keyring) == set()


def test_many_writers_on_the_same_chains_lose_nothing_and_never_deadlock(
    application: Database, auditor: Database, keyring: KeyRing
) -> None:
    chains = [case_chain(number) for number in range(4)]

    def work(number: int) -> None:
        for turn in range(10):
            order = chains[number % 4 :] + chains[: number % 4]
            write(
                application, keyring, [draft for chain in order[: 1 + turn % 4] for draft in drafts(chain, 2)]
            )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    with auditor.session() as session:
        result = verify(session, keyring)
    assert result.intact
    assert result.events == 8 * sum(2 * (1 + turn % 4) for turn in range(10))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE audit_event SET payload = convert_to('{}', 'UTF8') WHERE chain = 'case:1' AND seq = 2",
            {("case:1", 2, BreakKind.HASH)},
        ),
        (
            "UPDATE audit_event SET at = at + interval '1 microsecond' WHERE chain = 'case:1' AND seq = 2",
            {("case:1", 2, BreakKind.HASH)},
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'case:1' AND seq = 2",
            {("case:1", 3, BreakKind.GAP), ("case:1", 3, BreakKind.LINK)},
        ),
        (
            "UPDATE audit_event SET mac = hash WHERE chain = 'case:2' AND seq = 1",
            {("case:2", 1, BreakKind.MAC)},
        ),
        (
            "INSERT INTO audit_event (chain, seq, at, event, request_id, payload, previous_hash, hash, mac)"
            " SELECT chain, 4, at, event, request_id, payload, hash, hash, mac FROM audit_event"
            " WHERE chain = 'case:1' AND seq = 3",
            {("case:1", 4, BreakKind.HASH)},
        ),
    ],
)
def test_tampering_by_a_superuser_is_found(
    fresh_database: CopiedDatabase,
    application: Database,
    auditor: Database,
    keyring: KeyRing,
    statement: str,
    found: set[tuple[str, int, BreakKind]],
) -> None:
    write(application, keyring, drafts("case:1", 3) + drafts("case:2", 3))
    tamper(fresh_database, statement)
    assert breaks(auditor, keyring) == found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET event = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TABLE audit_event",
        "SET session_replication_role = replica",
    ],
)
def test_application_role_can_only_add(
    fresh_database: CopiedDatabase, application: Database, keyring: KeyRing, statement: str
) -> None:
    write(application, keyring, drafts("case:1", 1))
    address = application.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET event = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_even_the_owner_is_stopped_by_the_triggers(
    fresh_database: CopiedDatabase, application: Database, keyring: KeyRing, statement: str
) -> None:
    write(application, keyring, drafts("case:1", 1))
    owner = Database(fresh_database.owner_url)
    address = owner.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(statement.encode())
    assert not isinstance(caught.value, psycopg.OperationalError)
    owner.dispose()


def command(copy: CopiedDatabase, data_dir: Path, *arguments: str) -> Result:
    environment = {"SANSHEN_DATA": str(data_dir), "DATABASE_URL": copy.auditor_url}
    return CliRunner().invoke(audit, ["verify", *arguments], env=environment)


def test_command_says_intact_with_zero_and_broken_with_one(
    fresh_database: CopiedDatabase, application: Database, keyring: KeyRing, data_dir: Path
) -> None:
    write(application, keyring, drafts("case:1", 3))
    good = command(fresh_database, data_dir, "--json")
    assert good.exit_code == 0
    assert orjson.loads(good.output)["intact"] is True
    tamper(fresh_database, "UPDATE audit_event SET event = 'x' WHERE seq = 2")
    bad = command(fresh_database, data_dir, "--json")
    assert bad.exit_code == 1
    assert orjson.loads(bad.output)["breaks"] == [{"chain": "case:1", "seq": 2, "kind": "hash_wrong"}]
    assert "case:1 #2: hash_wrong" in command(fresh_database, data_dir).output


def test_command_finds_a_cut_tail_with_the_heads_it_kept(
    fresh_database: CopiedDatabase, application: Database, keyring: KeyRing, data_dir: Path, tmp_path: Path
) -> None:
    write(application, keyring, drafts("case:1", 3) + drafts("case:2", 1))
    heads = str(tmp_path / "heads.json")
    assert command(fresh_database, data_dir, "--keep", heads).exit_code == 0
    write(application, keyring, drafts("case:1", 1))
    assert command(fresh_database, data_dir, "--against", heads).exit_code == 0
    tamper(fresh_database, "DELETE FROM audit_event WHERE chain = 'case:2' OR seq >= 3")
    assert command(fresh_database, data_dir).exit_code == 0
    cut = command(fresh_database, data_dir, "--against", heads, "--json")
    assert cut.exit_code == 1
    assert {(item["chain"], item["seq"]) for item in orjson.loads(cut.output)["breaks"]} == {
        ("case:1", 2),
        ("case:2", 0),
    }


def test_command_without_a_key_file_says_so(fresh_database: CopiedDatabase, tmp_path: Path) -> None:
    result = command(fresh_database, tmp_path / "empty")
    assert result.exit_code == 2
    assert "does not exist" in result.output


@pytest.mark.long
def test_verification_reads_fifty_thousand_events_a_second(
    application: Database, auditor: Database, keyring: KeyRing
) -> None:
    for start in range(20):
        write(application, keyring, drafts(case_chain(start), 5_000))
    started = time.process_time()
    with auditor.session() as session:
        result = verify(session, keyring)
    assert result.intact
    assert result.events == 100_000
    # Processor time, because a shared machine's wall clock measures its neighbours.
    assert time.process_time() - started < 2.0
