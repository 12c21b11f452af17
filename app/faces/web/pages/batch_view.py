"""What the pages of batch approval print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import ClockView, Duty


@dataclass(frozen=True)
class BatchRow:
    """A case to choose; `excluded` is why it can't be signed together with others."""

    key: str
    url: str
    case_no: str
    worker: str
    employer: str
    duty: Duty
    risk: str
    clock: ClockView | None
    hits: int
    chosen: bool = False
    mine: bool = False
    excluded: str = ""
    warning: str = ""


@dataclass(frozen=True)
class BatchPage:
    """The choice."""

    rows: Sequence[BatchRow]
    able: int
    warning: str
    refusal: str = ""


@dataclass(frozen=True)
class PreviewRow:
    """An opened case: what is decided, on which facts, who said what; `denied` when it is not open to the reader."""

    key: str
    version: int
    url: str
    case_no: str
    worker: str
    employer: str
    risk: str
    clock: ClockView | None
    drafted: str = ""
    facts: Sequence[tuple[str, str]] = ()
    opinions: Sequence[tuple[str, str, str]] = ()
    hits: Sequence[str] = ()
    warnings: Sequence[str] = ()
    denied: str = ""


@dataclass(frozen=True)
class PreviewPage:
    """The opened cases with one opinion for all."""

    rows: Sequence[PreviewRow]
    ready: int
    opinion: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class ResultRow:
    """One case's result: done, refused or failed."""

    place: int
    case_no: str
    worker: str
    url: str = ""
    state: str = ""
    words: str = ""


@dataclass(frozen=True)
class ResultsPage:
    """The head of the result page; its rows come one by one."""

    total: int
    opinion: str
