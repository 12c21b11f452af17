"""What the pages of controlled changes print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.form_view import FieldView
from app.faces.web.pages.person_choice import ChosenPerson, PersonSearch
from app.faces.web.pages.processes_view import ProcessChangePart
from app.faces.web.pages.queue_view import FilterField, Pager
from app.faces.web.parts import Choice, Duty, ErrorLine, Link


@dataclass(frozen=True)
class ChangeLine:
    """One line of the list."""

    url: str
    case_no: str
    title: str
    kind: str
    state: str
    tone: str
    proposer: str
    proposed: str
    holder: str
    touched: str


@dataclass(frozen=True)
class ChangesPage:
    """The list with its filters; `new_url` is empty for who may not propose."""

    tabs: Sequence[Link]
    kinds: FilterField
    state: str
    lines: Sequence[ChangeLine]
    caption: str
    pager: Pager
    new_url: str


@dataclass(frozen=True)
class KindsPage:
    """What may be changed."""

    kinds: Sequence[Link]


@dataclass(frozen=True)
class Cell:
    """A column of one row; empty label cells are for readers of screens only."""

    view: FieldView
    suggestions: Sequence[Choice] = ()


@dataclass(frozen=True)
class FormItem:
    """A field of a kind's form: a plain one, one with suggestions, a table of rows, or a person."""

    view: FieldView
    suggestions: Sequence[Choice] = ()
    rows: Sequence[Sequence[Cell]] | None = None
    heads: Sequence[str] = ()
    hints: Sequence[str] = ()
    person: ChosenPerson | None = None


@dataclass(frozen=True)
class ChangeFormPage:
    """The form of a proposal or an edit."""

    title: str
    remark: str
    url: str
    back: Link
    items: Sequence[FormItem]
    reasons: Sequence[FieldView]
    idempotency_key: str
    submit: str
    rows_shown: int
    kind: str = ""
    targets: Sequence[Choice] = ()
    summary: Sequence[ErrorLine] = ()
    refusal: str = ""
    people: PersonSearch | None = None


@dataclass(frozen=True)
class DifferenceRow:
    """Old beside new, texts by line."""

    label: str
    old: Sequence[str]
    new: Sequence[str]
    changed: bool


@dataclass(frozen=True)
class EffectRow:
    """One open case touched."""

    url: str
    case_no: str
    word: str
    tone: str
    text: str


@dataclass(frozen=True)
class Effects:
    """The what-if list; `remark` says when it was computed, or that it was not."""

    rows: Sequence[EffectRow]
    remark: str
    counts: Sequence[tuple[str, str]] = ()
    computed: bool = False
    more: str = ""
    compute_url: str = ""


@dataclass(frozen=True)
class SignatureRow:
    """A signature: who, on behalf of whom, and whether it still counts."""

    duty: Duty
    name: str
    when: str
    state: str
    tone: str


@dataclass(frozen=True)
class HistoryRow:
    """A completed step."""

    duty: Duty
    name: str
    when: str
    outcome: str
    tone: str
    opinion: str


@dataclass(frozen=True)
class ChangePage:
    """One change."""

    case_id: int
    title: str
    case_no: str
    kind: str
    target: str
    state: str
    tone: str
    facts: Sequence[tuple[str, str]]
    reason: str
    ground: str
    digest: str
    differences: Sequence[DifferenceRow]
    effects: Effects
    signatures: Sequence[SignatureRow]
    history: Sequence[HistoryRow]
    case_url: str
    case_words: str
    edit_url: str = ""
    obstacle: str = ""
    new: bool = False
    to_do: bool = False
    process: ProcessChangePart | None = None
    """Only for changes of processes."""
    ways: Sequence[Link] = ()
    """Of a rule: its draft, and the two versions row by row."""
