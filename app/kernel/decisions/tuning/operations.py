"""Saying what a hit turned out to be: it changes nothing in the case, it tells how good the rule is."""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert

from app.kernel.cases.models import Case
from app.kernel.chains.permission import require_case_supervisor
from app.kernel.decisions.overrides import check_words, get_hit, get_own_task
from app.kernel.decisions.refusals import OverrideNotYours
from app.kernel.decisions.tuning.models import RuleVerdict
from app.kernel.duties.operations import require
from app.kernel.duties.views import Action
from app.kernel.refusals import CaseNotFound, InvalidInput
from app.kernel.transaction.unit import Unit

VERDICTS: Final = ("justified", "false_alarm")


def judge_hit(unit: Unit, hit_id: int, verdict: str, reason: str) -> None:
    """Note whether a hit of the locked case was justified or a false alarm; of several verdicts the newest counts.

    Who works on the case (an opened task of his own) says so, or a supervisor of its region, after its end too.
    Raise InvalidInput, OverrideNotFound for a hit of another case, DutyDenied.
    """
    case = unit.case
    if case is None:
        raise CaseNotFound
    if verdict not in VERDICTS:
        raise InvalidInput({"verdict": ("not_an_option", {})})
    check_words({"reason": reason})
    hit = get_hit(unit, case, hit_id)
    unit.session.execute(
        insert(RuleVerdict).values(
            hit_id=hit_id,
            verdict=verdict,
            reason=reason.strip(),
            given_by=_require_judge(unit, case),
            given_at=unit.now,
        )
    )
    about = {"hit": hit_id, "rule": hit.rule_id, "version": hit.rule_version, "verdict": verdict}
    unit.record("rule.judged", about)


def _require_judge(unit: Unit, case: Case) -> int:
    """The natural person who may judge."""
    try:
        task, person = get_own_task(unit, case)
    except OverrideNotYours:
        require_case_supervisor(unit, Action.OVERRIDE, case)
        if unit.actor.person_id is None:
            raise LookupError("a supervisor is a person") from None
        return unit.actor.person_id
    require(unit, Action.OVERRIDE, case=case, task=task)
    return person
