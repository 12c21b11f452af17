"""Can a case be migrated? Its stored position laid over the new version, element by element. Pure.

The library's own diff aligns renamed elements by guessing from structure, compares attributes that mean nothing to
a running case (names, documentation), and resets what is open, so that due times are lost; ours goes by ids, looks at
what has a meaning, and keeps what is open (docs/decisions/0013-migration-by-ids.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from SpiffWorkflow.util.task import TaskState

from app.kernel.cases.schema import FactSchema
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.running.obstacles import Obstacle
from app.kernel.engine.specs import Spec
from app.kernel.engine.stepping import Instance

NOT_BEGUN: Final = TaskState.FUTURE | TaskState.LIKELY | TaskState.MAYBE
LIVE: Final = TaskState.WAITING | TaskState.READY | TaskState.STARTED

AT_WORK: Final = (
    "kind",
    "element",
    "duty",
    "signs",
    "persons",
    "persons_from",
    "effect",
    "message",
    "events",
    "attached_to",
    "interrupting",
    "called",
    "task_type",
    "loop",
)
"""What must be the same of a step the case stands at."""
DONE: Final = ("kind", "duty", "signs", "persons", "persons_from", "effect")
"""What must be the same of a step it has passed: what was done there still means the same."""


def list_obstacles(state: bytes, old: Spec, new: Spec) -> list[Obstacle]:
    """Why this state can't be taken over; empty when it can."""
    found = _obstacles(Instance.restore(old, state), old, new)
    return list({(one.code, one.step, one.what): one for one in found}.values())


def _obstacles(instance: Instance, old: Spec, new: Spec) -> Iterator[Obstacle]:
    for scope in instance.scopes():
        name = scope.spec.name
        library = library_of(new, name)
        if library is None:
            yield Obstacle("scope_removed", name)
            continue
        begun = [task for task in scope.tasks.values() if not task.has_state(NOT_BEGUN)]
        if any(task.has_state(LIVE) for task in begun) and _is_given_otherwise(scope, old, new):
            yield Obstacle("callee_changed", name)
        for task in begun:
            yield from _of_task(task, name, library, old, new)


def _is_given_otherwise(scope: Any, old: Spec, new: Spec) -> bool:
    """Whether a process is called with other values, and is another itself: what it began with isn't what it reads.

    One that is the same goes on with what it was given, as it would have on the old version.
    """
    name = scope.spec.name
    if scope.parent_task_id is None or signature(old, name) == signature(new, name):
        return False
    owner = scope.top_workflow.get_task_from_id(scope.parent_task_id)
    before, after = (step_in(spec, owner.workflow.spec.name, owner.task_spec) for spec in (old, new))
    return before is not None and after is not None and before.inputs != after.inputs


def _of_task(task: Any, scope: str, library: Any, old: Spec, new: Spec) -> Iterator[Obstacle]:
    spec = task.task_spec
    counterpart = library.task_specs.get(spec.name)
    before, after = step_in(old, scope, spec), step_in(new, scope, spec)
    title = before.name if before else spec.name
    if counterpart is None or (before is not None and after is None):
        yield Obstacle("step_removed", title)
        return
    if type(counterpart) is not type(spec):
        yield Obstacle("step_changed", title, "element")
        return
    if before is None or after is None:
        return
    live = task.has_state(LIVE)
    what = [name for name in (AT_WORK if live else DONE) if getattr(before, name) != getattr(after, name)]
    if what:
        yield Obstacle("step_changed" if live else "done_step_changed", title, ", ".join(what))
    if live and borders(old, scope, before.step_key) != borders(new, scope, after.step_key):
        yield Obstacle("boundary_changed", title)


def step_in(spec: Spec, scope: str, library_spec: Any) -> StepSpec | None:
    """Our specification of a library task spec, None for the library's own splits and joins."""
    return spec.steps.get(scope, {}).get(getattr(library_spec, "bpmn_id", None) or "")


def library_of(spec: Spec, scope: str) -> Any:
    """The library's specification of a process or sub-process of that name, None when there is none."""
    return spec.library if scope == spec.library.name else spec.subprocesses.get(scope)


def borders(spec: Spec, scope: str, step_key: str) -> frozenset[tuple[object, ...]]:
    """The boundary events of a step: a new one would never be armed for a case that stands there."""
    return frozenset(
        (step.step_key, step.events, step.interrupting, step.message)
        for step in spec.steps.get(scope, {}).values()
        if step.attached_to == step_key
    )


def signature(spec: Spec, scope: str) -> frozenset[object]:
    """Everything of a process that has a meaning to a case inside it: steps, flows, and what they call."""
    steps = spec.steps.get(scope, {}).values()
    found: set[object] = {
        (step.step_key, *(getattr(step, name) for name in AT_WORK), step.inputs, step.outputs, step.script)
        for step in steps
    }
    found |= {
        (flow.source, flow.target, flow.condition, flow.risk, flow.default)
        for flow in spec.flows
        if flow.scope == scope
    }
    return frozenset(found)


def list_fact_obstacles(
    known: Mapping[str, Any], old: FactSchema, new: FactSchema, *, sealed: bool = True
) -> list[Obstacle]:
    """Facts with a value that the new version lacks or reads otherwise. Sealed ones aren't opened: they count."""
    found = []
    for key, spec in old.facts.items():
        if known.get(key) is None and not (spec.sensitive and sealed):
            continue
        other = new.facts.get(key)
        if other is None:
            found.append(Obstacle("fact_removed", spec.label_zh))
        elif (other.type, other.sensitive) != (spec.type, spec.sensitive):
            found.append(Obstacle("fact_changed", spec.label_zh))
    return found
