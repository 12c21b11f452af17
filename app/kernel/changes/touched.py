"""The what-if list as it is kept with a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from app.kernel.changes.kinds import Touched

KEPT = 500
"""Lines kept; the totals count them all."""

ORDER = ("violation", "blocked", "restricted", "relieved", "info")


def what_if_record(touched: Iterable[Touched]) -> dict[str, Any]:
    """JSON: total lines and cases, lines by severity, and the first KEPT lines, the gravest first."""
    lines = sorted(touched, key=lambda item: (ORDER.index(item.severity), item.case_no))
    return {
        "total": len(lines),
        "cases": len({item.case_id for item in lines}),
        "by_severity": {name: sum(item.severity == name for item in lines) for name in ORDER},
        "lines": [asdict(item) for item in lines[:KEPT]],
    }


def read_record(record: Mapping[str, Any] | None) -> list[Touched]:
    """The kept lines; empty when none was computed."""
    return [Touched(**line) for line in (record or {}).get("lines", [])]
