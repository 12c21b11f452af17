"""What could be chosen next, as choices ready to be made: for trying all paths and for offering them to the player."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice, product
from typing import Any, Final

from app.kernel.engine.simulation.model import Model, names_in
from app.kernel.engine.simulation.player import Choice, Simulation, first_choice
from app.kernel.engine.simulation.questions import Question
from app.kernel.engine.simulation.steps import OpenStep, return_options
from app.kernel.engine.submission import KERNEL_KEYS, OUTCOME, RETURN_TO
from app.kernel.engine.vocabulary import RISK_CLASSES
from app.kernel.worklist.form_schema import Field

MOST_COMBINATIONS: Final = 12
"""Combinations of field values tried for one outcome of a step."""

_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(?<![\w.])(\d+(?:\.\d+)?)')


def list_starts(simulation: Simulation, now: Any) -> Iterator[Choice]:
    """Ways to begin: a file made elsewhere one, a process of ours every risk class, with one and two levels."""
    model = simulation.model
    data = suggest_variables(model)
    if model.is_foreign:
        yield first_choice(now, None, data)
        return
    decides = any(
        step.effect is not None and step.effect.kind in ("decided", "paid")
        for steps in model.spec.steps.values()
        for step in steps.values()
    )
    for levels in (1, 2) if decides else (1,):
        for risk in RISK_CLASSES:
            yield first_choice(now, risk, data, levels)


def suggest_variables(model: Model) -> dict[str, str]:
    """What a caller would hand to a process played by itself: its posts, under their variables' own names."""
    found: dict[str, str] = {}
    for steps in model.spec.steps.values():
        for step in steps.values():
            group = step.candidate_group or ""
            if group.startswith("="):
                found |= {name: name for name in names_in(group) if name not in model.settled}
    return found


def list_choices(simulation: Simulation) -> list[Choice]:
    """Everything that can be chosen now, in a fixed order."""
    if simulation.failure is not None:
        return []
    if simulation.question is not None:
        return list(list_answers(simulation.question))
    found: list[Choice] = []
    for step in simulation.open:
        if step.nth == 0:
            found += _completions(simulation, step)
    if simulation.next_due is not None:
        found.append({"do": "fire"})
    found += [
        {"do": "message", "message": name} for name in sorted({one.name for one in simulation.messages})
    ]
    found += [{"do": "signal", "signal": name} for name in sorted({one.name for one in simulation.signals})]
    found += _settings(simulation)
    found += list_outside(simulation)
    return found


def _settings(simulation: Simulation) -> Iterator[Choice]:
    """Values of variables that an awaited condition reads and nothing in the process sets."""
    model = simulation.model
    for name in sorted(set().union(*map(names_in, model.awaited)) - model.settled):
        known = simulation.variables.get(name)
        yield from (
            {"do": "set", "set": {name: _typed(text)}}
            for text in candidates(model, name)
            if _typed(text) != known
        )


def _typed(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdecimal() else text


def list_outside(simulation: Simulation) -> list[Choice]:
    """What may happen to a case of ours beside its steps: its content changes, a signature becomes void."""
    case = simulation.case
    if simulation.model.is_foreign or case.decided or not case.signatures or simulation.is_completed:
        return []
    return [{"do": "change"}, *({"do": "void", "duty": duty} for duty in case.latest())]


def list_answers(question: Question) -> Iterator[Choice]:
    """Answers to a question: each option, and of several flows all of them too."""
    head = {"do": "answer", "step": question.step_key}
    keys = [option.key for option in question.options]
    match question.kind:
        case "branch" | "branches":
            yield from ({**head, "flows": [key]} for key in keys)
            if question.kind == "branches" and len(keys) > 1:
                yield {**head, "flows": keys}
        case "rules":
            yield from ({**head, "rules": key} for key in keys)
        case "service":
            yield from (
                {**head, "error": option.key}
                if option.is_error
                else {**head, "set": dict(option.values or {})}
                for option in question.options
            )


def _completions(simulation: Simulation, step: OpenStep) -> Iterator[Choice]:
    head = {"do": "complete", "step": step.key}
    if step.branches:
        keys = [flow.id for flow in step.branches]
        yield from ({**head, "flows": [key]} for key in keys)
        if step.takes_several and len(keys) > 1:
            yield {**head, "flows": keys}
        return
    for outcome in [option.value for option in step.outcomes] or [""]:
        for values in _fillings(simulation, step, outcome):
            yield {**head, "values": values} if values else head


def _fillings(simulation: Simulation, step: OpenStep, outcome: str) -> Iterator[dict[str, str]]:
    """Values of the fields that decide where the token goes."""
    chosen = {OUTCOME: outcome} if outcome else {}
    for back in _returns(simulation, step, outcome):
        fields = [
            (field.key, _values(simulation.model, field)) for field in _deciding(simulation.model, step)
        ]
        keys = [key for key, values in fields if values]
        for values in islice(product(*(values for _, values in fields if values)), MOST_COMBINATIONS):
            yield {**chosen, **back, **dict(zip(keys, values, strict=True))}


def _returns(simulation: Simulation, step: OpenStep, outcome: str) -> list[dict[str, str]]:
    options = return_options(step, simulation.case) if outcome.startswith("return") else ()
    return [{}, *({RETURN_TO: option.value} for option in options)]


def _deciding(model: Model, step: OpenStep) -> Sequence[Field]:
    """Fields whose values become variables that some condition reads."""
    read = conditions_read(model)
    known = set(model.routing) if model.schema.facts else {field.key for field in step.fields}
    return [field for field in step.fields if field.key in known & read and field.key not in KERNEL_KEYS]


def conditions_read(model: Model) -> set[str]:
    """Variables that conditions of flows read."""
    return set().union(*(names_in(flow.condition) for flow in model.spec.flows if flow.condition))


def _values(model: Model, field: Field) -> list[str]:
    if field.kind in ("radio", "select"):
        return [option.value for option in field.options]
    if field.kind == "checkbox":
        return ["true", "false"]
    return [*candidates(model, field.key)] if field.kind in ("textfield", "number") else []


def candidates(model: Model, name: str) -> list[str]:
    """Values worth trying for a variable: what conditions that read it compare with, numbers with their neighbours."""
    found: dict[str, None] = {}
    conditions = [flow.condition for flow in model.spec.flows if flow.condition]
    for condition in (*conditions, *model.awaited):
        if name in names_in(condition):
            for text, number in _LITERAL.findall(condition):
                if number:
                    found |= {str(Decimal(number) + step): None for step in (-1, 0, 1)}
                else:
                    found[text] = None
    return list(found)


def label_of(choice: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two choices the same thing to try."""
    values = choice.get("values") or {}
    flows = tuple(choice.get("flows", ()))
    return (
        choice.get("do"),
        choice.get("step"),
        tuple(sorted(values.items())),
        flows,
        choice.get("rules"),
        choice.get("error"),
        choice.get("message"),
        choice.get("signal"),
        choice.get("duty"),
        choice.get("risk"),
        tuple(sorted((choice.get("set") or {}).items())),
    )
