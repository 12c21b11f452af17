"""What an award tells the rules of the catalogue beside its own facts: by the names of `[rules.facts]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from app.domain.benefits import death
from app.domain.benefits.awards import Surroundings
from app.domain.benefits.disability import RECALCULATION
from app.domain.benefits.medical import Bill, list_bills
from app.domain.benefits.models import Entitlement, Payable
from app.domain.benefits.reckoning import EMPLOYER, FUND, Draft
from app.domain.benefits.wages import day_of

BY_GRADE: Final = ("lump_sum_disability", "disability_allowance")
EMPLOYERS: Final = ("leave_wages", "leave_nursing", "lump_sum_employment")


def of_lines(
    facts: Mapping[str, Any], lines: Sequence[Entitlement], granted: Sequence[Payable]
) -> dict[str, Any]:
    """What the drafted lines say: the line a rule should look at, the sum, what was granted before."""
    due = [one for one in lines if one.amount > 0]
    told: dict[str, Any] = {"paid_before": _paid_before(facts, due, granted)}
    if lines:
        told["award_amount"] = sum((one.amount for one in lines), Decimal(0))
    line = _telling(facts, due)
    if line is not None:
        told |= {"item": line.item, "payer": line.payer}
        told["rate"] = line.coefficient if line.item in BY_GRADE else None
    return told


def _telling(facts: Mapping[str, Any], due: Sequence[Entitlement]) -> Entitlement | None:
    """A rule sees one line: one that looks wrong before one that doesn't, a medical one before others."""

    def order(one: Entitlement) -> tuple[bool, bool]:
        wrong = one.payer == FUND and one.item in EMPLOYERS
        wrong = wrong or (one.item == "lump_sum_disability" and facts.get("legal_basis_code") == "15-3")
        wrong = wrong or (one.item == "lump_sum_death" and _after_leave(facts))
        return not wrong, one.item != "medical_benefit"

    return min(due, key=order, default=None)


def _after_leave(facts: Mapping[str, Any]) -> bool:
    died, ended = day_of(facts, "death_at"), day_of(facts, "leave_ended_on")
    return died is not None and ended is not None and died > ended


def _paid_before(
    facts: Mapping[str, Any], due: Sequence[Entitlement], granted: Sequence[Payable]
) -> int | None:
    """LOG-05: how many of these items the chain granted already to the same payee. A recalculation starts from them,
    treatment may be claimed as often as it is needed."""
    if facts.get("award_variant") == RECALCULATION or any(one.item == "medical_benefit" for one in due):
        return 0
    known = {(one.item, one.payee) for one in granted}
    return len({(one.item, one.payee) for one in due} & known)


def of_draft(draft: Draft, facts: Mapping[str, Any], item: str | None) -> dict[str, Any]:
    """LOG-07, LOG-08, POL-05: the same sum reckoned again from the facts of now and the parameters as they stood when
    the draft was made; the first parameter that lacks a valid value, else one that has it, with its categories."""
    told: dict[str, Any] = {"recomputed_amount": draft.total(FUND) + draft.total(EMPLOYER)}
    lacking = next((gap for gap in draft.gaps if gap.missing), None)
    if lacking is not None:
        needed = lacking.on or day_of(facts, "accident_at")
        return {**told, "parameter_key": lacking.missing[0], "needed_on": needed}
    lines = sorted(draft.lines, key=lambda line: line.wanted.item != item)
    used = next((one for line in lines for one in line.calculations[0].looked_up), None)
    if used is not None:
        categories = dict(used.found.dimensions)
        told |= {"parameter_key": used.found.key, "needed_on": used.on, "parameter_categories": categories}
    return told


def of_pension(facts: Mapping[str, Any], lines: Sequence[Entitlement]) -> dict[str, Any]:
    """RSK-03: pension paid, and the allowance beside it."""
    allowance = next((one for one in lines if one.item == "disability_allowance"), None)
    full = allowance.amount if allowance is not None else Decimal(0)
    return {
        "allowance_paid": full,
        "allowance_full": full if allowance is not None else None,
        "pension_paid": Decimal(str(facts.get("pension_amount") or 0)),
    }


def of_dependants(
    facts: Mapping[str, Any], lines: Sequence[Entitlement], around: Surroundings
) -> dict[str, Any]:
    """POL-10, POL-11: the shares with their cap, and the dependant a rule should look at."""
    shares = [one.amount for one in lines if one.item == "survivor_pension"]
    wage = facts.get("own_wage")
    told: dict[str, Any] = {"shares": shares, "survivor_cap": Decimal(str(wage)) if wage else None}
    paid = {one.payee for one in lines if one.item == "survivor_pension" and one.amount > 0}
    judged = [
        (one, found)
        for one, found in death.qualify(around.catalogue, around.source, facts)
        if one.name in paid
    ]
    if judged:
        one, _found = min(judged, key=lambda pair: death.is_qualified(pair[1]))
        told |= {
            "relation": one.relation,
            "sex": one.sex,
            "age": one.age,
            "supported": one.lived_on,
            "incapacitated": one.incapable,
            "nearer_kin_gone": one.kin_gone,
        }
    return told


def of_bills(facts: Mapping[str, Any], around: Surroundings) -> dict[str, Any]:
    """LOG-10, LOG-11, RSK-10, POL-03, POL-04, POL-08, POL-15, POL-17: what the bills say."""
    bills = list(list_bills(facts))
    late = _applied_late(facts, around)
    told: dict[str, Any] = {
        "stays": [
            {"provider": one.institution, "from": one.on, "to": one.until}
            for one in bills
            if one.inpatient and one.until is not None
        ],
        "diagnoses": [one.diagnosis for one in bills if one.diagnosis],
        "recognised_diagnoses": _recognised(facts),
        "employer_applied_late": late,
    }
    paid = [one for one in bills if one.covered > 0]
    if paid:
        one = min(paid, key=lambda bill: (bill.in_catalogue and bill.agreement) or bill.emergency)
        told |= {"in_catalogue": one.in_catalogue, "emergency": one.emergency, "admitted_on": one.on}
        told |= {"cost_on": one.on, "cost_payer": EMPLOYER if late and _before(facts, one) else FUND}
    return told | dict(_device(bills))


def _recognised(facts: Mapping[str, Any]) -> list[str] | None:
    text = facts.get("recognised_diagnosis")
    return [part.strip() for part in re.split("[;；、,，]", str(text)) if part.strip()] if text else None


def _applied_late(facts: Mapping[str, Any], around: Surroundings) -> bool:
    """条例 17(4): the employer applied, and was accepted after the time he had."""
    accident, accepted = day_of(facts, "accident_at"), day_of(facts, "recognition_accepted_at")
    if facts.get("applied_by") != "employer" or accident is None or accepted is None:
        return False
    days = around.source.find("application_days", accident, {})
    return days is not None and (accepted - accident).days > Decimal(str(days.value))


def _before(facts: Mapping[str, Any], bill: Bill) -> bool:
    accepted = day_of(facts, "recognition_accepted_at")
    return accepted is not None and bill.on <= accepted


def _device(bills: Sequence[Bill]) -> Iterator[tuple[str, Any]]:
    for one in bills:
        if one.kind == "device":
            yield from (
                ("device_confirmed", one.confirmed),
                ("device_amount", one.covered),
                ("configured_on", one.on),
                ("device", one.device),
            )
            return
