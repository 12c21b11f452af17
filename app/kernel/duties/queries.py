"""All that `decide` needs for one person and one case, in one round trip; and the parts for lists."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.candidates import (
    ACTIVE_HOLDERS,
    CANDIDATES,
    UNTOUCHED_HOLDER,
    candidates_of,
    get_candidate,
    grant_in_force,
    list_candidates,
    list_holders,
    list_supervisors,
)
from app.kernel.duties.histories import (
    CASE_BARS,
    CASE_FROZEN,
    CASE_HELD,
    CHAIN_ACTS,
    acts_of,
    bars_of,
    case_view,
    get_case_view,
    get_task_view,
    held_of,
    list_case_views,
    list_held,
    list_latest_signatures,
    list_task_views,
    with_far_acts,
)
from app.kernel.duties.rule_sets import COUNT_SETS, list_rules, rules_in_force
from app.kernel.duties.views import Candidate, CaseView, ConflictRule
from app.storage.core import execute

_QUESTION = CANDIDATES.add_columns(
    COUNT_SETS.scalar_subquery().label("versions"), CHAIN_ACTS, CASE_BARS, CASE_FROZEN, CASE_HELD
)


def load_question(
    session: Session, person_id: int, case: Case, now: datetime, today: date, *, duty: str | None = None
) -> tuple[Candidate, CaseView, tuple[ConflictRule, ...]]:
    """Candidate, case and rules in force. With `duty`, acts outside the chain that count for it come too.

    Raise IndexError when there is no such person.
    """
    values = {"persons": [person_id], "today": today, "case": case.id, "chain": case.chain_id}
    rows = execute(session, _QUESTION, values).all()
    row = rows[0]
    candidate = candidates_of(session, rows, today)[person_id]
    view = case_view(
        case,
        acts_of(row.acts or ()),
        bars_of(row.bars or ()),
        frozen=row.frozen,
        hold=held_of(row.held),
    )
    rules = rules_in_force(session, row.versions, now)
    if duty is not None:
        persons = {person_id, *(who.person_id for who in candidate.substituting.values())}
        view = with_far_acts(session, view, duty, rules, persons, now)
    return candidate, view, rules


__all__ = [
    "ACTIVE_HOLDERS",
    "UNTOUCHED_HOLDER",
    "get_candidate",
    "get_case_view",
    "get_task_view",
    "grant_in_force",
    "list_candidates",
    "list_case_views",
    "list_held",
    "list_holders",
    "list_latest_signatures",
    "list_rules",
    "list_supervisors",
    "list_task_views",
    "load_question",
    "with_far_acts",
]
