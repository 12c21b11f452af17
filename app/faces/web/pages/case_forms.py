"""A task's form fitted to the case: steps it can go back to, people who can be named, what a vote settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.kernel.cases.models import Case
from app.kernel.duties.queries import list_candidates, list_case_views, list_holders, list_rules
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, TaskView
from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.submission import ASSIGNEE, OUTCOME, RETURN_TO
from app.kernel.worklist.queries import count_load
from app.kernel.worklist.steps import list_done_duties


@dataclass(frozen=True)
class Fitting:
    """What a form is fitted to; `required` is the outcome a vote has settled."""

    case: Case
    deployed: Deployed
    required: str | None
    who: Standing


Part = Mapping[str, Any]


def fitted(session: Session, schema: Part, fitting: Fitting) -> Part:
    """The schema with choices that make no sense here left out; what is not offered is refused as well."""
    parts = [_part(session, part, fitting) for part in schema.get("components", [])]
    return {**schema, "components": parts}


def _part(session: Session, part: Part, fitting: Fitting) -> Part:
    fit = _FITS.get(part.get("key", ""))
    return part if fit is None else fit(session, part, fitting)


def _outcome(session: Session, part: Part, fitting: Fitting) -> Part:
    if fitting.required is None:
        return part
    return {**part, "values": [one for one in part["values"] if one["value"] == fitting.required]}


def _return_to(session: Session, part: Part, fitting: Fitting) -> Part:
    done = list_done_duties(session, fitting.case.id)
    return {**part, "values": [one for one in part["values"] if one["value"] in done]}


def _assignee(session: Session, part: Part, fitting: Fitting) -> Part:
    """People who may take the step that comes next, with their load; the field names that step."""
    step = fitting.deployed.steps.get((part.get("properties") or {}).get("assigns", ""))
    if step is None or not step.duty or not step.candidate_group:
        return part
    pair = (step.candidate_group, fitting.case.region_code)
    ids = list_holders(session, {pair}, fitting.who.today)[pair]
    people = list_candidates(session, ids, fitting.who.today)
    view = list_case_views(session, [fitting.case])[fitting.case.id]
    rules, load = list_rules(session, fitting.who.now), count_load(session, ids)
    probe = TaskView(task_id=0, duty=step.duty, post=pair[0], region_code=pair[1])
    able = [
        one
        for one in sorted(people.values(), key=lambda one: one.pinyin)
        if decide(one, Action.ASSIGN, view, probe, rules).allowed
    ]
    values = [
        {
            "value": str(one.person_id),
            "label": _("%(name)s，在办 %(n)s 件", name=one.name, n=load.get(one.person_id, 0)),
        }
        for one in able
    ]
    return {**part, "type": "select", "values": values}


_FITS: Mapping[str, Callable[[Session, Part, Fitting], Part]] = {
    OUTCOME: _outcome,
    RETURN_TO: _return_to,
    ASSIGNEE: _assignee,
}
