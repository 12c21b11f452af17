"""The benchmark measures what it says: real acts against the same rows written bare."""

import pytest

from app.demo.benchmark import ROWS_ALLOWED, Place, bench_cases
from app.domain.registry import reference
from app.kernel.kernel import Kernel
from tests.databases import CopiedDatabase
from tests.fence_world import connect

CASES = 12


def test_completing_a_task_writes_few_rows_and_the_bare_transaction_writes_as_many(
    kernel: Kernel, fresh_database: CopiedDatabase
) -> None:
    reference.install_at(fresh_database.owner_url)
    told: list[str] = []
    result = bench_cases(kernel, Place(fresh_database.server, fresh_database.name), CASES, told.append)
    assert set(result["acts"]) == {
        "start",
        "claim",
        "open",
        "complete",
        "bare_complete",
        "merged_complete",
    }
    assert result["acts"]["complete"]["rows"] <= ROWS_ALLOWED
    assert result["within_limits"]["rows"]
    assert result["acts"]["bare_complete"]["rows"] == pytest.approx(
        result["acts"]["complete"]["rows"], abs=0.5
    )
    assert all(ratio > 0 for ratio in result["ratio_complete_to_bare"])
    assert result["per_case"]["wal_bytes"] > 0
    assert told
    with connect(fresh_database.owner_url) as owner:
        done = owner.execute("SELECT count(*) FROM \"case\" WHERE status = 'closed'").fetchone()
        left = owner.execute("SELECT count(*) FROM pg_database WHERE datname LIKE '%bare'").fetchone()
    assert done is not None
    assert done[0] >= CASES
    assert left == (0,)
