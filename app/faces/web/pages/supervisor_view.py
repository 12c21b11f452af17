"""What the supervisor's board prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.pages.staffing_view import AheadCell, Staffing
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
    """One person's load; `away` says since or until when the person is absent, `away_now` whether today."""

    person: str
    post: str
    counts: Sequence[LoadCount]
    total: int
    tightest: ClockView | None
    unclaimed: bool = False
    away: str = ""
    away_now: bool = False
    stranded: str = ""
    """How many of the tasks the person may no longer do, because the post or the substitution ended."""


@dataclass(frozen=True)
class AwayRow:
    """Somebody who is away today: open tasks in his name, and who stands in."""

    person: str
    posts: str
    period: str
    tasks: int
    reassign_url: str
    stand_ins: Sequence[str]


@dataclass(frozen=True)
class WaitingRow:
    """A task nobody of its office may take; `higher` names the office above that could."""

    url: str
    case_no: str
    step: str
    duty: Duty
    clock: ClockView | None
    office: str = ""
    since: str = ""
    higher: str = ""
    route_url: str = ""


@dataclass(frozen=True)
class ReassignRow:
    """One task of the preview, or its result afterwards. `choices` are those who may, `others` why the rest may not."""

    task: int
    version: int
    url: str
    case_no: str
    worker: str
    duty: Duty
    clock: ClockView | None
    opened: bool = False
    choices: Sequence[Choice] = ()
    chosen: bool = True
    others: Sequence[str] = ()
    denied: str = ""
    warning: str = ""
    result: str = ""
    result_ok: bool = False
    ahead: AheadCell | None = None


@dataclass(frozen=True)
class CountTag:
    """`可改派 3` and the like."""

    words: str
    tone: str
    mark: str


@dataclass(frozen=True)
class Progress:
    """A long list half done: `rest` and `done_so_far` go along with the next request."""

    done: int
    total: int
    rest: Sequence[str]
    done_so_far: Sequence[str]


@dataclass(frozen=True)
class ReassignPanel:
    """Whose tasks go to whom, with what each of them meets."""

    remark: str
    state: str
    holders: Sequence[Choice]
    holder: str = ""
    targets: Sequence[Choice] = ()
    target: str = ""
    people: Sequence[Choice] = ()
    tags: Sequence[CountTag] = ()
    rows: Sequence[ReassignRow] = ()
    tasks: Sequence[str] = ()
    reason: str = ""
    done: bool = False
    progress: Progress | None = None


@dataclass(frozen=True)
class Week:
    """Cases received and closed in a week; heights in per cent of the highest bar."""

    words: str
    received: int
    closed: int
    received_height: int
    closed_height: int


@dataclass(frozen=True)
class SupervisorPage:
    """The whole board; `office` is the region it is narrowed to, empty for all."""

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
    office: str = ""
    offices: Sequence[Choice] = ()
    away: Sequence[AwayRow] = ()
    routed: Sequence[WaitingRow] = ()
    weeks: Sequence[Week] = ()
    weeks_remark: str = ""
    staffing: Staffing | None = None
