"""Writes of absences: record, cancel. What claimed tasks become is the next page's, each in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert

from app.kernel.absences.models import Absence
from app.kernel.absences.permission import acting_person, require_own_or_supervised
from app.kernel.absences.queries import away_of, list_absent, list_substitutions
from app.kernel.absences.refusals import AbsenceNotFound, AbsenceOverlaps, AbsencePeriodInvalid
from app.kernel.absences.rules import LONGEST_ABSENCE, Away
from app.kernel.absences.substitution import cut_substitution, withdraw_requests_of
from app.kernel.duties.queries import get_candidate, list_supervisors
from app.kernel.duties.views import Action
from app.kernel.identity.regions import get_lineage
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.notices import tell

CAUSES = ("leave", "sick", "training", "mission", "other")


@dataclass(frozen=True)
class AbsenceEntry:
    """Somebody is away from `starts_on` up to and including `ends_on`; `cause` is one of CAUSES."""

    person_id: int
    starts_on: date
    ends_on: date
    cause: str
    note: str = ""


def record_absence(unit: Unit, entry: AbsenceEntry) -> int:
    """Answers the absence's id. Claims stay; supervisors see them marked.

    Raise AbsencePeriodInvalid, AbsenceOverlaps, DutyDenied (neither oneself nor one's own people).
    """
    check_period(entry, unit.today)
    require_own_or_supervised(unit, entry.person_id, Action.SUBSTITUTE)
    known = list_absent(unit.session, [entry.person_id], entry.starts_on, entry.ends_on).get(entry.person_id)
    if known is not None:
        raise AbsenceOverlaps(
            field="starts_on", starts=known.starts_on.isoformat(), ends=known.ends_on.isoformat()
        )
    row = insert(Absence).values(**vars(entry), recorded_by=acting_person(unit), recorded_at=unit.now)
    absence_id: int = unit.session.execute(row.returning(Absence.id)).scalar_one()
    away = Away(absence_id, entry.person_id, entry.starts_on, entry.ends_on, entry.cause)
    unit.record("absence.recorded", _about(away), chain=f"person:{entry.person_id}")
    _tell_others(unit, away, "absence_recorded")
    return absence_id


def check_period(entry: AbsenceEntry, today: date) -> None:
    """Raise AbsencePeriodInvalid."""
    days = (entry.ends_on - entry.starts_on).days + 1
    if days < 1 or days > LONGEST_ABSENCE or entry.ends_on < today or entry.cause not in CAUSES:
        raise AbsencePeriodInvalid(field="ends_on", limit=LONGEST_ABSENCE)


def cancel_absence(unit: Unit, absence_id: int) -> list[int]:
    """The person is back or doesn't go; substitutes named for this absence end with it (answers their ids).

    Raise AbsenceNotFound when it is over or cancelled, DutyDenied.
    """
    row = unit.session.get(Absence, absence_id, with_for_update=True)
    if row is None or row.cancelled_at is not None or row.ends_on < unit.today:
        raise AbsenceNotFound
    require_own_or_supervised(unit, row.person_id, Action.SUBSTITUTE)
    row.cancelled_at, row.cancelled_by = unit.now, acting_person(unit)
    ended = [
        cut_substitution(unit, item, reason="absence_cancelled")
        for item in list_substitutions(unit.session, persons=[row.person_id], first=unit.today)
        if item.absence_id == absence_id and item.ended_on is None
    ]
    withdraw_requests_of(unit, absence_id)
    away = away_of(row)
    unit.record("absence.cancelled", {**_about(away), "ended": ended}, chain=f"person:{row.person_id}")
    _tell_others(unit, away, "absence_cancelled")
    return ended


def _about(away: Away) -> dict[str, object]:
    return {
        "absence": away.absence_id,
        "person": away.person_id,
        "from": away.starts_on.isoformat(),
        "to": away.ends_on.isoformat(),
        "cause": away.cause,
    }


def _tell_others(unit: Unit, away: Away, code: str) -> None:
    """The person himself and the supervisors of his offices, but not who did it."""
    candidate = get_candidate(unit.session, away.person_id, unit.today)
    people = {away.person_id}
    for region in {region for _, region in candidate.posts}:
        people |= set(list_supervisors(unit.session, get_lineage(unit.session, region), unit.today))
    params = {
        "name": candidate.name,
        "from": away.starts_on.isoformat(),
        "to": away.ends_on.isoformat(),
    }
    for person_id in sorted(people - {unit.actor.person_id}):
        tell(unit, person_id, code, f"absence:{away.absence_id}:{code}", params)
