"""Boxed expressions (clause 10.2) compiled to closures of the scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app.kernel.decisions.dmn import model
from app.kernel.decisions.dmn.building import Builder, nothing
from app.kernel.decisions.dmn.tables import build_table
from app.kernel.decisions.dmn.tracing import EntryValue, TracedRuntime
from app.kernel.decisions.feel.calls import call
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.filters import filtered
from app.kernel.decisions.feel.loops import NotIterable, collected, combinations, quantified
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.values import Function, Parameter, Value


def build(builder: Builder, expression: model.Expression | None) -> Evaluate:
    """A closure for any boxed expression, its value coerced to the type it declares."""
    if expression is None:
        return nothing
    evaluate = _BUILDERS[type(expression)](builder, expression)
    if isinstance(expression, model.FunctionOf):
        return evaluate
    return builder.conforming(evaluate, expression.type_ref)


def _literal(builder: Builder, expression: model.Literal) -> Evaluate:
    if expression.language is not None:
        builder.note(
            "language-unsupported",
            expression.text.line,
            f"不支持的表达式语言“{expression.language}”",
            f"unsupported expression language {expression.language!r}",
        )
        return nothing
    return builder.expression(expression.text)


def _context(builder: Builder, expression: model.Context) -> Evaluate:
    """Later entries see earlier ones; a result cell makes the context the value of that cell."""
    entries: list[tuple[str | None, Evaluate]] = []
    sources = {entry.name: source_of(entry.value) for entry in expression.entries if entry.name is not None}
    for entry in expression.entries:
        entries.append((entry.name, builder.conforming(build(builder, entry.value), entry.type_ref)))
        if entry.name is not None:
            builder = builder.knowing([entry.name], {entry.name: builder.types.kind_of(entry.type_ref)})

    def evaluate(scope: Scope) -> Value:
        scope.run.charge(1 + len(entries))
        values: dict[str, Value] = {}
        inner = Scope(scope.run, values, scope)
        for name, value in entries:
            if name is None:
                result = value(inner)
                _note(scope.run, sources, values)
                return result
            values[name] = value(inner)
        _note(scope.run, sources, values)
        return values

    return evaluate


def _note(run: Runtime, sources: Mapping[str, str], values: Mapping[str, Value]) -> None:
    """What the entries came to, where the evaluation is traced."""
    if isinstance(run, TracedRuntime):
        run.entries([EntryValue(name, sources[name], value) for name, value in values.items()])


def source_of(expression: model.Expression | None) -> str:
    """The FEEL of a literal expression; empty for other boxed expressions."""
    return expression.text.source if isinstance(expression, model.Literal) else ""


def _list(builder: Builder, expression: model.ListOf) -> Evaluate:
    items = [build(builder, item) for item in expression.items]

    def evaluate(scope: Scope) -> Value:
        scope.run.charge(1 + len(items))
        return [item(scope) for item in items]

    return evaluate


def _relation(builder: Builder, expression: model.Relation) -> Evaluate:
    columns = expression.columns
    rows = [[build(builder, cell) for cell in row] for row in expression.rows]

    def evaluate(scope: Scope) -> Value:
        scope.run.charge(1 + len(rows) * len(columns))
        return [{name: cell(scope) for name, cell in zip(columns, row, strict=False)} for row in rows]

    return evaluate


def build_function(
    builder: Builder, expression: model.FunctionOf, name: str, result: str | None = None
) -> Evaluate:
    """A function value over the scope it is built in; its result coerced to `result`."""
    names = [parameter for parameter, _type in expression.parameters]
    types = builder.types
    parameters = tuple(
        Parameter(parameter, types.type_of(type_ref), types.converter(type_ref))
        for parameter, type_ref in expression.parameters
    )
    if expression.kind != "FEEL":
        builder.note(
            "external-function",
            None,
            f"不允许外部函数（{expression.kind}）",
            f"external functions ({expression.kind}) are refused",
        )
        return lambda _scope: Function(name, parameters, _refused)
    kinds = {parameter: types.kind_of(type_ref) for parameter, type_ref in expression.parameters}
    body = builder.conforming(build(builder.knowing(names, kinds), expression.body), result)
    kind = types.type_of(result)

    def evaluate(scope: Scope) -> Function:
        def run_body(run: Runtime, values: Sequence[Value]) -> Value:
            return body(Scope(run, dict(zip(names, values, strict=True)), scope))

        return Function(name, parameters, run_body, kind)

    return evaluate


def _refused(run: Runtime, _values: Sequence[Value]) -> Value:
    return run.fail("external-function", "不允许外部函数", "external functions are refused")


def _function(builder: Builder, expression: model.FunctionOf) -> Evaluate:
    return build_function(builder, expression, "function", expression.type_ref)


def _invocation(builder: Builder, expression: model.Invocation) -> Evaluate:
    called = build(builder, expression.called)
    names = tuple(name for name, _value in expression.bindings)
    values = [build(builder, value) for _name, value in expression.bindings]

    def evaluate(scope: Scope) -> Value:
        arguments = [value(scope) for value in values]
        return call(scope.run, called(scope), arguments, names or None)

    return evaluate


def _conditional(builder: Builder, expression: model.Conditional) -> Evaluate:
    condition = build(builder, expression.condition)
    positive, negative = build(builder, expression.positive), build(builder, expression.negative)

    def evaluate(scope: Scope) -> Value:
        answer = condition(scope)
        if answer is not None and not isinstance(answer, bool):
            return scope.run.fail("not-a-boolean", "条件不是布尔值", "the condition is no boolean")
        return positive(scope) if answer is True else negative(scope)

    return evaluate


def _iterator(builder: Builder, expression: model.Iterator) -> Evaluate:
    domain = build(builder, expression.domain)
    result = build(builder.knowing([expression.variable, "partial"]), expression.result)
    domains = [(expression.variable, domain, None)]

    def evaluate(scope: Scope) -> Value:
        try:
            if expression.kind == "for":
                return collected(scope, domains, result)
            answers = (result(inner) for inner in combinations(scope, domains))
            return quantified(expression.kind == "every", answers)
        except NotIterable:
            return scope.run.fail("not-iterable", "循环的对象不是列表", "the domain of the loop is no list")

    return evaluate


def _filter(builder: Builder, expression: model.Filter) -> Evaluate:
    source = build(builder, expression.source)
    match = build(builder.filtering(), expression.match)

    def evaluate(scope: Scope) -> Value:
        items = source(scope)
        if items is None:
            return scope.run.fail("no-list", "没有可筛选的列表", "there is no list to filter")
        return filtered(scope, items if isinstance(items, list) else [items], match)

    return evaluate


_BUILDERS: Final[dict[type, Callable[[Builder, Any], Evaluate]]] = {
    model.Literal: _literal,
    model.Context: _context,
    model.ListOf: _list,
    model.Relation: _relation,
    model.FunctionOf: _function,
    model.Invocation: _invocation,
    model.Conditional: _conditional,
    model.Iterator: _iterator,
    model.Filter: _filter,
    model.Table: build_table,
}
