"""What the supervisor's board prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Choice, ClockView, Duty


@dataclass(frozen=True)
class Tile:
    """A count of open cases by urgency."""

    words: str
    count: int
    tone: str
    url: str
    remark: str = ""


@dataclass(frozen=True)
class LoadCount:
    """Open tasks of one person in one duty; `heat` is a class from `hm heat1` to `hm heat4`."""

    count: int
    url: str = ""
    heat: str = ""


@dataclass(frozen=True)
class LoadRow:
    """One person's load."""

    person: str
    post: str
    counts: Sequence[LoadCount]
    total: int
    tightest: ClockView | None
    unclaimed: bool = False


@dataclass(frozen=True)
class WaitingRow:
    """A task nobody of this office may take."""

    url: str
    case_no: str
    step: str
    duty: Duty
    clock: ClockView | None


@dataclass(frozen=True)
class ReassignRow:
    """One task of the preview, or its result afterwards."""

    task: int
    version: int
    url: str
    case_no: str
    worker: str
    duty: Duty
    clock: ClockView | None
    chosen: bool = True
    denied: str = ""
    may: str = ""
    warning: str = ""
    result: str = ""
    result_ok: bool = False


@dataclass(frozen=True)
class CountTag:
    """`可改派 3` and the like."""

    words: str
    tone: str
    mark: str


@dataclass(frozen=True)
class ReassignPanel:
    """Whose tasks go to whom, with what each of them meets."""

    remark: str
    state: str
    holders: Sequence[Choice]
    holder: str
    candidates: Sequence[Choice]
    candidate: str
    tags: Sequence[CountTag]
    rows: Sequence[ReassignRow]
    tasks: Sequence[str] = ()
    reason: str = ""
    done: bool = False


@dataclass(frozen=True)
class SupervisorPage:
    """The whole board."""

    remark: str
    tiles: Sequence[Tile]
    load_remark: str
    duties: Sequence[str]
    load: Sequence[LoadRow]
    totals: Sequence[int]
    total: int
    waiting: Sequence[WaitingRow]
    reassign: ReassignPanel | None = None
    refusal: str = ""
