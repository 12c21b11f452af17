"""Unary tests (10.3.2.12 and rules 7 to 17) and what stands behind `in` (table 53)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.comparison import COMPARISONS, contains, equal, negation
from app.kernel.decisions.feel.composing import Composer, Evaluate
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.tree import Node
from app.kernel.decisions.feel.values import Range, Value


def compile_tests(composer: Composer, tests: tree.Tests) -> Evaluate:
    """A closure over a scope that holds the input as `?`."""
    if tests.tests is None:
        return lambda _scope: True
    test = disjunction(composer, tests.tests, cells=True)
    return (lambda scope: negation(test(scope))) if tests.negated else test


def disjunction(composer: Composer, tests: Sequence[Node], *, cells: bool) -> Evaluate:
    """True when one test is; else undecided when one is. `cells`: a test that is itself true holds too."""
    compiled = [_test(composer, node, cells=cells) for node in tests]
    if len(compiled) == 1:
        return compiled[0]

    def evaluate(scope: Scope) -> bool | None:
        undecided = False
        for test in compiled:
            answer = test(scope)
            if answer is True:
                return True
            undecided = undecided or answer is None
        return None if undecided else False

    return evaluate


def _test(composer: Composer, node: Node, *, cells: bool) -> Evaluate:
    if isinstance(node, tree.UnaryComparison):
        return _compared(composer, node)
    evaluate = composer.compile(node)
    if reads_input(node):
        return evaluate
    if is_constant(node):
        # A literal true is a value to be equal to, not a test that holds: unknown is not true.
        wanted = evaluate(Scope(Runtime(), {}))
        return lambda scope: fits(scope.run, scope.values["?"], wanted, cells=False)
    return lambda scope: fits(scope.run, scope.values["?"], evaluate(scope), cells=cells)


def _compared(composer: Composer, node: tree.UnaryComparison) -> Evaluate:
    operate, endpoint = COMPARISONS[node.operator], composer.compile(node.endpoint)
    if isinstance(node.endpoint, tree.Literal):
        constant = node.endpoint.value
        return lambda scope: operate(scope.run, scope.values["?"], constant)

    def evaluate(scope: Scope) -> Any:
        end = endpoint(scope)
        if isinstance(end, Range) and node.operator == "=":
            return contains(scope.run, end, scope.values["?"])
        return operate(scope.run, scope.values["?"], end)

    return evaluate


def reads_input(node: Node) -> bool:
    """Does the test name the input (`?`) itself, so that its own truth counts?"""
    return any(isinstance(one, tree.Name) and one.name == "?" for one in tree.walk(node))


def is_constant(node: Node) -> bool:
    """Is it a literal, or an interval or list of such?"""
    return all(isinstance(one, tree.Literal | tree.Interval | tree.ListOf) for one in tree.walk(node))


def fits(run: Runtime, value: Value, wanted: Value, *, cells: bool = True) -> bool | None:
    """Does the value fit what a test evaluated to: equal to it, within its interval, among its items?"""
    if isinstance(wanted, Range) and not isinstance(value, Range):
        return contains(run, wanted, value)
    if isinstance(wanted, list):
        return _among(run, value, wanted)
    if cells and wanted is True and not isinstance(value, bool):
        return True
    return equal(run, value, wanted)


def _among(run: Runtime, value: Value, items: list[Value]) -> bool | None:
    run.charge(1 + len(items))
    if isinstance(value, list) and equal(run, value, items) is True:
        return True
    for item in items:
        held = contains(run, item, value) if isinstance(item, Range) else equal(run, value, item)
        if held is True:
            return True
    return False
