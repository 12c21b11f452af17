"""What the pages of hit statistics print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Choice, Link


@dataclass(frozen=True)
class CountRow:
    """Hits of a rule, a version or a month and what came of them; `rate` in words, `share` 0 to 100 for its bar."""

    name: str
    url: str
    sub: str
    hits: int
    justified: int
    false_alarm: int
    overridden: int
    explained: int
    lapsed: int
    open: int
    rate: str
    share: int | None


@dataclass(frozen=True)
class TuningPage:
    """Statistics over a period: of all rules, or of one by version and by month."""

    title: str
    sub: str
    address: str
    since: str
    until: str
    heads: Sequence[Link]
    rows: Sequence[CountRow]
    months: Sequence[CountRow]
    ways: Sequence[Link]
    crumb: Link | None = None
    bad: str = ""
    kinds: Sequence[Choice] = ()
