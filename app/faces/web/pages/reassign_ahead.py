"""The preview's last column: can the case still be finished when this person gets the task?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app.faces.staffing_words import duties_listed, listed
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.pages.queue_rows import denial
from app.faces.web.pages.staffing_view import AheadCell
from app.faces.web.signin import kernel
from app.kernel.cases.models import Case
from app.kernel.duties.outlook import Outlook
from app.kernel.worklist.models import Task
from app.kernel.worklist.outlooks import Asked, Foreseen, foresee
from app.kernel.worklist.staff import StaffChoice

CLOSELY = 30
"""Rows up to which the preview also tells how tight the rest becomes."""


def ahead_cells(
    session: Session,
    who: Standing,
    pairs: Sequence[tuple[Task, Case]],
    staff: Mapping[int, Sequence[StaffChoice]],
    dealt: Mapping[int, int],
) -> dict[int, AheadCell]:
    """By task, for whoever would get it; tasks nobody would get, and processes that don't look ahead, are left out."""
    given = {
        task.id: one for task, _case in pairs for one in staff[task.id] if one.person_id == dealt.get(task.id)
    }
    asked = [
        Asked(task, case, given[task.id].person_id, given[task.id].decision)
        for task, case in pairs
        if task.id in given
    ]
    found = foresee(session, kernel().ports.routes, asked, who.now, who.today, slack=len(asked) <= CLOSELY)
    return {
        one.task.id: _cell(found[one.task.id, one.person_id], one.task.duty, given[one.task.id].name)
        for one in asked
        if (one.task.id, one.person_id) in found
    }


def _cell(found: Foreseen, duty: str, name: str) -> AheadCell:
    if found.outlook.reason:
        return AheadCell(
            denial(found.decision, duty, name=name), "soon" if found.decision.allowed else "over"
        )
    return _fine(found.outlook, found.names)


def _fine(outlook: Outlook, names: Mapping[int, str]) -> AheadCell:
    if outlook.slack is None:
        return AheadCell(_("能"))
    duties = duties_listed(outlook.tight)
    if outlook.slack >= 2:
        return AheadCell(_("能。后面各环节都有余量"))
    if outlook.slack == 1:
        return AheadCell(_("能。%(duties)s可缺 1 人", duties=duties))
    people = sorted(names[one] for one in outlook.people if one in names)
    return AheadCell(_("能，但%(duties)s只剩%(people)s", duties=duties, people=listed(people)), "soon")
