"""Reads of controlled changes: the list, one change with its signatures, who signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case, CaseFacts
from app.kernel.changes.models import ControlledChange
from app.kernel.duties.models import Performance, PerformanceVoid, Signature
from app.kernel.identity.models import Person
from app.kernel.worklist.models import Task

PAGE_SIZE = 25
STATES = ("editing", "recheck", "approval", "applied", "rejected", "withdrawn")
_STEPS = {"editing": "rule_edit", "recheck": "rule_recheck", "approval": "rule_approve"}
_OPEN, _HOLDER = aliased(Task), aliased(Person)


@dataclass(frozen=True)
class ChangeRow:
    """One line of the list. `state` is one of STATES; `holder` has claimed the open task."""

    case_id: int
    case_no: str
    kind: str
    target: str
    title: str
    state: str
    proposed_at: datetime
    proposed_by: str
    holder: str
    task_id: int | None
    applied_at: datetime | None
    what_if: dict[str, Any] | None


@dataclass(frozen=True)
class ChangePage:
    """Lines of one page, newest first, and how many there are in all."""

    rows: Sequence[ChangeRow]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def list_changes(session: Session, *, state: str = "", kind: str = "", page: int = 1) -> ChangePage:
    """Changes the session may see, newest first."""
    wanted = [_in_state(state)] if state else []
    if kind:
        wanted.append(ControlledChange.kind == kind)
    total = session.execute(_lines().where(*wanted).with_only_columns(func.count())).scalar_one()
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    rows = session.execute(
        _lines()
        .where(*wanted)
        .order_by(ControlledChange.case_id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return ChangePage([_row(row) for row in rows], total, page)


def find_change_row(session: Session, case_id: int) -> ChangeRow | None:
    """One change as the list shows it."""
    row = session.execute(_lines().where(ControlledChange.case_id == case_id)).one_or_none()
    return _row(row) if row is not None else None


def _lines() -> Any:
    proposer = aliased(Person)
    return (
        select(ControlledChange, Case, _OPEN, proposer.name.label("proposer"), _HOLDER.name.label("holder"))
        .join(Case, Case.id == ControlledChange.case_id)
        .outerjoin(_OPEN, and_(_OPEN.case_id == Case.id, _OPEN.state == "open"))
        .outerjoin(proposer, proposer.id == ControlledChange.prepared_by)
        .outerjoin(_HOLDER, _HOLDER.id == _OPEN.claimed_by)
    )


def _in_state(state: str) -> ColumnElement[bool]:
    if state in _STEPS:
        return _OPEN.step_key == _STEPS[state]
    if state == "applied":
        return ControlledChange.applied_at.is_not(None)
    return or_(Case.outcome == state)


def _row(row: Any) -> ChangeRow:
    change, case, task, proposer, holder = row
    return ChangeRow(
        case_id=case.id,
        case_no=case.case_no,
        kind=change.kind,
        target=change.target,
        title=case.subject_name,
        state=_state(change, case, task),
        proposed_at=case.received_at,
        proposed_by=proposer or "",
        holder=holder or "",
        task_id=task.id if task is not None else None,
        applied_at=change.applied_at,
        what_if=change.what_if,
    )


def _state(change: ControlledChange, case: Case, task: Task | None) -> str:
    if change.applied_at is not None:
        return "applied"
    if task is not None:
        return next((name for name, step in _STEPS.items() if step == task.step_key), "editing")
    return case.outcome if case.outcome in STATES else "withdrawn"


@dataclass(frozen=True)
class Signed:
    """A signature on a change: on the present content or an earlier one, still counting or void."""

    duty: str
    person_id: int
    name: str
    principal: str
    at: datetime
    agrees: bool
    current: bool
    void: bool


def list_signatures(session: Session, case: Case) -> list[Signed]:
    """All signatures of a case's conclusion in their order."""
    actor, principal = aliased(Person), aliased(Person)
    rows = session.execute(
        select(Signature, actor, principal.name, PerformanceVoid.performance_id)
        .join(Performance, Performance.id == Signature.performance_id)
        .join(actor, actor.id == Signature.person_id)
        .outerjoin(principal, principal.id == Performance.on_behalf_of)
        .outerjoin(PerformanceVoid, PerformanceVoid.performance_id == Signature.performance_id)
        .where(Signature.case_id == case.id)
        .order_by(Signature.id)
    )
    return [
        Signed(
            duty=signature.duty,
            person_id=person.canonical_id,
            name=person.name,
            principal=name or "",
            at=signature.at,
            agrees=signature.verdict == "agree",
            current=signature.content_hash == case.content_hash,
            void=void is not None,
        )
        for signature, person, name, void in rows
    ]


def latest_signers(session: Session, case: Case) -> dict[str, int]:
    """Canonical person by duty: whose agreeing signatures the present content rests on."""
    return {
        item.duty: item.person_id
        for item in list_signatures(session, case)
        if item.agrees and item.current and not item.void
    }


@dataclass(frozen=True)
class DoneStep:
    """A completed task of a change."""

    step_key: str
    duty: str
    form_id: str
    name: str
    outcome: str
    opinion: str
    at: datetime


def list_done_steps(session: Session, case_id: int) -> list[DoneStep]:
    """In the order they were completed."""
    rows = session.execute(
        select(Task, Person.name)
        .join(Person, Person.id == Task.completed_by)
        .where(Task.case_id == case_id, Task.state == "completed")
        .order_by(Task.completed_at, Task.id)
    )
    return [
        DoneStep(
            task.step_key, task.duty, task.form_id or "", name, task.outcome or "", task.opinion or "", at
        )
        for task, name in rows
        if (at := task.completed_at) is not None
    ]


def find_obstacle(session: Session, case_id: int) -> str:
    """Why the approved change came back (a value of the fact `change_obstacle`), empty when it did not."""
    found = session.scalar(
        select(CaseFacts.facts["change_obstacle"].astext).where(CaseFacts.case_id == case_id)
    )
    return found or ""
