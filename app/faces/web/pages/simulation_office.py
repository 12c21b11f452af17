"""The people a simulation on a page draws on: those of one region, today."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.faces.web.acting import Standing
from app.kernel.duties.queries import list_candidates, list_holders, list_rules
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.simulation.office import MadeUpOffice, Office, RegionOffice

MADE_UP = "-"
"""In the address: made-up people instead of a region's."""


def load_office(session: Session, who: Standing, model: Model, region: str) -> Office:
    """The people of `region`, else of the officer's region that fills most of the process's posts; made-up ones
    where there is nobody, as for files made elsewhere."""
    rules = list_rules(session, who.now)
    posts = posts_of(model)
    codes = [region] if region in who.actor.regions else sorted(who.actor.regions)
    holders = list_holders(session, {(post, code) for post in posts for code in codes}, who.today)
    filled = {code: sum(bool(holders[post, code]) for post in posts) for code in codes}
    chosen = max(codes, key=lambda code: filled[code], default="")
    if region == MADE_UP or not filled.get(chosen):
        return MadeUpOffice(rules)
    ids = {person for post in posts for person in holders[post, chosen]}
    people = list_candidates(session, ids, who.today)
    return RegionOffice([people[key] for key in sorted(people)], rules, chosen)


def posts_of(model: Model) -> list[str]:
    """Posts that steps name, and texts that callers hand to their callees as posts."""
    found: set[str] = set()
    for steps in model.spec.steps.values():
        for step in steps.values():
            found |= _named(step)
    return sorted(found)


def _named(step: StepSpec) -> set[str]:
    group = step.candidate_group or ""
    handed = {one.source.strip('="') for one in step.inputs if one.source.startswith('="')}
    return ({group} if group and not group.startswith("=") else set()) | handed
