"""`sanshen process …` over a real database: reads for everybody at the console, proposals only of a named editor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from app.faces.cli.commands import main
from app.kernel.engine.lifecycle.archive import read_archive
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS
from tests.designing import open_design_office, sign_all
from tests.moving_clock import MovingClock
from tests.office import PASSWORD, Office

KEY = "injury_recognition"
AS_EDITOR = ["--as", "editor-account", "--reason", "稽核意见", "--ground", "内控制度"]


@pytest.fixture
def office(
    server: EmbeddedServer, clock: MovingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    with open_design_office(server, clock, tmp_path / "data") as opened:
        monkeypatch.setenv("DATABASE_URL", opened.kernel.database.url)
        monkeypatch.setenv("SANSHEN_DATA", str(tmp_path / "data"))
        yield opened


def call(*arguments: str, password: str = PASSWORD) -> Result:
    return CliRunner().invoke(main, ["process", *arguments], input=f"{password}\n")


def test_a_folder_is_proposed_by_a_named_editor_and_decided_by_two_others(
    office: Office, clock: MovingClock, tmp_path: Path
) -> None:
    listed = call("list", "--json")
    assert {row["key"]: row["version"] for row in orjson.loads(listed.stdout)}[KEY] == 1
    archive = tmp_path / "out.zip"
    assert call("export", KEY, "-o", str(archive)).exit_code == 0
    files = read_archive(archive.read_bytes())
    assert all((WORKFLOWS / path).read_bytes() == content for path, content in files.items())
    for path, content in files.items():
        place = tmp_path / "work" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(
            content.replace("工伤认定".encode(), "认定工伤".encode())
            if path == f"{KEY}/process.toml"
            else content
        )
    work = str(tmp_path / "work")
    assert call("diff", KEY, "1", "1").exit_code == 0
    differs = call("diff", KEY, "1", work)
    assert differs.exit_code == 1
    assert "认定工伤" in differs.output

    wrong = call("deploy", KEY, work, *AS_EDITOR, password="nobody-knows-1")
    assert wrong.exit_code == 1
    assert "密码" in wrong.output
    handler = call("deploy", KEY, work, "--as", "handler-account", "--reason", "x", "--ground", "x")
    assert handler.exit_code == 1
    assert orjson.loads(call("show", KEY, "--json").stdout)["drafts"] == []

    sent = call("deploy", KEY, work, *AS_EDITOR, "--notes", "命令行")
    assert sent.exit_code == 0, sent.output
    case_id = int(sent.output.split("/changes/")[1].split()[0])
    assert len(orjson.loads(call("show", KEY, "--json").stdout)["versions"]) == 1
    clock.set(datetime.now(UTC))  # the commands go by the wall clock
    sign_all(office, case_id)
    shown = orjson.loads(call("show", KEY, "--json").stdout)["versions"]
    assert [(row["version"], row["state"], row["notes"]) for row in shown] == [
        (2, "in_force", "命令行"),
        (1, "earlier", ""),
    ]
    assert "v2" in call("show", KEY).output
    assert KEY in call("list").output
    back = call("roll-back", KEY, "1", *AS_EDITOR)
    assert "/changes/" in back.output
    assert call("retire", "controlled_change", *AS_EDITOR).exit_code == 1
    brought = call("import", KEY, str(archive), "--as", "editor-account")
    assert "草稿" in brought.output
    assert call("show", "no_such").exit_code == 1
    assert call("export", KEY, "--side", "9").exit_code == 1
