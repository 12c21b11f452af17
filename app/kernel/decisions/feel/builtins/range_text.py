"""`range("[1..3]")` (10.3.4.1): an interval between two literals, read from text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.comparison import compare
from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.names import NameTable
from app.kernel.decisions.feel.operators import negative
from app.kernel.decisions.feel.parser import Parser
from app.kernel.decisions.feel.runtime import Missing, Runtime
from app.kernel.decisions.feel.temporal_text import parse_date, parse_datetime, parse_duration, parse_time
from app.kernel.decisions.feel.values import Range, Value

_CONSTRUCTORS: Final[dict[str, Callable[[str], Value]]] = {
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_datetime,
    "duration": parse_duration,
}
_NAMES: Final = NameTable(_CONSTRUCTORS)


def range_from(run: Runtime, text: str) -> Range | None:
    """Null for what is no interval, or whose ends aren't literals of one type in ascending order."""
    run.charge(1 + len(text))
    try:
        node = Parser(text, (), (), (), _NAMES).whole_expression()
    except FeelError:
        return _no_range(run)
    if not isinstance(node, tree.Interval):
        return _no_range(run)
    low, high = _endpoint(run, node.low), _endpoint(run, node.high)
    if low is None or high is None:
        return _no_range(run)
    order = compare(run, low, high)
    return (
        Range(low, high, node.low_closed, node.high_closed)
        if order is not None and order <= 0
        else _no_range(run)
    )


def _endpoint(run: Runtime, node: tree.Node) -> Value:
    match node:
        case tree.Literal(value=value):
            return value
        case tree.Negative(operand=operand):
            return negative(run, _endpoint(run, operand))
        case tree.Call(function=tree.Name(name=name), arguments=(tree.Literal(value=str(text)),)):
            return _CONSTRUCTORS[name](text) if name in _CONSTRUCTORS else None
        case _:
            return None


def _no_range(run: Runtime) -> Missing | None:
    return run.fail("no-range", "文本不是区间", "the text is no range")
