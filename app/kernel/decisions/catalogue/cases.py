"""`cases.toml`: a rule's own test cases, and how they come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from app.kernel.decisions.catalogue.manifest import Table, read_toml
from app.kernel.decisions.catalogue.problems import RuleInvalid, problem
from app.kernel.decisions.catalogue.rule import Judgement, Rule
from app.kernel.decisions.catalogue.vocabulary import SEVERITIES

EXPECTATIONS: Final = ("hit", "no_hit", "missing")
CASE_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The clock of test cases: a rule that looks at the day takes the fact `today`."""


@dataclass(frozen=True, slots=True)
class RuleCase:
    """Given facts and what the rule must say of them; `line` of the case in its file."""

    name: str
    expect: str
    severity: str | None
    facts: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case came out."""

    case: RuleCase
    judgement: Judgement

    @property
    def passed(self) -> bool:
        severity = self.case.severity
        return self.judgement.outcome == self.case.expect and (
            severity is None or severity == self.judgement.severity
        )


def read_cases(file: str, data: bytes) -> list[RuleCase]:
    """Raise RuleInvalid by line."""
    text, table = read_toml(file, data)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[case]]"]
    entries = table.get("case", [])
    if not isinstance(entries, list) or set(table) - {"case"}:
        raise RuleInvalid(
            [problem(file, 1, "rule-cases", "只能有 [[case]]", "nothing but [[case]] belongs here")]
        )
    problems, cases = [], []
    for number, entry in enumerate(entries):
        line = lines[number] if number < len(lines) else 1
        wrong = _mistake(entry)
        if wrong:
            problems.append(problem(file, line, "rule-cases", wrong[0], wrong[1]))
        else:
            cases.append(
                RuleCase(entry["name"], entry["expect"], entry.get("severity"), entry.get("facts", {}), line)
            )
    if problems:
        raise RuleInvalid(problems)
    return cases


def _mistake(entry: Table) -> tuple[str, str] | None:
    if set(entry) - {"name", "expect", "severity", "facts"}:
        return "用例有未知的项", "the case has an unknown entry"
    if not isinstance(entry.get("name"), str) or not entry["name"]:
        return "用例缺少 name", "the case has no name"
    if entry.get("expect") not in EXPECTATIONS:
        return "expect 须为 hit、no_hit 或 missing", "expect must be hit, no_hit or missing"
    if entry.get("severity") is not None and entry["severity"] not in SEVERITIES:
        return "severity 未知", "unknown severity"
    if not isinstance(entry.get("facts", {}), Mapping):
        return "facts 须为表", "facts must be a table"
    return None


def run_cases(rule: Rule) -> list[CaseResult]:
    """Each test case of a rule with what the rule says. Raise RuleInvalid when the cases can't be read."""
    cases = read_cases(f"{rule.id}/cases.toml", rule.files["cases.toml"])
    return [CaseResult(case, rule.judge(case.facts, CASE_TIME)) for case in cases]
