"""Writing down that a step failed, when it is tried again, and that the case went on after all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.queries import list_supervisors
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.incidents.models import Incident
from app.kernel.engine.stepping import StepFailed
from app.kernel.identity.regions import get_lineage
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.operations import notify
from app.storage.core import table

RETRY_JOB = "retry_incident"
BACK_OFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
"""How long after the n-th failure the next attempt comes; the last one repeats."""
LONGEST_DETAIL: Final = 500
_INCIDENTS = table(Incident)


@dataclass(frozen=True)
class Failure:
    """A step that raised: where, what was under way (see models.KINDS), why, how many attempts it has in all."""

    step_key: str
    kind: str
    cause: str
    detail: str
    attempts_most: int
    task_id: int | None = None
    title_zh: str = ""
    title_en: str = ""

    @classmethod
    def of(
        cls,
        failed: StepFailed,
        kind: str,
        attempts_most: int,
        task_id: int | None = None,
        titles: tuple[str, str] | None = None,
    ) -> Failure:
        detail = str(failed.cause) or type(failed.cause).__name__
        return cls(
            step_key=failed.element or "-",
            kind=kind,
            cause=type(failed.cause).__name__,
            detail=detail[:LONGEST_DETAIL],
            attempts_most=max(1, attempts_most),
            task_id=task_id,
            title_zh=(titles or (failed.element, ""))[0],
            title_en=(titles or ("", failed.element))[1],
        )


class CompletionFailed(Refusal):
    """The person's own step can't be completed (its rules or mappings fail): rolled back, noted as an incident.

    params: step_zh, step_en, incident (its number). What was typed is kept.
    """

    code = "completion_failed"

    def __init__(self, case_id: int, failure: Failure) -> None:
        super().__init__(step_zh=failure.title_zh, step_en=failure.title_en)
        self.case_id = case_id
        self.failure = failure

    def record_attempt(self, unit: Unit) -> None:
        case = unit.session.get_one(Case, self.case_id)
        permit_system(unit, Action.SYSTEM, case.id)
        self.params = {**self.params, "incident": note_failure(unit, case, self.failure)}


def note_failure(unit: Unit, case: Case, failure: Failure) -> int:
    """Open an incident, or count one more failure of the open one; plan the next attempt; answers its id.

    The region's supervisors are told when it opens and when it waits for a person.
    """
    incident = unit.session.scalar(
        select(Incident)
        .where(
            Incident.case_id == case.id, Incident.step_key == failure.step_key, Incident.state != "resolved"
        )
        .with_for_update()
    )
    opened = incident is None
    if incident is None:
        incident = Incident(
            case_id=case.id,
            step_key=failure.step_key,
            kind=failure.kind,
            task_id=failure.task_id,
            triggered_by=unit.actor.person_id,
            attempts=0,
            opened_at=unit.now,
        )
        unit.session.add(incident)
    incident.definition_id = case.definition_id
    incident.cause, incident.detail = failure.cause, failure.detail
    incident.attempts += 1
    incident.attempts_most = failure.attempts_most
    incident.last_at = unit.now
    again = _next_try(failure.kind, incident.attempts, failure.attempts_most, unit.now)
    incident.state, incident.next_try_at = ("waiting" if again is None else "retrying"), again
    unit.session.flush()
    if again is not None:
        unit.defer(RETRY_JOB, {"case_id": case.id, "incident_id": incident.id}, at=again)
    _tell(unit, case, incident, opened=opened)
    return incident.id


def _next_try(kind: str, attempts: int, most: int, now: datetime) -> datetime | None:
    """None: a person must look. What a person's own step needs is that person, not the worker."""
    if kind == "completion" or attempts >= most:
        return None
    return now + BACK_OFF[min(attempts, len(BACK_OFF)) - 1]


def _tell(unit: Unit, case: Case, incident: Incident, *, opened: bool) -> None:
    """Audit event (the message may name personal data and stays out of it) and notices."""
    about = {
        "incident": incident.id,
        "step": incident.step_key,
        "kind": incident.kind,
        "cause": incident.cause,
        "attempts": incident.attempts,
        "state": incident.state,
    }
    unit.record("incident.opened" if opened else "incident.failed_again", about, case_id=case.id)
    codes = ["incident_opened"] if opened else []
    codes += ["incident_waits"] if incident.state == "waiting" and not opened else []
    if not codes:
        return
    lineage = get_lineage(unit.session, case.region_code)
    for person_id in list_supervisors(unit.session, lineage, unit.today):
        for code in codes:
            notify(unit, person_id, code, f"incident:{incident.id}:{code}:{incident.attempts}", case)


@dataclass(frozen=True)
class OpenIncident:
    """What a step needs to know of an incident of its case."""

    incident_id: int
    kind: str
    task_id: int | None


def pass_incidents(unit: Unit, case: Case, known: Iterable[OpenIncident], open_task_ids: set[int]) -> None:
    """The case went on: its incidents are over, but those of a person's own step that is still open."""
    passed = [
        item.incident_id for item in known if item.kind != "completion" or item.task_id not in open_task_ids
    ]
    if not passed:
        return
    close = (
        update(_INCIDENTS)
        .where(_INCIDENTS.c.id.in_(passed), _INCIDENTS.c.state != "resolved")
        .values(
            state="resolved",
            resolution="passed",
            resolved_at=unit.now,
            resolved_by=unit.actor.person_id,
            next_try_at=None,
        )
    )
    unit.write_last(close, {})
    unit.record("incident.passed", {"incidents": passed}, case_id=case.id)


def list_open_ids(session: Session, case_id: int) -> list[int]:
    """Open incidents of a case."""
    query = select(Incident.id).where(Incident.case_id == case_id, Incident.state != "resolved")
    return list(session.scalars(query.order_by(Incident.id)))


def incidents_of(rows: Any) -> list[OpenIncident]:
    """From the JSON array that a case's context reads."""
    return [OpenIncident(*row) for row in rows or ()]
