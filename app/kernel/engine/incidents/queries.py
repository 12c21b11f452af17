"""Reads of incidents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.incidents.models import Incident
from app.kernel.engine.incidents.refusals import IncidentNotFound
from app.kernel.holds.queries import held_ids
from app.kernel.identity.models import Person
from app.kernel.recusal.queries import barring

PAGE_SIZE = 30


@dataclass(frozen=True)
class IncidentRow:
    """An incident with its case and the names of its step and of who settled it."""

    incident: Incident
    case: Case
    step_zh: str
    step_en: str
    resolver: str | None
    by: str | None
    """Who completed the step before, when a person did."""


@dataclass(frozen=True)
class IncidentPage:
    rows: Sequence[IncidentRow]
    total: int
    page: int
    pages: int


def _named_statement() -> Select[Incident, Case, str, str]:
    resolver, trigger = aliased(Person), aliased(Person)
    return (
        select(Incident, Case, resolver.name, trigger.name)
        .join(Case, Case.id == Incident.case_id)
        .outerjoin(resolver, resolver.id == Incident.resolved_by)
        .outerjoin(trigger, trigger.id == Incident.triggered_by)
    )


_NAMED = _named_statement()
_OF_CASE = _NAMED.where(Incident.case_id == bindparam("case")).order_by(Incident.id)
_OPEN_OF_CASE = _OF_CASE.where(Incident.state != "resolved")


def list_incidents(
    session: Session,
    *,
    state: str = "open",
    process: str = "",
    page: int = 1,
    size: int = PAGE_SIZE,
    reader: int | None = None,
) -> IncidentPage:
    """Incidents of the regions the session sees; `state`: open, retrying, waiting, resolved. Open ones first come
    those that wait for a person, the oldest first; resolved ones the latest first. Cases that `reader` is barred from
    are left out."""
    statement = _NAMED.where(_in_state(state))
    if process:
        statement = statement.where(Case.process_key == process)
    if reader is not None:
        statement = statement.where(~barring(Case.id, reader))
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    order = (
        (Incident.resolved_at.desc(), Incident.id.desc())
        if state == "resolved"
        else (Incident.state.desc(), Incident.opened_at, Incident.id)
    )
    found = session.execute(statement.order_by(*order).limit(size).offset((page - 1) * size)).all()
    return IncidentPage([_row(session, *item) for item in found], total, page, pages)


def _in_state(state: str) -> ColumnElement[bool]:
    return Incident.state != "resolved" if state == "open" else Incident.state == state


def get_incident_case_id(session: Session, incident_id: int) -> int | None:
    """The case of an incident, as far as the session sees it."""
    query = select(Case.id).join(Incident, Incident.case_id == Case.id).where(Incident.id == incident_id)
    return session.scalar(query)


def get_incident(session: Session, incident_id: int) -> IncidentRow:
    """Raise IncidentNotFound."""
    found = session.execute(_NAMED.where(Incident.id == incident_id)).first()
    if found is None:
        raise IncidentNotFound(incident=incident_id)
    return _row(session, *found)


def list_case_incidents(session: Session, case_id: int, *, open_only: bool = True) -> list[IncidentRow]:
    """Of one case, the oldest first."""
    rows = session.execute(_OPEN_OF_CASE if open_only else _OF_CASE, {"case": case_id})
    return [_row(session, *item) for item in rows]


def count_open(session: Session) -> dict[str, int]:
    """Open incidents of the visible regions by state."""
    query = (
        select(Incident.state, func.count())
        .join(Case, Case.id == Incident.case_id)
        .where(Incident.state != "resolved")
        .group_by(Incident.state)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def list_troubled(session: Session, case_ids: Collection[int]) -> dict[int, int]:
    """The oldest open incident of each case that has one."""
    query = (
        select(Incident.case_id, func.min(Incident.id))
        .where(Incident.case_id.in_(list(case_ids)), Incident.state != "resolved")
        .group_by(Incident.case_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def troubled_ids() -> Select[int]:
    """Ids of the cases with an open incident, for `in` and `not in`."""
    return select(Incident.case_id).where(Incident.state != "resolved")


def list_due(session: Session, until: datetime, *, limit: int) -> list[tuple[int, int]]:
    """(incident, case) of attempts planned for `until` or before, the oldest first; cases on hold left out."""
    query = (
        select(Incident.id, Incident.case_id)
        .where(
            Incident.state == "retrying",
            Incident.next_try_at <= until,
            Incident.case_id.not_in(held_ids()),
        )
        .order_by(Incident.next_try_at)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _row(
    session: Session, incident: Incident, case: Case, resolver: str | None, by: str | None
) -> IncidentRow:
    step = get_deployed(session, incident.definition_id).steps.get(incident.step_key)
    zh = step.name if step else incident.step_key
    en = (step.name_en or step.name) if step else incident.step_key
    return IncidentRow(incident, case, zh, en, resolver, by)
