"""Raw SQL deploys no process: neither the application's role nor the owner's, but for what three people decided."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel.changes.models import ControlledChange
from app.kernel.engine.catalogue import DefinitionNeedsChange, deploy
from app.kernel.engine.definitions import read_definition
from app.kernel.engine.lifecycle.change_kind import ProcessKind, preview_files
from app.kernel.engine.specs import dump_spec
from app.kernel.transaction import run, system_actor
from app.storage.embedded import EmbeddedServer
from tests.designing import draft, open_design_office, retitle, sign_all, submit
from tests.moving_clock import MovingClock
from tests.office import Office

KEY = "injury_recognition"


@pytest.fixture
def office(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    with open_design_office(server, clock, tmp_path / "data") as opened:
        with opened.kernel.database.session() as session:
            session.execute(
                text("INSERT INTO founding (id, closed_at, witnesses) VALUES (1, now(), '{1,2}')")
            )
            session.commit()
        clock.set(datetime.now(UTC))  # once the office is founded an act bears the database's time (SD034)
        yield opened


@pytest.fixture
def decided(office: Office, monkeypatch: pytest.MonkeyPatch) -> int:
    """A change that three people decided and a faulty application did not carry out: raw SQL is left to do it."""
    monkeypatch.setattr(ProcessKind, "apply", lambda *_: None)
    return proposed(office, "第二版", signed=True)


def proposed(office: Office, title: str, *, signed: bool) -> int:
    draft_id = draft(office, KEY)
    retitle(office, draft_id, title)
    case_id = submit(office, draft_id)
    if signed:
        sign_all(office, case_id)
    return case_id


def files_of(office: Office, case_id: int) -> dict[str, bytes]:
    with office.kernel.database.session() as session:
        row = session.scalars(select(ControlledChange).where(ControlledChange.case_id == case_id)).one()
        return preview_files(session, row.payload["values"])


def insert(
    session: Session,
    change: int | None,
    files: dict[str, bytes],
    *,
    spec: bytes = b"",
    kept: dict[str, bytes] | None = None,
) -> int:
    """A version as the application would write it, with the files `kept` instead where given."""
    definition = read_definition(KEY, files)
    number = session.execute(
        text(
            "INSERT INTO process_definition (key, version, digest, title_zh, title_en, spec, deployed_at,"
            " deployed_by, approval, change_id) VALUES (:key, 77, :digest, 'a', 'a', :spec, now(), 'raw', '{}',"
            " :change) RETURNING id"
        ),
        {
            "key": KEY,
            "digest": definition.digest,
            "spec": spec or dump_spec(definition.parsed),
            "change": change,
        },
    ).scalar_one()
    for path, content in (definition.files if kept is None else kept).items():
        session.execute(
            text("INSERT INTO definition_file (definition_id, path, content) VALUES (:id, :path, :content)"),
            {"id": number, "path": path, "content": content},
        )
    return int(number)


def commit(office: Office, change: int, **values: Any) -> None:
    """Inserted and committed: some is only looked at when all files are there."""
    with office.kernel.database.session() as session:
        insert(session, change, **values)
        session.commit()


def release(session: Session, change: int | None, definition: int | None, action: str = "deploy") -> None:
    session.execute(
        text(
            "INSERT INTO process_release (key, action, definition_id, change_id, at)"
            " VALUES (:key, :action, :definition, :change, now())"
        ),
        {"key": KEY, "action": action, "definition": definition, "change": change},
    )


def refused(error: DBAPIError) -> str:
    """The problem the fence names. Fails for anything but SD033."""
    diagnostics = getattr(error.orig, "diag", None)
    assert getattr(error.orig, "sqlstate", None) == "SD033", error
    return str(orjson.loads(getattr(diagnostics, "message_detail", "{}"))["problem"])


def test_without_a_change_nothing_is_deployed_after_the_founding(office: Office) -> None:
    files = files_of(office, proposed(office, "无变更", signed=False))
    with pytest.raises(DBAPIError) as error, office.kernel.database.session() as session:
        insert(session, None, files)
    assert refused(error.value) == "founded"
    for action, definition in (("deploy", 1), ("retire", None), ("roll_back", 1)):
        with pytest.raises(DBAPIError) as error, office.kernel.database.session() as session:
            release(session, None, definition, action)
    with pytest.raises(DefinitionNeedsChange):
        run(office.kernel, lambda unit: deploy(unit, KEY, files, by="x", approval={}), system_actor())


def test_the_owner_installs_no_process_either(office: Office, server: EmbeddedServer) -> None:
    name = office.kernel.database.engine.url.database or ""
    with psycopg.connect(server.owner_url(name).replace("+psycopg", "")) as owner:
        for statement, state in (
            (
                "INSERT INTO process_release (key, action, at) VALUES ('injury_recognition', 'retire', now())",
                "SD033",
            ),
            ("UPDATE process_definition SET title_zh = 'x'", "SD020"),
            ("DELETE FROM definition_file", "SD020"),
            ("UPDATE process_release SET action = 'deploy'", "SD020"),
            ("TRUNCATE draft_content CASCADE", "SD020"),
        ):
            with pytest.raises(psycopg.Error) as error:
                owner.execute(statement)
            assert error.value.sqlstate == state, statement
            owner.rollback()


def test_an_undecided_change_carries_nothing(office: Office) -> None:
    case_id = proposed(office, "未批准", signed=False)
    with pytest.raises(DBAPIError) as error, office.kernel.database.session() as session:
        insert(session, case_id, files_of(office, case_id))
    assert refused(error.value) == "undecided"


def test_a_decided_change_carries_its_files_and_nothing_else(office: Office, decided: int) -> None:
    files = files_of(office, decided)
    path = f"{KEY}/process.toml"
    other = {**files, path: files[path] + b"\n"}
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("other_content", {"files": other}),
        ("other_content", {"files": files, "spec": b"{}"}),
        ("files", {"files": files, "kept": {**files, path: other[path]}}),
        ("files", {"files": files, "kept": {}}),
    ]
    for problem, values in attempts:
        with pytest.raises(DBAPIError) as error:
            commit(office, decided, **values)
        assert refused(error.value) == problem, values.keys()
    with office.kernel.database.session() as session:
        first = session.execute(
            text("SELECT min(id) FROM process_definition WHERE key = :key"), {"key": KEY}
        ).scalar_one()
    for problem, definition, action in (
        ("other_content", first, "deploy"),
        ("other_action", None, "retire"),
        ("other_action", first, "roll_back"),
    ):
        with pytest.raises(DBAPIError) as error, office.kernel.database.session() as session:
            release(session, decided, definition, action)
        assert refused(error.value) == problem, action
    with office.kernel.database.session() as session:  # the lawful twin goes through
        number = insert(session, decided, files)
        release(session, decided, number)
        session.commit()
    with pytest.raises(DBAPIError), office.kernel.database.session() as session:
        release(session, decided, number)  # once
    with pytest.raises(DBAPIError) as error, office.kernel.database.session() as session:
        session.execute(
            text(
                "INSERT INTO definition_file (definition_id, path, content) VALUES (:id, 'a/late.toml', '')"
            ),
            {"id": number},
        )
    assert refused(error.value) == "late_file"


def test_a_review_by_an_editor_of_the_draft_stands_for_nothing(office: Office, decided: int) -> None:
    with office.kernel.database.session() as session:
        session.execute(
            text(
                "INSERT INTO draft_editor (draft_id, person_id, account_id, first_at)"
                " SELECT id, :person, :account, now() FROM draft WHERE change_id = :change"
            ),
            {
                "person": office.actors["rechecker"].person_id,
                "account": office.actors["rechecker"].account_id,
                "change": decided,
            },
        )
        session.commit()
    with pytest.raises(DBAPIError) as error, office.kernel.database.session() as session:
        insert(session, decided, files_of(office, decided))
    assert refused(error.value) == "editor_reviewed"


def test_contents_are_what_their_names_say(office: Office) -> None:
    with office.kernel.database.session() as session:
        values = {"digest": hashlib.sha256(b"a").digest()}
        with pytest.raises(DBAPIError):
            session.execute(text("INSERT INTO draft_content VALUES (:digest, 'b')"), values)
