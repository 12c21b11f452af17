"""`list[condition]` and `list[index]` (10.3.2.5, table 55)."""

from __future__ import annotations

from decimal import Decimal

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.composing import Composer, Evaluate
from app.kernel.decisions.feel.numbers import whole
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.values import Value


def compile_filter(composer: Composer, node: tree.Filter) -> Evaluate:
    """The condition sees `item` and, of a context, its members; a number selects, counting from 1 or from the end."""
    source, condition = composer.compile(node.source), composer.compile(node.condition)

    def evaluate(scope: Scope) -> Value:
        items = source(scope)
        if items is None:
            return scope.run.fail("no-list", "没有可筛选的列表", "there is no list to filter", node.position)
        return filtered(scope, items if isinstance(items, list) else [items], condition)

    return evaluate


def filtered(scope: Scope, items: list[Value], condition: Evaluate) -> Value:
    """Items for which the condition is true; the item a number points at."""
    if not items:
        return None if isinstance(condition(scope), Decimal) else []
    found: list[Value] = []
    for index, item in enumerate(items):
        scope.run.charge()
        answer = condition(_within(scope, item))
        if index == 0 and isinstance(answer, Decimal):
            return item_at(scope.run, items, answer)
        if answer is True:
            found.append(item)
    return found


def _within(scope: Scope, item: Value) -> Scope:
    inner = Scope(scope.run, {"item": item}, scope)
    return Scope(scope.run, item, inner) if isinstance(item, dict) else inner


def item_at(run: Runtime, items: list[Value], position: Decimal) -> Value:
    """The item at a position from 1, or from -1 backwards; null where there is none."""
    index = whole(position)
    if index is None or index == 0 or abs(index) > len(items):
        return run.fail("no-such-item", "列表中没有该位置", "the list has no such position")
    return items[index - 1 if index > 0 else index]
