"""The syntax tree (10.3.1.2). Every node knows where it begins and how deep it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from app.kernel.decisions.feel.typing import Type


@dataclass(frozen=True, slots=True)
class Literal:
    """null, a boolean, a number, a string, or an @-literal's value."""

    position: int
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """`source.name`"""

    position: int
    source: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter:
    """`source[condition]`"""

    position: int
    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation; `names` for named arguments."""

    position: int
    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Negative:
    position: int
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A chain of one precedence: first, then (operator, operand)…; `**` has one operand on each side."""

    position: int
    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Logical:
    """`and` or `or` over its operands."""

    position: int
    conjunction: bool
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    position: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between:
    position: int
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In:
    """`value in test` or `value in (test, …)`"""

    position: int
    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf:
    position: int
    value: Node
    type: Type


@dataclass(frozen=True, slots=True)
class Interval:
    """`[low..high]` and its like"""

    position: int
    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class UnaryComparison:
    """`< endpoint`: a test in unary tests, a range with one undefined end in expressions."""

    position: int
    operator: str
    endpoint: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    position: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextOf:
    position: int
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class If:
    position: int
    condition: Node
    positive: Node
    negative: Node


@dataclass(frozen=True, slots=True)
class Iteration:
    """One `name in domain` of a loop; `until` is the other end of `a..b`."""

    name: str
    domain: Node
    until: Node | None


@dataclass(frozen=True, slots=True)
class For:
    position: int
    iterations: tuple[Iteration, ...]
    result: Node


@dataclass(frozen=True, slots=True)
class Quantified:
    """`some` or `every … satisfies`"""

    position: int
    every: bool
    iterations: tuple[Iteration, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class FunctionOf:
    """A function definition; of an external one only the fact is kept: it is refused when called."""

    position: int
    parameters: tuple[tuple[str, Type | None], ...]
    body: Node
    external: bool


@dataclass(frozen=True, slots=True)
class Tests:
    """Unary tests (rules 7 to 17): a disjunction, negated by `not(…)`; None tests is `-`, true for everything."""

    position: int
    tests: tuple[Node, ...] | None
    negated: bool


Node = (
    Literal
    | Name
    | Path
    | Filter
    | Call
    | Negative
    | Arithmetic
    | Logical
    | Comparison
    | Between
    | In
    | InstanceOf
    | Interval
    | UnaryComparison
    | ListOf
    | ContextOf
    | If
    | For
    | Quantified
    | FunctionOf
)


def children(node: Node | Iteration | Tests) -> list[Node]:
    """The nodes directly below."""
    found: list[Node] = []
    for field in fields(node):
        _collect(getattr(node, field.name), found)
    return found


def _collect(value: object, found: list[Node]) -> None:
    if isinstance(value, tuple):
        for item in value:
            _collect(item, found)
    elif isinstance(value, Iteration):
        found.extend(children(value))
    elif isinstance(value, Node):
        found.append(value)


def walk(node: Node | Tests) -> Iterator[Node | Tests]:
    """The node and everything below, in no particular order."""
    waiting: list[Node | Tests] = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(children(current))
