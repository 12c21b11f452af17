"""What a reimbursement asks for (P09): bills with their cuts, meals, travel, rehabilitation, devices. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.domain.benefits.reckoning import Wanted
from app.domain.benefits.wages import day_of

PLACES: Final = range(1, 7)
"""Bills are entered one to a place: facts `bill_1_kind` to `bill_6_…`."""
MEDICAL, REHABILITATION, DEVICE = "medical", "rehabilitation", "device"


@dataclass(frozen=True)
class Bill:
    """A bill of the claim: what was claimed, what of it are drugs (None: not stated), what isn't payable and why."""

    place: int
    kind: str
    number: str
    institution: str
    on: date
    until: date | None
    inpatient: bool
    claimed: Decimal
    drugs: Decimal | None
    cut: Decimal
    cut_reason: str
    diagnosis: str
    device: str
    in_catalogue: bool
    agreement: bool
    emergency: bool
    confirmed: bool

    @property
    def covered(self) -> Decimal:
        """What remains after the cut; nothing outside the catalogue or agreement but an emergency (条例 30)."""
        payable = (self.in_catalogue and self.agreement) or self.emergency
        return max(self.claimed - self.cut, Decimal(0)) if payable else Decimal(0)


def list_bills(facts: Mapping[str, Any]) -> Iterator[Bill]:
    """Every bill that has a kind, a day and a sum."""
    for place in PLACES:
        at = f"bill_{place}_"
        day, claimed = day_of(facts, f"{at}on"), facts.get(f"{at}claimed")
        if not facts.get(f"{at}kind") or day is None or claimed is None:
            continue
        yield Bill(
            place,
            facts[f"{at}kind"],
            str(facts.get(f"{at}number") or ""),
            str(facts.get(f"{at}institution") or ""),
            day,
            day_of(facts, f"{at}until"),
            bool(facts.get(f"{at}inpatient")),
            Decimal(str(claimed)),
            _stated(facts.get(f"{at}drugs")),
            Decimal(str(facts.get(f"{at}cut") or 0)),
            str(facts.get(f"{at}cut_reason") or ""),
            str(facts.get(f"{at}diagnosis") or ""),
            str(facts.get(f"{at}device") or ""),
            bool(facts.get(f"{at}in_catalogue")),
            bool(facts.get(f"{at}agreement")),
            bool(facts.get(f"{at}emergency")),
            bool(facts.get(f"{at}confirmed")),
        )


def _stated(amount: Any) -> Decimal | None:
    return None if amount in (None, "") else Decimal(str(amount))


def want_items(facts: Mapping[str, Any]) -> list[Wanted]:
    """One item for all treatment, one for each stay, device and rehabilitation, one for the travel."""
    bills = list(list_bills(facts))
    if not bills or not facts.get("accident_at"):
        return []
    wanted = _treatment(facts, [one for one in bills if one.kind == MEDICAL])
    for bill in bills:
        wanted += _of_bill(facts, bill)
    if facts.get("days_outside") is not None:
        wanted.append(_travel(facts, bills[0].on))
    return wanted


def _treatment(facts: Mapping[str, Any], bills: list[Bill]) -> list[Wanted]:
    if not bills:
        return []
    rows = [
        {"on": one.on.isoformat(), "covered": str(one.covered), "uncovered": str(one.claimed - one.covered)}
        for one in bills
    ]
    raw = {
        "accident_on": str(facts["accident_at"])[:10],
        "costs": rows,
        "third_party_paid": facts.get("third_party_paid"),
        "accepted_on": _accepted(facts),
    }
    return [_item(facts, "medical_benefit", raw, min(one.on for one in bills))]


def _accepted(facts: Mapping[str, Any]) -> str | None:
    """条例 17(4): the costs until acceptance are the employer's only where it was he who applied."""
    accepted = facts.get("recognition_accepted_at")
    return str(accepted)[:10] if accepted and facts.get("applied_by") == "employer" else None


def _of_bill(facts: Mapping[str, Any], bill: Bill) -> Iterator[Wanted]:
    day, cost = bill.on.isoformat(), str(bill.claimed - bill.cut)
    if bill.inpatient and bill.until is not None:
        raw = {"admitted_on": day, "discharged_on": bill.until.isoformat()}
        yield _item(facts, "inpatient_meal_subsidy", raw, bill.on)
    if bill.kind == REHABILITATION:
        raw = {"served_on": day, "cost": cost}
        answers = {"confirmed": bill.confirmed, "agreement_institution": bill.agreement}
        yield _item(facts, "rehabilitation_benefit", {**raw, **answers}, bill.on)
    if bill.kind == DEVICE:
        raw = {"served_on": day, "cost": cost, "device": bill.device}
        answers = {
            "confirmed": bill.confirmed,
            "in_catalogue": bill.in_catalogue,
            "agreement_institution": bill.agreement,
        }
        yield _item(facts, "assistive_device_benefit", {**raw, **answers}, bill.on)


def _travel(facts: Mapping[str, Any], day: date) -> Wanted:
    raw = {
        "served_on": day.isoformat(),
        "certified": bool(facts.get("outside_certified")),
        "consented": bool(facts.get("outside_consented")),
        "days_out": facts.get("days_outside"),
        "travel_cost": facts.get("travel_cost") or "0",
    }
    return _item(facts, "outside_region_travel", raw, day)


def _item(facts: Mapping[str, Any], item: str, raw: Mapping[str, Any], since: date) -> Wanted:
    arrears = day_of(facts, "arrears_paid_on")
    return Wanted(
        item,
        raw,
        since,
        str(facts.get("payee_name") or facts.get("worker_name") or ""),
        facts.get("disability_grade"),
        arising_after=since > arrears if arrears else None,
    )


def list_cuts(facts: Mapping[str, Any]) -> list[str]:
    """The cut list of the notice: each bill of which something isn't paid, with the reason."""
    return [
        f"{one.number or one.institution}：申请 {one.claimed:,.2f} 元，核减 {one.claimed - one.covered:,.2f} 元，"
        f"原因：{_reason(one)}"
        for one in list_bills(facts)
        if one.covered != one.claimed
    ]


def _reason(bill: Bill) -> str:
    if bill.cut_reason:
        return bill.cut_reason
    if not bill.in_catalogue:
        return "不在工伤保险目录内（条例 30）"
    return "非协议机构且不属急救（条例 30）"
