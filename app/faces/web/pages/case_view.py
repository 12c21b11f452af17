"""What the case page prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.faces.web.form_view import FormView
from app.faces.web.pages.case_actions_view import StepActions
from app.faces.web.pages.case_award import Award
from app.faces.web.parts import Axis, Choice, ClockView, Duty, ErrorLine, Link


@dataclass(frozen=True)
class CaseHead:
    """The case's title line."""

    worker: str
    title: str
    case_no: str
    employer: str
    state: str
    risk: str
    authority: str
    printed_at: str
    print_url: str
    state_tone: str = "acc"
    procedure: str = ""
    accepted: str = ""
    bound: str = ""
    draws_url: str = ""
    """The draws of experts, for processes that draw a panel."""


@dataclass(frozen=True)
class Origin:
    """Where a fact came from; `url` leads to the case where the reader may open it. `changed`: it was altered since."""

    case_no: str
    words: str
    url: str = ""
    changed: bool = False


@dataclass(frozen=True)
class FactRow:
    """One fact; `reveal_url` when the value is masked and may be shown on record. `origin`: it came from another
    case of the chain."""

    label: str
    value: str
    wide: bool = False
    reveal_url: str = ""
    origin: Origin | None = None


@dataclass(frozen=True)
class Facts:
    """The facts and whose draft they are."""

    rows: Sequence[FactRow]
    remark: str = ""
    sources: Sequence[Origin] = ()
    """The cases some of them came from, each once."""


@dataclass(frozen=True)
class MaterialRow:
    """One file of the case."""

    title: str
    url: str
    source: str
    received: str
    remark: str = ""
    checked: str = ""
    new: bool = False


@dataclass(frozen=True)
class Materials:
    """Files received, and the upload form when this reader may add one."""

    rows: Sequence[MaterialRow]
    remark: str = ""
    upload_url: str = ""
    kinds: Sequence[Choice] = ()
    limit_mb: int = 20
    errors: Sequence[ErrorLine] = ()
    sources: Sequence[Choice] = ()


@dataclass(frozen=True)
class RuleRow:
    """One rule hit; `tone` is soon for a warning, over for a block, acc for a routing."""

    rule: str
    title: str
    fact: str
    action: str
    tone: str
    handling: str
    ground: str = ""
    url: str = ""
    key: str = ""
    verdict: str = ""
    """What it turned out to be, who said so; `judge_url` is empty for who may not say."""
    judge_url: str = ""


@dataclass(frozen=True)
class UnjudgedRow:
    """A rule that says nothing yet: the facts it lacks, and the law it rests on."""

    rule: str
    title: str
    lacks: str
    ground: str
    url: str


@dataclass(frozen=True)
class Rules:
    """Rule hits of the case, and rules that can't be asked yet."""

    rows: Sequence[RuleRow]
    remark: str = ""
    unjudged: Sequence[UnjudgedRow] = ()


@dataclass(frozen=True)
class OpinionRow:
    """An opinion of an earlier duty; `tone` ok for agreed, soon for returned, empty when superseded."""

    duty: Duty
    person: str
    outcome: str
    tone: str
    remark: str
    text: str


@dataclass(frozen=True)
class DocumentRow:
    """One document of the case."""

    title: str
    page_url: str
    docx_url: str
    pdf_url: str
    number: str
    version: str
    date: str
    state: str
    tone: str


@dataclass(frozen=True)
class ServiceRow:
    """One attempt to serve a document on a party."""

    party: str
    document: str
    way: str
    sent: str
    result: str
    tone: str
    when: str
    detail: str
    clerk: str
    proofs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Service:
    """Attempts, oldest first; `lines` of a process that serves everybody in one step."""

    rows: Sequence[ServiceRow]
    lines: Sequence[str]


@dataclass(frozen=True)
class TimelineRow:
    """One event; `mark` is key (signature, decision), hold (pause), back (return) or empty."""

    when: str
    iso: str
    who: str
    words: str
    detail: str = ""
    mark: str = ""


@dataclass(frozen=True)
class TaskPanel:
    """What the reader can do now: fill a form, open, claim, or read why not and who can."""

    title: str
    duty: Duty | None
    words: str = ""
    form: FormView | None = None
    version: int = 0
    idempotency_key: str = ""
    complete_url: str = ""
    draft_url: str = ""
    open_url: str = ""
    claim_url: str = ""
    release_url: str = ""
    release_words: str = ""
    reassign_url: str = ""
    before_open: str = ""
    denied: str = ""
    may: str = ""
    warning: str = ""
    consequence: str = ""
    first: str = ""
    """What must be done before the task can be completed."""
    submit: str = ""
    saved: str = ""
    refusal: str = ""
    kept: str = ""
    returned: str = ""
    before: str = ""
    typed: str = ""
    next_case: str = ""
    dock: str = ""
    receipt_url: str = ""
    """The blank receipt of a service, to print and take along."""


@dataclass(frozen=True)
class ReviewStep:
    """One line of the three reviews; `state` is done, now or empty."""

    duty: Duty
    state: str
    when: str
    person: str = ""
    words: str = ""
    may: str = ""
    may_not: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ClockRow:
    """One of all clocks; `main`: the one that binds now. `why` it ends when it does."""

    title: str
    start: str
    due: str
    state: ClockView
    main: bool = False
    binding: bool = True
    why: str = ""


@dataclass(frozen=True)
class StepRow:
    """One step of the table that says the same as the diagram."""

    title: str
    person: str
    words: str
    done: str
    here: bool = False


@dataclass(frozen=True)
class DiagramView:
    """Where the diagram's file is, the ids with a token, `id:times` of the steps passed, ids of those skipped."""

    xml_url: str
    page_url: str
    tokens: str
    passed: str
    skipped: str = ""
    title: str = ""


@dataclass(frozen=True)
class Correction:
    """The window's form for corrected materials."""

    url: str


@dataclass(frozen=True)
class EntryLinks:
    """What may be entered in a case now, as links of the case page."""

    papers: tuple[Link, ...] = ()
    chain: tuple[Link, ...] = ()
    clocks: tuple[Link, ...] = ()
    incident: str = ""


@dataclass(frozen=True)
class CasePage:
    """The whole case page."""

    head: CaseHead
    main_clock: ClockView | None
    facts: Facts
    materials: Materials
    opinions: Sequence[OpinionRow]
    documents: Sequence[DocumentRow]
    service: Service | None
    timeline: Sequence[TimelineRow]
    clocks: Sequence[ClockRow]
    steps: Sequence[StepRow]
    axis: Axis | None = None
    clock_sentence: str = ""
    clock_why: str = ""
    rules: Rules | None = None
    award: Award | None = None
    task: TaskPanel | None = None
    three: Sequence[ReviewStep] = field(default_factory=tuple)
    three_remark: str = ""
    diagram: DiagramView | None = None
    correction: Correction | None = None
    entries: EntryLinks = EntryLinks()
    actions: StepActions = field(default_factory=StepActions)


@dataclass(frozen=True)
class GatePage:
    """What a reader sees of a case whose dossier he has not opened."""

    head: CaseHead
    clock: ClockView | None
    task: TaskPanel | None
    actions: StepActions = field(default_factory=StepActions)
