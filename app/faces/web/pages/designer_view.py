"""What the designer's pages print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.faces.web.parts import Choice, Duty, ErrorLine, Link


@dataclass(frozen=True)
class FindingRow:
    """One remark of the check. `index` counts all rows; `mark` is ① and so on for what blocks."""

    index: int
    word: str
    tone: str
    icon: str
    mark: str
    place: str
    element: str
    url: str
    message: str
    advice: str
    path: str
    rule: str
    where: str


@dataclass(frozen=True)
class ResultsView:
    """The findings with their counts; `remark` says when and how long."""

    rows: Sequence[FindingRow]
    blocking: int
    warnings: int
    proved: Sequence[str]
    remark: str


@dataclass(frozen=True)
class WayView:
    """Where a step leads; `bypass`: a stretch of the counterexample."""

    words: str
    bypass: str = ""


@dataclass(frozen=True)
class StepView:
    """One row of the step table. `duty` is None for what people don't do."""

    element: str
    name: str
    own_name: str
    name_en: str
    kind: str
    duty: Duty | None
    signs: bool
    group: str
    form: str
    ways: Sequence[WayView]
    user_task: bool
    on_path: bool = False
    remark: str = ""


@dataclass(frozen=True)
class StepsView:
    """The step table with what its rows may choose from; `edit_url` is empty for readers."""

    rows: Sequence[StepView]
    edit_url: str
    file: str
    revision: int
    duties: Sequence[Choice] = ()
    posts: Sequence[Choice] = ()
    forms: Sequence[Choice] = ()


@dataclass(frozen=True)
class Stage:
    """A stage of the way to deployment."""

    number: int
    word: str
    small: str
    state: str = ""


@dataclass(frozen=True)
class PublishView:
    """How far the draft is, and the one next act, or why there is none."""

    stages: Sequence[Stage]
    submit_url: str = ""
    refusal: str = ""
    change: Link | None = None


@dataclass(frozen=True)
class FileLine:
    """A file of the draft."""

    path: str
    kind: str
    size: str
    url: str
    raw_url: str
    remove_url: str = ""
    here: bool = False
    sample_url: str = ""


@dataclass(frozen=True)
class DraftPage:
    """The modeler's page, or for readers the viewer's."""

    id: int
    title: str
    tag: str
    remark: str
    key: str
    editable: bool
    why_not: str
    publish: PublishView
    diagrams: Sequence[Link]
    file: str
    raw_url: str
    results: ResultsView
    steps: StepsView
    files: Sequence[FileLine]
    ways: Sequence[Link]
    data: Mapping[str, object]
    revision: int
    discard_url: str = ""
    upload_url: str = ""
    copy_url: str = ""
    upload_limit: str = ""


@dataclass(frozen=True)
class TextPage:
    """A file as text, with what the check says about it."""

    draft_url: str
    title: str
    path: str
    text: str
    revision: int
    editable: bool
    why_not: str
    save_url: str
    raw_url: str
    results: ResultsView
    limit: int
    refusal: str = ""
    conflict: bool = False
    errors: Sequence[ErrorLine] = ()
    crumb: Link | None = None
    """Where the list is, for drafts of rules."""


@dataclass(frozen=True)
class FormPage:
    """The form editor's page; `preview` is what the officer will see."""

    draft_url: str
    title: str
    path: str
    editable: bool
    why_not: str
    preview: object
    broken: str
    preview_url: str
    source_url: str
    data: Mapping[str, object]
    results: ResultsView


@dataclass(frozen=True)
class SubmitPage:
    """What is asked before a draft goes to the rechecker."""

    draft_url: str
    title: str
    url: str
    publish: PublishView
    results: ResultsView
    deployments: Sequence[str]
    touched: Sequence[Sequence[str]]
    touched_remark: str
    reviewers: Sequence[str]
    values: Mapping[str, str]
    idempotency_key: str
    errors: Mapping[str, str] = field(default_factory=dict)
    summary: Sequence[ErrorLine] = ()
    refusal: str = ""


@dataclass(frozen=True)
class ProcessLine:
    """A process in the list."""

    key: str
    title: str
    version: str
    state: str
    tone: str
    running: str
    findings: str
    findings_tone: str
    ways: Sequence[Link]


@dataclass(frozen=True)
class DraftLine:
    """A draft in the list."""

    url: str
    title: str
    key: str
    base: str
    owner: str
    when: str
    state: str
    tone: str
    change: Link | None = None


@dataclass(frozen=True)
class ListPage:
    """Drafts, mine first, and processes; `new_url` is empty for who may not design."""

    query: str
    mine: Sequence[DraftLine]
    others: Sequence[DraftLine]
    processes: Sequence[ProcessLine]
    new_url: str


@dataclass(frozen=True)
class NewPage:
    """Three ways to begin a draft."""

    processes: Sequence[Choice]
    versions: Sequence[Choice]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    summary: Sequence[ErrorLine]
    idempotency_key: str
    upload_limit: str
    refusal: str = ""
