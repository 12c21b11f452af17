"""Runs folders of the kit and counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app.kernel.decisions.conformance.cases import Asked, Case, read_cases
from app.kernel.decisions.dmn import Graph, ModelInvalid, read_models
from app.kernel.decisions.feel.values import Value

_LEVEL: Final = re.compile(r"compliance-(level-\d)")
_FOLDER: Final = re.compile(r"\d{4}-")
CLOSE: Final = Decimal("1e-8")
"""The kit compares numbers with eight digits behind the point."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A result that isn't the expected one."""

    folder: str
    case: str
    name: str
    expected: str
    actual: str
    reason: str


@dataclass(slots=True)
class FolderResult:
    """Cases of a folder that passed (all their results as expected), and in total."""

    level: str
    name: str
    passed: int = 0
    total: int = 0


@dataclass(slots=True)
class Conformance:
    """What `sanshen decision tck` prints."""

    folders: list[FolderResult] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def totals(self) -> dict[str, dict[str, int]]:
        """Passed and total by level."""
        totals: dict[str, dict[str, int]] = {}
        for one in self.folders:
            level = totals.setdefault(one.level, {"passed": 0, "total": 0})
            level["passed"] += one.passed
            level["total"] += one.total
        return dict(sorted(totals.items()))

    def to_json(self) -> dict[str, Any]:
        return {
            "totals": self.totals(),
            "folders": [
                {"level": one.level, "folder": one.name, "passed": one.passed, "total": one.total}
                for one in self.folders
            ],
            "failures": [
                {
                    "folder": one.folder, "case": one.case, "name": one.name,
                    "expected": one.expected, "actual": one.actual, "reason": one.reason,
                }
                for one in self.failures
            ],
        }  # fmt: skip


def run_kit(root: Path, now: datetime, tell: Callable[[FolderResult], None] | None = None) -> Conformance:
    """Run every folder of test cases at or under `root`; `now` is what `now()` says."""
    result = Conformance()
    for level, folder in find_folders(root):
        outcome = _run_folder(folder, level, now, result.failures)
        result.folders.append(outcome)
        if tell is not None:
            tell(outcome)
    return result


def find_folders(root: Path) -> Iterator[tuple[str, Path]]:
    """Folders that hold test cases, with their level: the kit's root, one level or one folder may be given."""
    root = root.resolve()
    for folder in sorted({path.parent for path in root.rglob("*.xml")} | {root}):
        if any(_is_cases(path) for path in folder.glob("*.xml")):
            found = [_LEVEL.fullmatch(part) for part in folder.parts]
            level = next((one.group(1) for one in reversed(found) if one is not None), "other")
            yield level, folder


def _is_cases(path: Path) -> bool:
    return b"testCases" in path.read_bytes()[:4000]


def _run_folder(folder: Path, level: str, now: datetime, failures: list[Failure]) -> FolderResult:
    outcome = FolderResult(level, folder.name)
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.dmn"))}
    graphs: dict[str, Graph | ModelInvalid] = {}
    for path in sorted(folder.glob("*.xml")):
        if not _is_cases(path):
            continue
        for case in read_cases(path.name, path.read_bytes()):
            graph = _graph_of(case.model, files, graphs)
            found = list(_failures(folder.name, case, graph, now))
            failures.extend(found)
            outcome.total += 1
            outcome.passed += not found
    return outcome


def _graph_of(
    name: str, files: dict[str, bytes], graphs: dict[str, Graph | ModelInvalid]
) -> Graph | ModelInvalid:
    if name not in graphs:
        try:
            graphs[name] = read_models(name, files)
        except ModelInvalid as error:
            graphs[name] = error
        except KeyError:
            graphs[name] = ModelInvalid([])
    return graphs[name]


def _failures(folder: str, case: Case, graph: Graph | ModelInvalid, now: datetime) -> Iterator[Failure]:
    for asked in case.asked:
        if isinstance(graph, ModelInvalid):
            actual, reason = "", str(graph) or "no such model"
        else:
            value, reason = _decided(graph, case, asked, now)
            if alike(value, asked.expected):
                continue
            actual = repr(value)
        yield Failure(folder, case.id, asked.name, repr(asked.expected), actual, reason)


def _decided(graph: Graph, case: Case, asked: Asked, now: datetime) -> tuple[Value, str]:
    try:
        if case.invocable is None:
            decided = graph.decide(asked.name, case.inputs, now)
        else:
            decided = graph.invoke(case.invocable, case.inputs, now)
    except KeyError as missing:
        return None, f"no element {missing}"
    value = decided.value
    if case.invocable is not None and isinstance(value, dict) and asked.name in value:
        value = value[asked.name]
    return value, "; ".join(one.message_en for one in decided.diagnostics[:3])


def alike(actual: Value, expected: Value) -> bool:
    """Is a value the expected one? Numbers with eight digits behind the point, contexts member by member."""
    if isinstance(expected, Decimal) and isinstance(actual, Decimal):
        return abs(actual - expected) <= CLOSE * max(Decimal(1), abs(expected))
    if isinstance(expected, list) and isinstance(actual, list):
        return len(actual) == len(expected) and all(map(alike, actual, expected))
    if isinstance(expected, dict) and isinstance(actual, dict):
        return actual.keys() == expected.keys() and all(alike(actual[key], expected[key]) for key in expected)
    return type(actual) is type(expected) and bool(actual == expected)
