"""What the staffing page, the board and the absence preview print of staffing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Choice, Link


@dataclass(frozen=True)
class Chip:
    """A rating: `mark` −1, 0, 1, 2+, and its word; `tone` is the class."""

    mark: str
    words: str
    tone: str


@dataclass(frozen=True)
class StaffingCase:
    """An open case that can't be finished, and for which duties."""

    url: str
    case_no: str
    duties: str


@dataclass(frozen=True)
class StaffingRow:
    """One office in one procedure; `then` with the absences asked about."""

    office: str
    procedure: str
    now: Chip
    then: Chip | None
    open_words: str
    bottleneck: str
    gains: Sequence[str]
    at_risk: Sequence[StaffingCase]
    more_at_risk: int
    stuck: Sequence[StaffingCase]
    more_stuck: int
    url: str = ""


@dataclass(frozen=True)
class Staffing:
    """Ratings of some offices. `then_words`: the days or people of the second column, empty without one."""

    rows: Sequence[StaffingRow]
    then_words: str = ""
    remark: str = ""

    @property
    def at_risk(self) -> int:
        """How many open cases the absences would stop."""
        return sum(len(row.at_risk) + row.more_at_risk for row in self.rows)


@dataclass(frozen=True)
class StaffingPage:
    """The whole page with its what-if form."""

    remark: str
    offices: Sequence[Choice]
    people: Sequence[Choice]
    first: str
    last: str
    asked: bool
    staffing: Staffing
    cleared: Link
    printed: str
    refusal: str = ""


@dataclass(frozen=True)
class AheadCell:
    """Of the reassigning preview: can the rest still be done? `tone`: empty, soon (tight or warned), over (refused)."""

    words: str
    tone: str = ""
