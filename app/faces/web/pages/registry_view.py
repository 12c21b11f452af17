"""What the register's pages print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.faces.web.pages.queue_view import Pager
from app.faces.web.parts import Choice, Empty, ErrorLine, Link
from app.kernel.decisions.formulas.derivation import Derivation


@dataclass(frozen=True)
class Cell:
    """A cell: words, an address they lead to, a remark below, a mark behind; `num`: figures, to the right."""

    words: str
    url: str = ""
    remark: str = ""
    tag: str = ""
    tone: str = ""
    num: bool = False


@dataclass(frozen=True)
class Table:
    """A table; `empty` stands instead where there are no rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = ""
    remark: str = ""


@dataclass(frozen=True)
class SearchPage:
    """Search with its results; `asked` False: nothing was asked yet."""

    tabs: Sequence[Link]
    query: str
    purpose: str
    what: Sequence[Link]
    here: str
    table: Table | None
    pager: Pager | None
    empty: Empty | None
    problems: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class PersonPage:
    """One person's entry."""

    tabs: Sequence[Link]
    name: str
    purpose: str
    facts: Sequence[tuple[str, str]]
    url: str
    on: str
    known: str
    answer: str
    answer_tone: str
    enrolments: Table
    wages: Table
    details: Table
    cases: Table
    derivation: Derivation | None
    derived: str = ""


@dataclass(frozen=True)
class PurposePage:
    """Before an entry is shown: what is it read for?"""

    tabs: Sequence[Link]
    url: str
    purpose: str
    problems: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class EmployerPage:
    """One employer."""

    tabs: Sequence[Link]
    name: str
    facts: Sequence[tuple[str, str]]
    details: Table
    units: Table
    cases: Table


@dataclass(frozen=True)
class ListPage:
    """Institutions or experts."""

    tabs: Sequence[Link]
    url: str
    query: str
    hint: str
    choice_name: str
    choice_words: str
    choices: Sequence[Choice]
    running: bool
    running_words: str
    table: Table
    pager: Pager | None
    empty: Empty | None


@dataclass(frozen=True)
class ImportsPage:
    """Files put up, and the form for another."""

    tabs: Sequence[Link]
    table: Table
    kinds: Sequence[Choice]
    may_put_up: bool
    columns: Sequence[tuple[str, str]]
    key: str
    problems: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class FilePage:
    """One file: counts, lines that say something, and the form to propose it."""

    tabs: Sequence[Link]
    title: str
    facts: Sequence[tuple[str, str]]
    counts: Sequence[tuple[str, str, str]]
    lines: Table
    pager: Pager | None
    propose_url: str
    blocked: str
    change: Link | None
    reason: str
    ground: str
    key: str
    problems: Sequence[ErrorLine] = ()
    errors: dict[str, str] = field(default_factory=dict)
