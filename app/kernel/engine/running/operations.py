"""Carrying out what was decided, one case in one transaction: migrate it, or move its token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update

from app.kernel.cases.facts import load_facts, refresh_content_hash
from app.kernel.cases.models import Case, CaseState
from app.kernel.changes.models import ControlledChange
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.moving import moving, note_aside
from app.kernel.engine.progress import settle
from app.kernel.engine.running.models import CaseIntervention
from app.kernel.engine.running.moves import MoveRefused, plan_move
from app.kernel.engine.running.obstacles import Obstacle
from app.kernel.engine.running.transfer import transferred
from app.kernel.engine.running.weighing import weigh
from app.kernel.engine.stepping import Instance, ReadyTask
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import open_tasks

CARRY_OUT_JOB = "carry_out_change"
BATCH = 25


def order(unit: Unit, change_id: int, kind: str, case_ids: Sequence[int]) -> None:
    """Name the cases a decided change is for, and have the worker carry it out in batches. The fence checks each."""
    rows = [
        {"change_id": change_id, "case_id": case_id, "kind": kind, "created_at": unit.now}
        for case_id in case_ids
    ]
    unit.session.execute(insert(CaseIntervention), rows)
    for first in range(0, len(case_ids), BATCH):
        some = list(case_ids[first : first + BATCH])
        unit.defer(CARRY_OUT_JOB, {"change_id": change_id, "case_ids": some})
    unit.record(f"{kind}.ordered", {"change": change_id, "cases": len(case_ids)})


def carry_out(unit: Unit, change_id: int) -> str | None:
    """Do to the locked case what the change says; answers "done" or "refused", None when that happened already."""
    case = _locked(unit)
    item = _item(unit, change_id, case)
    if item is None:
        return None
    permit_system(unit, Action.SYSTEM, case.id)
    change = unit.session.get_one(ControlledChange, change_id)
    values: Mapping[str, Any] = change.payload["values"]
    obstacle = (_migrate if item.kind == "migration" else _modify)(unit, case, change_id, values)
    _finish(unit, item, obstacle)
    return item.state


def give_up(unit: Unit, change_id: int) -> None:
    """Note that carrying it out failed; the case is as it was."""
    case = _locked(unit)
    item = _item(unit, change_id, case)
    if item is not None:
        permit_system(unit, Action.SYSTEM, case.id)
        _finish(unit, item, Obstacle("failed"))


def _locked(unit: Unit) -> Case:
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    return unit.case


def _item(unit: Unit, change_id: int, case: Case) -> CaseIntervention | None:
    query = select(CaseIntervention).where(
        CaseIntervention.change_id == change_id,
        CaseIntervention.case_id == case.id,
        CaseIntervention.state == "waiting",
    )
    return unit.session.scalar(query.with_for_update())


def _finish(unit: Unit, item: CaseIntervention, obstacle: Obstacle | None) -> None:
    item.state = "done" if obstacle is None else "refused"
    item.reason = obstacle.code if obstacle else None
    item.params = dict(obstacle.params) if obstacle else {}
    item.finished_at = unit.now
    unit.session.flush()
    if obstacle is not None:
        about = {"change": item.change_id, "why": obstacle.code, **obstacle.params}
        unit.record(f"case.{item.kind}_refused", about, case_id=item.case_id)


def _migrate(unit: Unit, case: Case, change_id: int, values: Mapping[str, Any]) -> Obstacle | None:
    session = unit.session
    old, new = get_deployed(session, values["from_id"]), get_deployed(session, values["to_id"])
    if case.definition_id != old.id:
        return Obstacle("other_version")
    weighed = next(iter(weigh(session, [case.id], old, new)))
    if not weighed.fit:
        return weighed.obstacles[0]
    stored: Any = session.scalar(select(CaseState.state).where(CaseState.case_id == case.id))
    try:
        state = transferred(bytes(stored), old.spec, new.spec)
    except ValueError:
        return Obstacle("not_the_same")
    ready = {item.engine_task_id: item for item in Instance.restore(new.spec, state).ready_tasks()}
    tasks = open_tasks(unit, case)
    held = next((task for task in tasks if _loses_its_post(task, ready)), None)
    if held is not None:
        return Obstacle("post_changed", held.title_zh)
    _take_over(unit, case, new, state)
    for task in tasks:
        _follow(unit, task, ready[task.engine_task_id])
    about = {"change": change_id, "from": old.version, "to": new.version, "definition": new.id}
    unit.record("case.migrated", about, case_id=case.id)
    return None


def _loses_its_post(task: Task, ready: Mapping[str, ReadyTask]) -> bool:
    """Claimed by somebody under a post that the new version doesn't ask for."""
    return task.claimed_by is not None and ready[task.engine_task_id].candidate_group != task.post


def _take_over(unit: Unit, case: Case, new: Deployed, state: bytes) -> None:
    """Version, state and content hash; a step before can't be withdrawn into the old version."""
    case.definition_id = new.id
    unit.session.flush()
    unit.session.execute(
        update(CaseState)
        .where(CaseState.case_id == case.id)
        .values(state=state, undo_state=None, undo_task_id=None)
    )
    facts = load_facts(unit.session, unit.kernel.keyring, case)
    refresh_content_hash(unit, case, new.schema, facts)


def _follow(unit: Unit, task: Task, ready: ReadyTask) -> None:
    """The open task as the new version has it; its claim, draft and due day stay."""
    step = ready.step
    task.title_zh, task.title_en = step.name, step.name_en or step.name
    task.form_id = step.form_id
    if ready.candidate_group and ready.candidate_group != task.post:
        task.post = ready.candidate_group
    task.version += 1
    unit.session.flush()


def _modify(unit: Unit, case: Case, change_id: int, values: Mapping[str, Any]) -> Obstacle | None:
    """Move the token. Nothing is performed or signed by it, and what was signed must be signed again."""
    try:
        move = plan_move(unit.session, case, values["action"], values["step"], values.get("at"))
    except MoveRefused as refused:
        return refused.obstacle
    instance = move.instance
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    _reset_signatures(unit, context)
    instance.assign(context.routing())
    if unit.aside is None:
        with moving(context, instance, "automatic") as handler:
            instance.advance(handler, unit.now)
    settle(context, instance, passing=unit.aside is None)
    note_aside(context)
    about = {"change": change_id, "action": values["action"]}
    steps = {"from": move.source.step_key, "to": move.target.step_key}
    if move.number is not None:
        about["instance"] = move.number
    unit.record("case.modified", {**about, **steps}, case_id=case.id)
    return None


def _reset_signatures(unit: Unit, context: CaseContext) -> None:
    """Before the decision: the drafted outcome falls, and with it every signature given on it (the content hash)."""
    case = context.case
    if case.decided_at is None and case.outcome is not None:
        case.outcome = None
        refresh_content_hash(unit, case, context.deployed.schema, context.facts)
