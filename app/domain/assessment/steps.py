"""Automatic steps of assessment and confirmation, and the clocks they move (CA01 to CA09)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from app.domain.assessment.chain import (
    count_terminations,
    find_previous,
    find_recognition,
    has_reassessment,
    is_of_dependant,
)
from app.domain.assessment.panel import ASSESSED, CONFIRMED, MAJORITY, OF_DEPENDANT, Tally, tally
from app.domain.assessment.pool import updated_on
from app.domain.assessment.queries import list_opinions
from app.kernel.cases.models import Case
from app.kernel.deadlines import operations as clocks
from app.kernel.deadlines import rules
from app.kernel.deadlines.queries import active_clock, load_calendar
from app.kernel.decisions.parameters.lookup import find_parameter
from app.kernel.documents.models import Document
from app.kernel.engine.catalogue import get_deployed
from app.kernel.local_time import local_day, local_minute
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

Facts = Mapping[str, Any]
CONCLUDING: Final = {"capacity_assessment": "CA03", "capacity_confirmation": "CA03"}
SERVED: Final = {"CA06W": "served_worker_at", "CA06E": "served_employer_at"}
PARTY_OF: Final = {"employer": "served_employer_at", "agency": "served_employer_at"}
"""Who isn't the assessed person; the agency that asked stands in the employer's place."""
REQUEST: Final = ("requested_by", "dependant_place", "dependant_relation", "dependant_id_no")
"""What a reassessment of a dependant takes over from the first case, so that its conclusion reaches who asked."""


def fetch_for_assessment(unit: Unit, case: Case, facts: Facts) -> Facts:
    """P02-01: recognition, earlier conclusion and dates of receipt from the chain; nobody is asked for them."""
    previous = find_previous(unit.session, unit.kernel.keyring, case, facts)
    found: dict[str, Any] = {}
    if previous is not None:
        served = previous.facts.get(PARTY_OF.get(str(facts.get("applicant_type")), "served_worker_at"))
        found = {
            "previous_assessment_no": previous.number or None,
            "previous_concluded_on": previous.facts.get("concluded_on"),
            "conclusion_received_on": served[:10] if served else None,
        }
        if is_of_dependant(facts):
            found |= {key: previous.facts.get(key) for key in REQUEST}
    updated = updated_on(unit.session, case.region_code, unit.today)
    return {
        **_common(unit, case, facts),
        **_unless_known(facts, found),
        "terminations": count_terminations(unit.session, case, facts),
        "pool_updated_on": updated.isoformat() if updated is not None else None,
        "is_final": facts.get("assessment_type") == "reassessment",
    }


def note_revocation(unit: Unit, case: Case, facts: Facts) -> Facts:
    """X-C: the recognition fell. Without a conclusion yet, what was signed is stale; one that stands is left alone."""
    if case.decided_at is not None:
        return {}
    return {"recognition_effective": False, "recognition_revoked_on": unit.today.isoformat()}


def fetch_for_confirmation(unit: Unit, case: Case, facts: Facts) -> Facts:
    """P03-00: the recognition from the chain."""
    return _common(unit, case, facts)


def _common(unit: Unit, case: Case, facts: Facts) -> dict[str, Any]:
    recognised = find_recognition(unit.session, unit.kernel.keyring, case)
    found: dict[str, Any] = {}
    if recognised is not None:
        parts = recognised.labels.get("injured_parts", "")
        told = str(recognised.facts.get("injury_description") or recognised.facts.get("diagnosis_text") or "")
        decided = recognised.decided_at
        found = {
            "recognition_no": recognised.number or None,
            "recognition_on": local_day(decided).isoformat() if decided else None,
            "recognised_scope": "；".join(part for part in (parts, told) if part)[:1000] or None,
        }
        if is_of_dependant(facts):
            del found["recognised_scope"]
    return {
        **_unless_known(facts, found),
        "received_at": local_minute(case.received_at),
        "recognition_effective": recognised is not None,
        "correction_days": _number(unit, case, "assessment_correction_days"),
    }


def _unless_known(facts: Facts, found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value is not None and facts.get(key) in (None, "")}


def _number(unit: Unit, case: Case, key: str) -> int:
    """A parameter's value here and today. Raise LookupError where there is none: its file was changed wrongly."""
    found = find_parameter(unit.session, key, region=case.region_code, on=unit.today)
    if found is None:
        raise LookupError(f"no value of {key} on {unit.today}")
    return int(Decimal(str(found.value)))


def accept(unit: Unit, case: Case, facts: Facts) -> Facts:
    """The day from which the period for the conclusion counts (parameter: receipt or complete material)."""
    chosen = find_parameter(unit.session, "assessment_period_from", region=case.region_code, on=unit.today)
    received = chosen is not None and chosen.value == "received"
    day = local_day(case.received_at) if received else unit.today
    return {"conclusion_counted_from": day.isoformat()}


def extend_correction(unit: Unit, case: Case, facts: Facts) -> Facts:
    """A good reason: as many days again, once. Raise ClockNotExtendable the second time."""
    days = int(facts["correction_days"])
    clocks.extend_clock(
        unit, case.id, "CA02", length=days, allowed=days, ground="《劳动能力鉴定管理办法》第十条"
    )
    return {}


def note_appointment(unit: Unit, case: Case, facts: Facts) -> Facts:
    """CA04: a new day that the worker asked for and the committee agreed to moves the end by as many days."""
    before, now = facts.get("appointment_before"), facts["appointment_at"]
    if before and _rescheduled(unit, case):
        days = (date.fromisoformat(now[:10]) - date.fromisoformat(before[:10])).days
        if days > 0:
            ground = "《劳动能力鉴定管理办法》第十二条：经同意改期"
            clocks.shift_clock(unit, case.id, CONCLUDING[case.process_key], length=days, ground=ground)
    return {"appointment_before": now}


def _rescheduled(unit: Unit, case: Case) -> bool:
    """The last time on site ended with another day agreed."""
    last = select(Task.outcome).where(
        Task.case_id == case.id, Task.step_key.like("%onsite"), Task.state == "completed"
    )
    return unit.session.scalars(last.order_by(Task.id.desc()).limit(1)).first() == "reschedule"


def tally_opinions(unit: Unit, case: Case, facts: Facts) -> Facts:
    """Count the last sitting's opinions; a majority becomes the panel's opinion, dissent beside it."""
    asked = _asked_of(case, facts)
    said = tally(list_opinions(unit.session, case.id), asked)
    unit.record("panel.tallied", {"state": said.state, "content": dict(said.content)}, case_id=case.id)
    found: dict[str, Any] = {"panel_state": said.state, "panel_dissent": "；".join(said.dissent) or None}
    if said.state != MAJORITY:
        return found
    told = _TOLD[asked](said)
    return {
        **found,
        **told,
        "panel_remark": "；".join(said.remarks) or None,
        "panel_signed_on": unit.today.isoformat(),
        "extension_due": _extension_is_due(unit, case, facts),
    }


def _asked_of(case: Case, facts: Facts) -> tuple[str, ...]:
    """What the panel votes on."""
    if case.process_key != "capacity_assessment":
        return CONFIRMED
    return OF_DEPENDANT if is_of_dependant(facts) else ASSESSED


def _assessed(said: Tally) -> dict[str, Any]:
    """The panel's answer is also what the office begins its draft with."""
    content = said.content
    items = "\n".join(said.items) or None
    return {
        "panel_result": content["result"],
        "panel_grade": content["grade"],
        "panel_care_level": content["care_level"],
        "panel_items": items,
        "assessment_result": content["result"],
        "grade": content["grade"],
        "care_level": content["care_level"],
        "standard_items": items,
    }


def _confirmed(said: Tally) -> dict[str, Any]:
    content = said.content
    return {
        "panel_verdict": content["verdict"],
        "panel_months": content["months"],
        "panel_device_code": content["device_code"],
        "extension_months": content["months"],
        "device_catalogue_code": content["device_code"],
    }


def _of_dependant(said: Tally) -> dict[str, Any]:
    items = "\n".join(said.items) or None
    found = said.content["incapacity"]
    return {"panel_incapacity": found, "panel_items": items, "incapacity": found, "standard_items": items}


_TOLD: Final = {ASSESSED: _assessed, CONFIRMED: _confirmed, OF_DEPENDANT: _of_dependant}


def _extension_is_due(unit: Unit, case: Case, facts: Facts) -> bool:
    """P02-10: few days are left and it wasn't extended yet."""
    row = active_clock(unit.session, case.id, CONCLUDING[case.process_key])
    if row is None or row.due_on is None or facts.get("extended_until"):
        return False
    return (row.due_on - unit.today).days <= _number(unit, case, "assessment_extension_ahead_days")


def extend_conclusion(unit: Unit, case: Case, facts: Facts) -> Facts:
    """CA03x: the days that the process's clock allows, once. Raise ClockNotExtendable, ClockNotFound."""
    kind = CONCLUDING[case.process_key]
    more = get_deployed(unit.session, case.definition_id).clocks[kind].extendable
    row = active_clock(unit.session, case.id, kind)
    moved = row.extended_by if row is not None else 0
    row = clocks.extend_clock(
        unit, case.id, kind, length=more, allowed=moved + more, ground="《工伤保险条例》第二十五条"
    )
    return {"extended_until": row.due_on.isoformat() if row.due_on else None}


def note_conclusion(unit: Unit, case: Case, facts: Facts) -> Facts:
    """The day and number of what was just concluded."""
    guarded = select(Document.number).where(Document.case_id == case.id, Document.decision_id.is_not(None))
    number = unit.session.scalars(guarded.order_by(Document.id.desc()).limit(1)).first()
    return {"concluded_on": unit.today.isoformat(), "conclusion_no": number}


def reckon_reassessment(unit: Unit, case: Case, facts: Facts) -> Facts:
    """CA06: each party has 15 days from its own receipt; the conclusion stands after the later end."""
    specs, calendar = get_deployed(unit.session, case.definition_id).clocks, load_calendar(unit.session)
    ends = []
    for kind, fact in SERVED.items():
        received = facts.get(fact)
        day = date.fromisoformat(received[:10]) if received else unit.today
        ends.append(rules.due_on(specs[kind], day, (), calendar, 0).due_on or unit.today)
    after = max(ends) + timedelta(days=1)
    return {
        "reassess_until": f"{after.isoformat()}T00:00",
        "reassessment_open": has_reassessment(unit.session, case, facts),
    }


def note_effect(unit: Unit, case: Case, facts: Facts) -> Facts:
    """From today on the conclusion stands."""
    return {"effective_on": unit.today.isoformat()}
