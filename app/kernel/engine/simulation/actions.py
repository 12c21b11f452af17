"""What a choice does to a play: start it, do a step, let time pass, deliver, set, assume, change from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from app.kernel.cases.schema import FactInvalid, parse_value
from app.kernel.duties.views import RISK_ORDER
from app.kernel.engine.engine_data import Data, EngineDataInvalid, Scalar, checked
from app.kernel.engine.simulation.case import SimulatedCase
from app.kernel.engine.simulation.completing import complete
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.simulation.office import Office
from app.kernel.engine.simulation.questions import ChoiceInvalid
from app.kernel.engine.simulation.services import call_service
from app.kernel.engine.simulation.stage import Stage
from app.kernel.engine.stepping import Instance, MessageNotExpected
from app.kernel.engine.workflow import ServiceCall
from app.kernel.local_time import local_day

if TYPE_CHECKING:
    from app.kernel.engine.simulation.player import Simulation

Choice = Mapping[str, Any]

LONGEST_WAIT: Final = 3_660
"""Days a single choice may let pass."""


def first_case(model: Model, office: Office, choice: Choice) -> SimulatedCase:
    risk = str(choice.get("risk") or model.process.get("risk") or "normal")
    if risk not in RISK_ORDER:
        raise ChoiceInvalid("bad_risk", risk=risk)
    try:
        now = datetime.fromisoformat(str(choice.get("at")))
    except ValueError:
        raise ChoiceInvalid("bad_time") from None
    if now.tzinfo is None:
        raise ChoiceInvalid("bad_time")
    levels = 2 if choice.get("levels") == 2 else 1
    facts = _facts(model, choice.get("facts"), now)
    case = SimulatedCase(model.process_id, office.region, risk, now, levels=levels, facts=facts)
    return case.noted("started", risk=risk)


def _facts(model: Model, given: object, now: datetime) -> dict[str, Any]:
    found = {}
    for key, value in (given if isinstance(given, dict) else {}).items():
        spec = model.schema.facts.get(key)
        if spec is not None:
            try:
                found[key] = parse_value(spec, value, local_day(now))
            except FactInvalid as invalid:
                raise ChoiceInvalid("bad_field", field=key) from invalid
    return found


def played(instance: Instance, stage: Stage) -> Instance:
    """Compaction would forget which flows were taken; a play is short."""
    instance.compacting = False
    instance.workflow.asker = stage
    return instance


def _advance(instance: Instance, stage: Stage) -> Instance:
    instance.advance(_handler(stage), stage.case.now)
    return instance


def _handler(stage: Stage) -> Callable[[str, ServiceCall, Data], Mapping[str, object]]:
    return lambda task_type, call, data: call_service(stage, task_type, call, data)


def _variables(given: object) -> dict[str, Scalar]:
    try:
        return checked(given if isinstance(given, dict) else {})
    except EngineDataInvalid as invalid:
        raise ChoiceInvalid("bad_variable", name=invalid.name) from invalid


def _start(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    model = simulation.model
    routing = model.schema.routed(stage.case.facts)
    data = {**routing, **_variables(choice.get("set")), "risk": stage.case.risk}
    return _advance(played(Instance.start(model.spec, data), stage), stage)


def _complete(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    wanted = (choice.get("step"), choice.get("nth", 0))
    step = next((one for one in simulation.open if (one.key, one.nth) == wanted), None)
    if step is None:
        raise ChoiceInvalid("not_open", step=str(choice.get("step")))
    instance = simulation.restored(stage)
    variables = complete(stage, step, choice)
    if variables is not None:
        task_id = step.ready.engine_task_id
        instance.complete(task_id, variables, _handler(stage), stage.case.now)
    return instance


def _fire(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    due = simulation.next_due
    if due is None:
        raise ChoiceInvalid("no_timer")
    stage.case = replace(stage.case, now=max(due, stage.case.now)).noted("time_passed")
    return _advance(simulation.restored(stage), stage)


def _wait(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    days = choice.get("days")
    if not isinstance(days, int) or not 1 <= days <= LONGEST_WAIT:
        raise ChoiceInvalid("bad_wait", most=str(LONGEST_WAIT))
    stage.case = replace(stage.case, now=stage.case.now + timedelta(days=days)).noted("time_passed")
    return _advance(simulation.restored(stage), stage)


def _deliver(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    is_signal = choice.get("do") == "signal"
    name = str(choice.get("signal" if is_signal else "message"))
    instance = simulation.restored(stage)
    stage.case = stage.case.noted("signal" if is_signal else "message", name=name)
    deliver = instance.deliver_signal if is_signal else instance.deliver_message
    try:
        deliver(name, _variables(choice.get("set")), _handler(stage), stage.case.now)
    except MessageNotExpected as unexpected:
        raise ChoiceInvalid("not_waited_for", name=name) from unexpected
    return instance


def _assume(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    rules = choice.get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise ChoiceInvalid("bad_rules")
    stage.case = replace(stage.case, assumed=frozenset(rules)).noted("assumed", rules=" ".join(rules))
    return simulation.restored(stage)


def _set(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    """Variables become what the player says, everywhere in the instance."""
    variables = _variables(choice.get("set"))
    instance = simulation.restored(stage)
    instance.assign(variables)
    shown = ", ".join(f"{key} = {value}" for key, value in sorted(variables.items()))
    left_open = stage.case.open_names - set(variables)
    stage.case = replace(stage.case, open_names=left_open).noted("set", values=shown)
    return _advance(instance, stage)


def _change(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    """What is being decided changed from outside (a material, a correction): signatures before it are stale."""
    stage.case = replace(stage.case, edition=stage.case.edition + 1).noted("content_changed")
    return simulation.restored(stage)


def _void(simulation: Simulation, choice: Choice, stage: Stage) -> Instance:
    """A signature no longer counts, as after a recusal or a ruling."""
    duty = str(choice.get("duty"))
    if duty not in stage.case.latest():
        raise ChoiceInvalid("not_signed", duty=duty)
    kept = tuple(one for one in stage.case.signatures if one.duty != duty)
    stage.case = replace(stage.case, signatures=kept).noted("voided", duty=duty)
    return simulation.restored(stage)


ACTIONS: Final[Mapping[str, Callable[[Simulation, Choice, Stage], Instance]]] = {
    "start": _start,
    "complete": _complete,
    "fire": _fire,
    "wait": _wait,
    "message": _deliver,
    "signal": _deliver,
    "assume": _assume,
    "set": _set,
    "change": _change,
    "void": _void,
}
