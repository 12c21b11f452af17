"""What a disability award asks for (P07): the items of each variant, from the facts of the case. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from app.domain.benefits.reckoning import Liability, Wanted
from app.domain.benefits.wages import day_of

INITIAL, TERMINATION, RECALCULATION = "initial", "termination", "recalculation"
GROUNDS: Final[Mapping[str, str]] = {
    "worker_request": "own_request",
    "worker_resigns": "own_request",
    "contract_expiry": "expiry",
}
"""Ground of the termination as the case knows it -> as the formula asks for it; all else is `other`."""


def liability_of(facts: Mapping[str, Any], harm: str = "injury") -> Liability:
    """How the employer was insured; unknown counts as insured only where somebody said so."""
    return Liability(str(facts.get("insurance_status") or "uninsured"), harm)


def want_items(facts: Mapping[str, Any]) -> list[Wanted]:
    """The items of this case's variant; none as long as accident or start of the benefit are unknown."""
    since = day_of(facts, "award_from")
    accident = day_of(facts, "accident_at")
    if since is None or accident is None:
        return []
    if facts.get("insurance_status") == "illegal":
        return [_item(facts, "illegal_employer", since, harm="injury")]
    if facts.get("award_variant") == TERMINATION:
        return _on_termination(facts, since)
    return [*_by_grade(facts, since), *_employers(facts, accident), *_fee(facts, since)]


def _by_grade(facts: Mapping[str, Any], since: date) -> list[Wanted]:
    grade = facts.get("disability_grade")
    if grade is None:
        return []
    wanted = [_item(facts, "lump_sum_disability", since)]
    if facts.get("retired") and grade <= 4:
        wanted.append(_item(facts, "pension_top_up", since))
    elif grade <= 6:
        wanted.append(_item(facts, "disability_allowance", since))
    if facts.get("care_level") not in (None, "none"):
        wanted.append(_item(facts, "care_allowance", since))
    return wanted


def _on_termination(facts: Mapping[str, Any], since: date) -> list[Wanted]:
    if facts.get("disability_grade") is None or not facts.get("terminated_on"):
        return []
    return [_item(facts, "lump_sum_medical", since), _item(facts, "lump_sum_employment", since)]


def _employers(facts: Mapping[str, Any], accident: date) -> list[Wanted]:
    """Recorded and checked, never paid by the fund (社保法 39)."""
    wanted = []
    if facts.get("leave_months") is not None and facts.get("wage_before_leave") is not None:
        wanted.append(_item(facts, "leave_wages", accident))
    if facts.get("nursing_cost") is not None:
        wanted.append(_item(facts, "leave_nursing", accident))
    return wanted


def _fee(facts: Mapping[str, Any], since: date) -> list[Wanted]:
    if not facts.get("assessment_fee_claimed"):
        return []
    return [_item(facts, "assessment_fee", since)]


def _item(facts: Mapping[str, Any], item: str, since: date, **more: Any) -> Wanted:
    ended = day_of(facts, "terminated_on") if item.startswith(("lump_sum_medical", "lump_sum_empl")) else None
    arrears = day_of(facts, "arrears_paid_on")
    start = ended or since
    return Wanted(
        item,
        {**_inputs(facts, since), **more},
        start,
        str(facts.get("worker_name") or ""),
        facts.get("disability_grade"),
        arising_after=start > arrears if arrears else None,
    )


def _inputs(facts: Mapping[str, Any], since: date) -> dict[str, Any]:
    """The facts under the names of the formulas' inputs; each item takes those it reads."""
    other = facts.get("other_highest_grade")
    return {
        "accident_on": str(facts["accident_at"])[:10],
        "award_on": since.isoformat(),
        "own_wage": facts.get("own_wage"),
        "grade": facts.get("disability_grade"),
        "legal_basis": basis_of(facts),
        "left_post": bool(facts.get("left_post")),
        "cannot_place": bool(facts.get("cannot_place")),
        "care_level": facts.get("care_level"),
        "pension": facts.get("pension_amount"),
        "allowance_now": facts.get("allowance_now"),
        "terminated_on": facts.get("terminated_on"),
        "termination_reason": GROUNDS.get(str(facts.get("termination_ground")), "other"),
        "years_left": facts.get("years_to_retirement"),
        "other_grades": [{"grade": str(other)}] if other is not None else None,
        "wage_now": facts.get("wage_before_leave"),
        "leave_months": facts.get("leave_months"),
        "leave_extension": facts.get("leave_extension_months"),
        "dependent": bool(facts.get("nursing_needed")),
        "nursing_cost": facts.get("nursing_cost"),
        "served_on": since.isoformat(),
        "assessment_kind": facts.get("assessment_type") or "initial",
    }


def basis_of(facts: Mapping[str, Any]) -> str:
    """The ground of recognition as the formulas tell grounds apart: article 14, or the number of article 15."""
    code = str(facts.get("legal_basis_code") or "14")
    return "14" if code.startswith("14") else code
