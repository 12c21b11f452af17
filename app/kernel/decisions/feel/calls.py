"""Function definitions and invocations (10.3.2.13.6 and .7): positional and named arguments, closures, the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.builtins.signatures import call_library
from app.kernel.decisions.feel.composing import Composer, Evaluate
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.typing import coerced
from app.kernel.decisions.feel.values import Function, Overloads, Parameter, Value, kind_of


def compile_call(composer: Composer, node: tree.Call) -> Evaluate:
    function = composer.compile(node.function)
    arguments = [composer.compile(argument) for argument in node.arguments]
    names, position = node.names, node.position

    def evaluate(scope: Scope) -> Value:
        target = function(scope)
        values = [argument(scope) for argument in arguments]
        return call(scope.run, target, values, names, position)

    return evaluate


def call(
    run: Runtime,
    target: Value,
    values: Sequence[Value],
    names: tuple[str, ...] | None = None,
    position: int | None = None,
) -> Value:
    """Invoke a function value; null, with a diagnostic, when it is none or the arguments don't fit."""
    if isinstance(target, Overloads):
        run.charge()
        return call_library(run, target, values, names, position)
    if not isinstance(target, Function):
        return run.fail("not-a-function", "不是函数", f"a {kind_of(target)} is no function", position)
    arguments = _bound(target, values, names)
    if arguments is None:
        return run.fail(
            "wrong-arguments",
            f"函数“{target.name}”的参数不符",
            f"wrong arguments for {target.name!r}",
            position,
        )
    return invoke(run, target, arguments)


def invoke(run: Runtime, target: Function, arguments: Sequence[Value]) -> Value:
    """Call with one argument for each parameter; null when one doesn't conform to what its parameter declares."""
    run.enter()
    try:
        values = []
        for parameter, given in zip(target.parameters, arguments, strict=True):
            value = parameter.conform(run, given) if parameter.conform is not None else given
            if value is None and given is not None:
                return None
            values.append(value)
        return target.invoke(run, values)
    finally:
        run.leave()


def _bound(
    target: Function, values: Sequence[Value], names: tuple[str, ...] | None
) -> Sequence[Value] | None:
    """Arguments in the order of the parameters; None when number or names differ."""
    if len(values) != len(target.parameters):
        return None
    if names is None:
        return values
    given = dict(zip(names, values, strict=True))
    if given.keys() != {parameter.name for parameter in target.parameters}:
        return None
    return [given[parameter.name] for parameter in target.parameters]


def compile_function(composer: Composer, node: tree.FunctionOf) -> Evaluate:
    """A function that sees the variables of where it is defined. External ones (Java, PMML) are refused by design."""
    names = [name for name, _type in node.parameters]
    parameters = tuple(_parameter(composer, name, kind) for name, kind in node.parameters)
    if node.external:
        return lambda _scope: Function("function", parameters, _refused)
    body = composer.compile(node.body)

    def evaluate(scope: Scope) -> Function:
        def run_body(run: Runtime, values: Sequence[Value]) -> Value:
            return body(Scope(run, dict(zip(names, values, strict=True)), scope))

        return Function("function", parameters, run_body)

    return evaluate


def _refused(run: Runtime, _values: Sequence[Value]) -> Value:
    return run.fail("external-function", "不允许外部函数", "external functions are refused")


def _parameter(composer: Composer, name: str, kind: Any) -> Parameter:
    if kind is None:
        return Parameter(name)
    definitions = composer.definitions
    return Parameter(name, kind, lambda run, value: coerced(run, value, kind, definitions))
