"""`for`, `some` and `every` (10.3.2.13.3 and 10.3.2.14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.composing import Composer, Evaluate
from app.kernel.decisions.feel.numbers import whole
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.temporal import Date, date_of
from app.kernel.decisions.feel.values import Range, Value

Domain = tuple[str, Evaluate, Evaluate | None]


class NotIterable(Exception):
    """A domain of a loop isn't a list; the loop is null."""


def compile_for(composer: Composer, node: tree.For) -> Evaluate:
    """One result for each combination; `partial` is the list of results so far."""
    domains = _domains(composer, node.iterations)
    result = composer.compile(node.result)
    partial = any(isinstance(one, tree.Name) and one.name == "partial" for one in tree.walk(node.result))

    def evaluate(scope: Scope) -> Value:
        try:
            return collected(scope, domains, result, partial=partial)
        except NotIterable:
            return _not_iterable(scope.run, node.position)

    return evaluate


def collected(scope: Scope, domains: Sequence[Domain], result: Evaluate, *, partial: bool = True) -> Value:
    """The results in order; `partial` says whether they are read on the way. Raises NotIterable."""
    run, results = scope.run, list[Value]()
    for inner in combinations(scope, domains):
        if partial:
            run.charge(len(results))
            inner = Scope(run, {"partial": list(results)}, inner)
        results.append(result(inner))
        if len(results) > run.limits.items:
            return run.fail("list-too-long", "列表超过长度上限", "a list longer than allowed")
    return results


def compile_quantified(composer: Composer, node: tree.Quantified) -> Evaluate:
    """Three-valued: an undecided condition leaves the whole undecided unless another decides it."""
    domains = _domains(composer, node.iterations)
    condition = composer.compile(node.condition)
    every = node.every

    def evaluate(scope: Scope) -> Value:
        try:
            return quantified(every, (condition(inner) for inner in combinations(scope, domains)))
        except NotIterable:
            return _not_iterable(scope.run, node.position)

    return evaluate


def quantified(every: bool, answers: Iterator[Value]) -> bool | None:
    """`every` or `some` over the answers; what isn't a boolean leaves it undecided."""
    undecided = False
    for answer in answers:
        if answer is (not every):
            return not every
        if answer is not every:
            undecided = True
    return None if undecided else every


def _domains(composer: Composer, iterations: Sequence[tree.Iteration]) -> list[Domain]:
    return [
        (
            one.name,
            composer.compile(one.domain),
            composer.compile(one.until) if one.until is not None else None,
        )
        for one in iterations
    ]


def combinations(scope: Scope, domains: Sequence[Domain]) -> Iterator[Scope]:
    """A scope for each combination, the last variable fastest, later domains seeing earlier variables.

    Raises NotIterable.
    """
    if not domains:
        yield scope
        return
    name, domain, until = domains[0]
    end = until(scope) if until is not None else None
    items = elements(scope.run, domain(scope)) if until is None else counted(domain(scope), end)
    for item in items:
        scope.run.charge()
        yield from combinations(Scope(scope.run, {name: item}, scope), domains[1:])


def elements(run: Runtime, value: Value) -> Iterator[Value]:
    """The items of a list or of an interval of whole numbers or days; anything else but null is its only item."""
    if isinstance(value, list):
        return iter(value)
    if isinstance(value, Range):
        return _within(value)
    if value is None:
        raise NotIterable
    return iter([value])


def _within(interval: Range) -> Iterator[Value]:
    ends = [end for end in (interval.low, interval.high) if isinstance(end, Decimal | Date)]
    if len(ends) != 2 or interval.unary is not None:
        raise NotIterable
    for item in counted(interval.low, interval.high):
        opened = (item == interval.low and not interval.low_closed) or (
            item == interval.high and not interval.high_closed
        )
        if not opened:
            yield item


def counted(start: Value, end: Value) -> Iterator[Value]:
    """From one end to the other, both included, up or down, by one or by days. Raises NotIterable."""
    if isinstance(start, Date) and isinstance(end, Date):
        for day in _steps(start.days, end.days):
            yield date_of(day)
        return
    first = whole(start) if isinstance(start, Decimal) else None
    last = whole(end) if isinstance(end, Decimal) else None
    if first is None or last is None:
        raise NotIterable
    for number in _steps(first, last):
        yield Decimal(number)


def _steps(first: int, last: int) -> range:
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _not_iterable(run: Runtime, position: int) -> None:
    return run.fail("not-iterable", "循环的对象不是列表", "the domain of the loop is no list", position)
