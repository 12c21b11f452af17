"""What the page of two versions of a rule compared prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import Choice, Link


@dataclass(frozen=True)
class Line:
    """Something changed: its name, before, after; the sign stands before the colour."""

    name: str
    sign: str
    tone: str
    old: str
    new: str


@dataclass(frozen=True)
class CellView:
    """A cell of a row; `changed` ones show both."""

    old: str
    new: str
    changed: bool


@dataclass(frozen=True)
class RowView:
    """A row of a decision table."""

    sign: str
    tone: str
    number: str
    cells: Sequence[CellView]


@dataclass(frozen=True)
class TableView:
    """A decision: its table with all rows; an expression, where it is or was one, as a line."""

    name: str
    sign: str
    tone: str
    heads: Sequence[CellView]
    rows: Sequence[RowView]
    line: Line | None = None


@dataclass(frozen=True)
class ComparePage:
    """Two sides of a rule."""

    title: str
    key: str
    old_title: str
    new_title: str
    old_choices: Sequence[Choice]
    new_choices: Sequence[Choice]
    properties: Sequence[Line]
    tables: Sequence[TableView]
    cases: Sequence[Line]
    unreadable: str
    same: bool
    ways: Sequence[Link]
