"""Registers what injury recognition answers to the kernel's ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.recognition.queries import get_surroundings, list_former_colleagues
from app.domain.recognition.rules import (
    application_counts_from,
    complete_identity,
    day_of,
    days_until_application,
    employer_applied_late,
    is_insured_on_accident,
    named_investigators,
    remedies_until,
    suit_until,
)
from app.kernel.cases.models import Case
from app.kernel.deadlines.queries import load_calendar
from app.kernel.local_time import local_day, local_minute
from app.kernel.ports import Ports
from app.kernel.recusal.queries import Match
from app.kernel.transaction import Unit

PROCESS = "injury_recognition"


def register(ports: Ports) -> None:
    """Join the domain to the kernel."""
    ports.derived_facts[PROCESS] = derive
    ports.recusal_leads[PROCESS] = find_leads
    ports.register_handler("register_application", register_application)
    ports.register_handler("open_remedies", open_remedies)
    ports.register_handler("open_suit_period", open_suit_period)


def derive(session: Session, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Derived facts for rules and the case page."""
    received = local_day(case.received_at)
    around = get_surroundings(session, case)
    return {
        "duplicate_count": around.duplicates,
        "employer_cases_90d": around.employer_cases,
        "outcome": case.outcome,
        "investigators": [*around.investigators, *named_investigators(facts)],
        "application_day": days_until_application(facts, received),
        "employer_applied_late": employer_applied_late(facts, received),
    }


def register_application(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """P01-01: complete what can be told from shared data instead of asking for it; note duplicates."""
    duplicates = get_surroundings(unit.session, case).duplicates
    if duplicates:
        unit.record("application.duplicate_found", {"count": duplicates}, case_id=case.id)
    insured = is_insured_on_accident(facts)
    return {
        **complete_identity(facts),
        **({"insured_on_accident_date": insured} if insured is not None else {}),
        "received_at": local_minute(case.received_at),
        "application_counts_from": application_counts_from(facts),
    }


def open_remedies(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """P01-18: until when a party may still go to reconsideration or to court; the last party's last day."""
    received = [day_of(facts.get(key)) or unit.today for key in ("served_worker_at", "served_employer_at")]
    return {"remedies_until": remedies_until(received, load_calendar(unit.session))}


def open_suit_period(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """P01-19: after a reconsideration that upheld the decision, 15 days to sue."""
    received = day_of(facts.get("challenge_received_at")) or unit.today
    return {"remedies_until": suit_until(received, load_calendar(unit.session))}


def find_leads(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Iterable[Match]:
    """认定办法 16: an officer who was recognised at the same employer once is a former employee of it."""
    return [
        Match(person_id, party=False, cause="former_employer", label=organisation)
        for person_id, organisation in list_former_colleagues(unit.session, case.id)
    ]
