"""Registers what the three award processes ask of the domain: facts derived for rules and pages, service handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.benefits import death, dependants, supply
from app.domain.benefits.awards import (
    DEATH,
    DISABILITY,
    MEDICAL,
    PROCESSES,
    Surroundings,
    covers,
    draft_award,
    insurance_of,
    start_of,
    tell_draft,
)
from app.domain.benefits.disability import INITIAL, RECALCULATION, TERMINATION
from app.domain.benefits.figures import sample_providers
from app.domain.benefits.medical import list_bills, list_cuts
from app.domain.benefits.models import Entitlement
from app.domain.benefits.operations import (
    freeze_payables,
    grant_payables,
    stop_payables,
    supersede_monthly,
    write_draft,
)
from app.domain.benefits.queries import latest_outcome, list_granted, list_lines, sum_once
from app.domain.benefits.reckoning import FUND, Draft, rows_of
from app.domain.benefits.wages import MONTHS, contributions_of, day_of, own_wage_of, settle_own_wage
from app.domain.registry.facts import agreement_facts, facts_of_case
from app.domain.registry.own_wage import own_wage
from app.domain.registry.queries import find_person_by_index
from app.kernel.cases.models import Case
from app.kernel.decisions.formulas.catalogue import Catalogue
from app.kernel.decisions.formulas.sources import StoredParameters
from app.kernel.decisions.formulas.versions import standing_catalogue
from app.kernel.decisions.parameters.lookup import find_parameter
from app.kernel.decisions.parameters.uses import record_uses
from app.kernel.duties.levels import raise_approval_levels
from app.kernel.local_time import local_day, local_minute
from app.kernel.ports import Ports
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

RECOGNITION, ASSESSMENT = "injury_recognition", "capacity_assessment"
POSITIVE: Final = "approved_positive"
RECKONED: Final = ((DISABILITY, "p07_03_calculate"), (MEDICAL, "p09_03_third_party"))
"""Steps at which people check what was reckoned."""
MONTHLY_ITEMS: Final[Mapping[str, tuple[str, ...]]] = {
    DISABILITY: ("disability_allowance", "pension_top_up", "care_allowance"),
    DEATH: ("survivor_pension",),
    MEDICAL: (),
}


def register(ports: Ports) -> None:
    """Join the domain to the kernel."""
    awards = Awards()
    ports.samples["provider_outlier"] = sample_providers
    for process in PROCESSES:
        ports.derived_facts[process] = awards.derive
    for step in RECKONED:
        ports.step_checks[step] = check_reckoned
    ports.step_checks[DEATH, "p08_03_dependants"] = dependants.check_dependants
    ports.register_handler("note_dependant_assessment", dependants.note_answer)
    ports.register_handler("judge_award", awards.judge)
    ports.register_handler("draft_award", awards.draft)
    ports.register_handler("plan_payments", plan_payments)
    ports.register_handler("freeze_payments", freeze_payments)
    ports.register_handler("stop_payments", stop_payments)


def check_reckoned(
    unit: Unit, case: Case, task: Task, facts: Mapping[str, Any], form: Mapping[str, Any]
) -> None:
    """What was never reckoned, after a token was moved, doesn't go on. Raise InvalidInput on the outcome."""
    if form.get("outcome") != "recalculate" and not facts.get("award_digest"):
        raise InvalidInput({"outcome": ("not_reckoned", {})})


class Awards:
    """What rests on the formulas: those in force when the draft is made."""

    def derive(self, session: Session, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Facts for rules and documents; `award_items` are the lines with their derivation in Chinese."""
        lines = list_lines(session, case.id)
        around = self._around(session, case, None, lines[0].at if lines else None)
        told: dict[str, Any] = {
            "recognition_effective": _stands(session, case, RECOGNITION, facts.get("recognition_number")),
            "conclusion_effective": _stands(session, case, ASSESSMENT, facts.get("assessment_number")),
            **_registered(session, case, facts),
            "third_party": bool(facts.get("third_party_involved")),
            "settlement_checked": bool(facts.get("third_party_settlement_checked")),
            "award_items": [_item(around.catalogue, one) for one in lines],
            "cuts": list_cuts(facts) if case.process_key == MEDICAL else [],
        }
        told |= supply.of_lines(facts, lines, around.granted)
        if case.process_key == MEDICAL:
            told |= _agreement(session, facts)
        if case.decided_at is None:
            told |= self._checks(case.process_key, facts, lines, around, told.get("item"))
        return told

    def _checks(
        self,
        process: str,
        facts: Mapping[str, Any],
        lines: Sequence[Entitlement],
        around: Surroundings,
        item: str | None,
    ) -> dict[str, Any]:
        told = supply.of_draft(draft_award(process, facts, around), facts, item)
        if process == DISABILITY:
            told |= supply.of_pension(facts, lines)
        if process == DEATH:
            told |= supply.of_dependants(facts, lines, around)
        if process == MEDICAL:
            told |= supply.of_bills(facts, around)
        return told

    def judge(self, unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """P07-02, P08-02, P09-02: coverage, variant, start of the benefit, how the worker died."""
        told: dict[str, Any] = _months(unit.session, case, facts)
        told["insurance_status"] = insurance_of({**_cover(unit.session, case, facts), **facts})
        told["fund_liable"] = covers({**facts, **told})
        told["received_at"] = local_minute(case.received_at)
        if case.process_key == DISABILITY:
            told["award_variant"] = _variant(unit, case, facts)
            told["award_from"] = start_of(facts, unit.today)
        if case.process_key == DEATH:
            told["award_variant"] = _variant(unit, case, facts)
            told["death_circumstance"] = death.circumstance_of(facts)
            told["advanced_amount"] = _advanced(unit, case, facts)
        return told

    def draft(self, unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """P07-03 and the like: settle the own wage, reckon every item, keep the draft, tell it as facts to sign."""
        around = self._around(unit.session, case, unit.now, None)
        wage = own_wage_of(settle_own_wage(around.catalogue, around.source, facts), facts)
        known = {**facts, "own_wage": format(wage, "f") if wage is not None else facts.get("own_wage")}
        draft = draft_award(case.process_key, known, around)
        told = {**tell_draft(around, draft, known), **self._told(case, known, around)}
        if wage is not None:
            told["own_wage"] = known["own_wage"]
        told["award_draft"], told["award_digest"] = self._keep(unit, case, draft, around.catalogue)
        return told

    def _told(self, case: Case, facts: Mapping[str, Any], around: Surroundings) -> dict[str, Any]:
        if case.process_key == MEDICAL:
            bills = list(list_bills(facts))
            return {
                "claimed_total": format(sum(one.claimed for one in bills), "f"),
                "cuts": list_cuts(facts) or None,
            }
        if case.process_key == DEATH:
            judged = death.qualify(around.catalogue, around.source, facts)
            words = [
                f"{one.name}：{'符合' if death.is_qualified(found) else '不符合'}供养条件"
                for one, found in judged
            ]
            return {"dependant_results": words or None}
        return {}

    def _keep(
        self, unit: Unit, case: Case, draft: Draft, catalogue: Catalogue
    ) -> tuple[int | None, str | None]:
        rows = rows_of(catalogue, draft)
        if not rows:
            return None, None
        number, digest = write_draft(unit, case, rows)
        for line in draft.lines:
            title = catalogue.items[line.wanted.item].title_zh
            record_uses(unit, case, title, [used for one in line.calculations for used in one.looked_up])
        _ask_second_level(unit, case, draft)
        return number, digest

    def _around(
        self, session: Session, case: Case, now: datetime | None, known_at: datetime | None
    ) -> Surroundings:
        """The parameters and formulas as of now, or as they stood at the moment of a draft."""
        day = local_day(now or known_at or case.received_at)
        source = StoredParameters(session, case.region_code, known_at)
        return Surroundings(standing_catalogue(session, day), source, day, list_granted(session, case))


def _item(catalogue: Catalogue, line: Entitlement) -> dict[str, Any]:
    return {
        "title": catalogue.items[line.item].title_zh,
        "payer": line.payer,
        "payee": line.payee,
        "cycle": line.cycle,
        "amount": f"{line.amount:,.2f}",
        "since": line.period_from,
        "provisional": line.provisional,
        "derivations": line.derivation["zh"],
    }


def _stands(session: Session, case: Case, process: str, number: Any) -> bool:
    """Whether the chain holds a positive conclusion that nobody revoked; a document from before the chain counts by
    its number, which people compare with the paper."""
    outcome = latest_outcome(session, case.chain_id, process)
    return outcome == POSITIVE if outcome is not None else bool(number)


def _registered(session: Session, case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the register tells; how the employer stood as people settled it, where they did."""
    told = facts_of_case(session, case, facts, day_of(facts, "accident_at"))
    if facts.get("insurance_status"):
        told["covered_on_accident"] = facts["insurance_status"] == "insured"
    given = {key: facts[key] for key in ("arrears_paid_on", "enrolment_received_at") if facts.get(key)}
    return {**told, **given}


def _agreement(session: Session, facts: Mapping[str, Any]) -> dict[str, Any]:
    """POL-04: the agreement of the first bill's institution, by the register."""
    bill = next(iter(list_bills(facts)), None)
    return agreement_facts(session, bill.institution, bill.on) if bill and bill.institution else {}


def _cover(session: Session, case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Insured on the day, or paid up afterwards, by the register; nothing where it doesn't know the parties."""
    told = facts_of_case(session, case, facts, day_of(facts, "accident_at"))
    return {
        "insured_on_accident_date": told.get("covered_on_accident"),
        "arrears_paid_on": told.get("arrears_paid_on"),
    }


def _months(session: Session, case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The contribution wages of the twelve months as registered, where the case keeps months and nobody entered any."""
    accident = day_of(facts, "accident_at")
    if case.process_key == MEDICAL or accident is None or contributions_of(facts) or facts.get("own_wage"):
        return {}
    person = find_person_by_index(session, case.subject_index, accident)
    if person is None:
        return {}
    months = own_wage(session, person.id, accident, region=case.region_code).months
    newest_first = reversed(months)
    return {
        key: format(month.wage, "f")
        for key, month in zip(MONTHS, newest_first, strict=True)
        if month.wage is not None
    }


def _variant(unit: Unit, case: Case, facts: Mapping[str, Any]) -> str:
    given = facts.get("award_variant")
    if given:
        return str(given)
    if facts.get("terminated_on"):
        return TERMINATION
    mine = {one.case_id for one in list_granted(unit.session, case)}
    earlier = select(Case.id).where(Case.id.in_(mine), Case.process_key == case.process_key)
    return RECALCULATION if unit.session.scalar(earlier.limit(1)) is not None else INITIAL


def _advanced(unit: Unit, case: Case, facts: Mapping[str, Any]) -> str | None:
    """条例 41: what was advanced of the lump sum while the worker was missing."""
    granted = sum_once(list_granted(unit.session, case), "lump_sum_death", str(facts.get("kin_name") or ""))
    return format(granted, "f") if granted else facts.get("advanced_amount")


def _ask_second_level(unit: Unit, case: Case, draft: Draft) -> None:
    """RB-6b: what the fund pays at once above the amount asks for second-level approval (controls.md 4)."""
    most = find_parameter(unit.session, "second_level_amount", region=case.region_code, on=unit.today)
    if most is not None and draft.total(FUND, "once") > Decimal(str(most.value)):
        raise_approval_levels(unit, case, "second_level_amount")


def plan_payments(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """P07-07: what the sealed award grants becomes payable; running payments it replaces are superseded."""
    if facts.get("award_variant") == RECALCULATION:
        supersede_monthly(unit, case, MONTHLY_ITEMS[case.process_key])
    if facts.get("award_draft") is not None:
        grant_payables(unit, case, facts["award_draft"])
    return {"planned_at": local_minute(unit.now)}


def freeze_payments(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Recognition or grade were revoked: nothing more is paid of the chain."""
    frozen = freeze_payables(unit, case.chain_id, _revoked(facts))
    unit.record("award.frozen", {"payables": frozen}, case_id=case.id)
    return {}


def stop_payments(unit: Unit, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """People have looked at the revocation: the payments end. What was paid is a matter of recovery."""
    stopped = stop_payables(unit, case.chain_id, _revoked(facts))
    unit.record("award.stopped", {"payables": stopped}, case_id=case.id)
    return {}


def _revoked(facts: Mapping[str, Any]) -> str:
    """Why: what the case was told last of all that can be the reason."""
    told = {
        "reappeared": facts.get("reappeared_at"),
        "assessment_revoked": facts.get("assessment_revoked_at"),
        "recognition_revoked": facts.get("recognition_revoked_at"),
    }
    return max(told, key=lambda ground: str(told[ground] or ""))
