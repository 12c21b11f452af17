"""Measures what a return costs the engine: one case sent back again and again, saved and restored at every wait."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.kernel.engine.engine_data import Data
from app.kernel.engine.parsing import parse
from app.kernel.engine.specs import Spec, dump_spec, load_spec, spec_digest
from app.kernel.engine.stepping import Instance
from app.kernel.engine.workflow import ServiceCall

WORKFLOWS: Final = Path(__file__).resolve().parents[2] / "workflows"
PROCESS: Final = "injury_recognition"
# How a case of high risk gets to its first review, and what a round is: drafted, then sent back.
UP_TO_REVIEW: Final = (
    ("p01_02_material_check", "complete"), ("p01_06_accept", "accept"), ("p01_07_assign", "assigned"),
    ("p01_08_choose_procedure", "ordinary"), ("p01_10_investigation", "done"),
)  # fmt: skip
ROUND: Final = (("rb2_initial_review", "submit_positive"), ("rb3_recheck", "return"))
ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {"run_rules": {"block": False}}
MOST_COST: Final = 1.3
MOST_BYTES: Final = 16 * 1024
_NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def bench_returns(rounds: int, cases: int, told: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """`cases` cases of `rounds` rounds each. Answers what `--json` prints; costs are medians of a step in ms."""
    spec = _spec()
    _Case(spec).walk(ROUND * 3)  # what is compiled once isn't measured
    costs: list[list[float]] = []
    sizes: list[int] = []
    for number in range(cases):
        told(f"{number + 1} / {cases}")
        case = _Case(spec)
        costs.append([case.walk(ROUND) for _ in range(rounds)])
        sizes += case.sizes
    few = max(1, rounds // 10)
    first = statistics.median(row[0] for row in costs)
    last = statistics.median(cost for row in costs for cost in row[-few:])
    return {
        "rounds": rounds,
        "cases": cases,
        "first_ms": round(first, 3),
        "last_ms": round(last, 3),
        "ratio": round(last / first, 3),
        "largest_bytes": max(sizes),
        "within_limits": {"cost": last <= MOST_COST * first, "size": max(sizes) <= MOST_BYTES},
    }


def _spec() -> Spec:
    files = {path.name: path.read_bytes() for path in sorted(WORKFLOWS.glob("*/*.bpmn"))}
    stored = dump_spec(parse(files, PROCESS))
    return load_spec(spec_digest(stored), stored)


class _Case:
    """A case at its first review. `sizes`: bytes of its state at each wait."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        instance = Instance.start(spec, {"risk": "high"})
        instance.advance(_answer, _NOW)
        self.state = instance.dump()
        self.sizes: list[int] = []
        self.walk(UP_TO_REVIEW)

    def walk(self, steps: Iterable[tuple[str, str]]) -> float:
        """Complete these steps; answers the mean milliseconds of restoring, completing and saving one."""
        taken = []
        for step_key, outcome in steps:
            begun = time.perf_counter()
            instance = Instance.restore(self.spec, self.state)
            task = next(task for task in instance.ready_tasks() if task.step_key == step_key)
            instance.complete(task.engine_task_id, {"outcome": outcome}, _answer, _NOW)
            self.state = instance.dump()
            taken.append((time.perf_counter() - begun) * 1000)
            self.sizes.append(len(self.state))
        return statistics.fmean(taken)


def _answer(task_type: str, _call: ServiceCall, _data: Data) -> Mapping[str, object]:
    return ANSWERS.get(task_type, {})
