"""Timers of cases: each due one has a job of its own; a sweep catches what such a job left."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from app.kernel.cases.models import CaseState
from app.kernel.engine.incidents.operations import retry_incident
from app.kernel.engine.incidents.queries import list_due, troubled_ids
from app.kernel.engine.operations import run_timers
from app.kernel.holds.queries import held_ids
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.transaction.unit import EVERY_REGION

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=2)  # time for the timer's own job
BATCH = 200


def advance_case(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    """Run the due timers of the case `case_id`; nothing when they moved or ran meanwhile."""
    run(kernel, _advance, system_actor(), case_id=args["case_id"])


def sweep_timers(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    """Advance the cases whose timers are overdue, the oldest first; returns how many."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        query = select(CaseState.case_id).where(
            CaseState.next_due_at <= kernel.clock() - LATE,
            CaseState.case_id.not_in(held_ids()),
            CaseState.case_id.not_in(troubled_ids()),
        )
        late = session.scalars(query.order_by(CaseState.next_due_at).limit(BATCH)).all()
    for case_id in late:
        try:
            advance_case(kernel, job_id, {"case_id": case_id})
        except Exception:
            # One case in trouble must not hold up the others.
            logger.exception("timers of case %s failed", case_id)
    return len(late)


def retry(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    """Try the incident `incident_id` of `case_id` again, when that is still due."""
    operation = partial(retry_incident, incident_id=args["incident_id"])
    run(kernel, operation, system_actor(), case_id=args["case_id"])


def sweep_incidents(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    """Try incidents again whose own job was lost, or came while the case was on hold; returns how many."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        late = list_due(session, kernel.clock() - LATE, limit=BATCH)
    for incident_id, case_id in late:
        try:
            retry(kernel, job_id, {"case_id": case_id, "incident_id": incident_id})
        except Exception:
            logger.exception("incident %s could not be tried again", incident_id)
    return len(late)


def _advance(unit: Unit) -> None:
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    due = unit.session.scalar(select(CaseState.next_due_at).where(CaseState.case_id == unit.case.id))
    # A timer that was moved leaves its first job behind: that one finds nothing due.
    if due is not None and due <= unit.now:
        run_timers(unit)
