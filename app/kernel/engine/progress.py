"""After the engine moved: clocks, documents, the task projection, state and next timer, all in the unit."""

from __future__ import annotations

from datetime import date

from sqlalchemy import bindparam, insert, update
from sqlalchemy import case as sql_case

from app.kernel.cases.models import Case, CaseState, CaseTakeOver
from app.kernel.deadlines import operations as clocks
from app.kernel.deadlines.queries import active_clock
from app.kernel.deadlines.rules import ClockSpec
from app.kernel.duties.subjects import CONCLUSION, subject_of
from app.kernel.engine.context import CaseContext
from app.kernel.engine.dialect import ClockAction
from app.kernel.engine.incidents.recording import incidents_of, pass_incidents
from app.kernel.engine.messages.sending import call_for_kept, send_messages
from app.kernel.engine.paperwork import issue_document, serve_conclusions
from app.kernel.engine.serving import DUTY, PARTY, serves_party
from app.kernel.engine.stepping import Instance, ReadyTask, StepEvent
from app.kernel.local_time import local_minute
from app.kernel.worklist.consulting import Consulted
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import end_claim, insert_task, open_tasks
from app.kernel.worklist.staffing import announce_waiting, place_task
from app.storage.core import execute, table

TIMER_JOB = "run_timers"
SUBJECT = "subject"
"""Input of a step or call: the key of what is decided there, where it isn't the case's own conclusion."""


def settle(
    context: CaseContext,
    instance: Instance,
    *,
    new: bool = False,
    return_reason: str | None = None,
    at_once: bool = False,
    undo: Task | None = None,
    passing: bool = True,
) -> list[Task]:
    """Carry out what the finished steps say and store where the case now stands; answers new tasks.

    `return_reason` is what the next holder of a returned draft reads first. `at_once`: the new tasks'
    ids are needed now. `undo`: the task whose completion this was; it can be withdrawn while nothing that
    can't be taken back came of it. `passing`: the automatic steps were run, so open incidents are over.
    """
    for event in instance.take_events():
        if event.change == "completed":
            _carry_out(context, event)
    has_sent = instance.has_sent
    send_messages(context, instance.take_messages())
    if context.deployed.receives:
        call_for_kept(context, instance.waiting_messages())
    tasks = _project_tasks(context, instance)
    for task in tasks:
        task.return_reason = return_reason
    announce(context, tasks, at_once=at_once)
    lasts = has_sent or instance.is_completed()
    undo_id = undo.id if undo is not None and not lasts and _can_be_withdrawn(context, undo) else None
    _store_state(context, instance, new=new, undo_id=undo_id)
    if passing and not new:
        still_open = {task.id for task in open_tasks(context.unit, context.case)}
        pass_incidents(context.unit, context.case, incidents_of(context.stored.incidents), still_open)
    if instance.is_completed() and context.case.closed_at is None:
        if context.case.status == "open":
            context.case.status = "closed"
        context.case.closed_at = context.unit.now
        context.unit.record("case.closed", {"outcome": context.case.outcome}, case_id=context.case.id)
    return tasks


LASTING = (
    "document.",
    "service.",
    "clock.",
    "case.decided",
    "case.closed",
    "case.archived",
    "case.track_set",
)
"""Audit events of what a withdrawn step could not take back; `task.cancelled`: other work ended with it."""


def _can_be_withdrawn(context: CaseContext, done: Task) -> bool:
    """Nothing left the office, no clock moved, and one person acted alone."""
    together = done.persons_required > 1 or any(one.kind == "countersign" for one in _of(context, done))
    lasting = any(event.event.startswith((*LASTING, "task.cancelled")) for event in context.unit.events)
    return not (together or lasting)


def _of(context: CaseContext, task: Task) -> list[Consulted]:
    return [one for one in context.consulted if one.task_id == task.id]


def _carry_out(context: CaseContext, event: StepEvent) -> None:
    if event.instance is None and event.step_key == context.deployed.process.get("acceptance_step"):
        _accept(context)
    for action in event.step.clocks:
        apply_clock(context, action, event.step_key)
    if event.step.document and event.step.kind == "user":
        issue_document(context, event.step.document)
    if event.step.duty == DUTY and not serves_party(event.step):
        serve_conclusions(context)


def _accept(context: CaseContext) -> None:
    """The case is accepted now; one that was accepted before it was taken over keeps that day."""
    case, unit = context.case, context.unit
    if case.accepted_at is None or unit.session.get(CaseTakeOver, case.id) is None:
        case.accepted_at = unit.now
        context.note("accepted_at", local_minute(unit.now))
    context.put_on_track(case.track or context.deployed.process.get("default_track"))


def apply_clock(context: CaseContext, action: ClockAction, step_key: str) -> None:
    """Do to a clock what the model says at a step. Stopping a clock that does not run is nothing to do."""
    unit, case = context.unit, context.case
    spec = context.deployed.clocks[action.ref]
    running = active_clock(unit.session, case.id, action.ref)
    if action.action == "start" and running is None:
        fact = _counted_from(context, action.ref)
        stated = context.facts.get(fact or "")
        on = date.fromisoformat(stated[:10]) if stated else unit.today
        clocks.start_clock(unit, case.id, spec, on=on, origin=clocks.Origin(fact, step_key))
    elif action.action == "stop" and running is not None:
        clocks.stop_clock(unit, case.id, action.ref, reason="purpose_reached")
    elif action.action == "convert" and running is not None:
        _convert(context, action.ref)
    elif action.action == "pause" and running is not None and running.state == "running":
        clocks.pause_clock(unit, case.id, action.ref, reason="suspension", ground=spec.ground_zh)
    elif action.action == "resume" and running is not None and running.state == "paused":
        clocks.resume_clock(unit, case.id, action.ref, ground=spec.ground_zh)
    elif action.action in ("extend", "shift") and running is not None:
        _lengthen(context, action, spec)


def _lengthen(context: CaseContext, action: ClockAction, spec: ClockSpec) -> None:
    """By so many units as the model says, or as a fact of the case says; an extension without either, by all the
    law allows."""
    named = action.length or ""
    stated = context.facts.get(named) if named in context.deployed.schema.facts else named
    length = int(stated) if stated else spec.extendable
    unit, case = context.unit, context.case
    if action.action == "extend":
        clocks.extend_clock(
            unit, case.id, action.ref, length=length, allowed=spec.extendable, ground=spec.ground_zh
        )
    else:
        clocks.shift_clock(unit, case.id, action.ref, length=length, ground=spec.ground_zh)


def _counted_from(context: CaseContext, ref: str) -> str | None:
    """The fact whose day a clock counts from (acceptance, receipt, …); None where none is named or known."""
    named = context.deployed.counted_from.get(ref)
    return named if named is not None and context.facts.get(named) else None


def _convert(context: CaseContext, ref: str) -> None:
    """CR07 becomes CR06 counted from the same day; when that one runs already, the first just ends."""
    unit, case = context.unit, context.case
    into = context.deployed.clocks[context.deployed.process["convert"][ref]]
    if active_clock(unit.session, case.id, into.kind) is None:
        clocks.convert_clock(unit, case.id, ref, into, ground=into.ground_zh)
    else:
        clocks.stop_clock(unit, case.id, ref, reason="converted", ground=into.ground_zh)


def _project_tasks(context: CaseContext, instance: Instance) -> list[Task]:
    """Make our open tasks those of the engine: vanished ones cancelled, new ones answered, placed for the queue."""
    unit, case = context.unit, context.case
    unit.session.flush()
    ready = {task.engine_task_id: task for task in instance.ready_tasks()}
    known = open_tasks(unit, case)
    for task in known:
        if task.engine_task_id not in ready:
            _cancel(context, task)
    existing = {task.engine_task_id for task in known}
    new = [_new_task(context, item) for key, item in ready.items() if key not in existing]
    for task in new:
        place_task(unit, case, task)
    return new


def _new_task(context: CaseContext, ready: ReadyTask) -> Task:
    step = ready.step
    if step.duty is None or ready.candidate_group is None:
        raise LookupError(f"user task {step.step_key} without duty or candidate group")
    mark_zh, mark_en = _which(context, ready)
    return Task(
        case_id=context.case.id,
        region_code=context.case.region_code,
        engine_task_id=ready.engine_task_id,
        step_key=step.step_key,
        title_zh=f"{step.name}（{mark_zh}）" if mark_zh else step.name,
        title_en=(step.name_en or step.name) + (f" ({mark_en})" if mark_en else ""),
        duty=step.duty,
        signs=step.signs,
        resets=step.resets,
        persons_required=ready.persons,
        post=ready.candidate_group,
        form_id=context.deployed.form_of(step, ready.path, context.variant),
        subject=_subject(context, ready),
        created_at=context.unit.now,
    )


def _which(context: CaseContext, ready: ReadyTask) -> tuple[str, str]:
    """What tells a task from others of its step: whom it serves, else its number among several."""
    if serves_party(ready.step):
        party = context.deployed.service.party(str(ready.data.get(PARTY)))
        return party.zh, party.en
    number = "" if ready.instance is None else str(ready.instance)
    return number, number


def _subject(context: CaseContext, ready: ReadyTask) -> str:
    if not ready.step.signs:
        return CONCLUSION
    key = ready.data.get(SUBJECT)
    return subject_of(context.unit.session, context.case.id, str(key) if key else None)


def _cancel(context: CaseContext, task: Task) -> None:
    task.state = "cancelled"
    task.completed_at = context.unit.now
    if task.claimed_by is not None:
        end_claim(context.unit, task, "cancelled")
    context.unit.record("task.cancelled", {"step": task.step_key}, case_id=context.case.id, task_id=task.id)


def announce(context: CaseContext, tasks: list[Task], *, at_once: bool) -> None:
    """Insert new tasks; one that nobody may do waits for staff."""
    for task in tasks:
        insert_task(context.unit, task, at_once=at_once or task.waiting_for_staff)
        if task.waiting_for_staff:
            announce_waiting(context.unit, context.case, task)


def restore(context: CaseContext) -> Instance:
    """The case's process instance as it was stored."""
    return Instance.restore(context.deployed.spec, context.stored.state)


_CASES, _STATES = table(Case), table(CaseState)
_UNDO = bindparam("undo", type_=_STATES.c.undo_task_id.type)
_INSERT = insert(_STATES).inline()
_UPDATE = (
    update(_STATES)
    .where(_STATES.c.case_id == bindparam("case"))
    .values(
        state=bindparam("new_state"),
        next_due_at=bindparam("due"),
        waiting=bindparam("waits"),
        undo_state=sql_case((_UNDO.is_not(None), _STATES.c.state), else_=None),
        undo_task_id=_UNDO,
    )
    .add_cte(
        update(_CASES)
        .where(_CASES.c.id == bindparam("case"))
        .values(version=_CASES.c.version + 1)
        .cte("raised")
    )
)


def _store_state(context: CaseContext, instance: Instance, *, new: bool, undo_id: int | None) -> None:
    """Write the engine's state; a timer that is due at another time than before gets its job.

    The server keeps the state before this one beside it when task `undo_id` can be withdrawn.
    """
    session, due = context.unit.session, instance.next_due()
    case_id, state = context.case.id, instance.dump()
    waits = [place.step_key for place in instance.position() if place.state == "waiting"] or None
    if new:
        first = {"case_id": case_id, "state": state, "next_due_at": due, "waiting": waits}
        execute(session, _INSERT, first)
    else:
        values = {"case": case_id, "new_state": state, "due": due, "undo": undo_id, "waits": waits}
        context.unit.write_last(_UPDATE, values)
        context.unit.version_raised(context.case)
    if due is not None and due != (None if new else context.stored.next_due_at):
        context.unit.defer(TIMER_JOB, {"case_id": context.case.id}, at=due)
