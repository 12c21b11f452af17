"""`sanshen process check`: what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from app.faces.cli.commands import main
from tests.process.drive import WORKFLOWS
from tests.unit.engine.corpus.parts import final, initial, pay, process, recheck, sequence

SAFE = process(
    initial(), recheck(), final(), pay(), sequence("start", "initial", "recheck", "final", "pay", "end")
)
HASTY = process(
    initial(), recheck(), final(), pay(), sequence("start", "initial", "final", "pay", "end", "recheck")
)


UNHEARD = {
    # P12 certification decides whether benefits stop.
    "assessment.terminated_repeatedly",
    # P14 payment collects what is payable.
    "award.payable",
    # P16 incident reports.
    "incident.suspected",
    # P15 audit and recovery.
    "recovery.lead",
}
"""Messages whose receivers are procedures that aren't shipped yet."""


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["process", "check", *map(str, arguments)])


def test_a_folder_of_processes_is_deployable_and_says_what_is_proved() -> None:
    result = check(WORKFLOWS, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["deployable"] and report["simulatable"]
    assert {finding["rule"] for finding in report["findings"]} == {"message-unheard"}
    assert {finding["message_en"].rpartition(" ")[2] for finding in report["findings"]} == UNHEARD
    assert {(one["process"], one["risk"]) for one in report["proved"]} >= {
        (key, risk)
        for key in ("injury_recognition", "review_block", "controlled_change")
        for risk in ("normal", "high", "routed")
    }
    assert set(report) == {"deployable", "simulatable", "findings", "proved", "seconds"}


def test_a_single_folder_finds_its_callees_beside_it() -> None:
    assert check(WORKFLOWS / "injury_recognition").exit_code == 0


def test_a_way_past_a_duty_is_printed_step_by_step(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(HASTY)
    result = check(tmp_path / "p.bpmn")
    assert result.exit_code == 1
    assert "duty-bypass [pay]" in result.stdout
    assert "不可部署 not deployable" in result.stdout
    assert "    3. initial (initial)" in result.stdout


def test_the_json_of_a_finding_has_every_key(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(HASTY)
    found = json.loads(check(tmp_path / "p.bpmn", "--json").stdout)["findings"]
    keys = {"rule", "severity", "file", "line", "element", "message_zh", "message_en", "path"}
    assert {frozenset(one) for one in found} == {frozenset(keys)}
    bypass = next(one for one in found if one["rule"] == "duty-bypass")
    assert (bypass["file"], bypass["element"], bypass["path"][0]) == ("p.bpmn", "pay", "start")


def test_a_loose_file_may_be_safe(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(SAFE)
    assert check(tmp_path / "p.bpmn").exit_code == 0


def test_bytes_that_are_no_process_are_refused_without_a_traceback(tmp_path: Path) -> None:
    for number, data in enumerate((b"", b"\0" * 100, b"PK\x03\x04", b"<a/>", b"\xff\xfe<", b"{}")):
        path = tmp_path / f"{number}.bpmn"
        path.write_bytes(data)
        result = check(path, "--json")
        assert result.exit_code == 1
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert json.loads(result.stdout)["findings"]


def test_an_unreadable_file_and_wrong_usage_say_so(tmp_path: Path) -> None:
    missing = check(tmp_path / "nothing.bpmn")
    assert (missing.exit_code, "无法读取" in missing.output) == (1, True)
    assert check().exit_code == 2
    assert check(tmp_path).exit_code == 1


def test_names_in_a_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(HASTY.replace(b'name="pay"', 'name="\u202epay"'.encode()))
    assert "\u202e" not in check(tmp_path / "p.bpmn").stdout
