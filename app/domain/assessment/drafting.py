"""What a draft may say: it doesn't depart from the panel's opinion without a new panel (鉴定办法 34(5))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.assessment.chain import is_of_dependant
from app.domain.assessment.draw import DEVICE
from app.domain.assessment.operations import check_plan
from app.domain.assessment.queries import newest_panel
from app.kernel.cases.models import Case
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

Facts = Mapping[str, Any]
REVOKED = "recognition_revoked_on"
PAIRS = {"assessment_result": "panel_result", "grade": "panel_grade", "care_level": "panel_care_level"}
OF_DEPENDANT = {"incapacity": "panel_incapacity"}


def check_conditions(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """Nothing is assessed that wasn't recognised: by the chain, or by a decision on paper that is named.

    Raise InvalidInput on `recognition_no`, on an outcome that a revoked recognition or the kind of assessment doesn't
    allow, or on the ground a refusal lacks.
    """
    if form.get("outcome") == "complete":
        _recognised(facts)
        if is_of_dependant(facts) and facts.get("assessment_type") == "review":
            raise InvalidInput({"outcome": ("no_review_of_dependants", {})})
    if form.get("outcome") == "complete" and not (
        facts.get("recognition_effective") or facts.get("recognition_no")
    ):
        raise InvalidInput({"recognition_no": ("required_for_outcome", {"field": "recognition_no"})})
    if form.get("outcome") == "refuse" and not facts.get("refusal_ground"):
        raise InvalidInput({"refusal_ground": ("required_for_outcome", {"field": "refusal_ground"})})


def check_conclusion(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """Raise InvalidInput on what departs from the opinion, or on a conclusion without one."""
    if form.get("outcome") != "submit_positive" or facts.get("assessment_type") == "correction":
        return
    _recognised(facts)
    pairs = OF_DEPENDANT if is_of_dependant(facts) else PAIRS
    if not facts.get(next(iter(pairs.values()))):
        raise InvalidInput({"outcome": ("no_panel_opinion", {})})
    _same(facts, pairs)


def check_way(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """A device takes a panel (辅具办法 9). Raise InvalidInput."""
    if facts.get("confirmation_type") == DEVICE and form.get("outcome") != "panel":
        raise InvalidInput({"outcome": ("panel_needed", {})})
    check_plan(unit, case, task, facts, form)


def check_again(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """Only a panel that sits can be asked again. Raise InvalidInput."""
    if form.get("outcome") == "opinion_again" and newest_panel(unit.session, case.id) is None:
        raise InvalidInput({"outcome": ("no_panel_opinion", {})})


def check_confirmation(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """The outcome is the panel's, where there was one; so are months and device."""
    drafted = {"submit_positive": "confirmed", "submit_negative": "not_confirmed"}.get(
        str(form.get("outcome"))
    )
    verdict = facts.get("panel_verdict")
    if drafted == "confirmed":
        _recognised(facts)
    if drafted is None or verdict is None or facts.get(REVOKED):
        return
    if drafted != verdict:
        raise InvalidInput({"outcome": ("departs_from_panel", {})})
    if drafted == "confirmed":
        _same(facts, {"extension_months": "panel_months", "device_catalogue_code": "panel_device_code"})


def _recognised(facts: Facts) -> None:
    """Raise InvalidInput when the recognition was revoked meanwhile: only a refusal can follow."""
    if facts.get(REVOKED):
        raise InvalidInput({"outcome": ("recognition_revoked", {})})


def _same(facts: Facts, pairs: Mapping[str, str]) -> None:
    wrong = [mine for mine, theirs in pairs.items() if facts.get(mine) != facts.get(theirs)]
    if wrong:
        raise InvalidInput({key: ("departs_from_panel", {}) for key in wrong})
