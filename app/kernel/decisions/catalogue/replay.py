"""A rule asked about cases that are there: which would newly hit, which would hit no more. Reads only.

Sealed facts stay sealed here: a rule that needs one says nothing of these cases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseFacts
from app.kernel.decisions.catalogue.binding import Supply, bind, values_of
from app.kernel.decisions.catalogue.lookups import Find
from app.kernel.decisions.catalogue.rule import Judgement, Rule
from app.kernel.decisions.parameters.lookup import finder
from app.kernel.local_time import local_day
from app.kernel.ports import Ports

Verdict = Literal["new", "gone", "same"]
BATCH = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case that either version hits; `said` is the new version's judgement, of a hit that is gone the old one's."""

    case_id: int
    case_no: str
    verdict: Verdict
    said: Judgement


def what_if(
    session: Session,
    ports: Ports,
    draft: Rule | None,
    standing: Rule | None,
    now: datetime,
    *,
    only_open: bool = False,
) -> Iterator[Replayed]:
    """The cases that a draft (None: a retirement) and the version that stands judge differently or both hit.

    The session's regions limit the cases.
    """
    business = {key for one in (draft, standing) if one is not None for key in one.manifest.business}
    for case, facts, supply in _cases(session, ports, business, only_open=only_open):
        said = judge_case(session, ports, case, facts, supply, (draft, standing), now)
        hits = [one is not None and one.outcome == "hit" for one in said]
        if not any(hits):
            continue
        verdict: Verdict = "same" if all(hits) else "new" if hits[0] else "gone"
        shown = said[0] if hits[0] else said[1]
        if shown is not None:
            yield Replayed(case.id, case.case_no, verdict, shown)


def judge_case(
    session: Session,
    ports: Ports,
    case: Case,
    facts: Mapping[str, Any],
    supply: Supply,
    versions: Sequence[Rule | None],
    now: datetime,
) -> list[Judgement | None]:
    """What each version says of the same facts; None for one that the case's process doesn't supply."""
    derive = cache(partial(_derived, session, ports, case, facts))
    find = finder(session, case.region_code)
    return [_judge(one, supply, facts, derive, now, find) for one in versions]


def list_supplies(session: Session, ports: Ports, business: Collection[str]) -> dict[int, Supply]:
    """What versions of processes of these businesses offer to rules, by their ids."""
    supplies: dict[int, Supply] = {}
    for definition in session.scalars(select(Case.definition_id).distinct()):
        supply = ports.supplies(session, definition) if ports.supplies is not None else None
        if supply is not None and supply.business in business:
            supplies[definition] = supply
    return supplies


def _cases(
    session: Session, ports: Ports, business: set[str], *, only_open: bool
) -> Iterator[tuple[Case, Mapping[str, Any], Supply]]:
    supplies = list_supplies(session, ports, business)
    query = (
        select(Case, CaseFacts.facts)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .where(Case.definition_id.in_(supplies))
        .order_by(Case.id)
    )
    if only_open:
        query = query.where(Case.status == "open")
    for case, facts in session.execute(query.execution_options(yield_per=BATCH)):
        yield case, facts, supplies[case.definition_id]


def _derived(session: Session, ports: Ports, case: Case, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    derive = ports.derived_facts.get(case.process_key)
    return derive(session, case, facts) if derive is not None else {}


def _judge(
    rule: Rule | None, supply: Supply, facts: Mapping[str, Any], derive: Any, now: datetime, find: Find
) -> Judgement | None:
    bound = bind(rule, supply) if rule is not None else None
    if rule is None or bound is None:
        return None
    return rule.judge(values_of(bound, facts, derive, local_day(now)), now, find=find)
