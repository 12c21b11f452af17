"""What the queue page prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Choice, ClockView, Duty, Empty, Link


@dataclass(frozen=True)
class QueueRow:
    """One task. `action` is open, claim or empty; `denied` replaces it, `warning` stands beside it."""

    key: str
    url: str
    case_no: str
    worker: str
    employer: str
    step: str
    duty: Duty | None
    risk: str
    clock: ClockView | None
    procedure: str = ""
    action: str = ""
    claim_url: str = ""
    denied: str = ""
    may: str = ""
    warning: str = ""
    holder: str = ""
    remark: str = ""
    late: bool = False
    principal: str = ""
    """`代 周立群`: the reader stands in for somebody here, or did it for him."""


@dataclass(frozen=True)
class AskedRow:
    """A request for an opinion or a countersignature that waits for the reader."""

    url: str
    case_no: str
    worker: str
    kind: str
    duty: Duty
    asker: str
    when: str


@dataclass(frozen=True)
class FilterField:
    """One condition of the filter pop-up."""

    name: str
    words: str
    options: Sequence[Choice]


@dataclass(frozen=True)
class Chip:
    """A condition in force, and the address without it."""

    words: str
    without: str


@dataclass(frozen=True)
class Pager:
    """Where we are in the list; `before` and `after` are empty at the ends."""

    words: str
    size: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class QueuePage:
    """The whole page; `sorted_column` is the index of the column the list is sorted by."""

    today: str
    time: str
    pressing: str
    tab: str
    tabs: Sequence[Link]
    query: str
    filters: Sequence[FilterField]
    chips: Sequence[Chip]
    cleared: str
    sorts: Sequence[Choice]
    sorted_column: int
    rows: Sequence[QueueRow]
    caption: str
    pager: Pager
    empty: Empty
    refusal: str = ""
    asked: Sequence[AskedRow] = ()
    batch: int = 0
