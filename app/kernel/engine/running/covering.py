"""From where a case stands, with the signatures it has: is every guarded effect ahead still covered? Pure.

The version as a whole is proved at deployment. A case that changes over in the middle has not come by the new
version's own way, so the same question is asked once more from its position.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.dialect import StepSpec, required_duties
from app.kernel.engine.routes import Diagram, Node, diagram_of


def find_gap(
    deployed: Deployed, positions: Collection[Node], earned: Sequence[str], risk: str
) -> StepSpec | None:
    """An effect that can be reached from one of `positions` without a duty it requires, None when there is none.

    `earned`: duties signed on the present content, in the order of signing.
    """
    diagram = diagram_of(deployed)
    onward = _onward(diagram, deployed, risk)
    effects = {
        node: required_duties(step.effect, deployed.spec.policies[step.process], risk)
        for node, (step, _) in diagram.steps.items()
        if step.effect is not None and step.effect.kind != "notice"
    }
    for effect, requires in effects.items():
        if requires and _reaches(diagram, onward, positions, effect, requires, earned):
            return diagram.steps[effect][0]
    return None


def _onward(diagram: Diagram, deployed: Deployed, risk: str) -> dict[Node, list[Node]]:
    """Where one gets to, ways out by boundary events included."""
    onward = {node: list(targets) for node, targets in diagram.onward(risk).items()}
    for node, (step, _) in list(diagram.steps.items()):
        for other in deployed.spec.steps.get(step.scope, {}).values():
            if other.attached_to == step.step_key:
                border = (*node[:-1], other.step_key)
                onward.setdefault(node, []).append(border)
                diagram.steps.setdefault(border, (other, {}))
    return onward


def _reaches(
    diagram: Diagram,
    onward: dict[Node, list[Node]],
    positions: Collection[Node],
    effect: Node,
    requires: Sequence[str],
    earned: Sequence[str],
) -> bool:
    """Walk (node, how many of `requires` are done in order); True when the effect comes too early."""
    begun = 0
    for duty in earned:
        begun = _after(begun, duty, requires)
    waiting = deque((node, begun) for node in positions)
    seen = set(waiting)
    while waiting:
        node, done = waiting.popleft()
        if node == effect and done < len(requires):
            return True
        step = diagram.steps[node][0] if node in diagram.steps else None
        if step is not None:
            done = _behind(step, done, requires)
        for target in onward.get(node, ()):
            if (target, done) not in seen:
                seen.add((target, done))
                waiting.append((target, done))
    return False


def _behind(step: StepSpec, done: int, requires: Sequence[str]) -> int:
    """Duties done in order once the step is completed. An effect consumes them."""
    if step.effect is not None and step.effect.kind != "notice":
        return 0
    if step.kind != "user" or step.duty is None:
        return done
    if step.resets:
        done = 0
    return _after(done, step.duty, requires) if step.signs else done


def _after(done: int, duty: str, requires: Sequence[str]) -> int:
    """A duty of the row done again makes those after it void; one out of its turn counts for nothing."""
    if duty not in requires:
        return done
    place = list(requires).index(duty)
    return place + 1 if place <= done else done
