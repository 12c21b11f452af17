"""Damaged and hostile files: always a report, soon, and nothing of them is executed."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.kernel.engine.check.report import check_files
from tests.process.drive import WORKFLOWS
from tests.unit.engine.corpus.happenings import HAPPENINGS
from tests.unit.engine.corpus.scopes import SCOPES
from tests.unit.engine.corpus.sequences import CHOICES, PARALLEL, RESETS
from tests.unit.engine.corpus.sets import CALLS, RISK
from tests.unit.engine.diagrams import REVIEW_LOOP
from tests.unit.engine.mutations import Mutator

LONGEST_SECONDS = 10.0
FORBIDDEN = (
    "exec",
    "compile",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
)

_watching: list[str] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _watching is not None and event.startswith(FORBIDDEN):
        _watching.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_hook)


@contextmanager
def nothing_runs() -> Iterator[None]:
    """Fails when Python code is compiled or run, or a program is started, meanwhile."""
    global _watching
    _watching = seen = []
    try:
        yield
    finally:
        _watching = None
    assert seen == []


def originals() -> list[bytes]:
    shipped = [path.read_bytes() for path in sorted(WORKFLOWS.glob("*/*.bpmn"))]
    models = [*HAPPENINGS, *SCOPES, *CHOICES, *PARALLEL, *RESETS, *CALLS, *RISK]
    return [*shipped, REVIEW_LOOP, *(data for model in models for data in model.files.values())]


def attack(count: int, rng: random.Random, canary: Path) -> tuple[Counter[str], float]:
    mutator, files = Mutator(rng, str(canary)), originals()
    for data in files[:4]:
        check_files({"p.bpmn": data})  # imports and compiles what the check itself needs
    verdicts: Counter[str] = Counter()
    longest = 0.0
    for number in range(count):
        data = mutator.mutate(rng.choice(files))
        begun = time.perf_counter()
        with nothing_runs():
            report = check_files({"p.bpmn": data})
        longest = max(longest, time.perf_counter() - begun)
        rules = {found.rule for found in report.findings}
        assert "check-failed" not in rules, (number, data[:4_000])
        assert report.deployable or report.findings, (number, data[:4_000])
        verdicts["deployable" if report.deployable else "refused"] += 1
        verdicts.update(rules)
    assert not canary.exists()
    return verdicts, longest


def test_a_few_hundred_damaged_files_get_a_report_each(rng: random.Random, tmp_path: Path) -> None:
    verdicts, longest = attack(250, rng, tmp_path / "canary")
    print(
        f"{verdicts['deployable']} deployable, {verdicts['refused']} refused, longest {longest:.2f} s; {dict(verdicts)}"
    )
    assert longest < LONGEST_SECONDS
    assert len(verdicts) > 12, "the damage reaches few checks only"


@pytest.mark.long
def test_thousands_of_damaged_files_get_a_report_each(rng: random.Random, tmp_path: Path) -> None:
    verdicts, longest = attack(6_000, rng, tmp_path / "canary")
    print(
        f"{verdicts['deployable']} deployable, {verdicts['refused']} refused, longest {longest:.2f} s; {dict(verdicts)}"
    )
    assert longest < LONGEST_SECONDS


def test_the_watch_over_code_sees_code() -> None:
    with pytest.raises(AssertionError), nothing_runs():
        eval("1 + 1")  # noqa: S307 (what the watch is for)
