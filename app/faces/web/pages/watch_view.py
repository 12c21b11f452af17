"""What the page of the violation watch prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Link


@dataclass(frozen=True)
class RunRow:
    """One run of the watch."""

    when: str
    scope: str
    counted: str
    result: str
    tone: str


@dataclass(frozen=True)
class FindingRow:
    """A breach that no recorded violation explains, or one that a merge revealed."""

    words: str
    rule: str
    persons: str
    cases: Sequence[Link]
    tone: str


@dataclass(frozen=True)
class OpenRow:
    """A violation on record that waits for its ruling."""

    number: int
    words: str
    cause: str
    when: str
    cases: Sequence[Link]
    ruling: Link | None


@dataclass(frozen=True)
class BarRow:
    """Near-misses under one key; widths of the bars in per cent of the longest."""

    words: str
    code: str
    url: str
    denied: int
    warned: int
    fenced: int
    total: int
    bars: Sequence[tuple[float, float, str]]
    spoken: str
    here: bool = False


@dataclass(frozen=True)
class AttemptRow:
    """One near-miss."""

    when: str
    iso: str
    kind: str
    tone: str
    person: str
    what: str
    why: str
    case: Link | None


@dataclass(frozen=True)
class WatchPage:
    """The whole page."""

    remark: str
    tone: str
    state: str
    runs: Sequence[RunRow]
    findings: Sequence[FindingRow]
    violations: Sequence[OpenRow]
    more_violations: str
    periods: Sequence[Link]
    period: str
    since: str
    until: str
    tabs: Sequence[Link]
    bars: Sequence[BarRow]
    attempts: Sequence[AttemptRow]
    only: str
    only_off: str
    earlier: str
    later: str
    hidden: str
    by: str
