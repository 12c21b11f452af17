"""Which variables still matter at an element: those that something further on reads before anything sets them anew.

The usual backward analysis of compilers over the diagram, with callees and sub-processes in place of their calls.
Where it doesn't know, it says that a variable matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.simulation.model import Model, names_in, names_of
from app.kernel.engine.submission import OUTCOME, RETURN_TO
from app.kernel.engine.vocabulary import HANDLER_RESULTS
from app.kernel.worklist.form_schema import input_fields

Node = tuple[str, str]
"""Scope and BPMN id."""


def live_names(model: Model) -> Mapping[Node, frozenset[str]]:
    """Variables that matter while a token stands at an element."""
    steps = {(scope, key): step for scope, inner in model.spec.steps.items() for key, step in inner.items()}
    onward = {node: tuple(_onward(model, step, steps)) for node, step in steps.items()}
    reads = {node: _reads(step) for node, step in steps.items()}
    writes = {node: _writes(model, step) for node, step in steps.items()}
    decides = {
        node: frozenset().union(*(names_in(f.condition) for f in model.leaving.get(node, ()) if f.condition))
        | (frozenset({"risk"}) if any(f.risk for f in model.leaving.get(node, ())) else frozenset())
        for node in steps
    }
    awaited = frozenset().union(*map(names_in, model.awaited))
    live: dict[Node, frozenset[str]] = dict.fromkeys(steps, frozenset())
    changed = True
    while changed:
        changed = False
        for node in reversed(steps):
            after = decides[node].union(*(live[one] for one in onward[node] if one in live))
            found = reads[node] | (after - writes[node])
            if steps[node].kind in ("call", "subprocess"):
                found |= after
            found |= awaited
            if found != live[node]:
                live[node], changed = found, True
    return live


def _onward(model: Model, step: StepSpec, steps: Mapping[Node, StepSpec]) -> Iterable[Node]:
    """Elements a token may come to next: by flows, by boundary events, into and out of sub-processes and calls."""
    yield from ((flow.scope, flow.target) for flow in model.leaving.get((step.scope, step.step_key), ()))
    inner = step.called if step.kind == "call" else step.step_key
    for (scope, key), other in steps.items():
        if scope == step.scope and other.attached_to == step.step_key:
            yield scope, key
        if step.kind in ("call", "subprocess") and scope == inner:
            yield scope, key
        is_around = other.called == step.scope if other.kind == "call" else key == step.scope
        if other.kind in ("call", "subprocess") and is_around:
            yield from ((flow.scope, flow.target) for flow in model.leaving.get((scope, key), ()))


def _reads(step: StepSpec) -> frozenset[str]:
    found: set[str] = set()
    for assignment in (*step.inputs, *step.outputs, *step.script):
        found |= names_of(assignment)
    for text in (step.candidate_group, step.persons_from, step.rules):
        found |= names_in(text) if text and text.startswith("=") else set()
    for error in step.errors:
        found |= names_in(error.condition) if error.condition else set()
    if step.loop is not None:
        loop = step.loop
        for text in (loop.condition, loop.collection, loop.cardinality, loop.output):
            found |= names_in(text) if text else set()
    return frozenset(found)


def _writes(model: Model, step: StepSpec) -> frozenset[str]:
    found = set(() if model.is_foreign else HANDLER_RESULTS.get(step.task_type or "", ()))
    if step.kind == "script":
        found |= {one.target for one in step.script}
    if step.kind in ("service", "rule") and step.outputs:
        found = {one.target for one in step.outputs}
    if step.choice is not None:
        found.add(step.choice)
    if step.kind in ("user", "manual"):
        keys = {field.key for field in input_fields(model.forms.get(step.form_id or "", ()))}
        found |= keys & {OUTCOME, RETURN_TO}
    return frozenset(found)
