"""Taking over a case that began on paper or in another system: it goes on here, or is history decided elsewhere.

Who enters it does its intake here; nobody else does anything by it. What was done elsewhere is text and evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, text

from app.kernel.cases.facts import refresh_content_hash
from app.kernel.cases.models import Case, CaseTakeOver
from app.kernel.cases.schema import FieldErrors
from app.kernel.deadlines import operations as clocks
from app.kernel.engine.catalogue import Deployed, get_latest
from app.kernel.engine.chain_facts import Copied, note_origins
from app.kernel.engine.context import CaseContext
from app.kernel.engine.handlers import run_rules
from app.kernel.engine.materials import Upload, receive
from app.kernel.engine.moving import moving, note_aside
from app.kernel.engine.operations import CaseStart, first_facts, open_case, refuse_held
from app.kernel.engine.progress import settle
from app.kernel.engine.takeover.dates import (
    Suspended,
    counted_from,
    counting_fact,
    date_errors,
    instant,
    list_pausable,
    suspension_errors,
)
from app.kernel.engine.takeover.entering import enter
from app.kernel.engine.takeover.manifest import Entry
from app.kernel.engine.takeover.refusals import EntryUnknown, EvidenceMissing, TakenOverBefore
from app.kernel.local_time import local_day
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit

ORIGINS = ("paper", "system")
DECIDED = "decided"
"""In place of an entry: the case was decided elsewhere."""
LONGEST_REFERENCE, LONGEST_TEXT = 100, 4000


@dataclass(frozen=True)
class TakeOver:
    """A case begun elsewhere. `facts` are raw values by key, the true dates among them.

    `entry` is a key of the process's entries, or `DECIDED` with `outcome`. `reference`: its number there;
    `done_before`: who did what there, in words; `evidence`: files that show it, at least one.
    """

    process_key: str
    region_code: str
    entry: str
    origin: str
    reference: str
    facts: Mapping[str, Any]
    evidence: Sequence[Upload]
    done_before: str = ""
    notes: str = ""
    suspended: Sequence[Suspended] = ()
    outcome: str | None = None
    chain_id: int | None = None


@dataclass(frozen=True)
class Checked:
    """A take-over whose statements are in order. `entry` None: decided elsewhere."""

    deployed: Deployed
    entry: Entry | None
    start: CaseStart
    copied: list[Copied]
    facts: dict[str, Any]

    @property
    def requires(self) -> tuple[str, ...]:
        """The facts that hold the true dates."""
        if self.entry is not None:
            return self.entry.requires
        decided = self.deployed.paper_decision
        return decided.requires if decided is not None else ()


def check_take_over(unit: Unit, given: TakeOver) -> Checked:
    """Everything that would refuse it but the duty of who enters it; nothing is written.

    Raise InvalidInput by field, EntryUnknown, EvidenceMissing, TakenOverBefore, ProcessHeld.
    """
    deployed = get_latest(unit.session, given.process_key)
    refuse_held(unit, deployed, given.region_code)
    entry, purposes = _entry_of(deployed, given)
    stated = deployed.schema.parse(given.facts, today=unit.today)
    errors = _errors(unit, deployed, entry, given, stated)
    received = stated.get("received_at")
    start = CaseStart(
        given.process_key,
        given.region_code,
        given.facts,
        received_at=instant(received) if received and "received_at" not in errors else None,
        chain_id=given.chain_id,
    )
    try:
        copied, facts = first_facts(unit, deployed, start, purposes)
    except InvalidInput as invalid:
        raise InvalidInput({**invalid.errors, **errors}) from None
    if errors:
        raise InvalidInput(errors)
    if not given.evidence:
        raise EvidenceMissing(field="evidence")
    _refuse_twice(unit, given)
    return Checked(deployed, entry, start, copied, facts)


def take_over(unit: Unit, given: TakeOver) -> dict[str, Any]:
    """Open the case where it stands; answers {"case_id", "case_no"}, "incident" when going on failed.

    The actor performs its intake (nobody, when it is imported); clocks run from the true dates.
    Raise what `check_take_over` raises, and DutyDenied for who may not register here.
    """
    unit.session.execute(_LOCK, {"key": f"take_over/{given.process_key}/{given.reference}"})
    checked = check_take_over(unit, given)
    deployed = checked.deployed
    case = open_case(unit, deployed, checked.start, checked.facts)
    note_origins(unit, case.id, checked.copied)
    if checked.entry is None:
        _close(unit, case, given, checked.facts)
    elif checked.facts.get("accepted_at") and "accepted_at" in checked.entry.requires:
        case.accepted_at = instant(checked.facts["accepted_at"])
    _keep(unit, case, given, checked)
    for upload in given.evidence:
        receive(unit, case, upload)
    context = CaseContext(unit, case, deployed)
    if checked.entry is not None:
        _go_on(context, checked.entry, given)
    else:
        refresh_content_hash(unit, case, deployed.schema, context.facts)
    return {"case_id": case.id, "case_no": case.case_no, **note_aside(context)}


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


def _entry_of(deployed: Deployed, given: TakeOver) -> tuple[Entry | None, tuple[str, ...]]:
    decided = deployed.paper_decision
    if given.entry == DECIDED and decided is not None:
        return None, decided.purposes
    entry = deployed.entries.get(given.entry)
    if entry is None:
        raise EntryUnknown(field="entry", process=deployed.key, entry=given.entry)
    return entry, entry.purposes


def _errors(
    unit: Unit, deployed: Deployed, entry: Entry | None, given: TakeOver, stated: Mapping[str, Any]
) -> FieldErrors:
    errors: FieldErrors = {}
    if given.origin not in ORIGINS:
        errors["origin"] = ("not_a_choice", {})
    if not given.reference.strip():
        errors["reference"] = ("required", {})
    elif len(given.reference) > LONGEST_REFERENCE:
        errors["reference"] = ("too_long", {"limit": LONGEST_REFERENCE})
    for key in ("done_before", "notes"):
        if len(getattr(given, key)) > LONGEST_TEXT:
            errors[key] = ("too_long", {"limit": LONGEST_TEXT})
    if not given.done_before.strip():
        errors["done_before"] = ("required", {})
    requires = (
        entry.requires if entry else deployed.paper_decision.requires if deployed.paper_decision else ()
    )
    errors |= date_errors(stated, requires, deployed.schema.index.get("event_date", ""), unit.now)
    if entry is None and given.outcome not in deployed.process.get("decision_documents", {}):
        errors["outcome"] = ("not_a_choice", {})
    if entry is not None and not errors:
        errors |= suspension_errors(deployed, entry, stated, given.suspended, unit.today)
    return errors


def _refuse_twice(unit: Unit, given: TakeOver) -> None:
    same = (
        select(Case.case_no)
        .join(CaseTakeOver, CaseTakeOver.case_id == Case.id)
        .where(Case.process_key == given.process_key, CaseTakeOver.reference == given.reference.strip())
    )
    known = unit.session.scalars(same).first()
    if known is not None:
        raise TakenOverBefore(field="reference", reference=given.reference, case_no=known)


def _close(unit: Unit, case: Case, given: TakeOver, facts: Mapping[str, Any]) -> None:
    """Decided elsewhere: no signature and no decision of ours stands behind it."""
    if accepted := facts.get("accepted_at"):
        case.accepted_at = instant(accepted)
    case.decided_at, case.closed_at = instant(facts["decided_at"]), unit.now
    case.status, case.outcome = "closed", given.outcome


def _keep(unit: Unit, case: Case, given: TakeOver, checked: Checked) -> None:
    """What it began with, written once with the opening."""
    unit.session.flush()
    digests = sorted({hashlib.sha256(one.content).hexdigest() for one in given.evidence})
    row = {
        "kind": "open" if checked.entry else "decided",
        "origin": given.origin,
        "entry": checked.entry.key if checked.entry else None,
        "reference": given.reference.strip(),
        "dates": {key: checked.facts[key] for key in checked.requires},
        "done_before": given.done_before.strip(),
        "notes": given.notes.strip(),
        "evidence": digests,
    }
    unit.session.execute(
        insert(CaseTakeOver).values(
            case_id=case.id, entered_by=unit.actor.own_person_id, entered_at=unit.now, **row
        )
    )
    told = {key: row[key] for key in ("kind", "origin", "entry", "reference", "dates", "evidence")}
    suspended = [f"{one.from_on}/{one.until_on}" for one in given.suspended]
    unit.record("case.taken_over", {**told, "suspended": suspended}, case_id=case.id)


def _go_on(context: CaseContext, entry: Entry, given: TakeOver) -> None:
    """Put the token at the entry, start the clocks and come to the next wait."""
    unit, deployed = context.unit, context.deployed
    _register(context, entry)
    if context.case.accepted_at is not None:
        context.put_on_track(entry.track or deployed.process.get("default_track"))
    run_rules(context, "intake")
    for ref in entry.clocks:
        _start_clock(context, entry, ref, given.suspended)
    instance = enter(deployed.spec, {**entry.sets, **context.routing()}, entry.step, unit.now)
    if unit.aside is None:
        with moving(context, instance, "start") as handler:
            instance.advance(handler, unit.now)
    settle(context, instance, new=True)


def _register(context: CaseContext, entry: Entry) -> None:
    """What the domain's registering step does for any new case; the kernel's own handlers have no part in it."""
    step = context.deployed.steps.get(entry.registers or "")
    handlers = context.unit.kernel.ports.service_handlers
    if step is not None and step.task_type in handlers:
        context.change(handlers[step.task_type](context.unit, context.case, context.facts))


def _start_clock(context: CaseContext, entry: Entry, ref: str, suspended: Sequence[Suspended]) -> None:
    unit, deployed, case_id = context.unit, context.deployed, context.case.id
    told = counted_from(deployed, entry, context.facts, ref)
    began = told or local_day(context.case.received_at)
    origin = clocks.Origin(counting_fact(deployed, entry, ref) if told else None, entry.step)
    clocks.start_clock(unit, case_id, deployed.clocks[ref], on=began, origin=origin)
    for one in suspended if ref in list_pausable(deployed, entry) else ():
        clocks.pause_clock(unit, case_id, ref, reason="suspension", ground=one.ground, on=one.from_on)
        clocks.resume_clock(unit, case_id, ref, ground=one.ground, on=one.until_on)
