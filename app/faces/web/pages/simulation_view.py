"""What the page of a simulation prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.form_view import FieldView
from app.faces.web.parts import Choice, ClockView, Duty, Link


@dataclass(frozen=True)
class Canvas:
    """A diagram with its tokens, passed and missed elements (ids, blank-separated)."""

    title: str
    url: str
    tokens: str = ""
    passed: str = ""
    missed: str = ""


@dataclass(frozen=True)
class BranchChoice:
    """A way out of a gateway."""

    value: str
    words: str


@dataclass(frozen=True)
class StepForm:
    """An open step: outcomes or branches to choose from, who may, who may not and why."""

    id: str
    key: str
    nth: int
    title: str
    duty: Duty | None
    post: str
    parts: str
    able: Sequence[Choice]
    unable: Sequence[tuple[str, str]]
    outcomes: Sequence[Choice]
    returns: Sequence[Choice]
    fields: Sequence[FieldView]
    branches: Sequence[BranchChoice]
    several: bool
    free_outcome: bool
    rules: str


@dataclass(frozen=True)
class QuestionForm:
    """What automatic steps ask before anything else."""

    key: str
    title: str
    words: str
    branches: Sequence[BranchChoice]
    several: bool
    names: Sequence[str]
    errors: Sequence[str]
    """Errors the automatic step may end with."""


@dataclass(frozen=True)
class HistoryLine:
    """One line of the history."""

    when: str
    what: str
    where: str
    detail: str


@dataclass(frozen=True)
class MissedLine:
    """An element or flow no path came to."""

    what: str
    name: str
    why: str


@dataclass(frozen=True)
class StopLine:
    """Where paths stop; `url` replays the choices that lead there."""

    what: str
    tone: str
    where: str
    why: str
    url: str


@dataclass(frozen=True)
class PathsPart:
    """All paths: coverage and what was found."""

    elements: str
    flows: str
    remark: str
    cut: str
    whole: bool
    missed: Sequence[MissedLine]
    stops: Sequence[StopLine]


@dataclass(frozen=True)
class SimulationPage:
    """The whole page; `play` carries the choices."""

    title: str
    sub: str
    back: Link
    play: str
    state: str
    tone: str
    trouble: str
    refusal: str
    foreign: bool
    now: str
    risk: str
    canvases: Sequence[Canvas]
    question: QuestionForm | None
    steps: Sequence[StepForm]
    due: str
    messages: Sequence[str]
    signals: Sequence[str]
    signed: Sequence[Choice]
    clocks: Sequence[ClockView]
    rules: Sequence[Choice]
    documents: Sequence[str]
    effects: Sequence[tuple[str, str, str]]
    variables: Sequence[tuple[str, str]]
    history: Sequence[HistoryLine]
    undo_url: str
    restart_url: str
    paths_url: str
    regions: Sequence[Choice]
    risks: Sequence[Choice]
    given: str
    readings: Sequence[str]
    paths: PathsPart | None = None
