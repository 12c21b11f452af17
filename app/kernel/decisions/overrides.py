"""A blocking hit set aside: proposed with reason and evidence, ruled on by a senior other person (SOD-7).

A granted override counts for the same rule, version and inputs only: changed inputs are a new hit that stops again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue.evaluation import Hit
from app.kernel.decisions.catalogue.versions import find_version
from app.kernel.decisions.models import RuleHit, RuleOverride
from app.kernel.decisions.refusals import (
    OverrideKnown,
    OverrideNotAllowed,
    OverrideNotFound,
    OverrideNotSenior,
    OverrideNotYours,
    OverrideOfOneself,
    OverrideRuled,
)
from app.kernel.decisions.seniority import list_seniors, load_ladder
from app.kernel.duties.operations import require
from app.kernel.duties.queries import get_candidate, get_case_view
from app.kernel.duties.records import keep_decision
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import standing
from app.kernel.duties.views import ALLOWED, Action, deny
from app.kernel.identity.models import Person
from app.kernel.recusal.queries import canonical_of
from app.kernel.refusals import CaseNotFound, InvalidInput
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import notify, open_tasks
from app.storage.core import table

VERDICTS = ("granted", "refused")
DISPOSITIONS = {"granted": "overridden", "refused": "override_refused"}
SHORTEST, LONGEST = 4, 1000


@dataclass(frozen=True)
class OverrideView:
    """A proposal with its ruling."""

    hit_id: int
    proposer_id: int
    proposer: str
    proposed_at: datetime
    reason: str
    evidence: str
    verdict: str | None
    ruling: str | None
    ruler: str | None
    ruled_at: datetime | None


def propose_override(unit: Unit, hit_id: int, reason: str, evidence: str) -> None:
    """Propose to set a blocking hit of the locked case aside, where its rule allows that.

    Raise InvalidInput, OverrideNotFound, OverrideNotAllowed, OverrideKnown, OverrideNotYours, DutyDenied.
    """
    case = _case(unit)
    check_words({"reason": reason, "evidence": evidence})
    hit = get_hit(unit, case, hit_id)
    if hit.action != "block" or not may_override(unit.session, hit):
        raise OverrideNotAllowed(rule=hit.rule_id, title_zh=hit.title_zh, title_en=hit.title_en)
    task, proposer = get_own_task(unit, case)
    if unit.session.get(RuleOverride, hit_id) is not None:
        raise OverrideKnown(rule=hit.rule_id)
    require(unit, Action.OVERRIDE, case=case, task=task)
    unit.session.execute(
        insert(RuleOverride).values(
            hit_id=hit_id,
            proposed_by=proposer,
            proposed_at=unit.now,
            reason=reason.strip(),
            evidence=evidence.strip(),
        )
    )
    unit.record("override.proposed", {"hit": hit_id, "rule": hit.rule_id, "version": hit.rule_version})
    for senior in list_seniors(unit.session, case, proposer, unit.today):
        notify(unit, senior.person_id, "override_to_rule", f"override:{hit_id}", case)


def rule_on_override(unit: Unit, hit_id: int, verdict: str, ruling: str) -> None:
    """A senior other person grants or refuses the proposal, once.

    Raise InvalidInput, OverrideNotFound, OverrideRuled, OverrideOfOneself, OverrideNotSenior, DutyDenied.
    """
    case, ruler = _case(unit), unit.actor.person_id
    if verdict not in VERDICTS:
        raise InvalidInput({"verdict": ("not_an_option", {})})
    check_words({"ruling": ruling})
    hit = get_hit(unit, case, hit_id)
    proposal = unit.session.get(RuleOverride, hit_id, with_for_update=True)
    if proposal is None:
        raise OverrideNotFound(hit_id=hit_id)
    if proposal.ruled_by is not None:
        raise OverrideRuled(name=unit.session.get_one(Person, proposal.ruled_by).name)
    proposer = canonical_of(unit.session, proposal.proposed_by)
    if ruler is None:
        raise DutyDenied(deny("machine_holds_no_duty"), Action.RULE_OVERRIDE, case.id, None, None)
    if proposer is None or ruler == proposer:
        raise OverrideOfOneself
    _require_senior(unit, case, ruler, proposer)
    keep_decision(unit, ALLOWED, Action.RULE_OVERRIDE, case.id, None, None)
    proposal.ruled_by, proposal.ruled_at = ruler, unit.now
    proposal.verdict, proposal.ruling = verdict, ruling.strip()
    hit.disposition, hit.disposed_by, hit.disposed_at = DISPOSITIONS[verdict], ruler, unit.now
    unit.record("override.ruled", {"hit": hit_id, "rule": hit.rule_id, "verdict": verdict})
    notify(unit, proposer, f"override_{verdict}", f"override:{hit_id}:{verdict}", case)


def blocking(unit: Unit, case: Case, hits: Iterable[Hit]) -> list[Hit]:
    """The hits that stop the case: blocking ones that nobody lawfully set aside on these very inputs."""
    stops = [hit for hit in hits if hit.action == "block"]
    if not stops:
        return []
    granted = {
        tuple(row)
        for row in unit.session.execute(
            select(RuleHit.rule_id, RuleHit.rule_version, RuleHit.inputs_digest)
            .join(RuleOverride, RuleOverride.hit_id == RuleHit.id)
            .where(RuleHit.case_id == case.id, RuleOverride.verdict == "granted")
        )
    }
    return [hit for hit in stops if hit.key not in granted]


def may_override(session: Session, hit: RuleHit) -> bool:
    """Does the rule, in the version that hit, say that a senior other person may set it aside?"""
    standing = find_version(session, hit.rule_id, hit.rule_version)
    return standing is not None and standing.rule.manifest.override is not None


def get_own_task(unit: Unit, case: Case) -> tuple[Task, int]:
    """The actor's opened task of the case, and who he is. Raise OverrideNotYours."""
    person = unit.actor.person_id
    for task in open_tasks(unit, case):
        if person is not None and task.claimed_by == person and task.opened_at is not None:
            return task, person
    raise OverrideNotYours


def list_blocking_hits(session: Session, case_id: int) -> Sequence[RuleHit]:
    """Hits of blocking rules, the latest first; of a rule that hit on several inputs only the latest."""
    rows = session.scalars(
        select(RuleHit)
        .where(RuleHit.case_id == case_id, RuleHit.action == "block")
        .order_by(RuleHit.id.desc())
    )
    latest: dict[str, RuleHit] = {}
    for hit in rows:
        latest.setdefault(hit.rule_id, hit)
    return list(latest.values())


def propose_by(session: Session, case_id: int, person_id: int) -> bool:
    """Does the person work on the case (an opened task of his own), so that he may propose?"""
    found = session.scalar(
        select(Task.id)
        .where(
            Task.case_id == case_id,
            Task.state == "open",
            Task.claimed_by == person_id,
            Task.opened_at.is_not(None),
        )
        .limit(1)
    )
    return found is not None


def list_overrides(session: Session, case_id: int) -> dict[int, OverrideView]:
    """Proposals of a case by hit."""
    proposer, ruler = table(Person).alias("proposer"), table(Person).alias("ruler")
    rows = session.execute(
        select(
            RuleOverride.hit_id,
            proposer.c.canonical_id,
            proposer.c.name,
            RuleOverride.proposed_at,
            RuleOverride.reason,
            RuleOverride.evidence,
            RuleOverride.verdict,
            RuleOverride.ruling,
            ruler.c.name,
            RuleOverride.ruled_at,
        )
        .join(RuleHit, RuleHit.id == RuleOverride.hit_id)
        .join(proposer, proposer.c.id == RuleOverride.proposed_by)
        .outerjoin(ruler, ruler.c.id == RuleOverride.ruled_by)
        .where(RuleHit.case_id == case_id)
    )
    return {row[0]: OverrideView(*row) for row in rows}


def _require_senior(unit: Unit, case: Case, ruler: int, proposer: int) -> None:
    """Raise DutyDenied for who is barred or inactive, OverrideNotSenior for who doesn't stand higher."""
    senior = get_candidate(unit.session, ruler, unit.today)
    denied = standing(senior, get_case_view(unit.session, case))
    if denied is not None:
        raise DutyDenied(denied, Action.RULE_OVERRIDE, case.id, None, None)
    ladder = load_ladder(unit.session, case)
    floor = ladder.rank_of(get_candidate(unit.session, proposer, unit.today))
    if ladder.rank_of(senior) <= floor:
        raise OverrideNotSenior(rank=floor)


def _case(unit: Unit) -> Case:
    if unit.case is None:
        raise CaseNotFound
    return unit.case


def get_hit(unit: Unit, case: Case, hit_id: int) -> RuleHit:
    """A hit of the case. Raise OverrideNotFound."""
    hit = unit.session.scalar(select(RuleHit).where(RuleHit.id == hit_id, RuleHit.case_id == case.id))
    if hit is None:
        raise OverrideNotFound(hit_id=hit_id)
    return hit


def check_words(texts: dict[str, str]) -> None:
    """Raise InvalidInput for what is missing, too short or too long."""
    errors: dict[str, tuple[str, dict[str, object]]] = {}
    for key, text in texts.items():
        said = len(text.strip())
        if said < SHORTEST:
            errors[key] = ("too_short", {"min": SHORTEST}) if said else ("required", {})
        elif said > LONGEST:
            errors[key] = ("too_long", {"max": LONGEST})
    if errors:
        raise InvalidInput(errors)
