"""The route of a deployed process: which user tasks every way onward passes, found by reachability on the diagram.

Callees are put in place of their calls. Ways out by boundary events are exceptions and not looked at, nor are
conditions: a task counts as ahead when no way round it leads on, or when the process calls it usual.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import URL
from sqlalchemy.orm import Session

from app.kernel.duties.route import Route, RouteStep
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.dialect import FlowSpec, StepSpec
from app.kernel.engine.progress import SUBJECT
from app.kernel.engine.seats import effect_kind
from app.kernel.engine.vocabulary import ADDED, RISK_CLASSES

Node = tuple[str, ...]
"""Keys of the calls around a flow node, then its own."""

SEVERAL = 2
"""People counted for a task whose number of people is an expression: known only when the task comes up."""


@dataclass
class Diagram:
    """The process with its callees in place. `steps[n]`: the step and the literal inputs of the call around it."""

    steps: dict[Node, tuple[StepSpec, Mapping[str, str]]] = field(default_factory=dict)
    flows: list[tuple[Node, Node, tuple[str, ...]]] = field(default_factory=list)
    starts: list[Node] = field(default_factory=list)
    ends: list[Node] = field(default_factory=list)

    def deciding(self, kind: str) -> set[Node]:
        """Where the case itself is decided: guarded effects of its kind that have no subject of their own."""
        return {
            node
            for node, (step, inputs) in self.steps.items()
            if step.effect is not None and step.effect.kind == kind and SUBJECT not in inputs
        }

    def onward(self, risk: str) -> dict[Node, list[Node]]:
        """Where one gets from each node in a case of this risk class."""
        found: dict[Node, list[Node]] = {}
        for source, target, risks in self.flows:
            if not risks or risk in risks:
                found.setdefault(source, []).append(target)
        return found


def get_route(session: Session, definition_id: int) -> Route:
    """The route of a deployed version, kept for the life of the process (versions never change)."""
    key = (session.get_bind().engine.url, definition_id)
    found = _ROUTES.get(key)
    if found is None:
        found = _ROUTES[key] = route_of(get_deployed(session, definition_id))
    return found


_ROUTES: dict[tuple[URL, int], Route] = {}


def route_of(deployed: Deployed) -> Route:
    """Read the route from the diagram."""
    diagram = diagram_of(deployed)
    kind = effect_kind(deployed)
    effects = diagram.deciding(kind)
    usual = frozenset(str(key) for key in deployed.process.get("usual_steps", ()))
    start: dict[str, tuple[RouteStep, ...]] = {}
    after: dict[tuple[str, str], tuple[RouteStep, ...]] = {}
    deciding: set[tuple[str, str]] = set()
    for risk in RISK_CLASSES:
        ways = _Ways(diagram, risk, effects, usual)
        start[risk] = ways.ahead(diagram.starts)
        for node, (step, _) in diagram.steps.items():
            if step.kind == "user" and (risk, step.step_key) not in after:
                after[risk, step.step_key] = ways.ahead([node])
                if ways.reach([node]) & effects:
                    deciding.add((risk, step.step_key))
    return Route(
        policy=str(deployed.process.get("lookahead", "warn")),
        risk=str(deployed.process.get("risk", "normal")),
        effect=kind,
        intake_post=deployed.intake_post,
        posts={
            step.duty: _post(step, inputs)
            for step, inputs in diagram.steps.values()
            if step.kind == "user" and step.signs and step.duty and step.candidate_group
        },
        start=start,
        after=after,
        deciding=frozenset(deciding),
    )


def diagram_of(deployed: Deployed) -> Diagram:
    """The process with its callees in place of their calls."""
    diagram = Diagram()
    diagram.starts, diagram.ends = _place(diagram, deployed, deployed.spec.process_id, (), {})
    return diagram


def _place(
    diagram: Diagram, deployed: Deployed, scope: str, around: Node, inputs: Mapping[str, str]
) -> tuple[list[Node], list[Node]]:
    """Put a process or sub-process into the diagram; answers its plain starts and its ends."""
    steps = deployed.spec.steps.get(scope, {})
    for key, step in steps.items():
        if step.kind == "boundary":
            continue
        node = (*around, key)
        diagram.steps[node] = (step, inputs)
        inner = _inner_scope(step)
        if inner is not None and inner not in around:
            given = {one.target: one.source.strip('="') for one in step.inputs} if step.called else inputs
            # What the engine put around the drawn nodes isn't part of their place, as in `workflow.path_of`.
            within = around if ADDED in key else node
            starts, ends = _place(diagram, deployed, inner, within, given)
            diagram.flows += [(node, one, ()) for one in starts]
            diagram.flows += [(one, (*node, _OUT), ()) for one in ends]
    flows = [flow for flow in deployed.spec.flows if flow.scope == scope]
    diagram.flows += [_flow(flow, steps, around) for flow in flows]
    leaving, entered = {flow.source for flow in flows}, {flow.target for flow in flows}
    first = [key for key, step in steps.items() if step.kind == "start"] or [
        key for key in steps if key not in entered
    ]
    last = [key for key, step in steps.items() if key not in leaving and step.kind != "boundary"]
    return [(*around, key) for key in first], [_exit(steps[key], (*around, key)) for key in last]


_OUT = "$out"


def _inner_scope(step: StepSpec) -> str | None:
    if step.kind == "call":
        return step.called
    return step.step_key if step.kind == "subprocess" else None


def _exit(step: StepSpec, node: Node) -> Node:
    """Where one leaves a node: of a call, when its callee has ended."""
    return node if _inner_scope(step) is None else (*node, _OUT)


def _flow(flow: FlowSpec, steps: Mapping[str, StepSpec], around: Node) -> tuple[Node, Node, tuple[str, ...]]:
    return _exit(steps[flow.source], (*around, flow.source)), (*around, flow.target), flow.risk


def _post(step: StepSpec, inputs: Mapping[str, str]) -> str:
    """The post of a user task; in a callee its caller names the group."""
    group = step.candidate_group or ""
    return inputs.get(group[1:], group) if group.startswith("=") else group


class _Ways:
    """Reachability for one risk class."""

    def __init__(
        self, diagram: Diagram, risk: str, effects: Collection[Node], usual: Collection[str]
    ) -> None:
        self.diagram, self.effects, self.usual = diagram, frozenset(effects), usual
        self.onward = diagram.onward(risk)
        self._known: dict[tuple[tuple[Node, ...], Node | None], dict[Node, int]] = {}
        self._needed: dict[tuple[tuple[Node, ...], frozenset[Node]], frozenset[Node]] = {}
        self.tasks = [
            node
            for node, (step, _) in diagram.steps.items()
            if step.kind == "user" and step.duty and step.candidate_group
        ]

    def _reach(self, sources: tuple[Node, ...], without: Node | None) -> dict[Node, int]:
        """Nodes that can be got to, with the fewest flows to each; the sources themselves only if come back to."""
        known = self._known.get((sources, without))
        if known is not None:
            return known
        found: dict[Node, int] = {}
        edge, distance = list(sources), 1
        while edge:
            following = []
            for node in edge:
                for target in self.onward.get(node, ()):
                    if target != without and target not in found:
                        found[target] = distance
                        following.append(target)
            edge, distance = following, distance + 1
        self._known[sources, without] = found
        return found

    def reach(self, sources: Iterable[Node], without: Node | None = None) -> frozenset[Node]:
        return frozenset(self._reach(tuple(sources), without))

    def ahead(self, sources: Collection[Node]) -> tuple[RouteStep, ...]:
        """User tasks ahead, nearest first. Of signing ones the gate says which are needed, where there is a gate."""
        distances = self._reach(tuple(sources), None)
        found: dict[str, RouteStep] = {}
        for node in sorted(self._onward_tasks(sources), key=lambda node: distances.get(node, 0)):
            step, inputs = self.diagram.steps[node]
            if not (step.signs and self.effects):
                found.setdefault(step.step_key, self._step(step, inputs))
        return tuple(found.values())

    def _step(self, step: StepSpec, inputs: Mapping[str, str]) -> RouteStep:
        persons = step.persons if step.persons_from is None else SEVERAL
        return RouteStep(
            step.step_key, step.duty or "", _post(step, inputs), persons, step.step_key in self.usual
        )

    def _onward_tasks(self, sources: Collection[Node]) -> Iterator[Node]:
        """Tasks on every way to the effect and on every way from it to the end, and the usual ones."""
        reachable, ends = self.reach(sources), frozenset(self.diagram.ends)
        effects = reachable & self.effects
        goals = effects or ends & reachable
        needed = set(self._unavoidable(tuple(sources), goals))
        if effects:
            needed |= frozenset.intersection(*(self._unavoidable((one,), ends) for one in effects))
        for task in self.tasks:
            if task in sources or task not in reachable:
                continue
            if task in needed or (task[-1] in self.usual and self._without(task, sources) & goals):
                yield task

    def _without(self, task: Node, sources: Collection[Node]) -> frozenset[Node]:
        """What one gets to from a task without coming by the source again: a task of a round before is behind."""
        return self.reach([task], next(iter(sources))) if len(sources) == 1 else self.reach([task])

    def _unavoidable(self, sources: tuple[Node, ...], goals: frozenset[Node]) -> frozenset[Node]:
        """Nodes on every way from the sources to a goal: those of one way that no flow leads past."""
        known = self._needed.get((sources, goals))
        if known is None:
            way = self._way(sources, goals)
            known = self._needed[sources, goals] = frozenset(self._passed_by_none(sources, way, goals))
        return known

    def _way(self, sources: tuple[Node, ...], goals: frozenset[Node]) -> list[Node]:
        """A shortest way to a goal, without the source; empty when no way leads to one."""
        before: dict[Node, Node] = {}
        edge = deque(sources)
        while edge:
            node = edge.popleft()
            for target in self.onward.get(node, ()):
                if target in before:
                    continue
                before[target] = node
                edge.append(target)
                if target in goals:
                    way = [target]
                    while (node := before[way[-1]]) not in sources:
                        way.append(node)
                    return way[::-1]
        return []

    def _passed_by_none(
        self, sources: tuple[Node, ...], way: list[Node], goals: frozenset[Node]
    ) -> Iterator[Node]:
        place = {node: index for index, node in enumerate(way)}
        seen: set[Node] = set()

        def leap(start: Iterable[Node]) -> int:
            """How far along the way one gets without treading on it; past its end, to another goal."""
            farthest, stack = -1, list(start)
            while stack:
                for target in self.onward.get(stack.pop(), ()):
                    if target in place:
                        farthest = max(farthest, place[target])
                    elif target in goals:
                        farthest = len(way)
                    elif target not in seen:
                        seen.add(target)
                        stack.append(target)
            return farthest

        farthest = leap(sources)
        for index, node in enumerate(way):
            if farthest == index:
                yield node
            farthest = max(farthest, leap([node]))
