"""Measures FEEL: compiled conditions, a table of 200 rules, and hostile expressions with their worst times."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from app.demo.feel_expressions import hostile
from app.kernel.decisions.dmn import read_models
from app.kernel.decisions.feel import Feel, FeelError, compile_expression

CONTEXT: Mapping[str, object] = {
    "risk": "high",
    "amount": 80_000,
    "worker": {"age": 47, "name": "张三"},
    "grades": list(range(1, 11)),
}
CONDITIONS = {
    "condition": 'risk = "high" and amount > 50000',
    "path": 'worker.age >= 18 and worker.name != ""',
    "membership": 'risk in ("high", "routed")',
    "filter": "count(grades[item > 5]) > 3",
    "dates": 'date("2026-03-31") + duration("P60D") < date("2026-06-30")',
}
ROWS = 200


def bench_feel(count: int, seed: int) -> dict[str, Any]:
    """Evaluations a second of CPU for each condition, milliseconds a table decision, times of hostile expressions."""
    rates = {name: _rate(compile_expression(source), count) for name, source in CONDITIONS.items()}
    return {
        "per_second": rates,
        "table": _table(max(count // 100, 20)),
        "hostile": _hostile(count // 50, seed),
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rate(expression: Feel, count: int) -> int:
    evaluate = expression.evaluate
    best = min(_timed(lambda: [evaluate(CONTEXT) for _ in range(count)]) for _ in range(3))
    return round(count / best)


def table_file(rows: int) -> bytes:
    """A model with one table of two inputs, of which only the last rules match."""
    rules = "".join(
        f"<rule><inputEntry><text>[{10 * row}..{10 * row + 10})</text></inputEntry>"
        f'<inputEntry><text>"high", "routed"</text></inputEntry><outputEntry><text>{row}</text></outputEntry></rule>'
        for row in range(rows)
    )
    return f"""<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:bench" name="bench">
<inputData id="a" name="amount"><variable name="amount" typeRef="number"/></inputData>
<inputData id="r" name="risk"><variable name="risk" typeRef="string"/></inputData>
<decision id="d" name="grade"><variable name="grade" typeRef="number"/>
<informationRequirement><requiredInput href="#a"/></informationRequirement>
<informationRequirement><requiredInput href="#r"/></informationRequirement>
<decisionTable hitPolicy="UNIQUE">
<input><inputExpression typeRef="number"><text>amount</text></inputExpression></input>
<input><inputExpression typeRef="string"><text>risk</text></inputExpression></input>
<output typeRef="number"/>{rules}</decisionTable></decision></definitions>""".encode()


def _table(count: int) -> dict[str, Any]:
    graph = read_models("bench.dmn", {"bench.dmn": table_file(ROWS)})
    inputs = {"amount": 10 * ROWS - 1, "risk": "high"}
    took = min(_timed(lambda: [graph.decide("grade", inputs) for _ in range(count)]) for _ in range(3))
    return {"rows": ROWS, "ms": round(1000 * took / count, 3)}


def _hostile(count: int, seed: int) -> dict[str, Any]:
    """Compile and evaluate generated and mutated expressions: nothing may raise but FeelError."""
    rng, times, invalid = random.Random(seed), [], 0
    for _ in range(max(count, 100)):
        source = hostile(rng)
        start = time.perf_counter()
        try:
            compile_expression(source).evaluate(CONTEXT)
        except FeelError:
            invalid += 1
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    return {
        "count": len(times),
        "invalid": invalid,
        "p99_ms": round(times[len(times) * 99 // 100], 2),
        "worst_ms": round(times[-1], 1),
    }


def as_lines(result: Mapping[str, Any]) -> list[str]:
    lines = [f"{name:<12} {rate:>10,} 次/秒 a second" for name, rate in result["per_second"].items()]
    table, worst = result["table"], result["hostile"]
    lines.append(f"{'table':<12} {table['ms']:>10.3f} ms ({table['rows']} 行 rows)")
    lines.append(
        f"{'hostile':<12} p99 {worst['p99_ms']} ms, 最长 worst {worst['worst_ms']} ms, "
        f"{worst['invalid']} / {worst['count']} 无效 invalid"
    )
    return lines
