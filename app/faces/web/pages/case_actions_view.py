"""What the case page prints of actions on steps: withdraw, ask, answer, report, what must be done again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.faces.web.parts import Choice, Duty


@dataclass(frozen=True)
class AgainRow:
    """A duty that must be done again, why, and by whom it can be; `denied` are the others with their reasons."""

    duty: Duty
    why: str
    may: str
    denied: Sequence[str] = ()


@dataclass(frozen=True)
class Withdrawal:
    """The reader's own last step: the button, or why it can't be taken back any more."""

    step: str
    url: str = ""
    refused: str = ""


@dataclass(frozen=True)
class SharedTask:
    """A task for several people: who has acted, how many are still needed."""

    acted: Sequence[tuple[str, str]]
    still: str
    may: str = ""


@dataclass(frozen=True)
class ConsultationRow:
    """A request as its holder and every later reader sees it; `cancel_url` only for the holder of the task."""

    kind: str
    person: str
    asker: str
    when: str
    question: str
    state: str
    tone: str
    answer: str = ""
    answered: str = ""
    cancel_url: str = ""


@dataclass(frozen=True)
class AskForm:
    """Who can be asked; one form for each kind. `denied` are the others with their reasons."""

    kind: str
    title: str
    words: str
    url: str
    people: Sequence[Choice]
    denied: Sequence[str] = ()
    typed: str = ""


@dataclass(frozen=True)
class AnswerForm:
    """The reader is asked: first open (which binds), then answer."""

    key: str
    kind: str
    title: str
    asker: str
    question: str
    words: str
    open_url: str = ""
    answer_url: str = ""
    typed: str = ""
    denied: str = ""


@dataclass(frozen=True)
class ReportForm:
    """Whoever acted on the case reports to its collective discussion."""

    url: str
    words: str


@dataclass(frozen=True)
class StepActions:
    """Everything beside the task's own form."""

    again: Sequence[AgainRow] = ()
    withdrawal: Withdrawal | None = None
    shared: SharedTask | None = None
    asked: Sequence[ConsultationRow] = ()
    ask: Sequence[AskForm] = ()
    answers: Sequence[AnswerForm] = ()
    report: ReportForm | None = None
    reports: Sequence[tuple[str, str]] = field(default_factory=tuple)
