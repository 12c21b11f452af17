"""Large logs: a stream, in columns. The whole promise (1 million events, 2 minutes, 500 MB) is in the long regime."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import ROOT
from tests.foreign_logs import generated, write

# Not getrusage: its peak outlives exec, so that a child would report its parent's.
RUN = """import sys
from app.faces.cli.audit import audit
audit(sys.argv[1:], standalone_mode=False)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak, file=sys.stderr)
"""


def measured(path: Path, *options: str | Path) -> tuple[dict[str, int], float, float]:
    """The report, seconds of processor and peak memory in MB of a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [sys.executable, "-c", RUN, "log", path, "--json", *options],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return json.loads(done.stdout), seconds, int(done.stderr.split()[-1]) / 1024


def test_memory_grows_by_bytes_per_event_not_by_the_file(tmp_path: Path, rng: random.Random) -> None:
    small, large = tmp_path / "small.xes", tmp_path / "large.xes"
    write(small, generated(1_000, rng))
    write(large, generated(60_000, rng))
    _, _, little = measured(small)
    report, _, much = measured(large)
    assert report["events"] == 60_000
    grown = (much - little) * 1024 * 1024
    assert grown < large.stat().st_size / 2
    assert grown / 59_000 < 200, "bytes per event"


@pytest.mark.long
def test_a_million_events_within_two_minutes_and_500_mb(tmp_path: Path, rng: random.Random) -> None:
    path, policy = tmp_path / "million.xes.gz", tmp_path / "policy.json"
    write(path, generated(1_000_000, rng))
    policy.write_text(
        '{"pairs": [["初审", "复核"], ["复核", "审核"], ["初审", "审核"], ["受理", "受理"]]}',
        encoding="utf-8",
    )
    for options in ([], ["--policy", policy, "--html", tmp_path / "out.html"]):
        started = time.monotonic()
        report, seconds, memory = measured(path, *options)
        print(f"1,000,000 events: {time.monotonic() - started:.1f} s ({seconds:.1f} s CPU), {memory:.0f} MB")
        assert report["events"] == 1_000_000
        assert seconds < 120
        assert memory < 500
