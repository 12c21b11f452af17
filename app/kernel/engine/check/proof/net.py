"""A Petri net with the few additions that BPMN needs: places emptied, places that must be empty, inclusive joins."""

from dataclasses import dataclass, field
from typing import Final

from app.kernel.engine.check.proof.diagram import Node

BEGIN: Final = 0


class TooManyStates(Exception):
    """The process can be in more states than are looked at, or time is up."""


@dataclass(frozen=True, slots=True)
class Join:
    """An inclusive join: `inputs` are its places, `reach` says which of them a token in a place may come to."""

    inputs: tuple[int, ...]
    reach: dict[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of a case. Tokens leave `takes`, `clears` is emptied, tokens arrive in `gives`.

    `empty` must hold no token. An `urgent` step happens before any other can. `node` is set when the step
    performs the node's duty or effect.
    `labels` are ids of nodes and flows for the reader, `covers` the nodes that happen.
    """

    takes: tuple[int, ...]
    gives: tuple[int, ...]
    labels: tuple[str, ...]
    covers: frozenset[str] = frozenset()
    clears: frozenset[int] = frozenset()
    empty: frozenset[int] = frozenset()
    node: Node | None = None
    process: str = ""
    join: Join | None = None
    urgent: bool = False

    @property
    def inputs(self) -> tuple[int, ...]:
        """The places it takes tokens from, those of an inclusive join too."""
        return self.join.inputs if self.join else self.takes

    @property
    def is_plain(self) -> bool:
        """Moves one token and does nothing else."""
        return len(self.takes) == 1 and not (
            self.clears or self.empty or self.node or self.join or self.urgent
        )


@dataclass(slots=True)
class Net:
    """Places are numbers; place BEGIN holds the one token a case begins with. `nodes` names places for messages.

    A token in a `latent` place is no token of the diagram: it says that an event may still happen.
    """

    nodes: list[str] = field(default_factory=lambda: [""])
    transitions: list[Transition] = field(default_factory=list)
    latent: set[int] = field(default_factory=set)

    def place(self, node: str, *, latent: bool = False) -> int:
        self.nodes.append(node)
        if latent:
            self.latent.add(len(self.nodes) - 1)
        return len(self.nodes) - 1
