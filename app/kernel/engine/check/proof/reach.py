"""Which inputs of an inclusive join a token may still come to, as the diagram has it.

BPMN 2.0.2, 13.4.3: a join waits for a token from which a path of sequence flows leads to one of its empty incoming
flows, whatever the conditions on the way. Only the join's own scope counts: what runs inside an activity stands
where the activity stands, even where it can never come to its end.
"""

from collections.abc import Iterable, Iterator, Mapping

from app.kernel.engine.check.proof.diagram import Node, Scope
from app.kernel.engine.check.proof.frames import Frame


def reach_of(frame: Frame, join: Node) -> dict[int, frozenset[int]]:
    """By place in `frame`, that of another join's input too: the inputs of `join` a token there may come to."""
    inputs = {flow.id: frame.waiting[flow.id] for flow in frame.scope.entering(join.id)}
    onward = {key: frozenset(_onward(frame.scope, key, inputs)) for key in frame.scope.nodes}
    beside = {
        key: goals.union(*(onward[boundary.id] for boundary in frame.scope.boundaries(key)))
        for key, goals in onward.items()
    }
    left = {place: key for key, place in frame.after.items()}
    found = {
        place: onward[left[place]] if place in left else beside.get(key, frozenset())
        for place, key in frame.standing.items()
        if place not in inputs.values()
    }
    return {place: goals for place, goals in found.items() if goals}


def _onward(scope: Scope, key: str, inputs: Mapping[str, int]) -> Iterator[int]:
    """The inputs on the ways onward from the node `key`, not through the join."""
    seen, waiting = set[str](), [key]
    while waiting:
        for flow, target in _ways(scope, scope.nodes[waiting.pop()]):
            if flow in inputs:
                yield inputs[flow]
            elif target not in seen:
                seen.add(target)
                attached = [boundary.id for boundary in scope.boundaries(target)]
                seen.update(attached)
                waiting += [target, *attached]


def _ways(scope: Scope, node: Node) -> Iterable[tuple[str, str]]:
    """Flows that leave `node` with their targets; a link goes to where it is caught."""
    if node.tag == "intermediateThrowEvent" and node.event and node.event.kind == "link":
        return [
            ("", other.id)
            for other in scope.nodes.values()
            if other.tag == "intermediateCatchEvent" and other.event == node.event
        ]
    return [(flow.id, flow.target) for flow in scope.leaving(node.id)]
