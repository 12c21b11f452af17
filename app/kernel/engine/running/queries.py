"""Reads of migrations: how far each has come, and which cases stayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.models import ControlledChange
from app.kernel.engine.running.models import CaseIntervention
from app.kernel.recusal.queries import barring

LATEST = 5
STAYED = 50


@dataclass(frozen=True)
class Stayed:
    """A case that didn't go over: code and values of its obstacle."""

    case_id: int
    case_no: str
    reason: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class Progress:
    """A decided migration: how many cases are done, wait, stayed; some of those that stayed."""

    change_id: int
    case_no: str
    from_version: int
    to_version: int
    done: int
    waiting: int
    refused: int
    stayed: Sequence[Stayed]

    @property
    def total(self) -> int:
        return self.done + self.waiting + self.refused


def list_progress(session: Session, process_key: str, reader: int) -> list[Progress]:
    """The latest decided migrations of a process; of single cases those open to the reader (a person)."""
    values = ControlledChange.payload["values"]
    changes = session.scalars(
        select(ControlledChange)
        .where(
            ControlledChange.kind == "migration",
            values["process"].astext == process_key,
            ControlledChange.applied_at.is_not(None),
        )
        .order_by(ControlledChange.case_id.desc())
        .limit(LATEST)
    ).all()
    return [_progress(session, change, reader) for change in changes]


def _progress(session: Session, change: ControlledChange, reader: int) -> Progress:
    counts = {
        row[0]: row[1]
        for row in session.execute(
            select(CaseIntervention.state, func.count())
            .where(CaseIntervention.change_id == change.case_id)
            .group_by(CaseIntervention.state)
        )
    }
    stayed = session.execute(
        select(Case.id, Case.case_no, CaseIntervention.reason, CaseIntervention.params)
        .join(CaseIntervention, CaseIntervention.case_id == Case.id)
        .where(
            CaseIntervention.change_id == change.case_id,
            CaseIntervention.state == "refused",
            ~barring(Case.id, reader),
        )
        .order_by(Case.id)
        .limit(STAYED)
    )
    values = change.payload["values"]
    number = session.scalar(select(Case.case_no).where(Case.id == change.case_id))
    return Progress(
        change_id=change.case_id,
        case_no=number or str(change.case_id),
        from_version=values["from_version"],
        to_version=values["to_version"],
        done=counts.get("done", 0),
        waiting=counts.get("waiting", 0),
        refused=counts.get("refused", 0),
        stayed=[Stayed(row[0], row[1], row[2] or "failed", row[3]) for row in stayed],
    )
