"""View models shared by several pages: what templates print, already in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Duty:
    """Word and mark of a duty: d1, d2, d3 fill the strokes of 三, dr is the diamond, d0 the hollow square."""

    key: str
    word: str
    mark: str


@dataclass(frozen=True)
class ClockView:
    """`tone` is ok, soon, over, hold or done; `due` the line below; `name` when it is not the main clock; `why` it
    ends when it does."""

    tone: str
    words: str
    due: str = ""
    name: str = ""
    why: str = ""


@dataclass(frozen=True)
class AxisSpan:
    """A stretch of the clock axis in per cent of its width."""

    left: float
    width: float
    paused: bool = False


@dataclass(frozen=True)
class Axis:
    """The clock axis of the case page; positions in per cent."""

    tone: str
    spans: Sequence[AxisSpan]
    today: float
    start_words: str
    end_words: str
    spoken: str
    pause_words: str = ""
    pause_at: float = 50.0


@dataclass(frozen=True)
class Link:
    """A way on: address and words; `here` marks the current page, `count` stands behind a tab."""

    url: str
    words: str
    here: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Choice:
    """An option of a select."""

    value: str
    words: str
    chosen: bool = False


@dataclass(frozen=True)
class ErrorLine:
    """One line of an error summary; `anchor` is the field's id, empty when no field is to blame."""

    message: str
    anchor: str = ""
    label: str = ""


@dataclass(frozen=True)
class Viewer:
    """The signed-in officer as the bar shows him."""

    name: str
    account: str
    post: str
    place: str
    notices: int = 0


@dataclass(frozen=True)
class Empty:
    """An empty state: what is empty, the next fact, two ways on."""

    what: str
    next_fact: str
    ways: Sequence[Link] = field(default_factory=tuple)
