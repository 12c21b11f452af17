"""Dependants whose capacity the committee assesses for a death award (P08-03): whom it is asked for, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.assessment.chain import DEPENDANT
from app.domain.benefits.death import PLACES
from app.kernel.cases.models import Case
from app.kernel.cases.schema import FieldErrors
from app.kernel.engine.messages.models import CaseMessage
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

Facts = Mapping[str, Any]
ASKED: Final = "dependants_to_assess"
"""Places asked for and not answered yet; the message goes out once for each."""
INCAPACITATED, CAPABLE, NONE = "incapacitated", "capable", "none"
CONCLUDED: Final = (INCAPACITATED, CAPABLE)
WORDS: Final = {INCAPACITATED: "完全丧失劳动能力", CAPABLE: "未完全丧失劳动能力", NONE: "没有结论"}
EFFECTIVE, REVOKED = "assessment.effective", "assessment.revoked"
IDENTITY: Final = ("name", "id_no", "relation")


def note_answer(unit: Unit, case: Case, facts: Facts) -> Facts:
    """P08-03: a conclusion says whether the dependant is incapacitated; without one people decide from what they have.

    What was answered is cleared, so that the next answer, which may tell less, is read by itself.
    """
    place = str(facts["answered_place"])
    answer = str(facts.get("answered_incapacity") or NONE)
    left = [one for one in facts.get(ASKED) or () if one != place]
    told: dict[str, Any] = {
        f"dependant_{place}_assessment": answer,
        "dependant_assessments": [*(facts.get("dependant_assessments") or ()), _line(facts, place, answer)],
        ASKED: left or None,
        "assessments_pending": bool(left),
        "answered_place": None,
        "answered_incapacity": None,
        "answered_number": None,
    }
    if answer in CONCLUDED:
        told[f"dependant_{place}_incapacitated"] = answer == INCAPACITATED
    unit.record("award.dependant_assessed", {"place": place, "answer": answer}, case_id=case.id)
    return told


def _line(facts: Facts, place: str, answer: str) -> str:
    number = facts.get("answered_number")
    name = _name(facts, place)
    return f"{name}：{WORDS[answer]}（{number}）" if number else f"{name}：{WORDS[answer]}"


def check_dependants(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """Nobody departs from a conclusion of the committee, and it is asked only for people it hasn't concluded on; one
    that it revoked since binds nobody.

    Raise InvalidInput by field: `required_for_outcome`, `assessed_already`, `departs_from_conclusion`.
    """
    concluded = _concluded(facts)
    fallen = _revoked(unit.session, case.chain_id) if concluded else frozenset[str]()
    bound = {place: found for place, found in concluded.items() if _name(facts, place) not in fallen}
    if errors := find_faults(facts, str(form.get("outcome")), bound):
        raise InvalidInput(errors)


def _concluded(facts: Facts) -> dict[str, str]:
    """What the committee concluded, by place."""
    found = {str(place): facts.get(f"dependant_{place}_assessment") for place in PLACES}
    return {place: answer for place, answer in found.items() if answer in CONCLUDED}


def _name(facts: Facts, place: str) -> str:
    return str(facts.get(f"dependant_{place}_name") or place)


def _revoked(session: Session, chain_id: int) -> frozenset[str]:
    """Dependants of whom the chain heard last that their conclusion was revoked."""
    query = (
        select(CaseMessage.payload["dependant_name"].as_string().label("told_of"), CaseMessage.name)
        .join(Case, Case.id == CaseMessage.case_id)
        .where(
            Case.chain_id == chain_id,
            CaseMessage.name.in_((EFFECTIVE, REVOKED)),
            CaseMessage.payload["assessment_kind"].as_string() == DEPENDANT,
        )
        .order_by(CaseMessage.id)
    )
    last: dict[str, str] = {row.told_of: row.name for row in session.execute(query)}
    return frozenset(name for name, message in last.items() if message == REVOKED)


def find_faults(facts: Facts, outcome: str, bound: Mapping[str, str]) -> FieldErrors:
    """What is wrong with the dependants as entered; `bound`: conclusions that stand, by place. Pure."""
    errors: FieldErrors = {
        f"dependant_{place}_incapacitated": ("departs_from_conclusion", {})
        for place, found in bound.items()
        if bool(facts.get(f"dependant_{place}_incapacitated")) != (found == INCAPACITATED)
    }
    return errors | _asked(facts, bound) if outcome == "incapacity" else errors


def _asked(facts: Facts, bound: Mapping[str, str]) -> FieldErrors:
    places = facts.get(ASKED) or ()
    if not places:
        return {ASKED: ("required_for_outcome", {"field": ASKED})}
    if bound.keys() & set(places):
        return {ASKED: ("assessed_already", {})}
    keys = (f"dependant_{place}_{part}" for place in places for part in IDENTITY)
    return {key: ("required_for_outcome", {"field": key}) for key in keys if not facts.get(key)}
