"""What the pages of trials print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Link


@dataclass(frozen=True)
class TrialCaseRow:
    """A case that a trial names and the reader may see."""

    url: str
    case_no: str
    subject: str
    state: str
    message: str
    inputs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class TrialPage:
    """A trial: how far, what it counted, the cases of one verdict. `cancel_url` is empty when it is over."""

    title: str
    draft: Link
    state: str
    tone: str
    under_way: bool
    percent: int
    progress: str
    scope: str
    remark: str
    sentence: str
    tabs: Sequence[Link]
    verdict: str
    rows: Sequence[TrialCaseRow]
    hidden: str
    more: Sequence[Link]
    cancel_url: str = ""
    stale: str = ""
