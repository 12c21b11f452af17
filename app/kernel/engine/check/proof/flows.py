"""Where a token goes when it leaves a node: one flow, all of them, or any of several sets of them."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from app.kernel.engine.check.proof.diagram import Flow, Node, Scope

# An inclusive gateway with n open flows has 2**n - 1 ways out.
MOST_OPTIONAL: Final = 8

JOINING: Final = frozenset({"parallelGateway", "inclusiveGateway"})
_ONE_OF: Final = frozenset({"exclusiveGateway", "eventBasedGateway"})
_ANY_OF: Final = frozenset({"inclusiveGateway", "complexGateway"})


class TooManyWays(Exception):
    """A gateway has more ways out than can be looked at; `node` is its id."""

    def __init__(self, node: str) -> None:
        super().__init__(node)
        self.node = node


def open_flows(scope: Scope, node: Node, risk: str) -> list[Flow]:
    """The flows leaving `node` that a case of class `risk` may take; conditions are not looked at."""
    return [flow for flow in scope.leaving(node.id) if not flow.risk or risk in flow.risk]


def ways_out(scope: Scope, node: Node, risk: str) -> list[tuple[Flow, ...]]:
    """Every set of flows a token may leave by; one empty set where the token ends, none where it is stuck."""
    if not scope.leaving(node.id):
        return [] if node.event is not None and node.event.kind == "link" else [()]
    flows = open_flows(scope, node, risk)
    if node.tag in _ONE_OF:
        return [(flow,) for flow in flows]
    if node.tag in _ANY_OF:
        return list(_any_of(node, flows))
    certain = tuple(flow for flow in flows if not flow.conditional and flow.id != node.default)
    if len(certain) == len(flows):
        return [certain] if certain else []
    return [certain + chosen for chosen in _subsets(node, flows, certain) if certain or chosen]


def _any_of(node: Node, flows: list[Flow]) -> Iterator[tuple[Flow, ...]]:
    bare = [flow for flow in flows if not flow.conditional and not flow.risk and flow.id != node.default]
    certain = tuple(bare) if node.tag == "inclusiveGateway" and len(bare) < len(flows) else ()
    rest = [flow for flow in flows if flow.id != node.default]
    for chosen in _subsets(node, rest, certain):
        if certain or chosen:
            yield certain + chosen
    if not certain:
        yield from ((flow,) for flow in flows if flow.id == node.default)


def _subsets(node: Node, flows: list[Flow], certain: tuple[Flow, ...]) -> Iterator[tuple[Flow, ...]]:
    optional = [flow for flow in flows if flow not in certain]
    if len(optional) > MOST_OPTIONAL:
        raise TooManyWays(node.id)
    for size in range(len(optional) + 1):
        yield from combinations(optional, size)
