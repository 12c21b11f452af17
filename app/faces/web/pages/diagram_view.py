"""What the diagram page prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from app.faces.web.pages.case_view import DiagramView


@dataclass(frozen=True)
class DiagramPage:
    """One diagram per process the case is in."""

    title: str
    case_id: int
    case_no: str
    diagrams: Sequence[DiagramView]

    @property
    def case_url(self) -> str:
        """Back to the case."""
        return url_for("case.show", case_id=self.case_id)
