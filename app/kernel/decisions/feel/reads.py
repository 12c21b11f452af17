"""What an expression reads from its caller: variables as dotted paths, and whether it looks at the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.library import LIBRARY
from app.kernel.decisions.feel.tree import Node

Bound = frozenset[str]
_CLOCKS: Final = ("now", "today")


def names_read(root: Node | tree.Tests) -> dict[str, int]:
    """Dotted paths (`a`, `worker.name`) that begin with a name of the caller's, and where each is read first.

    Left out: variables of loops, functions and filters (`item`), keys of contexts, functions that are called. A bare
    name in a filter counts unless a context written in the expression has such a key.
    """
    keys = frozenset(
        key for node in tree.walk(root) if isinstance(node, tree.ContextOf) for key, _value in node.entries
    )
    reader = _Reader(keys)
    bound: Bound = frozenset({"?"})
    for node in tree.children(root) if isinstance(root, tree.Tests) else [root]:
        reader.read(node, bound)
    return reader.names


def reads_clock(root: Node | tree.Tests) -> bool:
    """Whether `now()` or `today()` is called."""
    return any(
        isinstance(node, tree.Call) and isinstance(node.function, tree.Name) and node.function.name in _CLOCKS
        for node in tree.walk(root)
    )


class _Reader:
    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys
        self.names: dict[str, int] = {}

    def read(self, node: Node, bound: Bound) -> None:
        read = _READERS.get(type(node))
        if read is not None:
            read(self, node, bound)
            return
        for child in tree.children(node):
            self.read(child, bound)


def _name(reader: _Reader, node: tree.Name, bound: Bound) -> None:
    if node.name not in bound:
        reader.names.setdefault(node.name, node.position)


def _path(reader: _Reader, node: tree.Path, bound: Bound) -> None:
    steps, source = [node.name], node.source
    while isinstance(source, tree.Path):
        steps.append(source.name)
        source = source.source
    if not isinstance(source, tree.Name):
        reader.read(source, bound)
    elif source.name not in bound:
        reader.names.setdefault(".".join([source.name, *reversed(steps)]), source.position)


def _filter(reader: _Reader, node: tree.Filter, bound: Bound) -> None:
    reader.read(node.source, bound)
    reader.read(node.condition, bound | {"item"} | reader.keys)


def _call(reader: _Reader, node: tree.Call, bound: Bound) -> None:
    if not isinstance(node.function, tree.Name) or node.function.name not in LIBRARY:
        reader.read(node.function, bound)
    for argument in node.arguments:
        reader.read(argument, bound)


def _in(reader: _Reader, node: tree.In, bound: Bound) -> None:
    reader.read(node.value, bound)
    for test in node.tests:
        reader.read(test, bound | {"?"})


def _context(reader: _Reader, node: tree.ContextOf, bound: Bound) -> None:
    for key, value in node.entries:
        reader.read(value, bound)
        bound |= {key}


def _loop(reader: _Reader, iterations: tuple[tree.Iteration, ...], bound: Bound) -> Bound:
    for one in iterations:
        for end in (one.domain, one.until):
            if end is not None:
                reader.read(end, bound)
        bound |= {one.name}
    return bound


def _for(reader: _Reader, node: tree.For, bound: Bound) -> None:
    reader.read(node.result, _loop(reader, node.iterations, bound) | {"partial"})


def _quantified(reader: _Reader, node: tree.Quantified, bound: Bound) -> None:
    reader.read(node.condition, _loop(reader, node.iterations, bound))


def _function(reader: _Reader, node: tree.FunctionOf, bound: Bound) -> None:
    reader.read(node.body, bound | {name for name, _type in node.parameters})


_READERS: Final[dict[type, Callable[[_Reader, Any, Bound], None]]] = {
    tree.Name: _name,
    tree.Path: _path,
    tree.Filter: _filter,
    tree.Call: _call,
    tree.In: _in,
    tree.ContextOf: _context,
    tree.For: _for,
    tree.Quantified: _quantified,
    tree.FunctionOf: _function,
}
