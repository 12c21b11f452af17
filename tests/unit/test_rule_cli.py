"""`sanshen rule` lists, shows, checks and tests the rules of a folder; mistakes are told by file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
from click.testing import CliRunner, Result

from app.faces.cli.rule import rule
from app.wiring import WORKFLOWS


def called(*arguments: str) -> Result:
    return CliRunner().invoke(rule, arguments)


def copied(tmp_path: Path) -> Path:
    shutil.copytree(WORKFLOWS / "rules" / "RSK-11", tmp_path / "RSK-11")
    return tmp_path


def test_the_shipped_rules_are_listed_and_one_is_shown_with_its_source_and_facts() -> None:
    listed = orjson.loads(called("list", "--json").stdout)
    assert len(listed) == 70
    assert {"id": "RSK-11", "severity": "critical", "action": "route"}.items() <= next(
        one.items() for one in listed if one["id"] == "RSK-11"
    )
    shown = called("show", "RSK-11").output
    assert "《工伤保险条例》第六十二条" in shown
    assert "enrolment_received_at" in shown and "within_days = 3 [D]" in shown
    assert called("show", "RSK-99").exit_code == 1


def test_cases_are_run_and_a_failure_is_an_exit_code(tmp_path: Path) -> None:
    folder = str(copied(tmp_path))
    assert called("test", "RSK-11", "--folder", folder).exit_code == 0
    cases = tmp_path / "RSK-11" / "cases.toml"
    cases.write_text(cases.read_text("utf-8").replace('"no_hit"', '"hit"'), "utf-8")
    failed = called("test", "--folder", folder)
    assert failed.exit_code == 1
    assert "✗ RSK-11 事故前四日: hit，得 got no_hit" in failed.output and "3 / 4" in failed.output


def test_a_mistake_is_told_by_file_and_line(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    manifest = folder / "RSK-11" / "rule.toml"
    manifest.write_text(manifest.read_text("utf-8").replace('"critical"', '"grave"'), "utf-8")
    checked = called("check", "--folder", str(folder))
    assert checked.exit_code == 1
    assert checked.output.startswith("RSK-11/rule.toml:6 ")
    assert called("list", "--folder", str(folder)).exit_code == 1
    told = orjson.loads(called("check", "--json", "--folder", str(folder)).stdout)
    assert [(one["file"], one["line"]) for one in told] == [("RSK-11/rule.toml", 6)]


def test_a_sound_rule_passes_the_check(tmp_path: Path) -> None:
    checked = called("check", "RSK-11", "--folder", str(copied(tmp_path)))
    assert (checked.exit_code, checked.output) == (0, "")
