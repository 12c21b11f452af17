"""Service tasks the kernel itself offers to every process: rules, signatures, the gate, documents, archive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import select

from app.kernel.changes.lowering import lowered_despite
from app.kernel.deadlines.operations import stop_clock
from app.kernel.deadlines.queries import heads_of, list_active_kinds, performers_of
from app.kernel.decisions.catalogue.evaluation import Hit, Inquiry, evaluate
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.operations import keep_hits
from app.kernel.decisions.overrides import blocking
from app.kernel.decisions.parameters.lookup import finder
from app.kernel.duties.levels import raise_approval_levels
from app.kernel.duties.operations import find_missing_duty, pass_gate, raise_risk
from app.kernel.duties.subjects import subject_of
from app.kernel.engine.change_handlers import handle_apply_change, handle_check_change, handle_drop_change
from app.kernel.engine.context import CaseContext
from app.kernel.engine.deployed import SubjectSpec
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.engine_data import Data
from app.kernel.engine.marking import SUSPECTED
from app.kernel.engine.messages.sending import send_message
from app.kernel.engine.paperwork import decision_document, issue_document, revoke_documents
from app.kernel.engine.progress import SUBJECT
from app.kernel.engine.seats import effect_kind
from app.kernel.engine.serving import handle_complete_service, handle_deem_served
from app.kernel.engine.workflow import ServiceCall, value_of
from app.kernel.local_time import local_minute
from app.kernel.ports import Ports
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import notify
from app.storage.crypto import KeyRing

KernelHandler = Callable[[CaseContext, ServiceCall, Data], Mapping[str, object]]

POSITIVE: Final = "approved_positive"
RECOVERY: Final = "recovery.lead"
"""A lead that audit and recovery (P15) follows."""


def run_rules(
    context: CaseContext, trigger: str, business: str | None = None, changed: Collection[str] | None = None
) -> list[Hit]:
    """Ask the rules of this moment about the current facts, keep the hits, raise the risk on a `route` hit.

    `business`: other rules than those of the process's own; `changed`: only rules that read one of these facts.
    """
    supply, unit = context.deployed.supply, context.unit
    if supply is None:
        return []
    inquiry = Inquiry(
        trigger,
        unit.now,
        context.facts,
        context.derived,
        business,
        changed,
        partial(_seal, unit.kernel.keyring),
        finder(unit.session, context.case.region_code),
    )
    said = evaluate(list_standing(unit.session, unit.today), supply, inquiry)
    keep_hits(unit, context.case, said)
    routed = next((hit for hit in said.hits if hit.action == "route" and _counts(context, hit)), None)
    if routed is not None:
        raise_risk(unit, context.case, "routed", routed.rule.id)
    levels = (hit for hit in said.hits if hit.rule.manifest.approval_levels > 1 and _counts(context, hit))
    second = next(levels, None)
    if second is not None:
        raise_approval_levels(unit, context.case, second.rule.id)
    return said.hits


def _seal(keyring: KeyRing, value: str) -> str:
    return keyring.blind_index("rule_input", value).hex()


def _counts(context: CaseContext, hit: Hit) -> bool:
    """Not when three people lowered the risk knowing this very hit; on other inputs it raises again."""
    return not lowered_despite(context.unit.session, context.case.id, *hit.key)


def _business(call: ServiceCall, data: Data) -> str:
    return str(value_of(call.step.rules or "", data))


def handle_run_rules(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """RB-1: does anything stop the case that nobody set aside, and which risk class holds now?"""
    hits = run_rules(context, "duty", _business(call, data))
    stops = blocking(context.unit, context.case, hits)
    return {"block": bool(stops), "risk": context.case.risk}


def handle_check_signatures(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """RB-5a: run the rules again; name the earliest signing duty that is missing or stale."""
    unit, case = context.unit, context.case
    key, spec = _subject(context, data)
    kind = spec.kind if spec is not None else effect_kind(context.deployed)
    blocked = False
    if kind != "issued":
        hits = run_rules(context, "payment" if kind == "paid" else "gate", _business(call, data))
        blocked = case.outcome == POSITIVE and bool(blocking(unit, case, hits))
    subject = subject_of(unit.session, case.id, key)
    missing = "blocked" if blocked else find_missing_duty(unit, case, kind, subject) or "none"
    return {"missing": missing, "risk": case.risk}


def _subject(context: CaseContext, data: Data) -> tuple[str | None, SubjectSpec | None]:
    """The key of what is decided here, and what the process says of it; (None, None) for the case's conclusion.

    Raise LookupError for a key that the process doesn't declare.
    """
    key = data.get(SUBJECT)
    if not key:
        return None, None
    if str(key) not in context.deployed.subjects:
        raise LookupError(f"no [subject.{key}] in process.toml")
    return str(key), context.deployed.subjects[str(key)]


def handle_seal_decision(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """RB-6: write the case decision behind the gate, number and issue its document.

    Another subject than the conclusion has its own documents; only one that concludes decides the case.
    """
    case, unit = context.case, context.unit
    key, spec = _subject(context, data)
    subject = subject_of(unit.session, case.id, key)
    kind = spec.kind if spec is not None else call.step.effect.kind if call.step.effect else "decided"
    apart = spec is not None and kind == "issued"
    outcome = subject if apart else case.outcome or ""
    content_hash = case.content_hash
    context.decision_id = pass_gate(unit, case, kind=kind, outcome=outcome, subject=subject)
    told = {"outcome": outcome, "content_hash": content_hash.hex(), "decision": context.decision_id}
    if spec is None or spec.concludes:
        case.decided_at = unit.now
        unit.record("case.decided", told, case_id=case.id)
        context.note("decided_at", local_minute(unit.now))
    else:
        unit.record("case.subject_decided", {**told, "subject": subject}, case_id=case.id)
    _issue_decided(context, call, spec, outcome)
    return {} if apart else {"review_result": outcome}


def _issue_decided(context: CaseContext, call: ServiceCall, spec: SubjectSpec | None, outcome: str) -> None:
    """The document of a decision; what it puts out of force is revoked before."""
    if spec is None:
        template = decision_document(context.deployed.decision_documents(context.variant), call, outcome)
    else:
        template = spec.documents.get(outcome) or spec.documents.get("issued")
        for kind in spec.revokes:
            revoke_documents(context, kind, ground=spec.title_zh)
    if template:
        issued = issue_document(context, template)
        context.note("decision_number", issued.number)


def handle_issue_document(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Issue the notice the step names; notices are unguarded."""
    if call.step.document:
        issue_document(context, call.step.document)
        noted = context.deployed.process.get("document_facts", {}).get(call.step.document)
        if noted:
            context.note(noted, local_minute(context.unit.now))
    return {}


def handle_set_procedure(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """P01-08: the chosen procedure is the case's track from here on."""
    context.put_on_track(str(data.get("procedure") or "") or None)
    return {"procedure": data.get("procedure")}


def handle_archive_case(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Archive: nothing may change afterwards; the retention clock of the step starts with it."""
    context.unit.record("case.archived", {"outcome": context.case.outcome}, case_id=context.case.id)
    return {}


def handle_withdraw_case(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """X-W: the application is withdrawn. Clocks end; rule hits, performances and documents stay."""
    case, unit = context.case, context.unit
    for kind in list_active_kinds(unit.session, case.id):
        stop_clock(unit, case.id, kind, reason="application_withdrawn")
    case.status = "withdrawn"
    unit.record("case.withdrawn", {}, case_id=case.id)
    return {}


def handle_remind(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Tell who handled the case and the heads of its region that it still waits at this step."""
    case, unit = context.case, context.unit
    people = performers_of(unit.session, case.id) | heads_of(unit.session, case.region_code, unit.today)
    for person_id in sorted(people):
        key = f"case_waits:{case.id}:{call.step.step_key}:{unit.today}"
        english = call.step.name_en or call.step.name
        notify(unit, person_id, "case_waits", key, case, title_zh=call.step.name, title_en=english)
    unit.record("case.reminded", {"step": call.step.step_key, "told": sorted(people)}, case_id=case.id)
    return {}


def handle_hold_for_lead(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """RB-4: fraud is suspected. The case stands still until the lead is concluded; audit and fund supervision hear."""
    case, unit = context.case, context.unit
    told = {"reason": context.said or _last_opinion(context), "case_no": case.case_no}
    unit.record("case.held_for_lead", told, case_id=case.id)
    for message in (RECOVERY, SUSPECTED):
        send_message(unit, case, message, told)
    return {}


def _last_opinion(context: CaseContext) -> str:
    """What the person wrote whose step brought the case here, when the handler is called again later."""
    done = select(Task.opinion).where(Task.case_id == context.case.id, Task.completed_at.is_not(None))
    return context.unit.session.scalar(done.order_by(Task.completed_at.desc(), Task.id.desc()).limit(1)) or ""


HANDLERS: Final[Mapping[str, KernelHandler]] = {
    "run_rules": handle_run_rules,
    "check_signatures": handle_check_signatures,
    "seal_decision": handle_seal_decision,
    "issue_document": handle_issue_document,
    "set_procedure": handle_set_procedure,
    "archive_case": handle_archive_case,
    "deem_served": handle_deem_served,
    "complete_service": handle_complete_service,
    "withdraw_case": handle_withdraw_case,
    "remind": handle_remind,
    "hold_for_lead": handle_hold_for_lead,
    "check_change": handle_check_change,
    "apply_change": handle_apply_change,
    "drop_change": handle_drop_change,
}


def list_unhandled(steps: Iterable[StepSpec], ports: Ports) -> list[StepSpec]:
    """Automatic steps that name a type nobody registered: a case would fail there."""
    known = HANDLERS.keys() | ports.service_handlers.keys()
    return [step for step in steps if step.kind in AUTOMATIC and step.task_type not in known]


AUTOMATIC = ("service", "send", "rule")


def call_handler(context: CaseContext, task_type: str, call: ServiceCall, data: Data) -> Mapping[str, Any]:
    """The kernel's handler, or the domain's; a domain handler answers facts to change.

    Raise LookupError for a type nobody registered (start-up refuses such a definition already).
    """
    handler = HANDLERS.get(task_type)
    if handler is not None:
        return handler(context, call, data)
    registered = context.unit.kernel.ports.service_handlers.get(task_type)
    if registered is None:
        raise LookupError(f"no handler for service task type {task_type!r}")
    context.change(registered(context.unit, context.case, context.facts))
    return context.routing()
