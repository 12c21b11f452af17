"""撤回: one's own last step taken back, while nobody has gone on with the case and nothing lasting came of it.

What was performed stays in the ledger with a void beside it, and binds as before (docs/step-actions.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, insert, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case, CaseState
from app.kernel.duties.models import Performance, PerformanceVoid
from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.progress import settle
from app.kernel.engine.refusals import NothingToWithdraw, NotYourStep, OthersWentOn
from app.kernel.engine.stepping import Instance, rekeyed
from app.kernel.engine.submission import as_typed
from app.kernel.identity.models import Person
from app.kernel.refusals import CaseNotFound
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import notify, open_tasks, take_again

WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class LastStep:
    """The step that could be withdrawn, whose it was, and who went on with the case since (None: nobody)."""

    task: Task
    performance_id: int
    person_id: int
    """Canonical."""
    name: str
    gone_on: str | None


def _last_step_statement() -> Select[Task, int, int, str, str]:
    earlier, later = aliased(Performance), aliased(Performance)
    actor, other = aliased(Person), aliased(Person)
    gone_on = (
        select(other.name)
        .join(later, later.person_id == other.id)
        .where(
            later.case_id == bindparam("case"),
            later.id > earlier.id,
            other.canonical_id != actor.canonical_id,
        )
        .order_by(later.id)
        .limit(1)
        .correlate(earlier, actor)
        .scalar_subquery()
    )
    return (
        select(Task, earlier.id, actor.canonical_id, actor.name, gone_on)
        .join(CaseState, and_(CaseState.undo_task_id == Task.id, CaseState.case_id == Task.case_id))
        .join(
            earlier,
            and_(earlier.task_id == Task.id, earlier.state == "performed", earlier.duty == Task.duty),
        )
        .join(actor, actor.id == earlier.person_id)
        .where(Task.case_id == bindparam("case"))
        .order_by(earlier.id.desc())
        .limit(1)
    )


# Built once: the case page asks it each time, and building it costs more than asking.
_LAST_STEP = _last_step_statement()


def find_last_step(session: Session, case_id: int) -> LastStep | None:
    """The case's last completion, when it left nothing that can't be taken back; one query."""
    row = session.execute(_LAST_STEP, {"case": case_id}).first()
    return None if row is None else LastStep(*row)


def withdraw_step(unit: Unit) -> int:
    """Take back the actor's own last step of the locked case; answers the task he holds again.

    Facts he changed stay changed and what he wrote is his draft; tasks that came of the step are cancelled.
    Raise NothingToWithdraw, NotYourStep, OthersWentOn, DutyDenied.
    """
    case = unit.case
    if case is None:
        raise CaseNotFound(case_id=None)
    last = find_last_step(unit.session, case.id)
    if last is None:
        raise NothingToWithdraw()
    if last.person_id != unit.actor.person_id:
        raise NotYourStep(name=last.name)
    if last.gone_on is not None:
        raise OthersWentOn(name=last.gone_on)
    require(unit, Action.WITHDRAW, case=case, task=last.task)
    _void(unit, last)
    again = _go_back(unit, case, last.task)
    require(unit, Action.CLAIM, case=case, task=again)
    take_again(unit, case, again, as_typed(last.task))
    about = {"step": again.step_key, "duty": again.duty, "performance": last.performance_id}
    unit.record("task.withdrawn", {**about, "again": again.id}, task_id=last.task.id)
    return again.id


def _void(unit: Unit, last: LastStep) -> None:
    void = insert(PerformanceVoid).values(
        performance_id=last.performance_id,
        cause=WITHDRAWN,
        reason=WITHDRAWN,
        voided_by=unit.actor.person_id,
        at=unit.now,
    )
    unit.session.execute(void)


def _go_back(unit: Unit, case: Case, done: Task) -> Task:
    """The engine as it stood before; the tasks that came of the step end, the step itself is open again."""
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    came_of_it = [task for task in open_tasks(unit, case) if task.created_at == done.completed_at]
    for task in came_of_it:
        if task.claimed_by is not None and task.claimed_by != unit.actor.person_id:
            notify(unit, task.claimed_by, "step_withdrawn", f"task:{task.id}:withdrawn", case, task)
    stored: Any = unit.session.scalar(select(CaseState.undo_state).where(CaseState.case_id == case.id))
    state = rekeyed(bytes(stored), [task.engine_task_id for task in (done, *came_of_it)])
    instance = Instance.restore(context.deployed.spec, state)
    instance.assign(context.routing())
    done.state = "cancelled"
    (again,) = settle(context, instance, at_once=True)
    again.return_reason = done.return_reason
    return again
