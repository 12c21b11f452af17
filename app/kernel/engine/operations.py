"""Operations that move a case: start, complete a task, deliver a message, run timers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from app.kernel.cases.facts import content_hash, index_columns, insert_facts
from app.kernel.cases.models import Case, CaseChain, SerialCounter
from app.kernel.decisions.operations import list_unexplained
from app.kernel.decisions.refusals import WarningUnexplained
from app.kernel.duties.models import CaseRisk
from app.kernel.duties.operations import (
    perform,
    perform_apart,
    require,
    require_intake,
)
from app.kernel.duties.records import keep_decision, permit_system
from app.kernel.duties.views import Action, Decision
from app.kernel.engine.catalogue import Deployed, get_deployed, get_latest
from app.kernel.engine.chain_facts import Copied, note_origins, take_over
from app.kernel.engine.context import CaseContext
from app.kernel.engine.handlers import run_rules
from app.kernel.engine.incidents.recording import CompletionFailed, list_open_ids
from app.kernel.engine.messages.sending import Opening, mark_opened
from app.kernel.engine.moving import failure_of, moving, note_aside
from app.kernel.engine.parties import follow_facts
from app.kernel.engine.progress import restore, settle
from app.kernel.engine.serving import serve_party
from app.kernel.engine.stepping import Instance, ReadyTask, StepFailed
from app.kernel.engine.submission import (
    ASSIGNEE,
    OPINION,
    OUTCOME,
    RETURN_TO,
    Submission,
    check_required,
    check_return,
    check_vote,
    count_votes,
    read_form,
)
from app.kernel.engine.workflow import value_of
from app.kernel.holds.queries import find_process_hold, is_held
from app.kernel.holds.refusals import ProcessHeld
from app.kernel.local_time import local_day, local_minute
from app.kernel.refusals import InvalidInput, Refusal, TaskNotClaimed, TaskNotOpened
from app.kernel.transaction import Unit
from app.kernel.worklist.consulting import check_consulted
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import (
    assign_new_task,
    check_version,
    complete_row,
    end_claim,
    get_open_task,
    offer_back,
)

DRAFTED = {"submit_positive": "approved_positive", "submit_negative": "approved_negative"}


@dataclass(frozen=True)
class CaseStart:
    """What a new case begins with. `facts` are raw values by key, checked against the process."""

    process_key: str
    region_code: str
    facts: Mapping[str, Any]
    received_at: datetime | None = None
    chain_id: int | None = None
    case_role: str = "first"
    opening: Opening | None = None
    """The message from another case that opens this one: nobody applied, so nothing is demanded for an application."""
    ordered: Decision | None = None
    """A supervisor's decision to do a case again: he performs no intake, so none is bound to him."""


def start_case(unit: Unit, start: CaseStart) -> dict[str, Any]:
    """Open a case and run it to its first wait; answers {"case_id", "case_no"}, "incident" when that failed.

    Raise InvalidInput naming every wrong or missing field, DutyDenied for who may not register here, ProcessHeld.
    """
    deployed = get_latest(unit.session, start.process_key)
    refuse_held(unit, deployed, start.region_code)
    copied, facts = first_facts(unit, deployed, start)
    case = open_case(unit, deployed, start, facts)
    note_origins(unit, case.id, copied)
    if start.opening is not None:
        mark_opened(unit, start.opening, case.id)
    context = CaseContext(unit, case, deployed)
    run_rules(context, "intake")
    instance = Instance.start(deployed.spec, context.routing())
    if unit.aside is None:
        with moving(context, instance, "start") as handler:
            if start.opening is None:
                instance.advance(handler, unit.now)
            else:
                instance.begin(start.opening.message, context.routing(), handler, unit.now)
    settle(context, instance, new=True)
    return {"case_id": case.id, "case_no": case.case_no, **note_aside(context)}


def open_case(unit: Unit, deployed: Deployed, start: CaseStart, facts: Mapping[str, Any]) -> Case:
    """The row of a new case with its facts, and the intake of whoever registers it; nothing runs yet.

    Raise DutyDenied for who may not register here.
    """
    decision = start.ordered or require_intake(unit, deployed.intake_post, start.region_code)
    case = _insert_case(unit, deployed, start, facts)
    if decision is None:
        permit_system(unit, Action.START, case.id)
    elif start.ordered is not None:
        keep_decision(unit, decision, Action.REOPEN, case.id, None, None)
    else:
        keep_decision(unit, decision, Action.START, case.id, None, "intake")
        bind_intake(unit, case)
    unit.record(
        "case.started", {"process": deployed.key, "version": deployed.version, "case_no": case.case_no}
    )
    return case


def first_facts(
    unit: Unit, deployed: Deployed, start: CaseStart, purposes: Sequence[str] = ("application",)
) -> tuple[list[Copied], dict[str, Any]]:
    """What the case begins with: what is stated, and of the chain's other cases what the process takes over.

    Raise InvalidInput naming every wrong field, and those that `purposes` require and that are missing.
    """
    stated = deployed.schema.parse(start.facts, today=unit.today)
    known = {key for key, value in stated.items() if value is not None}
    found = take_over(unit, deployed, start.chain_id) if start.chain_id and deployed.from_chain else []
    left = deployed.variants.get(deployed.schema.variant(stated), {}).get("left_in_chain", ())
    copied = [one for one in found if one.fact not in known and one.fact not in left]
    facts = {**stated, **{one.fact: one.value for one in copied}}
    demanded = purposes if start.opening is None else ()
    missing = [key for one in demanded for key in deployed.schema.missing(facts, one)]
    if missing:
        raise InvalidInput({key: ("required", {}) for key in missing})
    return copied, facts


def refuse_held(unit: Unit, deployed: Deployed, region_code: str) -> None:
    """Raise ProcessHeld while no case of it may be opened there."""
    hold = find_process_hold(unit.session, deployed.key, deployed.id, region_code)
    if hold is not None:
        raise ProcessHeld(by=hold.by, since=local_day(hold.since).isoformat(), why=hold.reason)


def _insert_case(unit: Unit, deployed: Deployed, start: CaseStart, facts: Mapping[str, Any]) -> Case:
    received_at = start.received_at or unit.now
    chain_id = start.chain_id or _new_chain(unit)
    risk = deployed.process["risk"]
    case = Case(
        uid=uuid4(),
        case_no=next_case_no(unit, start.region_code, received_at.year),
        process_key=deployed.key,
        definition_id=deployed.id,
        chain_id=chain_id,
        case_role=_role_of(deployed, start, facts),
        region_code=start.region_code,
        risk=risk,
        content_hash=content_hash(deployed.schema, facts, [], None),
        received_at=received_at,
        version=1,
        draft_no=1,
        status="open",
        **index_columns(unit.kernel.keyring, deployed.schema, facts),
    )
    unit.session.add(case)
    unit.session.flush()
    unit.case = case
    insert_facts(unit, case, deployed.schema, facts)
    unit.session.execute(insert(CaseRisk).values(case_id=case.id, risk=risk, reason="process", at=unit.now))
    follow_facts(unit, case, deployed, facts)
    return case


def _role_of(deployed: Deployed, start: CaseStart, facts: Mapping[str, Any]) -> str:
    """What the case is in its chain. A process may say by a fact (`role_fact`) that it is applied for as a review or a
    reassessment; then the conflict sets for doing it again apply from the start."""
    named = facts.get(str(deployed.process.get("role_fact", "")))
    again = start.case_role == "first" and named in deployed.process.get("again_roles", ())
    return str(named) if again else start.case_role


def _new_chain(unit: Unit) -> int:
    chain = insert(CaseChain).values(created_at=unit.now).returning(CaseChain.id)
    return unit.session.execute(chain).scalar_one()


def next_case_no(unit: Unit, region_code: str, year: int) -> str:
    """Region code, year and serial of the year (LOG: `case_no` of the domain), e.g. 640100-2026-00487."""
    key = f"case:{region_code}:{year}"
    raised = (
        upsert(SerialCounter)
        .values(key=key, value=1)
        .on_conflict_do_update(index_elements=["key"], set_={"value": SerialCounter.value + 1})
        .returning(SerialCounter.value)
    )
    return f"{region_code}-{year}-{unit.session.execute(raised).scalar_one():05d}"


def bind_intake(unit: Unit, case: Case) -> None:
    """Registering and receiving are part of intake: whoever does it can't approve the case later."""
    perform_apart(unit, case, "intake")


def complete_task(
    unit: Unit, task_id: int, submitted: Mapping[str, str | list[str]], version: int | None = None
) -> dict[str, int] | None:
    """Complete a claimed and opened task with its form; the case runs to its next wait.

    A signing task signs the current content. A task for several persons completes with the last one. When an
    automatic step behind it fails, the act stands and {"incident": number} is answered.
    Raise InvalidInput by field, StaleForm, TaskNotClaimed, TaskNotOpened, TaskAlreadyCompleted, DutyDenied,
    ConsultationOpen, CountersignDisagrees, WarningUnexplained, CompletionFailed when the step itself fails.
    """
    case, task = get_open_task(unit, task_id)
    if task.claimed_by != unit.actor.person_id:
        raise TaskNotClaimed(task_id=task_id)
    if task.opened_at is None:
        raise TaskNotOpened(task_id=task_id)
    check_version(task, version)
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    submission = read_form(context, task, submitted)
    context.said = submission.opinion
    require(unit, Action.COMPLETE, case=case, task=task)
    check_consulted(context.consulted, task, agrees=submission.agrees)
    check_return(unit, task, submission)
    context.change(submission.facts)
    check_required(context, task, submission)
    _check_warnings(context, task)
    _draft(context, task, submission)
    perform(unit, case, task, agrees=submission.agrees)
    _ask_domain(context, task, submission)
    if task.acts + 1 < task.persons_required:
        _hand_to_second_person(unit, task, submission)
        return None
    _close_task(unit, case, task, submission)
    return _advance(context, task, submission) or None


def _check_warnings(context: CaseContext, task: Task) -> None:
    """Ask the rules that read what was changed; raise WarningUnexplained while a warning that was there has no reason.

    A warning that this very step brings up waits for the next duty: who has never seen it can't give a reason.
    """
    if context.changed:
        with _asking(context, task):
            run_rules(context, "change", changed=context.changed)
    elif not context.stored.warned:
        return
    open_hits = list_unexplained(context.unit, context.case)
    if open_hits:
        raise WarningUnexplained(
            rules="、".join(hit.rule_id for hit in open_hits),
            titles_zh="、".join(hit.title_zh for hit in open_hits),
            titles_en=", ".join(hit.title_en for hit in open_hits),
        )


def _ask_domain(context: CaseContext, task: Task, submission: Submission) -> None:
    """What the domain asks of this step and keeps of it (Ports.step_checks)."""
    check = context.unit.kernel.ports.step_checks.get((context.deployed.key, task.step_key))
    if check is not None:
        said = {OUTCOME: submission.outcome, OPINION: submission.opinion, **submission.own}
        check(context.unit, context.case, task, context.facts, said)


def _draft(context: CaseContext, task: Task, submission: Submission) -> None:
    """Initial review drafts the outcome; a new draft after an earlier signature gets the next number."""
    drafted = DRAFTED.get(submission.outcome)
    if drafted is None or not task.signs:
        return
    if context.case.outcome is not None:
        context.case.draft_no += 1
    context.draft_outcome(drafted)


def _hand_to_second_person(unit: Unit, task: Task, submission: Submission) -> None:
    """Keep the first person's part and put the task back for somebody else (POL-24: two officers)."""
    parts = list((task.result or {}).get("parts", []))
    said = {"outcome": submission.outcome, "opinion": submission.opinion, **submission.own}
    parts.append({"person": unit.actor.person_id, **said})
    task.result = {**(task.result or {}), "parts": parts}
    task.acts += 1
    task.draft = None
    end_claim(unit, task, "second_person")
    unit.record("task.part_performed", {"step": task.step_key, "duty": task.duty}, task_id=task.id)


def _close_task(unit: Unit, case: Case, task: Task, submission: Submission) -> None:
    returned = {RETURN_TO: submission.return_to} if submission.return_to else {}
    complete_row(
        unit,
        task,
        acts=task.acts + 1,
        version=task.version + 1,
        completed_by=unit.actor.person_id,
        outcome=submission.outcome,
        opinion=submission.opinion,
        result={**(task.result or {}), **submission.own, **returned} or None,
        draft_no=case.draft_no,
        content_hash=case.content_hash,
    )
    unit.record(
        "task.completed",
        {
            "step": task.step_key,
            "duty": task.duty,
            "outcome": submission.outcome,
            "draft": case.draft_no,
            "content_hash": case.content_hash.hex(),
            "definition": case.definition_id,
        },
        task_id=task.id,
    )


def _advance(context: CaseContext, task: Task, submission: Submission) -> dict[str, int]:
    unit = context.unit
    instance = restore(context)
    ready = next(item for item in instance.ready_tasks() if item.engine_task_id == task.engine_task_id)
    _run_own_rules(context, task, ready)
    check_vote(ready, submission)
    variables: dict[str, Any] = {OUTCOME: submission.outcome, **count_votes(task, submission)}
    variables |= {**serve_party(context, task, ready, submission), **context.routing()}
    if submission.returns:
        variables[RETURN_TO] = submission.return_to
    further = unit.aside is None
    with moving(context, instance, "completion", task.id) as handler:
        instance.complete(task.engine_task_id, variables, handler, unit.now, further=further)
    if not further:
        settle(context, instance, undo=task, passing=False)
        return note_aside(context)
    _hand_on(context, task, submission, instance)
    return {}


def _run_own_rules(context: CaseContext, task: Task, ready: ReadyTask) -> None:
    """The rules the step names. Raise CompletionFailed when they can't be asked."""
    if ready.step.rules:
        with _asking(context, task):
            run_rules(context, "duty", str(value_of(ready.step.rules, ready.data)))


@contextmanager
def _asking(context: CaseContext, task: Task) -> Iterator[None]:
    try:
        yield
    except (Refusal, DBAPIError):
        raise
    except Exception as error:
        failed = StepFailed(task.step_key, error)
        raise CompletionFailed(context.case.id, failure_of(context, failed, "completion", task.id)) from error


def _hand_on(context: CaseContext, task: Task, submission: Submission, instance: Instance) -> None:
    unit = context.unit
    assignee = submission.own.get(ASSIGNEE)
    reason = submission.opinion if task.signs and submission.returns else None
    at_once = assignee is not None or reason is not None
    for new in settle(context, instance, return_reason=reason, at_once=at_once, undo=task):
        assign_new_task(unit, context.case, new, assignee)
        if reason is not None:
            offer_back(unit, context.case, new)


def deliver_message(
    unit: Unit, message: str, changes: Mapping[str, Any] | None = None, *, source: str | None = None
) -> None:
    """Hand a message (all corrections received, …) to the waiting case; `source` is the case it came from.

    Raise MessageNotExpected.
    """
    case = _locked(unit)
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    context.change(context.deployed.schema.parse(changes or {}, today=unit.today))
    received = context.deployed.process.get("message_facts", {}).get(message)
    if received:
        context.note(received, local_minute(unit.now))
    unit.record("case.message_received", {"message": message, **({"from": source} if source else {})})
    if context.changed:
        run_rules(context, "change", changed=context.changed)
    instance = restore(context)
    further = unit.aside is None
    with moving(context, instance, "message") as handler:
        instance.deliver_message(message, context.routing(), handler, unit.now, further=further)
    settle(context, instance, passing=further)
    note_aside(context)


def run_timers(unit: Unit) -> None:
    """Advance a case whose timers are due. Unattended timers never decide: the gate needs signatures.

    A case on hold, or with an open incident (its own retries move it), stays where it is.
    """
    case = _locked(unit)
    if is_held(unit.session, case) or list_open_ids(unit.session, case.id):
        return
    permit_system(unit, Action.SYSTEM, case.id)
    if advance(unit, case, "timer"):
        unit.record("case.timers_run", {})


def advance(unit: Unit, case: Case, kind: str) -> bool:
    """Fire due timers and run what waits to be run; False when that failed and is an incident now.

    The caller keeps the decision this rests on.
    """
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    if unit.aside is not None:
        note_aside(context)
        return False
    instance = restore(context)
    with moving(context, instance, kind) as handler:
        instance.advance(handler, unit.now)
    settle(context, instance)
    return True


def _locked(unit: Unit) -> Case:
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    return unit.case
