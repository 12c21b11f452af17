"""Dependants whose capacity the committee assesses for a death award (P08-03): whom it is asked for, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.kernel.cases.models import Case
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

Facts = Mapping[str, Any]
ASKED: Final = "dependants_to_assess"
"""Places asked for and not answered yet; the message goes out once for each."""
INCAPACITATED, CAPABLE, NONE = "incapacitated", "capable", "none"
CONCLUDED: Final = (INCAPACITATED, CAPABLE)
WORDS: Final = {INCAPACITATED: "完全丧失劳动能力", CAPABLE: "未完全丧失劳动能力", NONE: "没有结论"}
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
    name = facts.get(f"dependant_{place}_name") or place
    return f"{name}：{WORDS[answer]}（{number}）" if number else f"{name}：{WORDS[answer]}"


def check_dependants(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """Nobody departs from a conclusion of the committee, and it is asked only for people it hasn't concluded on.

    Raise InvalidInput by field: `required_for_outcome`, `assessed_already`, `departs_from_conclusion`.
    """
    errors: dict[str, tuple[str, Mapping[str, object]]] = {}
    for place in range(1, 9):
        found = facts.get(f"dependant_{place}_assessment")
        stated = facts.get(f"dependant_{place}_incapacitated")
        if found in CONCLUDED and bool(stated) != (found == INCAPACITATED):
            errors[f"dependant_{place}_incapacitated"] = ("departs_from_conclusion", {})
    if form.get("outcome") == "incapacity":
        errors |= _asked(facts)
    if errors:
        raise InvalidInput(errors)


def _asked(facts: Facts) -> dict[str, tuple[str, Mapping[str, object]]]:
    places = facts.get(ASKED) or ()
    if not places:
        return {ASKED: ("required_for_outcome", {"field": ASKED})}
    if any(facts.get(f"dependant_{place}_assessment") in CONCLUDED for place in places):
        return {ASKED: ("assessed_already", {})}
    keys = (f"dependant_{place}_{part}" for place in places for part in IDENTITY)
    return {key: ("required_for_outcome", {"field": key}) for key in keys if not facts.get(key)}
