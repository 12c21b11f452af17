"""`sanshen process migration`, `heat`, `holds`: what the pages do for running cases, with the same refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from app.faces.cli.commands import main
from tests import changing, trial
from tests.designing import sign_all
from tests.integration.test_running_cases import renamed, worked_off
from tests.moving_clock import MovingClock
from tests.office import CITY, PASSWORD, Office

AS_EDITOR = ["--as", "editor-account", "--reason", "新版", "--ground", "内控制度"]
AS_SUPERVISOR = ["--as", "supervisor-account", "--reason", "模板有误"]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["process", *arguments], input=f"{PASSWORD}\n")


@pytest.fixture
def two_cases(
    office: Office, clock: MovingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Numbers of a case at its draft and one at its approval; a second version knows no such approval."""
    clock.set(datetime.now(UTC))  # the commands go by the wall clock
    monkeypatch.setenv("DATABASE_URL", office.kernel.database.url)
    monkeypatch.setenv("SANSHEN_DATA", str(tmp_path / "data"))
    changing.add_changers(office)
    trial.compute(office, {})
    trial.put(office, trial.files())
    cases = [trial.begin(office, number=870), trial.begin(office, number=871)]
    office.work(cases[1], "handler", outcome="submit_positive")
    trial.put(office, renamed())
    return [office.case(case_id).case_no for case_id in cases]


def test_running_cases_are_migrated_counted_and_held_from_the_console(
    office: Office, two_cases: list[str]
) -> None:
    drafted, waiting = two_cases
    seen = call("migration", "preview", "trial", "1", "2", "--json")
    assert seen.exit_code == 1, seen.output
    found = {row["case_no"]: [one["code"] for one in row["obstacles"]] for row in orjson.loads(seen.stdout)}
    assert found == {drafted: [], waiting: ["step_removed"]}
    assert "不能 can't 1, step_removed 1" in call("migration", "preview", "trial", "1", "2").output
    assert call("migration", "preview", "trial", "1", "9").exit_code == 1
    refused = call("migration", "propose", "trial", "1", "1", *AS_EDITOR)
    assert refused.exit_code == 1
    assert "/changes/" not in refused.output
    sent = call("migration", "propose", "trial", "1", "2", *AS_EDITOR)
    assert sent.exit_code == 0, sent.output
    sign_all(office, int(sent.output.split("/changes/")[1].split()[0]))
    worked_off(office)
    (told,) = orjson.loads(call("migration", "status", "trial", "--json").stdout)
    assert (told["done"], [one["case_no"] for one in told["stayed"]]) == (1, [waiting])
    assert waiting in call("migration", "status", "trial").output

    heat = {row["step_key"]: row["open"] for row in orjson.loads(call("heat", "trial", "--json").stdout)}
    assert (heat["draft"], heat["approve"]) == (1, 1)
    assert "draft" in call("heat", "trial", "--version", "2").output
    assert call("heat", "nothing").exit_code == 1

    assert call("hold", drafted, "--as", "handler-account", "--reason", "x").exit_code == 1
    assert call("hold", "640100-2026-99999", *AS_SUPERVISOR).exit_code == 1
    held = call("hold", drafted, *AS_SUPERVISOR)
    assert held.exit_code == 0, held.output
    assert call("hold", drafted, *AS_SUPERVISOR).exit_code == 1, "it is on hold"
    assert call("hold", "trial", "--region", CITY, *AS_SUPERVISOR).exit_code == 0
    rows = orjson.loads(call("holds", "--json").stdout)
    assert [row["what"] for row in rows] == [drafted, f"trial @{CITY}"]
    assert drafted in call("holds").output
    for row in rows:
        assert call("end-hold", str(row["hold_id"]), *AS_SUPERVISOR).exit_code == 0
    assert orjson.loads(call("holds", "--json").stdout) == []
    assert call("end-hold", str(rows[0]["hold_id"]), *AS_SUPERVISOR).exit_code == 1
