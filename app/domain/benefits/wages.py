"""The own wage (条例 64) of a case: settled earlier, or from the contribution wages of twelve months."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from app.kernel.decisions.formulas.calculating import Calculation, calculate
from app.kernel.decisions.formulas.catalogue import Catalogue
from app.kernel.decisions.formulas.sources import ParameterSource

MONTHS: Final = tuple(f"wage_month_{number:02}" for number in range(1, 13))
"""Facts: the contribution wage of the n-th month before the accident (the disease)."""


def contributions_of(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows the formula reads: the wages that were entered, neighbouring months of equal wage in one row."""
    wages = [str(facts[key]) for key in MONTHS if facts.get(key) not in (None, "")]
    return [{"months": str(len(list(same))), "wage": wage} for wage, same in groupby(wages)]


def settle_own_wage(
    catalogue: Catalogue, source: ParameterSource, facts: Mapping[str, Any]
) -> Calculation | None:
    """The calculation of the own wage; None where no month was entered."""
    rows = contributions_of(facts)
    accident = day_of(facts, "accident_at")
    if not rows or accident is None:
        return None
    raw = {"accident_on": accident.isoformat(), "contributions": rows}
    return calculate(catalogue, "own_wage", raw, source)


def own_wage_of(calculation: Calculation | None, facts: Mapping[str, Any]) -> Decimal | None:
    """What the months come to; without months, the wage as it was settled earlier."""
    if calculation is not None and calculation.status == "done":
        value = calculation.result("本人工资额")
        return value if isinstance(value, Decimal) else None
    given = facts.get("own_wage")
    return Decimal(str(given)) if given not in (None, "") else None


def day_of(facts: Mapping[str, Any], key: str) -> date | None:
    """The day of a date or a moment among the facts."""
    value = facts.get(key)
    return date.fromisoformat(str(value)[:10]) if value else None


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month so many months later."""
    ordinal = day.year * 12 + day.month - 1 + months
    return date(ordinal // 12, ordinal % 12 + 1, 1)
