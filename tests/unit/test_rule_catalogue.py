"""The shipped rule catalogue is the department's, each rule says what its cases say, and mistakes are told by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kernel.decisions.catalogue import Rule, RuleInvalid, check_rule, read_catalogue, read_rule, run_cases
from app.kernel.decisions.catalogue.describing import decisions_of
from app.kernel.decisions.catalogue.reading import digest_of, read_folder
from app.kernel.decisions.parameters.definitions import read_folder as read_parameters

ROOT = Path(__file__).resolve().parents[2] / "workflows" / "rules"
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)

CATALOGUE = """
POL-01 critical block, POL-02 critical block, POL-03 high block, POL-04 high block, POL-05 critical block,
POL-06 critical block, POL-07 critical block, POL-08 high block, POL-09 high block, POL-10 critical block,
POL-11 high block, POL-12 high block, POL-13 high block, POL-14 high block, POL-15 high block, POL-16 high route,
POL-17 critical block, POL-18 high block, POL-19 medium warn, POL-20 high block, POL-21 high block,
POL-22 critical block, POL-23 critical block, POL-24 high block,
LOG-01 high block, LOG-02 high block, LOG-03 high block, LOG-04 high route, LOG-05 critical block,
LOG-06 medium block, LOG-07 critical block, LOG-08 critical block, LOG-09 medium warn, LOG-10 high route,
LOG-11 high route, LOG-12 high route, LOG-13 critical block, LOG-14 medium warn, LOG-15 high block,
RSK-01 critical block, RSK-02 high route, RSK-03 high route, RSK-04 high route, RSK-05 critical block,
RSK-06 high route, RSK-07 medium route, RSK-08 medium route, RSK-09 medium warn, RSK-10 medium route,
RSK-11 critical route, RSK-12 high route, RSK-13 high route, RSK-14 high route, RSK-15 medium warn,
RSK-16 medium warn, RSK-17 medium audit, RSK-18 high route, RSK-19 critical block, RSK-20 medium audit,
RSK-21 high block, RSK-22 critical block, RSK-23 high route, RSK-24 medium warn, RSK-25 critical block,
RSK-26 high alert, RSK-27 critical alert, RSK-28 medium warn
"""
"""The catalogue of 67 rules with severity and action."""
OVERRIDABLE = {"POL-04": "senior", "POL-21": "region", "LOG-03": "senior"}
RULE = read_folder(ROOT / "RSK-11")


@pytest.fixture(scope="module")
def rules() -> Mapping[str, Rule]:
    return read_catalogue(ROOT)


def test_all_rules_of_the_catalogue_are_there_with_their_severity_and_action(
    rules: Mapping[str, Rule],
) -> None:
    expected = dict(line.strip().split(" ", 1) for line in CATALOGUE.replace("\n", " ").split(","))
    assert len(expected) == 67
    found = {key: f"{one.manifest.severity} {one.manifest.action}" for key, one in rules.items()}
    assert {key: words for key, words in found.items() if not key.startswith(("REC-", "ASM-"))} == expected
    assert {key: one.manifest.override for key, one in rules.items() if one.manifest.override} == OVERRIDABLE


def test_nothing_is_wrong_or_doubtful_in_any_rule_and_its_cases_pass() -> None:
    problems = [one for path in sorted(ROOT.iterdir()) for one in check_rule(path.name, read_folder(path))]
    assert problems == []


def test_every_rule_is_shown_to_hit_and_not_to_hit(rules: Mapping[str, Rule]) -> None:
    for key, rule in rules.items():
        outcomes = {result.judgement.outcome for result in run_cases(rule)}
        assert outcomes >= {"hit", "no_hit"}, key
        if rule.manifest.required:
            assert "missing" in outcomes, key


def test_thresholds_are_parameters_with_a_source_and_not_buried_in_expressions(
    rules: Mapping[str, Rule],
) -> None:
    for key, rule in rules.items():
        assert all(one.source.partition(":")[0] in "VEKD" for one in rule.manifest.parameters.values()), key
        for expression in EXPRESSIONS.findall(rule.files["rule.dmn"].decode()):
            numbers = set(re.findall(r"(?<![\w\"])\d+(?:\.\d+)?", expression))
            assert numbers <= {"0", "1", "2", "4"}, (
                key,
                expression,
            )  # 4: grades 1 to 4 are the law's own class


EXPRESSIONS = re.compile(r"<literalExpression.*?<text>(.*?)</text>", re.DOTALL)


def test_without_a_required_fact_a_rule_says_neither_hit_nor_no_hit(rules: Mapping[str, Rule]) -> None:
    said = rules["RSK-11"].judge({"accident_at": "2026-02-28T10:00"}, NOW)
    assert (said.outcome, said.missing) == ("missing", ("enrolment_received_at",))


def test_a_hit_keeps_what_it_saw_and_says_it_in_words(rules: Mapping[str, Rule]) -> None:
    said = rules["RSK-11"].judge(
        {"accident_at": "2026-02-28T10:00", "enrolment_received_at": "2026-02-27"}, NOW
    )
    assert said.outcome == "hit"
    assert said.inputs == {"accident_at": "2026-02-28", "enrolment_received_at": "2026-02-27"}
    assert "2026年2月27日" in said.message_zh and "3 日内" in said.message_zh
    again = rules["RSK-11"].judge(
        {"enrolment_received_at": "2026-02-27", "accident_at": "2026-02-28T18:00", "other": 1}, NOW
    )
    assert again.digest == said.digest  # the same day: the same inputs


def test_no_message_shows_a_code_where_people_have_a_word(rules: Mapping[str, Rule]) -> None:
    code = re.compile(r"(?<![A-Za-z0-9_])[a-z]+(?:_[a-z]+)*(?![A-Za-z0-9_])|True|False")
    for key, rule in rules.items():
        texts = [fact for fact, spec in rule.manifest.facts.items() if spec.type == "text"]
        for result in run_cases(rule):
            said = result.judgement
            codes = {value for fact in texts if code.fullmatch(value := str(said.inputs.get(fact)))}
            for message in (said.message_zh, said.message_en):
                assert not {one for one in codes - {"demo"} if "_" in one and one in message}, (key, message)
            assert not code.search(said.message_zh.replace("demo", "")), (key, said.message_zh)


def test_a_value_with_words_is_read_in_both_languages(rules: Mapping[str, Rule]) -> None:
    facts = {
        "provider": "某医院",
        "measure": "mean_bill",
        "provider_value": 9,
        "peer_mean": 5,
        "peer_deviation": 1,
    }
    said = rules["RSK-20"].judge(facts, NOW)
    assert said.message_zh == "某医院 的 均次费用 为 9，同类平均 5"
    assert said.message_en == "某医院: mean bill is 9, the mean of its peers 5"
    assert said.inputs["measure"] == "mean_bill"


def test_every_clock_of_the_processes_has_its_name_in_the_rule_of_clocks(rules: Mapping[str, Rule]) -> None:
    folders = (ROOT.parent).glob("*/process.toml")
    kinds = {kind for path in folders for kind in tomllib.loads(path.read_text("utf-8")).get("clock", {})}
    assert set(rules["RSK-28"].manifest.facts["clock"].words) == kinds
    said = rules["RSK-28"].judge({"clock": "CR06", "remaining_share": "0.1"}, NOW)
    assert said.message_zh == "时限“认定决定（普通程序）”所剩不足两成，或者已届满"


def test_decisions_of_a_rule_are_read_by_their_labels(rules: Mapping[str, Rule]) -> None:
    told = [(one.id, one.title) for one in decisions_of(rules["RSK-28"])]
    assert told == [("hit", "法定期限"), ("severity", "严重程度")]


def test_items_of_rules_are_those_that_are_calculated(rules: Mapping[str, Rule]) -> None:
    known = {
        item["key"]
        for item in tomllib.loads((ROOT.parent / "benefits" / "formulas.toml").read_text())["item"]
    }
    for key in ("POL-02", "POL-05", "POL-07"):
        assert set(rules[key].manifest.facts["item"].words) == known, key
        named = set(re.findall(r'(?<=>|,| )"([a-z_]+)"(?=<|,)', rules[key].files["rule.dmn"].decode()))
        assert named - {"fund", "employer"} <= known, key


def test_a_missing_parameter_is_named_in_words(rules: Mapping[str, Rule]) -> None:
    known = read_parameters(ROOT.parent / "parameters").definitions
    words = {one.key: (one.title_zh, one.title_en) for one in known}
    assert rules["LOG-08"].manifest.facts["parameter_key"].words == words


def test_sensitive_facts_are_judged_and_never_kept(rules: Mapping[str, Rule]) -> None:
    facts = {"worker_id_no": "640102198503124519", "worker_name": "丁一"}
    said = rules["LOG-02"].judge(facts, NOW, seal=lambda value: f"sealed {len(value)}")
    assert said.outcome == "hit"
    assert "640102" not in repr(said.inputs) + said.message_zh + said.message_en
    other = rules["LOG-02"].judge(
        {**facts, "worker_id_no": "64010219850312451"}, NOW, seal=lambda v: f"{len(v)}"
    )
    assert other.digest != said.digest


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "says"),
    [
        ("rule.toml", 'severity = "critical"', 'severity = "grave"', 6, "severity can't be 'grave'"),
        ("rule.toml", 'severity = "critical"', "severity = ", 6, "not TOML"),
        ("rule.toml", 'owner = "hrss_department"\n', "", 1, "owner is missing"),
        ("rule.toml", 'type = "date"', 'type = "day"', 33, "type can't be 'day'"),
        ("rule.toml", 'id = "RSK-11"', 'id = "RSK-99"', 1, "id must equal the folder's name"),
        ("rule.toml", "{within_days}", "{nobody}", 14, "nobody is no fact"),
        ("rule.toml", 'action = "route"', 'action = "route"\noverride = "senior"', 8, "only a blocking rule"),
        ("rule.toml", 'registry = "enrolment"', 'words = { a = ["x"] }', None, "words can't be"),
        ("rule.toml", "[parameter.within_days]", "[parameter.days]", 14, "within_days is no fact"),
        ("rule.dmn", 'id="hit"', 'id="other"', None, "no decision with the id hit"),
        (
            "rule.dmn",
            'name="accident_at" typeRef="date"',
            'name="accident_at" typeRef="number"',
            None,
            "isn't defined",
        ),
        ("rule.dmn", "within_days</text>", "within_days and</text>", 15, "ends too early"),
        ("rule.dmn", "<definitions", "<!DOCTYPE x><definitions", None, ""),
        ("cases.toml", 'expect = "no_hit"', 'expect = "hit"', 15, "expected hit, got no_hit"),
        ("cases.toml", 'expect = "no_hit"', 'expect = "perhaps"', 15, "expect must be"),
        ("cases.toml", 'expect = "no_hit"', 'expect = "hit"', None, "there is no case with no_hit"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    name: str, old: str, new: str, line: int | None, says: str
) -> None:
    text = RULE[name].decode()
    assert old in text
    found = check_rule("RSK-11", {**RULE, name: text.replace(old, new, 1).encode()})
    assert any(says in one.message_en and line in (None, one.line) for one in found), found
    assert all(one.file.startswith("RSK-11/") for one in found)


def test_files_that_are_missing_strange_or_not_text_are_told() -> None:
    assert [one.rule for one in check_rule("RSK-11", {"rule.toml": RULE["rule.toml"]})] == [
        "file-missing"
    ] * 2
    assert [one.rule for one in check_rule("RSK-11", {**RULE, "run.py": b""})] == ["file-unknown"]
    assert [one.rule for one in check_rule("RSK-11", {**RULE, "rule.toml": b"\xff"})] == ["not-text"]
    with pytest.raises(RuleInvalid, match=r"RSK-11/rule\.dmn"):
        read_rule("RSK-11", {**RULE, "rule.dmn": b"<x/>"})


def test_the_digest_covers_every_file() -> None:
    assert digest_of(RULE) != digest_of({**RULE, "cases.toml": RULE["cases.toml"] + b"\n"})
