"""Registers what injury recognition answers to the kernel's ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.recognition.queries import get_surroundings, list_former_colleagues
from app.domain.recognition.rules import (
    complete_identity,
    days_until_application,
    employer_applied_late,
    is_insured_on_accident,
)
from app.kernel.cases.models import Case
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


def derive(session: Session, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Derived facts for rules and the case page."""
    received = local_day(case.received_at)
    around = get_surroundings(session, case)
    return {
        "duplicate_count": around.duplicates,
        "employer_cases_90d": around.employer_cases,
        "outcome": case.outcome,
        "investigators": around.investigators,
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
    }


def find_leads(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Iterable[Match]:
    """认定办法 16: an officer who was recognised at the same employer once is a former employee of it."""
    return [
        Match(person_id, party=False, cause="former_employer", label=organisation)
        for person_id, organisation in list_former_colleagues(unit.session, case.id)
    ]
