"""The report of a search: what was come to, what wasn't and why, where it ended, where it can't go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.kernel.engine.dialect import FlowSpec, StepSpec
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.vocabulary import ADDED

if TYPE_CHECKING:
    from app.kernel.engine.simulation.explore import Found

Choice = Mapping[str, Any]


@dataclass(frozen=True)
class Stop:
    """Where a path can't go on. `choices` lead there; `why` is a code, a duty or the fault's text.

    `failed`: the process is wrong there; `gap`: no flow of a gateway fits; `stuck`: nothing is open or waited for;
    `gate`: an effect without its signatures; `refused`: the step can't be done as tried.
    """

    kind: str
    step_key: str
    why: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Unreached:
    """An element or flow no path came to. `why`: `unconnected`, `limit`, `event`, `condition` or `behind`."""

    scope: str
    key: str
    element: str
    name: str
    why: str
    detail: str = ""


@dataclass(frozen=True)
class Coverage:
    """The whole report; counts are of elements and flows of the process and those it calls."""

    process_id: str
    elements: int
    elements_reached: int
    flows: int
    flows_reached: int
    unreached: tuple[Unreached, ...]
    stops: tuple[Stop, ...]
    visits: Mapping[str, int]
    """How often each element was come to, by its id."""
    states: int
    moves: int
    runs: int
    deepest: int
    cut: str | None
    """The limit that ended the search: `moves`, `depth`, `seconds`; None when everything was tried."""

    @property
    def failures(self) -> tuple[Stop, ...]:
        """Paths on which the process itself fails."""
        return tuple(stop for stop in self.stops if stop.kind == "failed")

    @property
    def dead_ends(self) -> tuple[Stop, ...]:
        """Paths that stop without an end."""
        return tuple(stop for stop in self.stops if stop.kind in ("gap", "stuck"))

    @property
    def runs_to_an_end(self) -> bool:
        """Does some path come to the end?"""
        return self.runs > 0

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "process": self.process_id,
            "elements": self.elements,
            "elements_reached": self.elements_reached,
            "flows": self.flows,
            "flows_reached": self.flows_reached,
            "unreached": [vars(one) for one in self.unreached],
            "stops": [{**vars(one), "choices": list(one.choices)} for one in self.stops],
            "states": self.states,
            "moves": self.moves,
            "runs": self.runs,
            "deepest": self.deepest,
            "cut": self.cut,
        }


def drawn(key: str) -> str:
    """The element on the diagram that a node of the normal form belongs to."""
    return key.partition(ADDED)[0]


def summarise(model: Model, found: Found) -> Coverage:
    """What a search has found, held against everything the process has."""
    steps = [step for steps in model.spec.steps.values() for step in steps.values() if step.drawn]
    flows = [flow for flow in model.spec.flows if ADDED not in flow.id]
    missing_steps = [step for step in steps if (step.scope, step.step_key) not in found.elements]
    missing_flows = [flow for flow in flows if (flow.scope, flow.source, flow.target) not in found.flows]
    why = _Why(model, found)
    visits: dict[str, int] = {}
    for (_, key), count in found.elements.items():
        visits[key] = visits.get(key, 0) + count
    return Coverage(
        process_id=model.process_id,
        elements=len(steps),
        elements_reached=len(steps) - len(missing_steps),
        flows=len(flows),
        flows_reached=len(flows) - len(missing_flows),
        unreached=(*map(why.step, missing_steps), *map(why.flow, missing_flows)),
        stops=tuple(found.stops),
        visits=visits,
        states=found.states,
        moves=found.moves,
        runs=found.runs,
        deepest=found.deepest,
        cut=found.cut,
    )


class _Why:
    """Why something was not come to, as far as the diagram tells."""

    def __init__(self, model: Model, found: Found) -> None:
        self.model = model
        self.found = found

    def step(self, step: StepSpec) -> Unreached:
        """Why no path came to an element."""
        entering = [
            flow for flow in self.model.spec.flows if (flow.scope, flow.target) == (step.scope, step.step_key)
        ]
        if step.kind in ("boundary", "start"):
            why, detail = "event", drawn(step.attached_to or step.scope)
        elif not entering and step.kind != "start":
            why, detail = "unconnected", ""
        else:
            why, detail = self._entering(entering)
        return Unreached(step.scope, step.step_key, step.element, step.name, self._cut(why), detail)

    def flow(self, flow: FlowSpec) -> Unreached:
        """Why no path took a flow."""
        why, detail = self._entering([flow])
        name = f"{drawn(flow.source)} → {drawn(flow.target)}"
        return Unreached(flow.scope, flow.id, "sequenceFlow", name, self._cut(why), detail)

    def _entering(self, flows: list[FlowSpec]) -> tuple[str, str]:
        for flow in flows:
            if (flow.scope, flow.source) in self.found.elements:
                return "condition", flow.condition or flow.source
        return "behind", flows[0].source if flows else ""

    def _cut(self, why: str) -> str:
        return "limit" if self.found.cut and why in ("condition", "behind") else why
