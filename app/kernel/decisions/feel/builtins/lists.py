"""List functions and sort (10.3.4.4 and 10.3.4.9). Positions count from 1, negative ones from the end."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key
from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.calls import call
from app.kernel.decisions.feel.comparison import compare, same
from app.kernel.decisions.feel.numbers import whole
from app.kernel.decisions.feel.runtime import Missing, Runtime
from app.kernel.decisions.feel.values import Function, Overloads, Value

Items = list[Value]


class _Unsortable(Exception):
    """The order isn't one."""


def list_contains(run: Runtime, items: Items, element: Value) -> bool:
    run.charge(len(items))
    return any(same(run, item, element) for item in items)


def count(_run: Runtime, items: Items) -> Decimal:
    return Decimal(len(items))


def _extreme(sign: int) -> Callable[[Runtime, Items], Value]:
    def compute(run: Runtime, items: Items) -> Value:
        run.charge(len(items))
        best: Value = items[0] if items else None
        for item in items[1:]:
            order = compare(run, item, best)
            if order is None:
                return None
            best = item if order * sign > 0 else best
        return best if best is None or compare(run, best, best) is not None else None

    return compute


def _conclusion(decisive: bool) -> Callable[[Runtime, Items], bool | None]:
    """`any` (true decides) and `all` (false decides): three-valued; an item that is no boolean spoils it."""

    def compute(run: Runtime, items: Items) -> bool | None:
        run.charge(len(items))
        if not all(item is None or isinstance(item, bool) for item in items):
            return run.fail("not-a-boolean", "列表中有非布尔的项", "the list holds what is no boolean")
        if decisive in items:
            return decisive
        return None if None in items else not decisive

    return compute


def sublist(run: Runtime, items: Items, start: Decimal, length: Decimal | None = None) -> Items | None:
    index = _index(run, items, start)
    size = whole(length) if length is not None else len(items)
    if index is None or size is None or size < 0 or (length is not None and index + size > len(items)):
        return _no_position(run)
    return items[index : index + size]


def append(run: Runtime, items: Items, more: Items) -> Items | None:
    return [*items, *more] if run.fits_items(len(items) + len(more)) else None


def concatenate(run: Runtime, lists: Items) -> Items | None:
    parts = [one if isinstance(one, list) else [one] for one in lists]
    if not run.fits_items(sum(map(len, parts))):
        return None
    return [item for part in parts for item in part]


def insert_before(run: Runtime, items: Items, position: Decimal, new: Value) -> Items | None:
    index = _index(run, items, position)
    if index is None:
        return None
    return [*items[:index], new, *items[index:]] if run.fits_items(len(items) + 1) else None


def remove(run: Runtime, items: Items, position: Decimal) -> Items | None:
    index = _index(run, items, position)
    return [*items[:index], *items[index + 1 :]] if index is not None and run.fits_items(len(items)) else None


def replace_at(run: Runtime, items: Items, position: Decimal, new: Value) -> Items | None:
    index = _index(run, items, position)
    return (
        [*items[:index], new, *items[index + 1 :]]
        if index is not None and run.fits_items(len(items))
        else None
    )


def replace_matching(run: Runtime, items: Items, match: Function | Overloads, new: Value) -> Items | None:
    if not run.fits_items(len(items)):
        return None
    replaced: Items = []
    for item in items:
        answer = call(run, match, [item, new])
        if not isinstance(answer, bool):
            return run.fail("not-a-boolean", "匹配函数没有给出布尔值", "the match function gives no boolean")
        replaced.append(new if answer else item)
    return replaced


def reverse(run: Runtime, items: Items) -> Items | None:
    return items[::-1] if run.fits_items(len(items)) else None


def index_of(run: Runtime, items: Items, match: Value) -> Items:
    run.charge(len(items))
    return [Decimal(index) for index, item in enumerate(items, 1) if same(run, item, match)]


def union(run: Runtime, lists: Items) -> Items | None:
    joined = concatenate(run, lists)
    return distinct_values(run, joined) if joined is not None else None


def distinct_values(run: Runtime, items: Items) -> Items:
    found: Items = []
    for item in items:
        run.charge(1 + len(found))
        if not any(same(run, item, known) for known in found):
            found.append(item)
    return found


def flatten(run: Runtime, items: Items) -> Items | None:
    flat: Items = []
    waiting = [iter(items)]
    while waiting:
        for item in waiting[-1]:
            run.charge()
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            flat.append(item)
        else:
            waiting.pop()
    return flat if run.fits_items(len(flat)) else None


def sort(run: Runtime, items: Items, precedes: Function | Overloads | None = None) -> Items | None:
    """Stable; `precedes` says whether its first argument stands before its second; without it, the natural order."""

    def order(left: Value, right: Value) -> int:
        run.charge()
        if precedes is None:
            natural = compare(run, left, right)
            if natural is None:
                raise _Unsortable
            return natural
        return _before(run, precedes, right, left) - _before(run, precedes, left, right)

    try:
        return sorted(items, key=cmp_to_key(order))
    except _Unsortable:
        return run.fail("not-ordered", "无法排序", "the items can't be put in order")


def _before(run: Runtime, precedes: Function | Overloads, left: Value, right: Value) -> bool:
    answer = call(run, precedes, [left, right])
    if not isinstance(answer, bool):
        raise _Unsortable
    return answer


def _index(run: Runtime, items: Items, position: Decimal) -> int | None:
    """The index, from 0, of a position in the list."""
    place = whole(position)
    if place is None or place == 0 or abs(place) > len(items):
        return _no_position(run)
    return place - 1 if place > 0 else len(items) + place


def _no_position(run: Runtime) -> Missing | None:
    return run.fail("no-such-item", "列表中没有该位置", "the list has no such position")


FUNCTIONS: Final = library(
    {
        "list contains": [("list:list, element:any", list_contains)],
        "count": [("list:list", count)],
        "min": [("list:list", _extreme(-1)), ("c:any*", _extreme(-1))],
        "max": [("list:list", _extreme(1)), ("c:any*", _extreme(1))],
        "any": [("list:list", _conclusion(True)), ("b:any*", _conclusion(True))],
        "all": [("list:list", _conclusion(False)), ("b:any*", _conclusion(False))],
        "sublist": [("list:list, start position:number, length:number?", sublist)],
        "append": [("list:list, item:any*", append)],
        "concatenate": [("list:any*", concatenate)],
        "insert before": [("list:list, position:number, newItem:any", insert_before)],
        "remove": [("list:list, position:number", remove)],
        "list replace": [
            ("list:list, position:number, newItem:any", replace_at),
            ("list:list, match:function, newItem:any", replace_matching),
        ],
        "reverse": [("list:list", reverse)],
        "index of": [("list:list, match:any", index_of)],
        "union": [("list:any*", union)],
        "distinct values": [("list:list", distinct_values)],
        "flatten": [("list:list", flatten)],
        "sort": [("list:list, precedes:function?", sort)],
    }
)
