"""What becomes of arbitrary files: each process runs to an end, is refused with reasons, or fails in the middle."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.simulation.coverage import Coverage
from app.kernel.engine.simulation.explore import Limits, explore_model
from app.kernel.engine.simulation.model import list_processes, read_model

Word = Literal["runs", "refused", "failed", "endless"]

FILE_LIMITS: Final = Limits(moves=600, depth=80, seconds=8.0)
"""How far each process of a collection is searched."""


@dataclass(frozen=True)
class Verdict:
    """One process of one file. `runs`: some path comes to the end and none fails; `endless`: none came to the end
    within the limits, or each stops before; `rules` are those of the refusal; `process` is empty where the file
    holds none that could be read."""

    file: str
    process: str
    word: Word
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    coverage: Coverage | None = None
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        coverage = self.coverage.to_json() if self.coverage is not None else None
        return {**asdict(self), "coverage": coverage}


def judge(name: str, files: Mapping[str, bytes], limits: Limits = FILE_LIMITS) -> list[Verdict]:
    """The verdict on every process of a set of files, `name` standing for it."""
    begun = time.monotonic()
    try:
        processes = list_processes(files)
    except DefinitionInvalid as invalid:
        return [_refused(name, "", invalid, begun)]
    if not processes:
        reason = "there is nothing in it that could be played"
        return [Verdict(name, "", "refused", ("no-process",), (reason,), None, _since(begun))]
    return [judge_process(name, files, process, limits) for process in processes]


def judge_process(
    name: str, files: Mapping[str, bytes], process: str, limits: Limits = FILE_LIMITS
) -> Verdict:
    """The verdict on one process."""
    begun = time.monotonic()
    try:
        coverage = explore_model(read_model(files, process), limits)
    except DefinitionInvalid as invalid:
        return _refused(name, process, invalid, begun)
    reasons = tuple(f"{stop.kind} {stop.step_key}: {stop.why}" for stop in coverage.stops)
    word: Word = "failed" if coverage.failures else "runs" if coverage.runs_to_an_end else "endless"
    return Verdict(name, process, word, (), reasons, coverage, _since(begun))


def _refused(name: str, process: str, invalid: DefinitionInvalid, begun: float) -> Verdict:
    errors = [finding for finding in invalid.findings if finding.severity == "error"]
    rules = tuple(dict.fromkeys(finding.rule for finding in errors))
    reasons = tuple(f"{finding.line or '?'} {finding.rule}: {finding.message_en}" for finding in errors[:5])
    return Verdict(name, process, "refused", rules, reasons, None, _since(begun))


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def totals(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Counts by word, the share that runs, and of refusals how often each rule was the reason."""
    found = list(verdicts)
    words = Counter(verdict.word for verdict in found)
    return {
        "processes": len(found),
        **{word: words[word] for word in ("runs", "refused", "failed", "endless")},
        "share": round(words["runs"] / len(found), 4) if found else None,
        "refusals": dict(Counter(rule for verdict in found for rule in verdict.rules).most_common()),
    }
