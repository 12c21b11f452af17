"""What a death award asks for (P08): circumstance of the death, dependants and their pension. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.domain.benefits.disability import basis_of
from app.domain.benefits.reckoning import Wanted
from app.domain.benefits.wages import day_of, month_after
from app.kernel.decisions.formulas.calculating import Calculation, calculate
from app.kernel.decisions.formulas.catalogue import Catalogue
from app.kernel.decisions.formulas.sources import ParameterSource
from app.kernel.identity.identifiers import parse_id_number

PLACES: Final = range(1, 9)
"""Dependants are entered one to a place: facts `dependant_1_name` to `dependant_8_…`."""
MISSING, DECLARED, AFTER_LEAVE, IN_LEAVE, ACCIDENT = (
    "missing",
    "declared_dead",
    "after_leave",
    "leave_period",
    "accident",
)
TOP_GRADES: Final = range(1, 5)
PENSION_FROM_MONTH: Final = 4
"""条例 41: three months of wages by the employer, from the fourth month the pension."""


@dataclass(frozen=True)
class Dependant:
    """A relative who asks for the pension, as told at the worker's death."""

    place: int
    name: str
    relation: str
    sex: str
    age: int
    incapable: bool
    lived_on: bool
    kin_gone: bool
    lonely: bool


def circumstance_of(facts: Mapping[str, Any]) -> str | None:
    """条例 39, 41: how the worker died, from the dates and the grade; None as long as nothing says so."""
    died = day_of(facts, "death_at")
    if died is None:
        return MISSING if facts.get("missing_since") else None
    if facts.get("missing_since"):
        return DECLARED
    accident = day_of(facts, "accident_at")
    if accident is not None and died == accident:
        return ACCIDENT
    ended = day_of(facts, "leave_ended_on")
    if ended is not None and died > ended:
        return AFTER_LEAVE if facts.get("disability_grade") in TOP_GRADES else None
    return IN_LEAVE if ended is not None else ACCIDENT


def list_dependants(facts: Mapping[str, Any]) -> Iterator[Dependant]:
    """Everybody who was entered; age and sex as the ID number tells them, at the worker's death."""
    day = day_of(facts, "death_at") or day_of(facts, "missing_since")
    if day is None:
        return
    for place in PLACES:
        at = f"dependant_{place}_"
        number = facts.get(f"{at}id_no")
        if not number or not facts.get(f"{at}relation"):
            continue
        identity = parse_id_number(number)
        born = identity.birth_date
        yield Dependant(
            place,
            str(facts.get(f"{at}name") or ""),
            facts[f"{at}relation"],
            identity.sex.value,
            day.year - born.year - ((day.month, day.day) < (born.month, born.day)),
            bool(facts.get(f"{at}incapacitated")),
            bool(facts.get(f"{at}supported")),
            bool(facts.get(f"{at}kin_gone")),
            bool(facts.get(f"{at}lonely")),
        )


def qualify(
    catalogue: Catalogue, source: ParameterSource, facts: Mapping[str, Any]
) -> list[tuple[Dependant, Calculation]]:
    """供养规定 2 to 4: each with the calculation that says whether he is a dependant."""
    day = day_of(facts, "death_at") or day_of(facts, "missing_since")
    return [
        (one, calculate(catalogue, "dependant_qualification", _qualities(one, day), source))
        for one in list_dependants(facts)
    ]


def _qualities(one: Dependant, day: date | None) -> dict[str, Any]:
    return {
        "died_on": day.isoformat() if day else None,
        "relation": one.relation,
        "sex": one.sex,
        "age_at_death": str(one.age),
        "incapable": one.incapable,
        "lived_on": one.lived_on,
        "parents_gone": one.kin_gone,
    }


def is_qualified(calculation: Calculation) -> bool:
    """Whether the formula says so; without an answer nobody is."""
    return calculation.status == "done" and calculation.result("符合") is True


def want_items(facts: Mapping[str, Any], qualified: list[Dependant]) -> list[Wanted]:
    """Funeral, lump sum, pension of those who qualify; which of them are due says the formula of each."""
    died = day_of(facts, "death_at") or day_of(facts, "missing_since")
    if died is None or not facts.get("death_circumstance") or not facts.get("accident_at"):
        return []
    inputs = _inputs(facts, died)
    payee = str(facts.get("kin_name") or "")
    arrears = day_of(facts, "arrears_paid_on")
    grade = facts.get("disability_grade")
    wanted = [Wanted(item, inputs, died, payee, grade) for item in ("funeral_grant", "lump_sum_death")]
    if qualified:
        since = day_of(facts, "award_from") or pension_from(facts, died)
        people = [
            {"name": one.name, "relation": one.relation, "lonely": "true" if one.lonely else ""}
            for one in qualified
        ]
        later = since > arrears if arrears else None
        wanted.append(
            Wanted(
                "survivor_pension",
                {**inputs, "dependants": people},
                since,
                payee,
                grade,
                arising_after=later,
            )
        )
    return wanted


def pension_from(facts: Mapping[str, Any], died: date) -> date:
    """From the month after the death; of a missing worker from the fourth month on."""
    if facts.get("death_circumstance") == MISSING:
        return month_after(died, PENSION_FROM_MONTH - 1)
    return month_after(died)


def _inputs(facts: Mapping[str, Any], died: date) -> dict[str, Any]:
    return {
        "accident_on": str(facts["accident_at"])[:10],
        "died_on": died.isoformat(),
        "death_circumstance": facts["death_circumstance"],
        "hardship": bool(facts.get("hardship")),
        "advanced": facts.get("advanced_amount"),
        "own_wage": facts.get("own_wage"),
        "actual_wage": facts.get("actual_wage"),
        "legal_basis": basis_of(facts),
    }
