"""`sanshen decision tck`: counts by folder and level, compares as the kit does, exits without a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.faces.cli.decision import decision as command
from tests.unit.feel.models import decision, definitions, given, literal

CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<modelName>m.dmn</modelName>
<testCase id="1"><inputNode name="x"><value xsi:type="xsd:decimal">3</value></inputNode>
  <resultNode name="d"><expected><value xsi:type="xsd:decimal">1.00000000001</value></expected></resultNode></testCase>
<testCase id="2"><inputNode name="x"><value xsi:type="xsd:decimal">3</value></inputNode>
  <resultNode name="d"><expected><value xsi:type="xsd:decimal">2</value></expected></resultNode></testCase>
<testCase id="3"><resultNode name="d" errorResult="true">
  <expected><value xsi:nil="true"/></expected></resultNode></testCase>
<testCase id="4"><inputNode name="x"><value xsi:type="xsd:decimal">6</value></inputNode>
  <resultNode name="list"><expected><list><item>
  <value xsi:type="xsd:duration">P1D</value></item>
  <item><component name="a"><value xsi:type="xsd:date">2026-03-31</value></component></item>
  </list></expected></resultNode>
</testCase></testCases>"""


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    folder = tmp_path / "compliance-level-2" / "0001-example"
    folder.mkdir(parents=True)
    (folder / "m.dmn").write_bytes(
        definitions(
            given("x", "number")
            + decision("d", literal("x / 3"), "?x")
            + decision("list", literal('[@"P1D", {a: @"2026-03-31"}]'))
        )
    )
    (folder / "cases.xml").write_text(CASES, "utf-8")
    return tmp_path


@pytest.mark.parametrize("inside", [".", "compliance-level-2", "compliance-level-2/0001-example"])
def test_the_kit_a_level_or_a_folder_may_be_given(kit: Path, inside: str) -> None:
    result = CliRunner().invoke(command, ["tck", str(kit / inside), "--json"])
    assert result.exit_code == 0
    report = json.loads(result.output)
    assert report["totals"] == {"level-2": {"passed": 3, "total": 4}}
    assert report["folders"] == [{"level": "level-2", "folder": "0001-example", "passed": 3, "total": 4}]
    assert [(one["case"], one["name"]) for one in report["failures"]] == [("2", "d")]


def test_the_lines_say_what_failed(kit: Path) -> None:
    result = CliRunner().invoke(command, ["tck", str(kit)])
    assert "level-2: 3 / 4" in result.output
    assert "0001-example 2 d" in result.output


def test_a_model_that_cant_be_read_fails_its_cases(kit: Path) -> None:
    (kit / "compliance-level-2" / "0001-example" / "m.dmn").write_bytes(b"<definitions")
    report = json.loads(CliRunner().invoke(command, ["tck", str(kit), "--json"]).output)
    assert report["totals"] == {"level-2": {"passed": 0, "total": 4}}


def test_a_folder_without_cases_says_so(tmp_path: Path) -> None:
    assert "没有测试" in CliRunner().invoke(command, ["tck", str(tmp_path)]).output
