"""What the register tells rules of a person, an employer and a day.

Keys are the facts of `workflows/rules`; one that can't be told is None, so that a rule which needs it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.domain.registry.own_wage import MONTHS, month_back, wage_months
from app.domain.registry.queries import (
    EnrolmentLine,
    RegisteredEmployer,
    RegisteredPerson,
    WageLine,
    agreements,
    contribution_wages,
    enrolments,
    find_employer,
    find_person_by_index,
)
from app.kernel.cases.models import Case

NEVER = date(9999, 1, 1)
EMPLOYER_FACTS = ("responsible_employer_uscc", "employer_uscc")


def registry_facts(
    session: Session,
    person: RegisteredPerson | None,
    employer: RegisteredEmployer | None,
    on: date | None,
    known_on: date | None = None,
) -> dict[str, Any]:
    """Facts about the day of an accident (or diagnosis), at this employer where one is given (docs/registry.md).

    `known_on`: by what the register knew at the end of that day. Days are ISO texts, wages numbers in yuan.
    """
    told: dict[str, Any] = {
        "registered_name": person.name if person else None,
        "payee_death_on": _iso(person.died_on) if person else None,
        "employer_registration": employer.state if employer else None,
        "employer_risk_class": employer.risk_class if employer else None,
    }
    if on is None or (person is None and employer is None):
        return {**told, **_untold()}
    if person is None:
        # The employer is known here, the person isn't: not insured, then.
        return {**told, **_untold(), "covered_on_accident": False}
    lines = enrolments(session, person.id, known_on, employer.uscc if employer else None)
    wages = contribution_wages(session, person.id, month_back(on, 2 * MONTHS), NEVER, known_on)
    return {**told, **cover_facts(lines, wages, on), **wage_facts(wages, on, employer)}


def _untold() -> dict[str, Any]:
    return {**cover_facts([], [], None), **wage_facts([], None, None)}


def facts_of_case(session: Session, case: Case, facts: Mapping[str, Any], on: date | None) -> dict[str, Any]:
    """The same for a case: its subject, and the employer that answers, else the one named."""
    code = next((str(facts[key]) for key in EMPLOYER_FACTS if facts.get(key)), None)
    employer = find_employer(session, code, on) if code else None
    return registry_facts(session, find_person_by_index(session, case.subject_index, on), employer, on)


def cover_facts(lines: Sequence[EnrolmentLine], wages: Iterable[WageLine], on: date | None) -> dict[str, Any]:
    """POL-16, POL-17, RSK-11, RSK-12: whether the day is covered, and by a registration of which day."""
    if on is None:
        return dict.fromkeys(
            ("covered_on_accident", "insured_since", "enrolment_received_at", "arrears_paid_on")
        )
    covering = min(
        (line for line in lines if line.covers(on)), key=lambda line: line.registered_on, default=None
    )
    later = min((line for line in lines if line.from_on > on), key=lambda line: line.from_on, default=None)
    told = covering or later
    # Registered after the day: cover reaches back only by payment of what was owed.
    backdated = covering is not None and covering.registered_on > on
    return {
        "covered_on_accident": covering is not None and not backdated,
        "insured_since": _iso(told.from_on) if told else None,
        "enrolment_received_at": _iso(told.registered_on) if told else None,
        "arrears_paid_on": _iso(arrears_paid_on(wages, told.employer_id, on)) if told and backdated else None,
    }


def arrears_paid_on(wages: Iterable[WageLine], employer_id: int, on: date) -> date | None:
    """The day the employer had paid all months up to the accident's that were declared; None while one is owed."""
    owed = [line for line in wages if line.employer_id == employer_id and line.month <= on]
    days = [line.paid_on for line in owed]
    return max(day for day in days if day) if days and all(days) else None


def wage_facts(
    wages: Sequence[WageLine], on: date | None, employer: RegisteredEmployer | None
) -> dict[str, Any]:
    """RSK-13: the wages of two years; RSK-08: employers that pay contributions for months after the accident's."""
    if on is None:
        return dict.fromkeys(("recent_wages", "earlier_wages", "new_employers"))
    earlier_end = month_back(on, MONTHS)
    recent = [line for line in wages if earlier_end <= line.month < month_back(on, 0)]
    earlier = [line for line in wages if line.month < earlier_end]
    after = {line.employer_uscc for line in wages if line.month > month_back(on, 0) and line.paid_on}
    here = employer.uscc if employer else next((line.employer_uscc for line in reversed(recent)), None)
    return {
        "recent_wages": _counted(on, recent),
        "earlier_wages": _counted(earlier_end, earlier),
        "new_employers": len(after - {here}),
    }


def _counted(before: date, lines: Iterable[WageLine]) -> list[Decimal]:
    return [month.wage for month in wage_months(before, lines) if month.wage is not None]


def agreement_facts(session: Session, institution: str, admitted_on: date) -> dict[str, Any]:
    """POL-04: the agreement (by code or name of the institution) that holds on the day, else the latest there is."""
    found = agreements(session, uscc=institution) or agreements(session, name=institution)
    dated = [line for line in found if line.from_on is not None]
    holding = [
        line
        for line in dated
        if line.from_on and line.from_on <= admitted_on and (line.to_on is None or admitted_on <= line.to_on)
    ]
    chosen = next(iter(holding or dated), None)
    return {
        "agreement_from": _iso(chosen.from_on) if chosen else None,
        "agreement_to": _iso(chosen.to_on) if chosen else None,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
