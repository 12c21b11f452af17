"""What automatic steps do in a simulation: the kernel's own handlers faithfully, all others as the player says.

The faithful ones follow app/kernel/engine/handlers.py and change_handlers.py, over the made-up case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from app.kernel.cases.schema import FactInvalid, parse_value
from app.kernel.decisions.catalogue.evaluation import Inquiry, evaluate
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.engine.engine_data import Data, EngineDataInvalid, checked
from app.kernel.engine.paperwork import decision_document
from app.kernel.engine.receipts import RECEIPT
from app.kernel.engine.serving import PARTY
from app.kernel.engine.simulation.case import content_of
from app.kernel.engine.simulation.model import names_in, names_of
from app.kernel.engine.simulation.questions import ChoiceInvalid, GateShut, Option, Question
from app.kernel.engine.simulation.stage import Answer, Stage
from app.kernel.engine.workflow import ServiceCall
from app.kernel.local_time import local_day, local_minute
from app.kernel.ports import BusinessError

Result = Mapping[str, object]

BLOCK, ROUTE, SECOND_LEVEL = "block", "route", "second_level"
"""Effects of rules that may be assumed, beside rules by their id."""
POSITIVE: Final = "approved_positive"
DROPPED: Final = {"withdraw": "withdrawn", "reject": "rejected"}


def call_service(stage: Stage, task_type: str, call: ServiceCall, data: Data) -> Result:
    """What the step sets. Raise Unanswered where the player must say, BusinessError where he lets it end so."""
    handler = None if stage.model.is_foreign else SIMULATED.get(task_type)
    if handler is not None:
        _ask_error(stage, call)
        return handler(stage, call, data)
    return _ask_result(stage, call, data)


def run_rules(stage: Stage, business: str | None, trigger: str = "duty") -> bool:
    """Ask the rules about the made-up facts, with the hits that are assumed; answers whether one blocks."""
    model, case = stage.model, stage.case
    if model.supply is None:
        return False
    assumed = [one.rule for one in model.rules if one.rule.id in case.assumed]
    asked = [one for one in model.rules if one.rule.id not in case.assumed]
    derived = {"outcome": case.outcome, "investigators": _investigators(stage)}
    inquiry = Inquiry(trigger, case.now, case.facts, lambda: derived, business)
    hits = [hit.rule for hit in evaluate(asked, model.supply, inquiry).hits] + assumed
    for rule in hits:
        _apply(stage, rule)
    return any(rule.manifest.action == "block" for rule in hits)


def _apply(stage: Stage, rule: Rule) -> None:
    case, manifest = stage.case, rule.manifest
    if rule.id not in case.hits:
        case = replace(case, hits={**case.hits, rule.id: (manifest.name_zh, manifest.name_en)})
        case = case.noted("rule_hit", rule=rule.id, action=manifest.action)
    if manifest.action == "route":
        case = case.raised("routed", rule.id)
    if manifest.approval_levels > 1:
        case = case.with_levels(2, rule.id)
    stage.case = case


def _investigators(stage: Stage) -> list[str]:
    return [str(act.person_id) for act in stage.case.acts if act.duty == "investigation"]


def _rules_of(stage: Stage, call: ServiceCall, trigger: str) -> bool:
    """Rules of a service step, and what is assumed of them; answers whether anything blocks."""
    blocks = run_rules(stage, call.rules, trigger)
    assumed = _asked_rules(stage, call) if stage.asking_rules else stage.case.assumed
    if ROUTE in assumed:
        stage.case = stage.case.raised("routed", "assumed")
    if SECOND_LEVEL in assumed:
        stage.case = stage.case.with_levels(2, "assumed")
    return blocks or BLOCK in assumed


def _asked_rules(stage: Stage, call: ServiceCall) -> frozenset[str]:
    options = [Option(""), Option(BLOCK)]
    if stage.case.risk != "routed":
        options.append(Option(ROUTE))
    if stage.case.levels == 1:
        options.append(Option(SECOND_LEVEL))
    answer = stage.ask(Question("rules", call.step.step_key, call.step.name, tuple(options)))
    return frozenset({str(answer.get("rules", ""))} - {""})


def _simulate_rules(stage: Stage, call: ServiceCall, data: Data) -> Result:
    blocks = _rules_of(stage, call, "duty")
    return {"block": blocks, "risk": stage.case.risk}


def _check_signatures(stage: Stage, call: ServiceCall, data: Data) -> Result:
    blocks = _rules_of(stage, call, "payment" if _guarded_kind(stage) == "paid" else "gate")
    if blocks and stage.case.outcome == POSITIVE:
        missing = "blocked"
    else:
        missing = (
            stage.case.missing(_guarded_kind(stage), content_of(stage.model.schema, stage.case)) or "none"
        )
    stage.case = stage.case.noted("signatures_checked", call.step.step_key, missing=missing)
    return {"missing": missing, "risk": stage.case.risk}


def _guarded_kind(stage: Stage) -> str:
    steps = (step for steps in stage.model.spec.steps.values() for step in steps.values())
    kinds = {step.effect.kind for step in steps if step.effect} - {"notice"}
    return kinds.pop() if len(kinds) == 1 else "decided"


def _seal_decision(stage: Stage, call: ServiceCall, data: Data) -> Result:
    kind = call.step.effect.kind if call.step.effect else "decided"
    content = content_of(stage.model.schema, stage.case)
    missing = "decided" if stage.case.decided else stage.case.missing(kind, content)
    if missing is not None:
        raise GateShut(call.step.step_key, kind, missing)
    outcome = stage.case.outcome or ""
    stage.case = replace(stage.case, decided=True).noted("decided", call.step.step_key, outcome=outcome)
    note(stage, "decided_at")
    document = decision_document(stage.model.process.get("decision_documents", {}), call, outcome)
    if document:
        issue(stage, document, call.step.step_key)
    return {"review_result": outcome}


def _issue_document(stage: Stage, call: ServiceCall, data: Data) -> Result:
    if call.step.document:
        issue(stage, call.step.document, call.step.step_key)
        noted = stage.model.process.get("document_facts", {}).get(call.step.document)
        if noted:
            note(stage, noted)
    return {}


def _set_procedure(stage: Stage, call: ServiceCall, data: Data) -> Result:
    return {"procedure": data.get("procedure")}


def _nothing(stage: Stage, call: ServiceCall, data: Data) -> Result:
    return {}


def _deem_served(stage: Stage, call: ServiceCall, data: Data) -> Result:
    tell_service(stage, data.get(PARTY), call.step.step_key)
    return {}


def _complete_service(stage: Stage, call: ServiceCall, data: Data) -> Result:
    return {"service_result": "served"}


def _check_change(stage: Stage, call: ServiceCall, data: Data) -> Result:
    options = (
        Option("false", values={"change_outdated": False}),
        Option("true", values={"change_outdated": True}),
    )
    question = Question("service", call.step.step_key, call.step.name, options, names=("change_outdated",))
    return _chosen(stage, question)


def _drop_change(stage: Stage, call: ServiceCall, data: Data) -> Result:
    outcome = DROPPED.get(str(data.get("outcome")), "withdrawn")
    stage.case = replace(stage.case, outcome=outcome)
    return {}


SIMULATED: Final[Mapping[str, Callable[[Stage, ServiceCall, Data], Result]]] = {
    "run_rules": _simulate_rules,
    "check_signatures": _check_signatures,
    "seal_decision": _seal_decision,
    "issue_document": _issue_document,
    "set_procedure": _set_procedure,
    "archive_case": _nothing,
    "deem_served": _deem_served,
    "complete_service": _complete_service,
    "apply_change": _nothing,
    "check_change": _check_change,
    "drop_change": _drop_change,
}


def issue(stage: Stage, document: str, step_key: str) -> None:
    """A document is produced."""
    case = replace(stage.case, documents=(*stage.case.documents, document))
    stage.case = case.noted("document", step_key, document=document)


def tell_service(stage: Stage, party: object, step_key: str) -> None:
    """The receipt of a party that received, where the process has such a paper."""
    if RECEIPT in stage.model.documents and not stage.model.service.party(str(party)).copy:
        issue(stage, RECEIPT, step_key)


def note(stage: Stage, key: str) -> None:
    """Set a fact the kernel knows to now, where the process declares it."""
    spec = stage.model.schema.facts.get(key)
    if spec is None:
        return
    try:
        value: Any = parse_value(spec, local_minute(stage.case.now), local_day(stage.case.now))
    except FactInvalid:
        return
    stage.case = replace(stage.case, facts={**stage.case.facts, key: value})


def _ask_error(stage: Stage, call: ServiceCall) -> None:
    """Of a step whose own work is played faithfully: does it end with one of its errors?"""
    if call.step.errors:
        options = (Option(""), *_errors(call))
        question = Question("service", call.step.step_key, call.step.name, options)
        _raise_chosen(stage, question, stage.ask(question))


def _errors(call: ServiceCall) -> list[Option]:
    return [Option(code, label=code) for code in dict.fromkeys(error.code for error in call.step.errors)]


def _raise_chosen(stage: Stage, question: Question, answer: Answer) -> None:
    code = answer.get("error")
    if not code:
        return
    if all(code != option.key for option in question.options if option.is_error):
        raise ChoiceInvalid("bad_error", error=str(code))
    stage.case = stage.case.noted("service", question.step_key, error=str(code))
    raise BusinessError(str(code))


def _ask_result(stage: Stage, call: ServiceCall, data: Data) -> Result:
    """A service nobody is called for: asked only where something reads what it would have set, or it may fail."""
    names = set().union(*(names_of(one) for one in call.step.outputs)) - set(data)
    names |= set().union(*(names_in(one.condition) for one in call.step.errors if one.condition)) - set(data)
    options = (Option(""), *_errors(call))
    if not names and len(options) == 1:
        return {}
    return _chosen(
        stage,
        Question("service", call.step.step_key, call.step.name, options, names=tuple(sorted(names))),
    )


def _chosen(stage: Stage, question: Question) -> Result:
    answer = stage.ask(question)
    _raise_chosen(stage, question, answer)
    given = answer.get("set", {})
    try:
        values = checked(given if isinstance(given, dict) else {})
    except EngineDataInvalid as invalid:
        raise ChoiceInvalid("bad_variable", name=invalid.name) from invalid
    shown = ", ".join(f"{key} = {value}" for key, value in sorted(values.items()))
    stage.case = stage.case.noted("service", question.step_key, values=shown)
    return values
