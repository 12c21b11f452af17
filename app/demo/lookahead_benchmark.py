"""Measures look-ahead on generated families: the system's answer, plain backtracking and SAT on the same instances."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.demo.lookahead_families import FEWEST_STEPS, Family, county, literature, office
from app.demo.lookahead_plain import GaveUp, solve_plainly
from app.kernel.duties.lookahead import Plan, Problem, Undecided, resilience, solve
from app.kernel.duties.lookahead.sat import solve_by_sat

PEOPLE = 200
# Plain backtracking gives up after so many people tried: several hundred times what the pattern search needs.
PLAIN_BOUND = 20_000
# SAT gives up after so many conflicts; it needs far more to find that eleven people are too few for twelve steps.
SAT_BOUND = 5_000
TARGET = (12, 200, 1.0)  # steps, people, median in milliseconds
Solver = Callable[[Problem], Plan | None]


@dataclass(frozen=True)
class Disagreement(Exception):
    """Two methods answered differently: a fault of ours, with the instance that shows it."""

    family: str
    problem: Problem


def families() -> Iterator[tuple[Family, float]]:
    """Every family measured, with the share of the instances it gets: the large ones take long."""
    for steps in range(3, 13):
        yield office(steps, PEOPLE), 1.0
    for steps in range(3, 13):
        yield county(steps), 1.0
    for steps in range(FEWEST_STEPS, 13):
        yield literature(steps, PEOPLE), 1.0
    for steps in (12, 15, 18):
        yield literature(steps, 10 * steps), 0.5
    yield literature(25, 250), 0.2
    yield literature(30, 300), 0.1


def bench_lookahead(count: int, seed: int, told: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """`count` instances a family (fewer of the large). Answers what `--json` prints. Raises Disagreement."""
    solve_by_sat(Problem(()))  # loads the solver before anything is measured
    rows = []
    for family, share in families():
        told(f"{family.name} {family.steps} × {family.people}")
        rows.append(measure(family, max(3, round(count * share)), random.Random(f"{seed}:{family}")))
    steps, people, limit = TARGET
    worst = max(
        row["lookahead"]["median_ms"] for row in rows if (row["steps"], row["people"]) == (steps, people)
    )
    target = {"steps": steps, "people": people, "limit_ms": limit, "median_ms": worst, "met": worst <= limit}
    return {"seed": seed, "families": rows, "target": target}


def measure(family: Family, count: int, rng: random.Random) -> dict[str, Any]:
    """Milliseconds of each method over the same instances; the answers are compared."""
    problems = [family.make(rng) for _ in range(count)]
    found, lookahead = _time(solve, problems)
    by_sat, sat = _time(partial(solve_by_sat, conflicts=SAT_BOUND), problems)
    by_plain, plainly = _time(partial(solve_plainly, bound=PLAIN_BOUND), problems)
    for problem, answer, second, third in zip(problems, found, by_sat, by_plain, strict=True):
        if answer is None or not {second, third} <= {answer, None}:
            raise Disagreement(family.name, problem)
    row: dict[str, Any] = {
        "family": family.name,
        "steps": family.steps,
        "people": family.people,
        "instances": count,
        "satisfiable": round(sum(map(bool, found)) / count, 2),
        "lookahead": lookahead,
        "plain": plainly,
        "sat": sat,
    }
    if family.steps <= 12:
        row["resilience"] = _time(_rate, problems)[1]
    return row


def _rate(problem: Problem) -> Plan | None:
    """How many may be absent, as if it were a solver, so that it is timed alike."""
    return {} if resilience(problem).level >= 0 else None


def _time(solver: Solver, problems: Sequence[Problem]) -> tuple[list[bool | None], dict[str, float | int]]:
    """Whether each can be satisfied (None: gave up) and the processor time of the answers.

    Time of the processor, not of the wall: while others work on the machine the slowest would measure them.
    """
    seconds, answers = [], []
    for problem in problems:
        began = time.thread_time()
        try:
            answer: bool | None = solver(problem) is not None
        except (GaveUp, Undecided):
            answer = None
        seconds.append(time.thread_time() - began)
        answers.append(answer)
    return answers, _summary(seconds, answers.count(None))


def _summary(seconds: Sequence[float], gave_up: int) -> dict[str, float | int]:
    ordered = sorted(seconds)
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 3),
        "p99_ms": round(ordered[round(0.99 * (len(ordered) - 1))] * 1000, 3),
        "worst_ms": round(ordered[-1] * 1000, 3),
        "gave_up": gave_up,
    }


def as_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The figures as a table of text, in milliseconds."""
    heads = f"{'median':>8}{'p99':>8}{'worst':>8}"
    yield (
        f"{'':32}{'look-ahead':>24}{'plain backtracking':>26}{'stuck':>6}  {'SAT':>24}{'stuck':>6}"
        f"  {'resilience':>24}"
    )
    yield f"{'family':<11}{'steps':>6}{'people':>7}{'sat':>6}  {heads}  {heads}{'':>6}  {heads}{'':>6}  {heads}"
    for row in result["families"]:
        rated = _cells(row["resilience"]) if "resilience" in row else ""
        yield (
            f"{row['family']:<11}{row['steps']:>6}{row['people']:>7}{row['satisfiable']:>6.0%}"
            f"  {_cells(row['lookahead'])}  {_cells(row['plain'])}{row['plain']['gave_up']:>6}"
            f"  {_cells(row['sat'])}{row['sat']['gave_up']:>6}  {rated}"
        ).rstrip()
    target = result["target"]
    yield (
        f"{target['steps']} × {target['people']}: {target['median_ms']} ms"
        f" (≤ {target['limit_ms']} ms: {'是 / yes' if target['met'] else '否 / no'})"
    )


def _cells(figures: Mapping[str, float]) -> str:
    return "".join(f"{figures[name]:>8.2f}" for name in ("median_ms", "p99_ms", "worst_ms"))
