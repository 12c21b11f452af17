"""The own wage (本人工资): the mean contribution wage of the twelve months before the month of the accident.

Months are gathered here; what follows from them is `workflows/benefits/wages.dmn`, the same that the awards use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from app.domain.registry.queries import WageLine, contribution_wages, enrolments, get_person
from app.kernel.decisions.formulas import Calculation, Catalogue, calculate
from app.kernel.decisions.formulas.sources import StoredParameters
from app.kernel.decisions.formulas.versions import standing_catalogue
from app.kernel.local_time import local_day

MONTHS = 12
RESULT = "本人工资额"


@dataclass(frozen=True)
class MonthWage:
    """One of the twelve months: the wage that counts (yuan), None where nothing was paid; `lines` say why."""

    month: date
    wage: Decimal | None
    lines: tuple[WageLine, ...]


@dataclass(frozen=True)
class OwnWage:
    """`value` in yuan a month, None where it can't be told (no month, or no average wage published).

    `provisional`: a preceding average wage stands in for the bounds, to be calculated again once it is published.
    `derivation` explains every step (`formulas.derivation.describe`); `months` is the record it rests on.
    """

    value: Decimal | None
    derivation: Calculation
    provisional: bool
    months: tuple[MonthWage, ...]

    @property
    def counted(self) -> int:
        """How many of the twelve months count."""
        return sum(month.wage is not None for month in self.months)


def own_wage(
    session: Session,
    person_id: int,
    event_on: date,
    *,
    region: str | None = None,
    employer_uscc: str | None = None,
    known_on: date | None = None,
    parameters_known_at: datetime | None = None,
) -> OwnWage:
    """The own wage for an accident (or diagnosis) on a day.

    `region`: whose parameters hold, else those of the insured place; `employer_uscc`: contributions of this employer
    only, else those of all added up; `known_on`: what stood in the register at the end of that day.
    """
    since, until = months_before(event_on)
    lines = contribution_wages(session, person_id, since, until, known_on, employer_uscc)
    months = wage_months(event_on, lines)
    place = region or insured_place(session, person_id, event_on)
    source = StoredParameters(session, place, known_at=parameters_known_at)
    catalogue = formulas_for(session, event_on, known_on, parameters_known_at)
    calculation = calculate(catalogue, "own_wage", own_wage_inputs(event_on, months), source)
    value = calculation.result(RESULT) if calculation.status == "done" else None
    return OwnWage(
        Decimal(str(value)) if value is not None else None, calculation, bool(calculation.provisional), months
    )


def formulas_for(
    session: Session, event_on: date, known_on: date | None = None, known_at: datetime | None = None
) -> Catalogue:
    """The formulas that stood at that moment or day, else on that of the accident. Raise FormulasMissing."""
    day = local_day(known_at) if known_at is not None else known_on or event_on
    return standing_catalogue(session, day)


def insured_place(session: Session, person_id: int, on: date) -> str | None:
    """The region in whose books the person was insured on a day, else where the person stands in the register."""
    covering = [line for line in enrolments(session, person_id) if line.covers(on)]
    if covering:
        return covering[-1].region_code
    person = get_person(session, person_id, on)
    return person.region_code if person is not None else None


def months_before(event_on: date) -> tuple[date, date]:
    """First and last of the twelve months before the month of a day."""
    return month_back(event_on, MONTHS), month_back(event_on, 1)


def month_back(day: date, months: int) -> date:
    """The first day of the month so many months before that of a day."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def wage_months(event_on: date, lines: Iterable[WageLine]) -> tuple[MonthWage, ...]:
    """The twelve months with what counts: paid contributions; several employers of a month are added up."""
    by_month: dict[date, list[WageLine]] = {month_back(event_on, back): [] for back in range(MONTHS, 0, -1)}
    for line in lines:
        by_month[line.month].append(line)
    return tuple(MonthWage(month, _counting(found), tuple(found)) for month, found in by_month.items())


def _counting(lines: Sequence[WageLine]) -> Decimal | None:
    paid = [line.wage for line in lines if line.paid_on is not None]
    return sum(paid, Decimal(0)) if paid else None


def own_wage_inputs(event_on: date, months: Iterable[MonthWage]) -> dict[str, Any]:
    """What the formula asks: neighbouring months of equal wage in one row."""
    wages = [month.wage for month in months if month.wage is not None]
    rows = [{"months": len(list(same)), "wage": str(wage)} for wage, same in groupby(wages)]
    return {"accident_on": event_on.isoformat(), "contributions": rows}
