"""A person does an open step: form, choice of the person, duty, signature, and what goes on to the engine.

Follows `complete_task` (app/kernel/engine/operations.py). Fields a form demands may stay empty here: data is made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from app.kernel.cases.schema import FactInvalid, parse_value
from app.kernel.deadlines.rules import end_of_day
from app.kernel.duties.views import Decision
from app.kernel.engine.engine_data import EngineDataInvalid, Scalar, checked
from app.kernel.engine.serving import NOTICE_UNTIL, PARTY, serves_party
from app.kernel.engine.simulation.case import Part, content_of
from app.kernel.engine.simulation.office import Possible
from app.kernel.engine.simulation.questions import ChoiceInvalid
from app.kernel.engine.simulation.services import run_rules, tell_service
from app.kernel.engine.simulation.stage import Stage
from app.kernel.engine.simulation.steps import OpenStep, chosen_branches, return_options, variables_of
from app.kernel.engine.submission import AGREEING, OUTCOME, RETURN_TO
from app.kernel.local_time import local_day
from app.kernel.worklist.forms import validate

Choice = Mapping[str, Any]
DRAFTED = {"submit_positive": "approved_positive", "submit_negative": "approved_negative"}
"""As in `operations`: outcomes of a signing task that draft the case's conclusion."""


class PersonRefused(ChoiceInvalid):
    """The chosen person may not do the step; `decision` says why."""

    def __init__(self, name: str, decision: Decision) -> None:
        super().__init__("person_refused", name=name)
        self.decision = decision


@dataclass(frozen=True)
class Filled:
    """A form as the player filled it; `outcome` is None where nothing says which there are."""

    outcome: str | None
    return_to: str | None
    values: Mapping[str, Any]
    extra: Mapping[str, Scalar]


def complete(stage: Stage, step: OpenStep, choice: Choice) -> dict[str, Scalar] | None:
    """Do the step; answers the variables for the engine, None while more people must act. Raise ChoiceInvalid."""
    if step.branches:
        taken = chosen_branches(step, choice.get("flows"))
        stage.case = stage.case.noted("branch", step.key, flows=" ".join(choice["flows"]))
        return taken
    filled = _filled(stage, step, choice)
    who = _person(step, choice.get("by"))
    _write_facts(stage, filled)
    _perform(stage, step, filled, who)
    parts = (*step.parts, Part(who[0], who[1], filled.outcome or ""))
    if len(parts) < step.ready.persons:
        kept = {**stage.case.parts, step.ready.engine_task_id: parts}
        stage.case = replace(stage.case, parts=kept)
        return None
    if step.ready.rules:
        run_rules(stage, step.ready.rules)
    if filled.outcome == "served" and serves_party(step.ready.step):
        tell_service(stage, step.ready.data.get(PARTY), step.key)
    return _variables(stage, step, filled, parts)


def _filled(stage: Stage, step: OpenStep, choice: Choice) -> Filled:
    given = choice.get("values") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str | list) for value in given.values()):
        raise ChoiceInvalid("bad_form", step=step.key)
    values: Mapping[str, Any] = {}
    if step.ready.step.form_id in stage.model.schemas:
        result = validate(stage.model.schemas[step.ready.step.form_id or ""], given)
        wrong = [key for key, (code, _) in result.errors.items() if code != "required"]
        if wrong:
            raise ChoiceInvalid("bad_field", step=step.key, field=wrong[0])
        values = result.values
    extra = _extra(choice.get("set"))
    outcome = _outcome(stage, step, values, given)
    return Filled(outcome, _return_to(stage, step, values), values, extra)


def _extra(given: object) -> dict[str, Scalar]:
    try:
        return checked(given if isinstance(given, dict) else {})
    except EngineDataInvalid as invalid:
        raise ChoiceInvalid("bad_variable", name=invalid.name) from invalid


def _outcome(stage: Stage, step: OpenStep, values: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    if step.outcomes:
        chosen = values.get(OUTCOME)
        if chosen not in {option.value for option in step.outcomes}:
            raise ChoiceInvalid("outcome_missing", step=step.key)
        return str(chosen)
    typed = given.get(OUTCOME)
    if isinstance(typed, str) and typed:
        return typed
    return "done" if step.ready.step.form_id in stage.model.schemas else None


def _return_to(stage: Stage, step: OpenStep, values: Mapping[str, Any]) -> str | None:
    wanted = values.get(RETURN_TO)
    if wanted is None:
        return None
    if wanted not in {option.value for option in return_options(step, stage.case)}:
        raise ChoiceInvalid("nobody_did_that", step=step.key, duty=str(wanted))
    return str(wanted)


def _person(step: OpenStep, by: object) -> tuple[int, str]:
    """The chosen person, else the first who may. Raise PersonRefused, ChoiceInvalid when there is nobody."""
    if by is None:
        able = step.able
        if not able:
            raise ChoiceInvalid("nobody_may", step=step.key)
        return able[0].person.person_id, able[0].person.name
    found: Possible | None = next((one for one in step.people if one.person.person_id == by), None)
    if found is None:
        raise ChoiceInvalid("unknown_person", step=step.key)
    if not found.decision.allowed:
        raise PersonRefused(found.person.name, found.decision)
    return found.person.person_id, found.person.name


def _write_facts(stage: Stage, filled: Filled) -> None:
    """Form values the process declares as facts; what doesn't fit its fact is left out."""
    facts = dict(stage.case.facts)
    for key, value in filled.values.items():
        spec = stage.model.schema.facts.get(key)
        if spec is None or value in (None, "", []):
            continue
        try:
            facts[key] = parse_value(spec, value, local_day(stage.case.now))
        except FactInvalid as invalid:
            raise ChoiceInvalid("bad_field", field=key) from invalid
    stage.case = replace(stage.case, facts=facts)


def _perform(stage: Stage, step: OpenStep, filled: Filled, who: tuple[int, str]) -> None:
    """Draft, performance and signature, in the order of a real completion."""
    person_id, name = who
    spec, outcome = step.ready.step, filled.outcome or ""
    case = stage.case
    if spec.signs and outcome in DRAFTED:
        case = replace(case, outcome=DRAFTED[outcome])
    if spec.duty:
        case = case.performed(person_id, name, spec.duty, step.task_id)
        if spec.signs:
            content = content_of(stage.model.schema, case)
            agrees = filled.outcome is None or outcome.startswith(AGREEING)
            case = case.signed(person_id, spec.duty, content, agrees=agrees)
    stage.case = case.noted("done", step.key, by=name, outcome=outcome)


def _variables(stage: Stage, step: OpenStep, filled: Filled, parts: tuple[Part, ...]) -> dict[str, Scalar]:
    """Variables of the engine after the last person; an outcome nobody named is left open."""
    variables: dict[str, Scalar] = {"risk": stage.case.risk, **_routing(stage, step, filled), **filled.extra}
    left_open = stage.case.open_names - set(variables)
    if filled.outcome is not None:
        variables[OUTCOME] = filled.outcome
        left_open -= {OUTCOME}
    elif OUTCOME not in filled.extra:
        left_open |= {OUTCOME}
    if filled.return_to is not None:
        variables[RETURN_TO] = filled.return_to
    elif (filled.outcome or "").startswith("return"):
        variables[RETURN_TO] = None
    if step.ready.persons > 1:
        agreeing = sum(part.outcome.startswith(AGREEING) for part in parts)
        variables |= {"votes": len(parts), "votes_for": agreeing}
    variables |= _notice(stage, step, filled)
    remaining = {key: kept for key, kept in stage.case.parts.items() if key != step.ready.engine_task_id}
    stage.case = replace(stage.case, open_names=left_open, parts=remaining)
    return variables


def _notice(stage: Stage, step: OpenStep, filled: Filled) -> dict[str, Scalar]:
    """A public notice to a party ends so many days from now; rest days at the end are left aside here."""
    notice = stage.model.service.notice
    if notice is None or filled.outcome != "notice" or not serves_party(step.ready.step):
        return {}
    last_day = local_day(stage.case.now) + timedelta(days=notice.length)
    return {NOTICE_UNTIL: end_of_day(last_day).isoformat()}


def _routing(stage: Stage, step: OpenStep, filled: Filled) -> dict[str, Scalar]:
    given = variables_of(stage.model, step, filled.values)
    facts = stage.model.schema.routed({**stage.case.facts, **given})
    flat = {key: value for key, value in facts.items() if isinstance(value, str | int | float | bool | None)}
    return {**given, **flat}
