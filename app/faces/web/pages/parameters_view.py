"""What the pages of parameters and formulas print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.pages.changes_view import FormItem
from app.faces.web.parts import Choice, ErrorLine, Link
from app.kernel.decisions.formulas.derivation import Derivation


@dataclass(frozen=True)
class Mark:
    """A word with its tone: how far a value can be relied on."""

    words: str
    tone: str


@dataclass(frozen=True)
class ParameterRowView:
    """One parameter of the list."""

    url: str
    title: str
    key: str
    values: Sequence[str]
    place: str
    period: str
    source: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class TopicView:
    """A group of the list."""

    title: str
    rows: Sequence[ParameterRowView]


@dataclass(frozen=True)
class ParametersPage:
    """The list with its filters; `counts` lead to the flagged ones."""

    query: str
    day: str
    regions: Sequence[Choice]
    tabs: Sequence[Link]
    flag: str
    topics: Sequence[TopicView]
    propose_url: str


@dataclass(frozen=True)
class ValueRow:
    """One value of an edition."""

    slot: str
    value: str
    period: str
    source: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class EditionView:
    """One edition: what it rests on, its values."""

    title: str
    since: str
    rests_on: str
    url: str
    reason: str
    rows: Sequence[ValueRow]
    standing: bool


@dataclass(frozen=True)
class ParameterPage:
    """One parameter: what it means, its editions by region."""

    title: str
    key: str
    facts: Sequence[tuple[str, str]]
    note: str
    editions: Sequence[EditionView]
    proposals: Sequence[Link]


@dataclass(frozen=True)
class FormulaTopic:
    """Items of one group; `links` with what they ask for."""

    title: str
    links: Sequence[Link]


@dataclass(frozen=True)
class FormulasPage:
    """What can be calculated."""

    title: str
    topics: Sequence[FormulaTopic]
    propose_url: str


@dataclass(frozen=True)
class FormulaPage:
    """One item: its form, and the result with its derivation once it was calculated."""

    title: str
    ground: str
    url: str
    items: Sequence[FormItem]
    regions: Sequence[Choice]
    rows_shown: int
    summary: Sequence[ErrorLine] = ()
    derivation: Derivation | None = None
    calculated: str = ""
