"""Whom a case is about, following its facts: parties bar outright, organisations by the interests in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.kernel.cases.models import Case, CaseParty
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action, deny
from app.kernel.recusal.effects import stand_back
from app.kernel.recusal.operations import recuse_by_data
from app.kernel.recusal.queries import Match, find_matches
from app.kernel.recusal.rules import Subject
from app.kernel.transaction.unit import Unit


def follow_parties(
    unit: Unit, case: Case, subjects: Iterable[Subject], leads: Callable[[], Iterable[Match]] = tuple
) -> None:
    """Append the case's new parties and subjects, and recuse whom data name (`leads`: the domain's, asked
    after the new parties are known).

    An earlier party stays one: the row says who was, not who is. Raise DutyDenied when the actor himself
    turns out to be a party or to have an interest: what he was about to write is not his to write.
    """
    new = _append(unit, case, set(subjects))
    if not new:
        return
    matches = find_matches(unit.session, new)
    found = [*matches, *leads()]
    _require_stranger(unit, case, found)
    recuse_by_data(unit, case, [match for match in found if not match.party])
    for match in matches:
        if match.party:
            stand_back(unit, case, match.person_id, "party")


def _append(unit: Unit, case: Case, subjects: set[Subject]) -> list[bytes]:
    """Indexes that the case did not know yet."""
    if not subjects:
        return []
    known = set(unit.session.scalars(select(CaseParty.id_number_index).where(CaseParty.case_id == case.id)))
    rows = [
        {"case_id": case.id, "id_number_index": item.index, "role": item.role}
        for item in sorted(subjects, key=lambda item: (item.role, item.index))
    ]
    unit.session.execute(upsert(CaseParty).on_conflict_do_nothing(), rows)
    unit.views.pop(case.id, None)
    return sorted({item.index for item in subjects} - known)


def _require_stranger(unit: Unit, case: Case, found: Iterable[Match]) -> None:
    for match in found:
        if match.person_id == unit.actor.person_id:
            decision = deny("party_of_case") if match.party else deny("recused", cause=match.cause)
            raise DutyDenied(decision, Action.START, case.id, None, None)
