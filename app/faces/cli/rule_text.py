"""Rules, problems and cases as lines of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.kernel.decisions.catalogue.vocabulary import ACTIONS, REGISTRIES, SEVERITIES, TYPES, Words

if TYPE_CHECKING:
    from app.kernel.decisions.catalogue import CaseResult, Rule
    from app.kernel.decisions.catalogue.problems import Problem

NAME_WIDTH = 34


def rule_line(one: Rule) -> str:
    """One rule in a list."""
    manifest = one.manifest
    name = f"{manifest.name_zh}"
    pad = " " * max(NAME_WIDTH - width_of(name), 1)
    return (
        f"{one.id:<8} v{manifest.version:<3} {both(SEVERITIES, manifest.severity):<14} "
        f"{both(ACTIONS, manifest.action):<10} {name}{pad}{manifest.name_en}"
    )


def width_of(text: str) -> int:
    """Columns a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def both(words: Words, key: str) -> str:
    zh, en = words[key]
    return f"{zh} {en.lower()}"


def as_lines(one: Rule) -> Iterator[str]:
    """Everything of a rule but its drawing."""
    manifest = one.manifest
    yield rule_line(one)
    yield f"  {manifest.message_zh}"
    yield f"  {manifest.message_en}"
    last = manifest.effective_to.isoformat() if manifest.effective_to else "—"
    yield f"有效 effective: {manifest.effective_from.isoformat()} – {last}    摘要 digest: {one.digest}"
    for source in manifest.sources:
        yield f"依据 source [{source.tag}]: {source.zh} / {source.en}"
    for fact in manifest.facts.values():
        needed = "可缺 optional" if fact.optional else "必需 required"
        yield (
            f"事实 fact {fact.key} ({both(TYPES, fact.type)}, {needed}): {fact.zh} / {fact.en} "
            f"← {both(REGISTRIES, fact.registry)}"
        )
    for parameter in manifest.parameters.values():
        yield (
            f"参数 parameter {parameter.key} = {parameter.value} [{parameter.source}]: "
            f"{parameter.zh} / {parameter.en}"
        )


def problem_line(one: Problem) -> str:
    """file:line, then what is wrong."""
    severity = {"error": "错误 error", "warning": "提醒 warning"}[one.severity]
    return f"{one.file}:{one.line or 1} {severity} {one.rule} {one.message_zh} / {one.message_en}"


def case_line(rule_id: str, result: CaseResult) -> str:
    """A case and how it came out."""
    mark = "✓" if result.passed else "✗"
    got = "" if result.passed else f"，得 got {result.judgement.outcome}"
    return f"{mark} {rule_id} {result.case.name}: {result.case.expect}{got}"
