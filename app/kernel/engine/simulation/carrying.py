"""What finished steps do beside moving the token: clocks, documents, acceptance, effects, the history.

Follows app/kernel/engine/progress.py over the made-up case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from app.kernel.deadlines import transitions
from app.kernel.engine.dialect import ClockAction, StepSpec, required_duties
from app.kernel.engine.simulation.case import PassedEffect, content_of
from app.kernel.engine.simulation.services import issue, note
from app.kernel.engine.simulation.stage import Stage
from app.kernel.engine.stepping import StepEvent
from app.kernel.local_time import local_day
from app.kernel.refusals import Refusal


def carry_out(events: Iterable[StepEvent], stage: Stage) -> None:
    """Carry out what the finished steps say, in their order."""
    for event in events:
        if event.change == "completed":
            stage.case = stage.case.noted("passed", event.step_key, kind=event.step.kind)
            _finish(event.step, stage)
        elif event.change == "cancelled" and event.step.kind in ("user", "manual"):
            stage.case = stage.case.noted("cancelled", event.step_key)


def _finish(step: StepSpec, stage: Stage) -> None:
    if step.step_key == stage.model.process.get("acceptance_step"):
        note(stage, "accepted_at")
    for action in step.clocks:
        _move_clock(action, stage)
    if step.document and step.kind in ("user", "manual"):
        issue(stage, step.document, step.step_key)
    if step.effect is not None:
        _pass_effect(step, stage)


def _move_clock(action: ClockAction, stage: Stage) -> None:
    """Stopping a clock that doesn't run is nothing to do, as in a real case."""
    running = stage.case.clocks.get(action.ref)
    if running is not None and running.state == "stopped":
        running = None
    today = local_day(stage.case.now)
    try:
        moved = _moved(action, running, today, stage)
    except Refusal as refusal:
        stage.case = stage.case.noted("clock_refused", ref=action.ref, why=refusal.code)
        return
    if moved is not None:
        clocks = {**stage.case.clocks, **moved}
        stage.case = replace(stage.case, clocks=clocks).noted("clock", ref=action.ref, action=action.action)


def _moved(
    action: ClockAction, running: transitions.Clock | None, today: date, stage: Stage
) -> dict[str, transitions.Clock] | None:
    ref = action.ref
    if action.action == "start":
        spec = stage.model.clocks.get(ref)
        started = running is None and spec is not None
        return {ref: transitions.start(spec, _counted_from(ref, today, stage))} if started and spec else None
    if running is None:
        return None
    match action.action:
        case "stop":
            return {ref: transitions.stop(running, today)}
        case "pause":
            return {ref: transitions.pause(running, today, running.spec.ground_zh)}
        case "resume":
            return {ref: transitions.resume(running, today)}
        case "convert":
            return _converted(ref, running, today, stage)
    return None


def _converted(
    ref: str, running: transitions.Clock, today: date, stage: Stage
) -> dict[str, transitions.Clock] | None:
    """The clock goes over to another one, or just ends where that one runs already."""
    into = stage.model.process.get("convert", {}).get(ref)
    spec = stage.model.clocks.get(into)
    ended = {ref: transitions.stop(running, today)}
    target = stage.case.clocks.get(into)
    if spec is None or (target is not None and target.state != "stopped"):
        return ended
    return {**ended, into: transitions.convert(running, spec)}


def _counted_from(ref: str, today: date, stage: Stage) -> date:
    value = stage.case.facts.get(stage.model.counted_from.get(ref, ""))
    return date.fromisoformat(str(value)[:10]) if value else today


def _pass_effect(step: StepSpec, stage: Stage) -> None:
    """The duties signed since the last effect, on what is being decided now; passing uses them up."""
    effect = step.effect
    if effect is None or effect.kind == "notice":
        return
    policy = stage.model.policies[step.process]
    content = content_of(stage.model.schema, stage.case)
    earned = tuple(
        (signature.duty, stage.case.name_of(signature.person_id))
        for signature in stage.case.latest().values()
        if signature.agrees and signature.content_hash == content and signature.seq > stage.case.used
    )
    required = required_duties(effect, policy, stage.case.risk)
    passed = PassedEffect(step.step_key, effect.kind, required, earned)
    case = replace(
        stage.case,
        effects=(*stage.case.effects, passed),
        used=max((one.seq for one in stage.case.signatures), default=stage.case.used),
    )
    stage.case = case.noted("effect", step.step_key, kind=effect.kind, carried=str(passed.carried).lower())
