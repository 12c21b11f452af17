"""What the pages of take-over print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.form_view import FormView
from app.faces.web.parts import Choice, ClockView


@dataclass(frozen=True)
class PreviewRow:
    """A clock as it will run: since when, until when, and how it stands today."""

    title: str
    start: str
    due: str
    state: ClockView
    ground: str


@dataclass(frozen=True)
class TakeOverPage:
    """Entry first, then its dates, then (with the clocks that follow) the whole form.

    `dates` None: no entry is chosen yet; `form` None: the dates aren't in order yet.
    """

    title: str
    url: str
    entries: Sequence[Choice]
    entry: str
    idempotency_key: str
    limit_mb: int
    dates: FormView | None = None
    form: FormView | None = None
    stated: Sequence[tuple[str, str]] = ()
    hidden: Sequence[tuple[str, str]] = ()
    preview: Sequence[PreviewRow] = ()
    kinds: Sequence[Choice] = ()
    kind: str = ""
    refusal: str = ""
    kept: str = ""
    decided: bool = False


@dataclass(frozen=True)
class TakenOver:
    """What the case page says of a case that began elsewhere."""

    tag: str
    rows: Sequence[tuple[str, str]]
    files: Sequence[tuple[str, str]]
    decided: bool
