"""What the pages about absences and substitutes print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.pages.staffing_view import Staffing
from app.faces.web.parts import Choice, ClockView, Duty, Link


@dataclass(frozen=True)
class CalendarDay:
    """A column: the day's number, its weekday in one character, whether people rest, whether it is today."""

    number: int
    weekday: str
    rest: bool
    today: bool
    long: str


@dataclass(frozen=True)
class CalendarCell:
    """`kind` is a class: "" here, "rest", "away"; `words` is read aloud and shown on hover."""

    kind: str
    words: str = ""


@dataclass(frozen=True)
class CalendarRow:
    """One person's month: cells by day, and the same as lines (for phones and paper)."""

    person: str
    posts: str
    cells: Sequence[CalendarCell]
    periods: Sequence[str]
    stand_ins: Sequence[str]


@dataclass(frozen=True)
class CalendarPage:
    """The month of one office."""

    tabs: Sequence[Link]
    title: str
    remark: str
    month: str
    before: str
    after: str
    offices: Sequence[Choice]
    days: Sequence[CalendarDay]
    rows: Sequence[CalendarRow]
    may_enter_for_others: bool


@dataclass(frozen=True)
class StandInRow:
    """A substitution, or a request for one, with what this reader may do about it."""

    key: str
    who: str
    post: str
    period: str
    reason: str
    state: str
    tone: str
    note: str = ""
    approve_url: str = ""
    refuse_url: str = ""
    withdraw_url: str = ""
    end_url: str = ""
    queue_url: str = ""


@dataclass(frozen=True)
class AskForm:
    """Naming a substitute apart from an absence: typed values come back on a refusal."""

    people: Sequence[Choice]
    posts: Sequence[Choice]
    substitutes: Sequence[Choice]
    impossible: Sequence[tuple[str, str]]
    starts_on: str
    ends_on: str
    reason: str
    error: str = ""


@dataclass(frozen=True)
class StandInsPage:
    """Requests that wait, and substitutions in force or to come."""

    tabs: Sequence[Link]
    requests: Sequence[StandInRow]
    running: Sequence[StandInRow]
    ask: AskForm
    refusal: str = ""


@dataclass(frozen=True)
class OwnAbsence:
    """One of the reader's absences that is not over."""

    period: str
    cause: str
    note: str
    cancel_url: str
    now: bool


@dataclass(frozen=True)
class OwnPage:
    """The reader's absences, who stands in for the reader, and for whom the reader does."""

    tabs: Sequence[Link]
    absences: Sequence[OwnAbsence]
    by_others: Sequence[StandInRow]
    for_others: Sequence[StandInRow]
    requests: Sequence[StandInRow]
    refusal: str = ""


@dataclass(frozen=True)
class EntryForm:
    """The typed absence."""

    people: Sequence[Choice]
    causes: Sequence[Choice]
    person: str
    starts_on: str
    ends_on: str
    note: str
    cause: str


@dataclass(frozen=True)
class EntryTask:
    """A claimed task in the preview, with what can be done about it."""

    key: str
    url: str
    case_no: str
    worker: str
    step: str
    duty: Duty
    clock: ClockView | None
    due_inside: bool
    opened: bool
    choices: Sequence[Choice]
    others: str


@dataclass(frozen=True)
class EntryPost:
    """A post that could be filled, with possible substitutes and why the others are not."""

    key: str
    words: str
    filled: str
    possible: Sequence[Choice]
    impossible: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class EntryPreview:
    """What the absence would do."""

    summary: str
    claimed: Sequence[EntryTask]
    alone: Sequence[EntryTask]
    posts: Sequence[EntryPost]
    staffing: Staffing | None = None
    """How many people the offices of the person's posts could then still miss."""


@dataclass(frozen=True)
class EntryPage:
    """Entering an absence: the form, and below it the preview once the period is known."""

    tabs: Sequence[Link]
    form: EntryForm
    preview: EntryPreview | None = None
    refusal: str = ""


@dataclass(frozen=True)
class DoneLine:
    """One thing that was tried after confirming, and what became of it."""

    what: str
    words: str
    ok: bool
    url: str = ""


@dataclass(frozen=True)
class DonePage:
    """The result list of a confirmed absence."""

    tabs: Sequence[Link]
    title: str
    lines: Sequence[DoneLine]
