"""What the pages of the rule workbench print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.faces.web.pages.designer_view import DraftLine, PublishView, ResultsView
from app.faces.web.parts import Choice, ErrorLine, Link


@dataclass(frozen=True)
class FieldView:
    """A field of a form: `kind` is text, paragraph, select, checks, date or datetime-local."""

    name: str
    label: str
    kind: str
    value: str = ""
    options: Sequence[Choice] = ()
    required: bool = False
    limit: int = 2000
    error: str = ""
    remark: str = ""


@dataclass(frozen=True)
class RowsView:
    """Rows of one table in the properties: facts, parameters, sources; the last are empty, for new ones."""

    title: str
    remark: str
    heads: Sequence[str]
    rows: Sequence[Sequence[FieldView]]


@dataclass(frozen=True)
class PropertiesView:
    """The manifest as a form; `url` is empty for readers, `broken` says why there is no form."""

    url: str
    revision: int
    fields: Sequence[FieldView]
    tables: Sequence[RowsView]
    text_url: str
    broken: str = ""
    summary: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class CaseRow:
    """A test case with what the rule says now; `fields` are its form."""

    index: int
    name: str
    expect: str
    got: str
    tone: str
    icon: str
    facts: str
    missing: str
    fields: Sequence[FieldView]
    edit_url: str = ""
    remove_url: str = ""


@dataclass(frozen=True)
class CasesView:
    """All cases; `add` is the form of a new one, empty for readers."""

    rows: Sequence[CaseRow]
    passed: int
    failed: int
    remark: str
    revision: int
    add: Sequence[FieldView]
    add_url: str
    text_url: str
    broken: str = ""
    wrong: int | None = None
    """Whose form is open with errors: the number of a case, -1 the new one."""
    summary: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class TrialLine:
    """A trial in the list of a draft's."""

    url: str
    when: str
    state: str
    tone: str
    scope: str
    result: str


@dataclass(frozen=True)
class TrialForm:
    """Asking for a trial; `refusal` says why there can be none now."""

    url: str
    fields: Sequence[FieldView]
    refusal: str
    lines: Sequence[TrialLine]


@dataclass(frozen=True)
class RuleDraftPage:
    """The workbench's page of one draft."""

    id: int
    key: str
    title: str
    tag: str
    remark: str
    editable: bool
    why_not: str
    publish: PublishView
    raw_url: str
    text_url: str
    results: ResultsView
    properties: PropertiesView
    cases: CasesView
    trials: TrialForm
    ways: Sequence[Link]
    data: Mapping[str, object]
    revision: int
    copy_url: str = ""
    take_over_url: str = ""
    discard_url: str = ""


@dataclass(frozen=True)
class RuleDraftsPage:
    """Drafts, mine first; `new_url` is empty for who may not edit."""

    query: str
    mine: Sequence[DraftLine]
    others: Sequence[DraftLine]
    new_url: str


@dataclass(frozen=True)
class NewRulePage:
    """Beginning a draft."""

    rules: Sequence[Choice]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    summary: Sequence[ErrorLine]
    idempotency_key: str
    refusal: str = ""


@dataclass(frozen=True)
class RuleSubmitPage:
    """What is asked before a draft goes to the rechecker."""

    draft_url: str
    title: str
    url: str
    publish: PublishView
    results: ResultsView
    effects: Sequence[str]
    reviewers: Sequence[str]
    compare: Link | None
    values: Mapping[str, str]
    idempotency_key: str
    errors: Mapping[str, str] = field(default_factory=dict)
    summary: Sequence[ErrorLine] = ()
    refusal: str = ""
