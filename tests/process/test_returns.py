"""A case sent back a hundred times weighs what it weighed the first time."""

from app.demo.returns_benchmark import MOST_BYTES, ROUND, UP_TO_REVIEW, bench_returns
from app.kernel.engine.stepping import Instance
from tests.process.drive import Drive, shipped_spec


def tasks_in(instance: Instance) -> int:
    workflow = instance.workflow
    return len(workflow.tasks) + sum(len(inner.tasks) for inner in workflow.subprocesses.values())


def test_a_hundred_returns_leave_the_tree_and_the_state_as_they_were() -> None:
    drive = Drive(shipped_spec("injury_recognition"), {"risk": "high"}, {"run_rules": {"block": False}})
    for step, outcome in UP_TO_REVIEW:
        drive.complete(step, outcome)
    counts, sizes = [], []
    for _ in range(100):
        for step, outcome in ROUND:
            drive.complete(step, outcome)
        counts.append(tasks_in(drive.instance))
        sizes.append(drive.sizes[-1])
    assert len(set(counts)) == 1
    assert max(sizes) <= min(sizes) + 16
    assert max(drive.packed) < MOST_BYTES


def test_the_benchmark_measures_the_last_round_beside_the_first() -> None:
    told: list[str] = []
    result = bench_returns(4, 2, told.append)
    assert result["within_limits"]["size"]
    assert result["first_ms"] > 0
    assert result["ratio"] > 0
    assert 0 < result["largest_bytes"] < MOST_BYTES
    assert len(told) == 2
