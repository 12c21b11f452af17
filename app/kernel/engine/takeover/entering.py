"""A new instance whose token stands at an entry, nothing before it run; and what is proved of that. No database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from app.kernel.engine.check.proof.position import Unplaced
from app.kernel.engine.running.ahead import list_ahead
from app.kernel.engine.running.obstacles import Obstacle
from app.kernel.engine.running.standing import standing_of
from app.kernel.engine.running.transfer import put_token
from app.kernel.engine.specs import Spec, dump_spec, load_spec, spec_digest
from app.kernel.engine.stepping import Instance
from app.kernel.engine.takeover.manifest import Entry, Problem, read_entries
from app.kernel.engine.vocabulary import ADDED, RISK_CLASSES

if TYPE_CHECKING:
    from app.kernel.engine.definitions import Definition

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_WORDS: Final[Mapping[str, Problem]] = {
    "uncovered": (
        "从这里往后，有路可不经“{step}”就到达受控效果",
        "from there a way leads to the guarded effect past “{step}”",
    ),
    "stuck_ahead": (
        "从这里往后，案件可能停在“{step}”",
        "from there the case can be stuck at “{step}”",
    ),
}
_UNPROVED: Final[Problem] = ("从这里往后不能证明", "what lies ahead of it can't be proved")


def enter(spec: Spec, variables: Mapping[str, Any], step: str, now: datetime) -> Instance:
    """A new instance with its token before the step `step` of the process. The caller advances."""
    instance = Instance.start(spec, variables)
    for key in (*_around(spec, step), step):
        put_token(instance, instance.reach_start(now), key)
    return instance


def _scope_of(spec: Spec, step: str) -> str:
    """The scope of a step of the process itself: the process, or a sub-process in it, drawn or of the normal form."""
    inner = (key for steps in spec.steps.values() for key, one in steps.items() if one.kind == "subprocess")
    return next(
        (one for one in (spec.process_id, *inner) if step in spec.steps.get(one, ())), spec.process_id
    )


def _around(spec: Spec, step: str) -> list[str]:
    """The drawn sub-processes that a step of the process is in, outermost first."""
    scope = _scope_of(spec, step)
    if scope == spec.process_id:
        return []
    return [*_around(spec, scope), *(() if ADDED in scope else (scope,))]


def list_unproved(definition: Definition) -> Iterator[tuple[str, Problem]]:
    """Entries, by step, at which a case must not come in: behind a guarded effect, or not proved from there on."""
    entries = read_entries(definition.manifest)
    if not entries:
        return
    data = dump_spec(definition.parsed)
    spec = load_spec(spec_digest(data), data, definition.parsed)
    for entry in entries.values():
        if not _is_before_effects(spec, entry.step):
            yield (
                entry.step,
                (
                    f"[[take_over]] {entry.key}：须在受控效果之前",
                    f"[[take_over]] {entry.key}: it must lie before any guarded effect",
                ),
            )
            continue
        for obstacle in _obstacles(definition, spec, entry):
            zh, en = _WORDS.get(obstacle.code, _UNPROVED)
            yield (
                entry.step,
                (
                    f"[[take_over]] {entry.key}：{zh.format(step=obstacle.step)}",
                    f"[[take_over]] {entry.key}: {en.format(step=obstacle.step)}",
                ),
            )


def _obstacles(definition: Definition, spec: Spec, entry: Entry) -> Sequence[Obstacle]:
    """From the entry with no signature at all: of the first risk class in which something is wrong."""
    try:
        where = standing_of(enter(spec, {}, entry.step, _ANY_TIME))
    except Unplaced as unplaced:
        return [Obstacle("unplaced", str(unplaced.args[0]))]
    for risk in RISK_CLASSES:
        if found := list_ahead(definition, where, (), risk):
            return found
    return []


def _is_before_effects(spec: Spec, step: str) -> bool:
    """Whether the step, and each sub-process around it, is come to without passing a guarded effect."""
    return all(key in _before_effects(spec, _scope_of(spec, key)) for key in (*_around(spec, step), step))


def _before_effects(spec: Spec, scope: str) -> set[str]:
    """Steps of a scope that are come to without passing a guarded effect, in it or in what it calls."""
    steps = spec.steps[scope]
    onward: dict[str, list[str]] = {}
    for flow in spec.flows:
        if flow.scope == scope:
            onward.setdefault(flow.source, []).append(flow.target)
    for key, step in steps.items():
        if step.attached_to:
            onward.setdefault(step.attached_to, []).append(key)
    found, waiting = set[str](), [key for key, step in steps.items() if step.kind == "start"]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += () if _decides(spec, scope, key, set()) else onward.get(key, ())
    return found


def _decides(spec: Spec, scope: str, key: str, seen: set[str]) -> bool:
    """Whether a guarded effect is at the step or inside of it."""
    step = spec.steps[scope][key]
    if step.effect is not None and step.effect.kind != "notice":
        return True
    inner = step.called if step.kind == "call" else key if step.kind == "subprocess" else None
    if inner is None or inner in seen or inner not in spec.steps:
        return False
    return any(_decides(spec, inner, one, seen | {inner}) for one in spec.steps[inner])
