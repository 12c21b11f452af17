"""Parties and recused persons: no address of a case answers them, whatever page stands behind it (SOD-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from flask import request
from flask_login import current_user
from sqlalchemy.orm import Session

from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.signin import kernel
from app.kernel.changes.registry import cases_named
from app.kernel.documents.queries import document_by_uid
from app.kernel.engine.dossier import find_material, require_reading
from app.kernel.engine.incidents.queries import get_incident_case_id
from app.kernel.recusal.queries import find_bar, list_barred
from app.kernel.refusals import TaskNotFound
from app.kernel.worklist.consultation_queries import get_consultation_case_id
from app.kernel.worklist.queries import get_task_case_id


def refuse_barred() -> None:
    """Before every request: raise DutyDenied (kept as an attempt) when its case is closed to this person."""
    if not request.view_args or not current_user.is_authenticated:
        return
    with reading() as session:
        case_id = case_of(session, request.view_args)
        barred = _barred(session, case_id) if case_id is not None else None
    if barred is not None:
        carry_out(lambda unit: require_reading(unit, barred))


def _barred(session: Session, case_id: int) -> int | None:
    """This case, or one that it as a change is about (its risk, its token, its chain), when it is closed."""
    person = standing().person_id
    if find_bar(session, case_id, person) is not None:
        return case_id
    named = cases_named(session, kernel().ports, [case_id]).get(case_id, frozenset())
    return min(list_barred(session, person, named), default=None)


def case_of(session: Session, arguments: Mapping[str, Any]) -> int | None:
    """The case an address is about, as far as the reader's regions show it; None when it is about none."""
    for name, find in CASE_OF.items():
        if name in arguments:
            return find(session, arguments[name])
    return None


def _of_task(session: Session, task_id: int) -> int | None:
    try:
        return get_task_case_id(session, task_id)
    except TaskNotFound:
        return None


def _of_file(session: Session, uid: UUID) -> int | None:
    found = find_material(session, uid) or document_by_uid(session, uid)
    return found.case_id if found is not None else None


CASE_OF: Final[Mapping[str, Callable[[Session, Any], int | None]]] = {
    "case_id": lambda session, case_id: int(case_id),
    "task_id": _of_task,
    "consultation_id": get_consultation_case_id,
    "uid": _of_file,
    "incident_id": get_incident_case_id,
}
"""Parameters of addresses that lead to a case. A test fails on one that is neither here nor known as harmless."""
