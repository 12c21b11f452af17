"""Past cases asked by a draft and by the version in force: on the same facts, nothing kept, nothing done to them.

Sealed facts stay sealed: a rule that needs one says nothing of these cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseFacts
from app.kernel.decisions.catalogue.binding import Supply, find_missing
from app.kernel.decisions.catalogue.reading import CASES, MANIFEST, MODEL, read_rule
from app.kernel.decisions.catalogue.replay import judge_case, list_supplies
from app.kernel.decisions.catalogue.rule import Judgement, Rule
from app.kernel.decisions.catalogue.versions import load_versions
from app.kernel.engine.drafting.contents import load_contents
from app.kernel.engine.drafting.queries import get_standing
from app.kernel.engine.workbench.models import RuleTrial
from app.kernel.identity.regions import list_subtree
from app.kernel.local_time import start_of_day
from app.kernel.ports import Ports


@dataclass(frozen=True)
class Pair:
    """The draft and the version in force it is compared with, None when none is."""

    draft: Rule
    base: Rule | None


@dataclass(frozen=True)
class Asked:
    """What both say of a case: `new`, `gone`, `same`, `neither`, `missing`; `said` of a hit."""

    case_id: int
    verdict: str
    said: Judgement | None


def load_pair(session: Session, trial: RuleTrial) -> Pair:
    """The two versions of a trial."""
    draft = get_standing(session, trial.draft_id, "rule")
    files = load_contents(session, {MANIFEST: trial.manifest, MODEL: trial.model})
    base = load_versions(session, [trial.base_version_id])[0] if trial.base_version_id is not None else None
    return Pair(read_rule(draft.key, {**files, CASES: b""}), base.rule if base is not None else None)


def supplies_of(session: Session, ports: Ports, pair: Pair) -> Mapping[int, Supply]:
    """What versions of processes offer to either version, by their ids."""
    versions = [one for one in (pair.draft, pair.base) if one is not None]
    return list_supplies(session, ports, {key for one in versions for key in one.manifest.business})


def population(session: Session, trial: RuleTrial, definitions: Iterable[int]) -> Select[Case]:
    """The cases of a trial: of these versions of processes, received in the period, in the regions."""
    opens = start_of_day(trial.period_from)
    ends = start_of_day(trial.period_to + timedelta(days=1))
    return select(Case).where(
        Case.definition_id.in_(definitions),
        Case.region_code.in_(list_subtree(session, trial.regions)),
        Case.received_at >= opens,
        Case.received_at < ends,
    )


def ask(session: Session, ports: Ports, pair: Pair, cases: Iterable[Case], now: datetime) -> Iterator[Asked]:
    """Both versions about each case, as of its decision (of an open case: now)."""
    supplies, known = supplies_of(session, ports, pair), {case.id: case for case in cases}
    facts = session.execute(select(CaseFacts.case_id, CaseFacts.facts).where(CaseFacts.case_id.in_(known)))
    for case_id, given in facts:
        case = known[case_id]
        supply, at = supplies[case.definition_id], case.decided_at or now
        draft, base = judge_case(session, ports, case, given, supply, (pair.draft, pair.base), at)
        yield weigh(case_id, draft, base)


def weigh(case_id: int, draft: Judgement | None, base: Judgement | None) -> Asked:
    """What the two judgements come to."""
    hit, hit_before = (one is not None and one.outcome == "hit" for one in (draft, base))
    if hit:
        return Asked(case_id, "same" if hit_before else "new", draft)
    if hit_before:
        return Asked(case_id, "gone", base)
    return Asked(case_id, "missing" if draft is None or draft.outcome == "missing" else "neither", None)


def find_suppliers(rule: Rule, supplies: Iterable[Supply]) -> tuple[bool, tuple[str, ...]]:
    """Whether any process supplies the rule; else the required facts that the nearest one lacks."""
    lacking = [find_missing(rule, supply) for supply in supplies if supply.business in rule.manifest.business]
    return any(not missing for missing in lacking), min(lacking, key=len, default=rule.manifest.required)
