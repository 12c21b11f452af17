"""After an interest was declared: the open cases it recuses from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, select

from app.kernel.cases.models import CaseParty
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.kernel import Kernel
from app.kernel.recusal.models import Recusal
from app.kernel.recusal.operations import recuse_by_data
from app.kernel.recusal.queries import find_matches
from app.kernel.recusal.register import list_cases_of_interests
from app.kernel.transaction import Unit, run, system_actor


def find_recusals(kernel: Kernel, person_id: int) -> int:
    """Look through the open cases for parties in which a person declared an interest; answers new recusals.

    Each case in its own transaction. Until then `decide` and the fence refuse by the register alone.
    """
    with kernel.database.session() as session:
        kernel.database.scope(session, system_actor().regions)
        cases = list_cases_of_interests(session, person_id)
    operation = partial(_find, person_id=person_id)
    return sum(run(kernel, operation, system_actor(), case_id=case_id) for case_id in cases)


def _find(unit: Unit, person_id: int) -> int:
    case = unit.case
    if case is None or case.status != "open":
        return 0
    indexes = unit.session.scalars(
        select(CaseParty.id_number_index).where(CaseParty.case_id == case.id)
    ).all()
    matches = find_matches(unit.session, indexes)
    known = set(unit.session.scalars(select(Recusal.cause).where(*_found_before(case.id, person_id))))
    own = [
        match
        for match in matches
        if not match.party and match.person_id == person_id and match.cause not in known
    ]
    if not own:
        return 0
    permit_system(unit, Action.SYSTEM, case.id)
    return len(recuse_by_data(unit, case, own))


def _found_before(case_id: int, person_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Recusal.case_id == case_id, Recusal.person_id == person_id, Recusal.origin == "data")
