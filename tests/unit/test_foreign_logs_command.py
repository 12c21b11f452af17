"""`sanshen audit log`: text, JSON, page and exit codes."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.faces.cli.audit import audit
from app.faces.cli.audit_log_text import as_text, table, visible, width
from app.kernel.audit.logs import LogReport, analyse, read_log
from config import ROOT
from tests.foreign_logs import acted, event, log, trace

POLICY = {"pairs": [["初审", "复核"], ["复核", "审核"]], "scope": "case"}
TRACES = [
    *(acted(f"案{n}", ("初审", "李"), ("复核", "王"), ("审核", "孙")) for n in range(12)),
    *(acted(f"独{n}", ("初审", "李"), ("复核", "李"), ("审核", "李")) for n in range(3)),
    acted("半", ("初审", "admin1"), ("复核", "admin1")),
    acted("缺", ("初审", "李"), ("复核", None)),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "log.xes.gz"
    path.write_bytes(gzip.compress(log(*TRACES).encode()))
    return path


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(POLICY, ensure_ascii=False), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(audit, ["log", *map(str, arguments)])


def as_json(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def report_on(tmp_path: Path, *traces: str) -> LogReport:
    path = tmp_path / "other.xes"
    path.write_text(log(*traces), encoding="utf-8")
    return analyse(read_log(path), None)


def test_json_has_flat_totals(file: Path, policy: Path) -> None:
    found = as_json(file, "--policy", policy)
    expected = {
        "cases": 17, "events": 49, "acts": 49, "persons": 4, "events_without_resource": 1,
        "one_person_cases": 5, "one_person_cases_min3": 3, "one_person_cases_with_gaps": 1, "cases_min3": 15,
        "pair_violations": 7, "violating_cases": 4, "officer_pairs": 2, "feasible_cases": 17, "infeasible_cases": 0,
        "people_needed": 2, "resilience": 1, "people_to_add": 0,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert found["file"]["name"] == "log.xes.gz"
    assert found["policy"] == POLICY
    assert found["suggestions"] == []
    assert found["first_event"] == "2025-01-06T01:00:00+00:00"


def test_json_has_the_details(file: Path, policy: Path) -> None:
    found = as_json(file, "--policy", policy)
    first = found["pairs"][0]
    assert (first["pair"], first["cases_with_both"], first["same_person"], first["undetermined"]) == (
        ["初审", "复核"], 17, 4, 1,
    )  # fmt: skip
    assert first["people"] == [{"person": "李", "cases": 3}, {"person": "admin1", "cases": 1}]
    assert found["one_person"]["people"][0] == {
        "person": "李", "cases": 4, "cases_min3": 3, "took_part": 16, "examples": ["独0", "独1", "独2", "缺"],
    }  # fmt: skip
    assert [(one["earlier"], one["closer"], one["cases"]) for one in found["handovers"]] == [
        ("李", "孙", 12),
        ("王", "孙", 12),
    ]
    assert found["suspicious_names"] == [{"name": "admin1", "acts": 2, "reason": "not_a_person", "like": []}]
    assert found["staffing"]["basis"] == "policy"
    assert found["staffing"]["people_needed_by_case"] == [{"people": 2, "cases": 17}]
    assert found["transitions"] == {"complete": {"events": 49, "counts_as_act": True}}


def test_without_policy_nothing_is_called_a_violation(file: Path) -> None:
    found = as_json(file)
    assert found["pair_violations"] is None and found["pairs"] is None and found["violating_cases"] is None
    assert {tuple(one["pair"]) for one in found["suggestions"]} == {
        ("初审", "复核"),
        ("初审", "审核"),
        ("复核", "审核"),
    }
    text = run(file).stdout
    assert "不是违规" in text and "violations of the pairs" not in text


def test_every_key_of_the_json_is_documented(file: Path, policy: Path) -> None:
    page = (ROOT / "docs/foreign-logs.md").read_text("utf-8")
    assert {key for key in as_json(file, "--policy", policy) if f"`{key}`" not in page} == set()


def test_text_says_all_in_two_languages(file: Path, policy: Path) -> None:
    result = run(file, "--policy", policy)
    assert result.exit_code == 0
    for said in (
        "案件 / cases", "一人通办 / one person alone", "violations of the pairs: 7  (4 件 / cases)",
        "officer pairs (RSK-15, > 80%): 2", "what separation would need", "suspicious names",
        "1 件一人办理的案件含有无人员的事件",
    ):  # fmt: skip
        assert said in result.stdout
    assert re.search(r"one person +5  \(29\.4%\)", result.stdout.replace("cases by ", ""))


def test_columns_are_aligned_for_wide_characters() -> None:
    lines = table(("名", "n"), [("李文静", "1"), ("Resource01", "23"), ("e\u0301t\u00e9", "4")], 1)
    assert {width(line) for line in lines} == {16}
    assert lines[1].endswith("   1") and lines[2].endswith("  23")


def test_long_names_are_cut_in_the_middle() -> None:
    line = table(("a",), [("开头" + "字" * 100 + "结尾",)], 0)[1]
    assert "开头" in line and "结尾" in line and "…" in line and width(line) <= 48


def test_names_can_t_steer_the_terminal(tmp_path: Path) -> None:
    text = as_text(report_on(tmp_path, acted("1", *[("A\u009b31m", "x\u202ey")] * 3)), "na\x1b[2Jme")
    assert "\\u202e" in text and "\\u001b[2J" in text
    assert [sign for sign in text if sign in "\u009b\u202e\x1b"] == []
    assert visible("李 a") == "李 a"


def test_long_lists_say_how_much_is_left_out(tmp_path: Path) -> None:
    report = report_on(tmp_path, *(acted(f"c{n}", *[("A", f"p{n}")] * 3) for n in range(13)))
    assert "… 3  (--json)" in as_text(report, "x")


def test_planning_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    path.write_text(log(trace("1", event("A", "王", None, "schedule"), event("A", "李"))), encoding="utf-8")
    assert as_json(path)["one_person_cases"] == 1
    assert "schedule: planning or interruption, no acts" in run(path).stdout
    assert as_json(path, "--every-transition")["one_person_cases"] == 0
    assert "every lifecycle transition counts" in run(path, "--every-transition").stdout


def test_impossible_cases_are_shown(tmp_path: Path, policy: Path) -> None:
    path = tmp_path / "small.xes"
    path.write_text(log(acted("1", ("初审", "李"), ("复核", "李"))), encoding="utf-8")
    result = run(path, "--policy", policy)
    assert "初审 + 复核: 1 件 / cases, 缺 / missing 1 (1)" in result.stdout
    assert "“审核”在日志中不存在" in result.stdout


def test_many_numbers_of_people_are_told_by_their_ends(tmp_path: Path) -> None:
    path, policy = tmp_path / "log.xes", tmp_path / "policy.json"
    path.write_text(
        log(*(acted(f"c{n}", *[("A", f"p{m}") for m in range(n)]) for n in range(2, 12))), encoding="utf-8"
    )
    policy.write_text('{"pairs": [["A", "A"]]}')
    assert re.search(
        r"people a case needs at least +2 – 11$", run(path, "--policy", policy).stdout, re.MULTILINE
    )


class Page(HTMLParser):
    """Tags, addresses and text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")
        ]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(file: Path, out: Path, *more: str | Path) -> tuple[Page, str]:
    result = run(file, "--html", out, *more)
    assert (result.exit_code, result.stderr) == (0, "")
    source = out.read_text("utf-8")
    return Page(source), source


def test_page_stands_alone(file: Path, policy: Path, tmp_path: Path) -> None:
    page, source = page_of(file, tmp_path / "out.html", "--policy", policy)
    assert page.addresses == [] and page.handlers == []
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "url(" not in source and "@import" not in source and "http" not in source.replace("http-equiv", "")
    assert page.tags.count("svg") > 10 and "@media print" in source
    for said in (
        "一人通办",
        "活动对违规",
        "Violations of the pairs",
        "固定搭档",
        "分离所需人手",
        "可疑名称",
        "17",
        "独0",
    ):
        assert said in page.text
    assert "建议的活动对" not in page.text


def test_page_without_policy_speaks_of_suggestions(file: Path, tmp_path: Path) -> None:
    page, _ = page_of(file, tmp_path / "out.html")
    assert "这些是建议，不是违规" in page.text and "活动对违规" not in page.text


def test_page_escapes_names(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    evil = '<script>alert("1")</script>'
    path.write_text(
        log(*(acted(f"{evil}{n}", *[(evil, f"{evil}\u202e")] * 3) for n in range(2))), encoding="utf-8"
    )
    page, source = page_of(path, tmp_path / "out.html")
    assert "script" not in page.tags and "<script" not in source
    assert evil in page.text and "\u202e" not in source


def test_page_of_an_empty_log(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    path.write_text("<log/>")
    page, _ = page_of(path, tmp_path / "out.html")
    assert "未发现。" in page.text
    assert as_json(path)["resilience"] is None


def test_bars_are_as_long_as_their_figures(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    path.write_text(log(*TRACES[:1], TRACES[12]), encoding="utf-8")
    _, source = page_of(path, tmp_path / "out.html")
    heights = re.findall(
        r'<rect class="(col|bad)" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', source
    )
    assert heights == [("col", "136.0"), ("bad", "68.0")], "two cases of three acts, one of them alone"


def test_report_is_written_whole_or_not_at_all(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "gone" / "out.html"
    result = run(file, "--html", out)
    assert result.exit_code == 2
    assert "无法写入" in result.stderr and "Traceback" not in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.xes.gz"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "第 1 行：不是 XML 文件"),
        (b"<log>\n<trace>\n", "第 3 行：文件在此中断"),
        (b"<!DOCTYPE log []><log/>", "line 1: DOCTYPE and entities are not allowed"),
        (gzip.compress(b"<log>" + b"\n" * 999, mtime=0)[:-9], "the compressed file is cut off"),
    ],
)
def test_unreadable_log_ends_with_one_line_and_2(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "log.xes"
    path.write_bytes(content)
    result = run(path, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and str(path) in result.stderr
    assert result.stderr.count("\n") == 1
    assert isinstance(result.exception, SystemExit)


def test_wrong_policy_ends_with_2_and_its_place(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"pairs": [["初审"]]}', encoding="utf-8")
    result = run(file, "--policy", path)
    assert result.exit_code == 2
    assert f"{path}: pairs[0]：应为两个活动的列表" in result.stderr


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    result = run(tmp_path / "gone.xes")
    assert result.exit_code == 2
    assert "gone.xes" in result.stderr
