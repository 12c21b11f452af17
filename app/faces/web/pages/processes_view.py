"""What the pages of process versions and their differences print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.pages.designer_view import ResultsView
from app.faces.web.parts import Choice, ErrorLine, Link


@dataclass(frozen=True)
class VersionLine:
    """A deployed version; `people` are duty and name of the three, `change` the case that deployed it."""

    number: int
    state: str
    tone: str
    digest: str
    when: str
    people: Sequence[tuple[str, str]]
    change: Link | None
    notes: str
    running: int
    finished: int
    findings: str
    findings_tone: str
    export_url: str
    diff_url: str
    may_roll_back: bool


@dataclass(frozen=True)
class DraftLine:
    """A draft of this process."""

    url: str
    number: int
    owner: str
    when: str
    state: str
    tone: str
    diff_url: str
    take_url: str
    """Empty for one's own and for those nobody may take over."""


@dataclass(frozen=True)
class HistoryLine:
    """When what came into force."""

    when: str
    what: str
    people: str
    change: Link | None


@dataclass(frozen=True)
class ProposalForm:
    """Rolling back or retiring: `action` in the address; `values` as typed, `errors` by field."""

    reason: str = ""
    ground: str = ""
    version: str = ""
    refusal: str = ""
    errors: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class VersionsPage:
    """One process with its versions."""

    key: str
    title: str
    state: str
    tone: str
    kind: str
    callers: Sequence[Link]
    lines: Sequence[VersionLine]
    drafts: Sequence[DraftLine]
    history: Sequence[HistoryLine]
    may_edit: bool
    may_retire: bool
    why_not_retire: str
    choices: Sequence[Choice]
    form: ProposalForm


@dataclass(frozen=True)
class PropertyLine:
    name: str
    old: str
    new: str


@dataclass(frozen=True)
class ElementLine:
    """One element that differs; `sign` stands on the canvas too."""

    kind: str
    sign: str
    tone: str
    element: str
    type: str
    name: str
    properties: Sequence[PropertyLine]


@dataclass(frozen=True)
class Canvas:
    """A diagram to draw: where it is, and the ids to mark by kind, blank-separated."""

    url: str
    title: str
    added: str
    removed: str
    changed: str
    moved: str


@dataclass(frozen=True)
class DiagramPart:
    """One diagram file that differs; no canvas where the file isn't there."""

    file: str
    kind: str
    tone: str
    old: Canvas | None
    new: Canvas | None
    counts: Sequence[str]
    lines: Sequence[ElementLine]


@dataclass(frozen=True)
class TextLine:
    """A line of a text difference: `mark` is +, −, @ or empty."""

    mark: str
    text: str


@dataclass(frozen=True)
class FilePart:
    file: str
    kind: str
    tone: str
    sizes: str
    lines: Sequence[TextLine]


@dataclass(frozen=True)
class DiffPart:
    """All that differs between two sets of files; `same` when nothing does."""

    old_title: str
    new_title: str
    diagrams: Sequence[DiagramPart]
    files: Sequence[FilePart]

    @property
    def same(self) -> bool:
        return not self.diagrams and not self.files


@dataclass(frozen=True)
class DiffPage:
    """Two sides to choose, and their difference."""

    key: str
    title: str
    old_choices: Sequence[Choice]
    new_choices: Sequence[Choice]
    part: DiffPart


@dataclass(frozen=True)
class ProcessChangePart:
    """What a change of kind `process` shows to who rechecks and approves it."""

    deployments: Sequence[tuple[str, str, str, str]]
    """Process, version in force, version to come, digest."""
    draft: Link | None
    editors: str
    ahead: bool
    results: ResultsView | None
    diff_url: str
    diff: DiffPart | None
