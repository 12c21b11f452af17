"""What the pages of the rule catalogue print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.pages.standing_view import Refused
from app.faces.web.parts import Choice, Link
from app.kernel.decisions.catalogue.describing import DecisionText


@dataclass(frozen=True)
class Mark:
    """A word with its tone."""

    words: str
    tone: str


@dataclass(frozen=True)
class RuleLine:
    """One rule of the list."""

    url: str
    rule: str
    title: str
    kind: str
    severity: Mark
    action: Mark
    bearing: Mark
    where: str
    hits: int


@dataclass(frozen=True)
class RulesPage:
    """The list with its filters."""

    query: str
    state: str
    tabs: Sequence[Link]
    kinds: Sequence[Choice]
    severities: Sequence[Choice]
    actions: Sequence[Choice]
    rows: Sequence[RuleLine]
    filtered: bool
    reports_url: str
    propose_url: str
    drafts_url: str = ""


@dataclass(frozen=True)
class SourceRow:
    """A legal source; the tag says how well its text is known."""

    words: str
    tag: Mark


@dataclass(frozen=True)
class ContractRow:
    """A fact or parameter of a rule; `place` where this system has it, empty where nobody supplies it."""

    words: str
    key: str
    kind: str
    registry: str
    need: str
    place: str


@dataclass(frozen=True)
class CaseRow:
    """A test case with its present result."""

    name: str
    expect: str
    result: Mark
    given: Sequence[str]


@dataclass(frozen=True)
class VersionRow:
    """A version, since when, and what it rests on."""

    number: str
    since: str
    rests_on: str
    url: str
    digest: str
    standing: bool


@dataclass(frozen=True)
class PastHit:
    """A hit in a case the reader's regions show."""

    case: Link
    when: str
    version: str
    message: str
    handling: str


@dataclass(frozen=True)
class RulePage:
    """Everything of one rule."""

    rule: str
    title: str
    message: str
    marks: Sequence[Mark]
    note: str
    facts: Sequence[tuple[str, str]]
    sources: Sequence[SourceRow]
    contract: Sequence[ContractRow]
    parameters: Sequence[ContractRow]
    decisions: Sequence[DecisionText]
    cases: Sequence[CaseRow]
    cases_remark: str
    versions: Sequence[VersionRow]
    hits: Sequence[PastHit]
    propose_url: str
    ways: Sequence[Link] = ()
    """The workbench's pages about it, for who reads drafts."""


@dataclass(frozen=True)
class FindingRow:
    """What a statistical rule found, with the form for who may dispose of it."""

    key: int
    rule: Link
    title: str
    message: str
    severity: Mark
    period: str
    when: str
    state: Mark
    said: str
    dispose_url: str
    why_not: str


@dataclass(frozen=True)
class ReportsPage:
    """Findings; `waiting` names statistical rules whose data there are not yet."""

    rows: Sequence[FindingRow]
    tabs: Sequence[Link]
    waiting: Sequence[str]
    refused: Refused
