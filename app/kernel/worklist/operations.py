"""Writes of the work queue that need no engine: claim, release, assign, open, save a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from app.kernel.cases.models import Case
from app.kernel.duties.operations import Ahead, bind, require, require_supervisor
from app.kernel.duties.queries import list_supervisors
from app.kernel.duties.views import Action, Decision
from app.kernel.identity.models import Account, Person
from app.kernel.identity.regions import get_lineage
from app.kernel.refusals import (
    StaffNotEligible,
    StaleForm,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotFound,
    TaskNotOpened,
)
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.lookahead import look_ahead
from app.kernel.worklist.models import Notification, Task, TaskClaim
from app.storage.core import execute, table

_OPEN = (
    select(Task)
    .where(Task.case_id == bindparam("case"), Task.state == "open")
    .order_by(Task.id)
    .execution_options(populate_existing=True)
)
_TASKS, _CLAIMS = table(Task), table(TaskClaim)
_TAKEN = (
    update(_TASKS)
    .where(_TASKS.c.id == bindparam("task"), _TASKS.c.state == "open", _TASKS.c.claimed_by.is_(None))
    .values(
        claimed_by=bindparam("person"),
        claimed_account=bindparam("account"),
        claimed_at=bindparam("at"),
        version=_TASKS.c.version + 1,
    )
    .returning(_TASKS.c.id, _TASKS.c.version)
    .cte("taken")
)
_CLAIM = (
    insert(_CLAIMS)
    .from_select(
        ["task_id", "person_id", "account_id", "assigned_by", "claimed_at"],
        select(
            _TAKEN.c.id,
            *(
                bindparam(name, type_=column.type)
                for name, column in (
                    ("person", _CLAIMS.c.person_id),
                    ("account", _CLAIMS.c.account_id),
                    ("assigned_by", _CLAIMS.c.assigned_by),
                    ("at", _CLAIMS.c.claimed_at),
                )
            ),
        ),
        include_defaults=False,
    )
    .returning(select(_TAKEN.c.version).scalar_subquery())
)
_CLOSE = (
    update(_CLAIMS)
    .where(_CLAIMS.c.task_id == bindparam("task"), _CLAIMS.c.released_at.is_(None))
    .values(released_at=bindparam("at"), release_reason=bindparam("reason"))
)

_NEW = (
    "case_id",
    "region_code",
    "engine_task_id",
    "step_key",
    "title_zh",
    "title_en",
    "duty",
    "signs",
    "resets",
    "subject",
    "persons_required",
    "post",
    "form_id",
    "due_on",
    "waiting_for_staff",
    "waiting_since",
    "return_reason",
    "created_at",
)
_INSERT_TASK = insert(_TASKS).returning(_TASKS.c.id)
_APPEND_TASK = insert(_TASKS).inline()
_COMPLETED = (
    "state",
    "acts",
    "version",
    "completed_at",
    "completed_by",
    "outcome",
    "opinion",
    "result",
    "draft",
    "draft_no",
    "content_hash",
)
_COMPLETE = (
    update(_TASKS)
    .where(_TASKS.c.id == bindparam("task"))
    .values({name: bindparam(f"new_{name}", type_=_TASKS.c[name].type) for name in _COMPLETED})
    .add_cte(_CLOSE.cte("closed"))
)


def get_open_task(unit: Unit, task_id: int) -> tuple[Case, Task]:
    """The task of the locked case, still open. Raise TaskNotFound or TaskAlreadyCompleted."""
    case = unit.case
    if case is None:
        raise TaskNotFound(task_id=task_id)
    task = next((item for item in open_tasks(unit, case) if item.id == task_id), None)
    if task is not None:
        return case, task
    ended = unit.session.get(Task, task_id)
    if ended is None or ended.case_id != case.id:
        raise TaskNotFound(task_id=task_id)
    raise TaskAlreadyCompleted(task_id=task_id)


def open_tasks(unit: Unit, case: Case) -> list[Task]:
    """The open tasks of the locked case; nobody else changes them meanwhile, so they are read once."""
    if unit.open_tasks is None:
        unit.open_tasks = list(unit.session.scalars(_OPEN, {"case": case.id}))
    return [task for task in unit.open_tasks if task.state == "open"]


def check_version(task: Task, expected: int | None) -> None:
    """Raise StaleForm when the page was made from an older version of the task."""
    if expected is not None and expected != task.version:
        raise StaleForm(expected=expected, actual=task.version)


def claim_task(unit: Unit, task_id: int) -> Decision:
    """Take an open task. Answers the decision (it may warn). Raise TaskAlreadyClaimed or DutyDenied."""
    case, task = get_open_task(unit, task_id)
    if task.claimed_by is not None and task.claimed_by != unit.actor.person_id:
        raise TaskAlreadyClaimed(name=_name(unit, task.claimed_by))
    decision = require(unit, Action.CLAIM, case=case, task=task, ahead=_ahead(unit, case, task))
    if task.claimed_by is None:
        _set_claim(unit, task, unit.actor.person_id, unit.actor.account_id, assigned_by=None)
        unit.record("task.claimed", _about(task), task_id=task.id)
    else:  # a second click, or the same person's other account: nothing to do, but the decision was kept
        unit.record("task.claimed_again", _about(task), task_id=task.id)
    return decision


def _ahead(unit: Unit, case: Case, task: Task, person_id: int | None = None) -> Ahead | None:
    """The look-ahead for whoever gets the task; nothing for one who holds it already."""
    who = person_id if person_id is not None else unit.actor.person_id
    return None if task.claimed_by == who else look_ahead(unit, case, task, open_tasks(unit, case), who)


def release_task(unit: Unit, task_id: int) -> None:
    """Put a claimed task back. A dossier that was opened stays bound; otherwise no trace remains."""
    case, task = get_open_task(unit, task_id)
    if task.claimed_by != unit.actor.person_id:
        raise TaskNotClaimed(task_id=task_id)
    require(unit, Action.RELEASE, case=case, task=task)
    end_claim(unit, task, "released")
    unit.record("task.released", _about(task), task_id=task.id)


def assign_task(unit: Unit, task_id: int, person_id: int, reason: str = "") -> Decision:
    """A supervisor gives an open task to an eligible person, taking it from whoever holds it.

    Raise DutyDenied when the actor does not supervise the region, or the person is away or may not do the duty.
    """
    case, task = get_open_task(unit, task_id)
    require_supervisor(unit, case, task)
    ahead = _ahead(unit, case, task, person_id)
    decision = require(unit, Action.REASSIGN, case=case, task=task, person_id=person_id, ahead=ahead)
    account_id = unit.session.scalar(
        select(Account.id)
        .where(Account.person_id == person_id, Account.state == "active")
        .order_by(Account.id)
        .limit(1)
    )
    if account_id is None:
        raise StaffNotEligible(name=_name(unit, person_id))
    former = task.claimed_by
    if former is not None:
        end_claim(unit, task, "reassigned")
    _set_claim(unit, task, person_id, account_id, assigned_by=unit.actor.person_id)
    told = {**_about(task), "from": former, "to": person_id, "reason": reason}
    unit.record("task.reassigned", told, task_id=task.id)
    for who, code in ((person_id, "task_assigned"), (former, "task_taken_away")):
        if who is not None and who != unit.actor.person_id:
            notify(unit, who, code, f"task:{task.id}:{task.version}:{code}", case, task)
    return decision


def open_task(unit: Unit, task_id: int) -> None:
    """Open the dossier on a claimed task: binds its duty to the actor (the page said so before)."""
    case, task = get_open_task(unit, task_id)
    if task.claimed_by != unit.actor.person_id:
        raise TaskNotClaimed(task_id=task_id)
    if task.opened_at is not None:
        return
    require(unit, Action.OPEN, case=case, task=task)
    bind(unit, task)
    task.opened_at = unit.now
    unit.record("task.opened", _about(task), task_id=task.id)


def save_draft(unit: Unit, task_id: int, values: Mapping[str, Any], version: int | None) -> None:
    """Keep what was typed so far. Raise TaskNotOpened or StaleForm."""
    case, task = get_open_task(unit, task_id)
    check_version(task, version)
    if task.claimed_by != unit.actor.person_id or task.opened_at is None:
        raise TaskNotOpened(task_id=task_id)
    require(unit, Action.SAVE_DRAFT, case=case, task=task)
    task.draft = dict(values)
    task.draft_saved_at = unit.now
    unit.record("task.draft_saved", _about(task), task_id=task.id)


def _set_claim(
    unit: Unit, task: Task, person_id: int | None, account_id: int | None, *, assigned_by: int | None
) -> None:
    """Compare-and-set on the task, backed by the unique index on open claims."""
    asked = {"task": task.id, "person": person_id, "account": account_id, "assigned_by": assigned_by}
    version = execute(unit.session, _CLAIM, {**asked, "at": unit.now}).scalar_one_or_none()
    if version is None:
        raise TaskAlreadyClaimed(name="")
    taken = {
        "claimed_by": person_id,
        "claimed_account": account_id,
        "claimed_at": unit.now,
        "version": version,
    }
    for name, value in taken.items():
        set_committed_value(task, name, value)


def close_claim(unit: Unit, task: Task, reason: str) -> None:
    """End the open claim in the history; a completed task keeps who held it."""
    execute(unit.session, _CLOSE, {"task": task.id, "at": unit.now, "reason": reason})


def insert_task(unit: Unit, task: Task, *, at_once: bool) -> None:
    """Insert a new task whose columns are set.

    Inserted at once it has its id and is in the session afterwards, like a loaded one; else it is
    written at the unit's end and nobody asks for it before.
    """
    values = {**dict.fromkeys(_NEW), **{name: task.__dict__[name] for name in _NEW if name in task.__dict__}}
    if not at_once:
        unit.write_last(_APPEND_TASK, values)
        return
    task.id = execute(unit.session, _INSERT_TASK, values).scalar_one()
    make_transient_to_detached(task)
    unit.session.add(task)


def complete_row(unit: Unit, task: Task, **values: Any) -> None:
    """Write what a completed task came to and end its claim, in one statement at the unit's end."""
    columns = {"state": "completed", "draft": None, "completed_at": unit.now, **values}
    bound = {f"new_{name}": value for name, value in columns.items()}
    unit.write_last(_COMPLETE, {"task": task.id, "at": unit.now, "reason": "completed", **bound})
    for name, value in columns.items():
        set_committed_value(task, name, value)


def end_claim(unit: Unit, task: Task, reason: str) -> None:
    """End the open claim and put the task back: released, reassigned, or for a second person."""
    close_claim(unit, task, reason)
    task.claimed_by = task.claimed_account = None
    task.claimed_at = task.opened_at = None
    task.version += 1
    unit.session.flush()


def notify(
    unit: Unit, person_id: int, code: str, key: str, case: Case, task: Task | None = None, **more: str
) -> None:
    """A line under the person's bell; the same key comes once."""
    params = {"case_no": case.case_no, "subject": case.subject_name, **more}
    if task is not None:
        params |= {"title_zh": task.title_zh, "title_en": task.title_en, "task": str(task.id)}
    unit.session.execute(
        upsert(Notification)
        .values(person_id=person_id, key=key, code=code, params=params, case_id=case.id, at=unit.now)
        .on_conflict_do_nothing()
    )


def notify_supervisors(unit: Unit, case: Case, task: Task, code: str) -> None:
    """Tell everyone who supervises the case's region."""
    for person_id in list_supervisors(unit.session, get_lineage(unit.session, case.region_code), unit.today):
        notify(unit, person_id, code, f"task:{task.id}:{code}", case, task)


def assign_new_task(unit: Unit, case: Case, task: Task, person_id: str | None) -> None:
    """Give a task that has just come up to the person the assigning step named, if that person may do it.

    Raise DutyDenied when not: the assigner learns why and names somebody else.
    """
    if not person_id:
        return
    ahead = _ahead(unit, case, task, int(person_id))
    require(unit, Action.ASSIGN, case=case, task=task, person_id=int(person_id), ahead=ahead)
    account_id = unit.session.scalars(
        select(Account.id)
        .where(Account.person_id == int(person_id), Account.state == "active")
        .order_by(Account.id)
        .limit(1)
    ).one()
    _set_claim(unit, task, int(person_id), account_id, assigned_by=unit.actor.person_id)
    unit.record("task.assigned", {**_about(task), "to": int(person_id)}, task_id=task.id)
    notify(unit, int(person_id), "task_assigned", f"task:{task.id}:assigned", case, task)


def take_again(unit: Unit, case: Case, task: Task, typed: Mapping[str, Any]) -> None:
    """Give a re-opened step to the actor, opened, with what was typed before as the draft."""
    _set_claim(unit, task, unit.actor.person_id, unit.actor.account_id, assigned_by=None)
    require(unit, Action.OPEN, case=case, task=task)
    bind(unit, task)
    task.opened_at = task.draft_saved_at = unit.now
    task.draft = dict(typed)


def offer_back(unit: Unit, case: Case, task: Task) -> None:
    """Tell those who did this step before that it came back; anybody eligible may still take it."""
    before = unit.session.scalars(
        select(Task.completed_by)
        .where(Task.case_id == case.id, Task.step_key == task.step_key, Task.state == "completed")
        .order_by(Task.id.desc())
        .limit(1)
    ).first()
    if before is not None and before != unit.actor.person_id:
        notify(unit, before, "task_returned", f"task:{task.id}:returned", case, task)


def _about(task: Task) -> dict[str, Any]:
    return {"step": task.step_key, "duty": task.duty}


def _name(unit: Unit, person_id: int) -> str:
    return unit.session.scalar(select(Person.name).where(Person.id == person_id)) or ""
