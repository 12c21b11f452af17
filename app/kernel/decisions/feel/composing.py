"""What the parts of the compiler ask of the whole, so that each can stand in a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from app.kernel.decisions.feel.runtime import Scope
from app.kernel.decisions.feel.tree import Node
from app.kernel.decisions.feel.typing import Definitions
from app.kernel.decisions.feel.values import Overloads, Value

Evaluate = Callable[[Scope], Value]
Library = Mapping[str, Overloads]


class Composer(Protocol):
    """Makes a closure of a node, with the library and the item definitions at hand."""

    library: Library
    definitions: Definitions

    def compile(self, node: Node) -> Evaluate: ...
