"""Loops in which nobody and nothing is waited for: a case in one would run for ever without anybody seeing it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.proof.diagram import Node, Process, Scope
from app.kernel.engine.check.proof.frames import THROWING, THROWN, is_raised_at, matches

_WAITING: Final = frozenset({"task", "userTask", "manualTask", "receiveTask", "intermediateCatchEvent"})

Goal = Callable[[Node], bool]
Edge = tuple[str, tuple[str, ...]]
"""Where a step leads, and the labels on the way."""


def endless_loops(process: Process, processes: Mapping[str, Process]) -> Iterator[Finding]:
    """One finding for each loop of automatic steps; whether its conditions end it isn't looked at."""
    scopes = [process.scope, *(node.inner for node in process.scope.everything() if node.inner)]
    passing = _Passing(processes, frozenset({process.id}))
    for scope in scopes:
        for node, path in _loops(scope, passing):
            names = " → ".join(scope.nodes[key].name for key in path if key in scope.nodes)
            zh = f"自动环节循环，没有任何等待：{names}"
            en = "a loop of automatic steps never waits for anybody"
            yield Finding("endless-automatic-loop", "error", process.file, node.line, node.id, zh, en, path)


def _loops(scope: Scope, passing: "_Passing") -> Iterator[tuple[Node, tuple[str, ...]]]:
    edges = {key: list(passing.edges(scope, node)) for key, node in scope.nodes.items()}
    told = set[str]()
    for key, node in scope.nodes.items():
        path = None if key in told else _way_back(edges, key)
        if path is not None:
            told.update(path)
            yield node, (key, *path)


def _way_back(edges: Mapping[str, list[Edge]], start: str) -> tuple[str, ...] | None:
    """The shortest way from `start` to itself, without the start."""
    came: dict[str, tuple[str, tuple[str, ...]]] = {}
    waiting = [start]
    for key in waiting:
        for target, labels in edges[key]:
            if target not in came:
                came[target] = (key, labels)
                waiting.append(target)
    if start not in came:
        return None
    path: list[str] = []
    key = start
    while not path or key != start:
        before, labels = came[key]
        path = [*labels, key, *path]
        key = before
    return tuple(path)


class _Passing:
    """What a token passes without waiting."""

    def __init__(self, processes: Mapping[str, Process], calls: frozenset[str]) -> None:
        self.processes = processes
        self.calls = calls

    def edges(self, scope: Scope, node: Node) -> Iterator[Edge]:
        if self.passes(node):
            for flow in scope.leaving(node.id):
                yield flow.target, (flow.id,)
            if node.event is not None and node.event.kind == "link" and node.tag in THROWING:
                for other in scope.nodes.values():
                    if other.event == node.event and other.tag not in THROWING:
                        yield other.id, ()
        for boundary in scope.boundaries(node.id):
            if boundary.event is not None and boundary.event.kind in THROWN and self.fails(node, boundary):
                yield boundary.id, ()

    def passes(self, node: Node) -> bool:
        """Whether a token may go through `node` without waiting for anybody or anything."""
        body = self._body(node)
        if body is not None:
            scope, inner = body
            return inner._reaches(scope, lambda one: not scope.leaving(one.id) and one.tag != "boundaryEvent")
        linked = node.event is not None and node.event.kind == "link"
        return node.tag not in _WAITING or linked

    def fails(self, node: Node, boundary: Node) -> bool:
        """Whether what `boundary` catches may come without anything being waited for."""
        body = self._body(node)
        if body is None:
            return node.tag not in _WAITING
        scope, inner = body
        return inner._reaches(
            scope,
            lambda one: (
                (one.tag in THROWING and matches(boundary.event, one.event))
                or is_raised_at(one, boundary.event)
            ),
        )

    def _body(self, node: Node) -> "tuple[Scope, _Passing] | None":
        if node.inner is not None:
            return node.inner, self
        callee = self.processes.get(node.called)
        if callee is None or callee.id in self.calls:
            return None
        return callee.scope, _Passing(self.processes, self.calls | {callee.id})

    def _reaches(self, scope: Scope, is_goal: Goal) -> bool:
        waiting = [node.id for node in scope.starts()]
        seen = set(waiting)
        for key in waiting:
            node = scope.nodes[key]
            if is_goal(node) and self.passes(node):
                return True
            fresh = {target for target, _ in self.edges(scope, node)} - seen
            seen |= fresh
            waiting += sorted(fresh)
        return False
