"""A draft award: each item asked for is calculated by its formula, then who pays it. Pure but for its parameters.

Nothing is reckoned here: amounts, months, shares and payers are what the decision models of `workflows/benefits` say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import orjson

from app.kernel.decisions.feel.values import Value
from app.kernel.decisions.formulas.calculating import Calculation, calculate
from app.kernel.decisions.formulas.catalogue import Catalogue
from app.kernel.decisions.formulas.derivation import describe
from app.kernel.decisions.formulas.sources import ParameterSource

FUND, EMPLOYER = "fund", "employer"
BY_FUND, BY_EMPLOYER, CYCLE = "基金支付", "单位支付", "周期"
PAYERS: Final[Mapping[str, str]] = {"基金": FUND, "单位": EMPLOYER}
BASES: Final = ("本人工资", "工资.本人工资", "补助基数", "平均工资", "城镇居民收入")
COEFFICIENTS: Final = (
    "计发月数",
    "津贴比例",
    "护理比例",
    "丧葬月数",
    "工亡补助倍数",
    "天数",
    "系数",
)


@dataclass(frozen=True)
class Wanted:
    """An item to be calculated. `raw`: inputs by key as a form would send them; `since`: from which day it is due.

    `item` is the name it gets in the award, `formula` another item of the catalogue that calculates it.
    """

    item: str
    raw: Mapping[str, Any]
    since: date
    payee: str
    grade: int | None = None
    until: date | None = None
    formula: str = ""
    arising_after: bool | None = None

    @property
    def key(self) -> str:
        return self.formula or self.item


@dataclass(frozen=True)
class Liability:
    """What decides who pays: how the employer was insured, and whether there was a death."""

    insurance: str
    harm: str


@dataclass(frozen=True)
class Line:
    """What an item comes to for one payer. An amount of nothing stays: it was asked for and not granted."""

    wanted: Wanted
    payer: str
    cycle: str
    amount: Decimal
    base: Decimal | None
    coefficient: Decimal | None
    calculations: tuple[Calculation, ...]
    share: Mapping[str, Value] = field(default_factory=dict)

    @property
    def provisional(self) -> bool:
        return any(one.provisional for one in self.calculations)

    @property
    def payee(self) -> str:
        return str(self.share.get("姓名") or self.wanted.payee)


@dataclass(frozen=True)
class Gap:
    """An item that could not be calculated, and which parameters lack a valid value."""

    item: str
    missing: tuple[str, ...]
    on: date | None


@dataclass(frozen=True)
class Draft:
    """All lines and all gaps, with what says so in both languages."""

    lines: tuple[Line, ...]
    gaps: tuple[Gap, ...] = ()

    def total(self, payer: str, cycle: str | None = None) -> Decimal:
        """The sum of a payer's amounts, of one cycle or of all."""
        wanted = [one for one in self.lines if one.payer == payer and cycle in (None, one.cycle)]
        return sum((one.amount for one in wanted), Decimal(0))

    @property
    def provisional(self) -> bool:
        return any(one.provisional for one in self.lines)


def reckon(
    catalogue: Catalogue, source: ParameterSource, wanted: Iterable[Wanted], liability: Liability
) -> Draft:
    """Calculate every item. Raise InvalidInput by input where something was entered that can't be."""
    lines: list[Line] = []
    gaps: list[Gap] = []
    for one in wanted:
        calculation = calculate(catalogue, one.key, _asked(catalogue, one.key, one.raw), source)
        if calculation.status != "done":
            missing = tuple(dict.fromkeys(used.ref.key for used in calculation.missing))
            on = next((used.on for used in calculation.missing), None)
            gaps.append(Gap(one.item, missing, on))
            continue
        lines += _lines(catalogue, source, one, calculation, liability)
    return Draft(tuple(lines), tuple(gaps))


def _asked(catalogue: Catalogue, key: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is known, the inputs that the item reads."""
    asked = {one.key for one in catalogue.inputs_of(catalogue.items[key])}
    return {name: _spelt(value) for name, value in raw.items() if name in asked and value is not None}


def _spelt(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _lines(
    catalogue: Catalogue, source: ParameterSource, one: Wanted, found: Calculation, liability: Liability
) -> list[Line]:
    payer, ruling = _payer(catalogue, source, one, liability)
    answers = dict(found.results)
    told = {**dict(found.details), **answers}
    # Paid leave is over by months, not for life: its sum is told at once.
    cycle = "monthly" if told.get(CYCLE) == "按月" and one.item != "leave_wages" else "once"
    by_employer = _decimal(answers.get(BY_EMPLOYER)) or Decimal(0)
    by_fund = _decimal(answers.get(BY_FUND)) or Decimal(0)
    if payer == EMPLOYER:
        by_employer, by_fund = by_employer + by_fund, Decimal(0)
    shared = (_number(found, BASES), _number(found, COEFFICIENTS), (found, *ruling))
    shares = told.get("各人")
    if isinstance(shares, list) and shares:
        return [
            Line(one, payer, cycle, _decimal(share["金额"]) or Decimal(0), *shared, share)
            for share in shares
            if isinstance(share, dict)
        ]
    amounts = [(FUND, by_fund), (EMPLOYER, by_employer)]
    due = [(who, amount) for who, amount in amounts if amount] or [(payer, Decimal(0))]
    return [Line(one, who, cycle, amount, *shared) for who, amount in due]


def _payer(
    catalogue: Catalogue, source: ParameterSource, one: Wanted, liability: Liability
) -> tuple[str, tuple[Calculation, ...]]:
    """条例 62, 社保法 38, 39: the item of the catalogue that says who pays."""
    known = {option[0] for option in catalogue.inputs["待遇项目"].options}
    if one.item not in known:
        return FUND, ()
    raw = {
        "insurance": liability.insurance,
        "harm": liability.harm,
        "benefit_item": one.item,
        "grade": str(one.grade or 1),
        "arising_after": one.arising_after,
    }
    ruling = calculate(catalogue, "who_pays", _asked(catalogue, "who_pays", raw), source)
    if one.grade is None:  # the model asks for one everywhere; what nobody stated isn't told as if it were
        ruling = replace(ruling, inputs=tuple(given for given in ruling.inputs if given[0].key != "grade"))
    return PAYERS[str(ruling.result("支付方"))], (ruling,)


def _number(found: Calculation, names: Sequence[str]) -> Decimal | None:
    """The first of these names that the calculation knows: a step, an entry, a detail or a parameter."""
    known: dict[str, Value] = {one.ref.name: one.value.value for one in found.parameters if one.value}
    known |= {step.name: step.value for step in found.steps}
    known |= {entry.name: entry.value for step in found.steps for entry in step.entries}
    known |= dict(found.details)
    return next((value for name in names if (value := _decimal(known.get(name))) is not None), None)


def _decimal(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else None


def rows_of(catalogue: Catalogue, draft: Draft) -> list[dict[str, Any]]:
    """The lines as they are kept, with their derivation in both languages and the editions they rest on."""
    return [
        {
            "line": number,
            "item": line.wanted.item,
            "payer": line.payer,
            "payee": line.payee,
            "grade": line.wanted.grade,
            "cycle": line.cycle,
            "base": line.base,
            "coefficient": line.coefficient,
            "period_from": line.wanted.since,
            "period_to": line.wanted.until,
            "amount": line.amount,
            "provisional": line.provisional,
            "inputs": {one.key: value for one, value in line.calculations[0].inputs if value is not None},
            "parameters": _editions(line),
            "derivation": {
                language: [asdict(describe(catalogue, one, language)) for one in line.calculations]
                for language in ("zh", "en")
            },
            "formula_digest": line.calculations[0].digest,
        }
        for number, line in enumerate(draft.lines, 1)
    ]


def _editions(line: Line) -> list[dict[str, Any]]:
    used = [one for calculation in line.calculations for one in calculation.looked_up]
    return [
        {
            "key": one.found.key,
            "edition": one.found.edition,
            "region": one.found.region,
            "slot": one.found.slot,
            "on": one.on.isoformat(),
            "value": str(one.found.value),
            "source": one.found.source,
            "tag": one.found.tag,
            "provisional": one.found.provisional,
        }
        for one in used
    ]


def digest_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over who gets what from whom, since when, on which inputs, parameters and formulas."""
    kept = [
        {
            key: str(row[key]) if row[key] is not None and not isinstance(row[key], dict | list) else row[key]
            for key in (
                "line",
                "item",
                "payer",
                "payee",
                "grade",
                "cycle",
                "period_from",
                "period_to",
                "amount",
                "inputs",
                "parameters",
                "formula_digest",
            )
        }
        for row in rows
    ]
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()
