"""An award drafted from the facts of its case: items asked for, reckoned, told as facts that people sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.domain.benefits import death, disability, medical
from app.domain.benefits.models import Payable
from app.domain.benefits.queries import sum_once
from app.domain.benefits.reckoning import EMPLOYER, FUND, Draft, Line, Wanted, reckon
from app.domain.benefits.wages import contributions_of, day_of, month_after
from app.kernel.decisions.formulas.catalogue import Catalogue
from app.kernel.decisions.formulas.sources import ParameterSource
from app.kernel.local_time import period_words

DISABILITY, DEATH, MEDICAL = "disability_benefit_award", "death_benefit_award", "medical_reimbursement"
PROCESSES: Final = (DISABILITY, DEATH, MEDICAL)
DIFFERENCE: Final = "difference"
MOST_LINES: Final = 50
PAYERS: Final = {FUND: "基金支付", EMPLOYER: "用人单位支付"}
CYCLES: Final = {"once": "一次性", "monthly": "按月"}


@dataclass(frozen=True)
class Surroundings:
    """What a draft needs beside the facts: formulas, parameters, the day, and what the chain granted before."""

    catalogue: Catalogue
    source: ParameterSource
    today: date
    granted: Sequence[Payable] = ()


def draft_award(process: str, facts: Mapping[str, Any], around: Surroundings) -> Draft:
    """The draft of a case of one of the three processes. Raise KeyError for another process."""
    wanted = [_with_wage(one, facts) for one in _WANTED[process](facts, around)]
    harm = "death" if process == DEATH else "injury"
    draft = reckon(around.catalogue, around.source, wanted, disability.liability_of(facts, harm))
    if process != MEDICAL and facts.get("award_variant") == disability.RECALCULATION:
        return _against_earlier(draft, facts, around, harm)
    return draft


def _want_disability(facts: Mapping[str, Any], around: Surroundings) -> list[Wanted]:
    return disability.want_items(facts)


def _want_death(facts: Mapping[str, Any], around: Surroundings) -> list[Wanted]:
    judged = death.qualify(around.catalogue, around.source, facts)
    return death.want_items(facts, [one for one, found in judged if death.is_qualified(found)])


def _want_medical(facts: Mapping[str, Any], around: Surroundings) -> list[Wanted]:
    return medical.want_items(facts)


_WANTED: Final = {DISABILITY: _want_disability, DEATH: _want_death, MEDICAL: _want_medical}


def _with_wage(one: Wanted, facts: Mapping[str, Any]) -> Wanted:
    """With the months themselves, so that nothing is rounded on the way; else with the wage settled earlier."""
    rows = contributions_of(facts)
    if not rows:
        return one
    return replace(one, raw={**one.raw, "own_wage": None, "contributions": rows})


def _against_earlier(draft: Draft, facts: Mapping[str, Any], around: Surroundings, harm: str) -> Draft:
    """A recalculation: of a lump sum the difference, of a monthly payment the new one from the next month on and
    the difference for the months since it was due (人社部发〔2013〕34号 14)."""
    lines: list[Line] = []
    again: list[Wanted] = []
    next_month = month_after(around.today)
    for line in draft.lines:
        if line.cycle == "once" and facts.get("death_circumstance") == death.DECLARED:
            lines.append(line)  # the formula took the advance off
            continue
        if line.cycle == "once":
            before = sum_once(around.granted, line.wanted.item, line.payee)
            again += _difference(line, before, 1) if before else []
            lines += [] if before else [line]
            continue
        lines.append(replace(line, wanted=replace(line.wanted, since=max(line.wanted.since, next_month))))
        before = _running(around.granted, line)
        months = _months_between(line.wanted.since, next_month)
        again += _difference(line, before, months) if before and months else []
    more = reckon(around.catalogue, around.source, again, disability.liability_of(facts, harm))
    return Draft((*lines, *more.lines), (*draft.gaps, *more.gaps))


def _running(granted: Sequence[Payable], line: Line) -> Decimal:
    same = (line.wanted.item, line.payee, "monthly")
    return sum((one.amount for one in granted if (one.item, one.payee, one.cycle) == same), Decimal(0))


def _months_between(since: date, until: date) -> int:
    return max((until.year - since.year) * 12 + until.month - since.month, 0)


def _difference(line: Line, before: Decimal, periods: int) -> list[Wanted]:
    raw = {
        "award_on": line.wanted.since.isoformat(),
        "amount_before": str(before),
        "amount_after": str(line.amount),
        "periods": str(periods),
    }
    return [replace(line.wanted, raw=raw, formula=DIFFERENCE)]


def tell_draft(around: Surroundings, draft: Draft, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts people see and sign: each line in words, the sums by payer, what could not be reckoned."""
    return {
        "award_lines": [tell_line(around.catalogue, one) for one in draft.lines][:MOST_LINES] or None,
        "award_gaps": [_tell_gap(around, one.item, one.missing) for one in draft.gaps] or None,
        "award_fund_once": _amount(draft.total(FUND, "once")),
        "award_fund_monthly": _amount(draft.total(FUND, "monthly")),
        "award_employer_once": _amount(draft.total(EMPLOYER, "once")),
        "award_employer_monthly": _amount(draft.total(EMPLOYER, "monthly")),
        "award_overpaid": _amount(overpaid(draft)),
        "award_provisional": draft.provisional,
    }


def overpaid(draft: Draft) -> Decimal:
    """What was granted too much before, by the differences of a recalculation."""
    found = (dict(one.calculations[0].results + one.calculations[0].details) for one in draft.lines)
    owed = (told.get("应追回") for told in found)
    return sum((one for one in owed if isinstance(one, Decimal)), Decimal(0))


def tell_line(catalogue: Catalogue, line: Line) -> str:
    """One line in Chinese: item, payer, payee, amount, and how it came about."""
    title = catalogue.items[line.wanted.item].title_zh
    if line.wanted.formula == DIFFERENCE:
        title = f"{title}（补发差额）"
    basis = ""
    if line.base is not None and line.coefficient is not None:
        basis = f"；计算基数 {_shortened(line.base)}，系数 {line.coefficient:f}"
    when = f"自{period_words(line.wanted.since, None)[0]}" if line.cycle == "monthly" else ""
    provisional = "；暂按上期参数" if line.provisional else ""
    return (
        f"{title}：{PAYERS[line.payer]} {line.payee} {CYCLES[line.cycle]}{when} {line.amount:,.2f} 元"
        f"{basis}{provisional}"
    )


def _shortened(base: Decimal) -> str:
    """A wage of twelve unequal months has no end: six places, enough to reckon the cents again."""
    if base == round(base, 6):
        return f"{base:,f}"
    return f"{base:,.6f}…"


def _tell_gap(around: Surroundings, item: str, missing: Sequence[str]) -> str:
    names = "、".join(around.source.definition(key).title_zh for key in missing)
    title = around.catalogue.items[item].title_zh
    return f"{title}：缺少有效的参数 {names}" if names else f"{title}：现有数据算不出结果"


def _amount(value: Decimal) -> str:
    return format(value.quantize(Decimal("0.01")).normalize(), "f")


def covers(facts: Mapping[str, Any]) -> bool:
    """Whether the fund may owe anything at all: insured at the accident, or arrears paid afterwards (条例 62)."""
    return facts.get("insurance_status") in ("insured", "paid_up_after")


def insurance_of(facts: Mapping[str, Any]) -> str:
    """How the employer stood at the accident, where nobody entered it."""
    given = facts.get("insurance_status")
    if given:
        return str(given)
    if facts.get("insured_on_accident_date"):
        return "insured"
    return "paid_up_after" if facts.get("arrears_paid_on") else "uninsured"


def start_of(facts: Mapping[str, Any], today: date) -> str:
    """From which month a monthly benefit runs where nobody said so: the month after the conclusion took effect."""
    given = facts.get("award_from")
    told = day_of(facts, "assessment_effective_on") or today
    return str(given) if given else month_after(told).isoformat()
