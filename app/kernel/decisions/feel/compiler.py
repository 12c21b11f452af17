"""From tree to closures (10.3.2.13): each node becomes a function of the scope, composed once and run many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.calls import compile_call, compile_function
from app.kernel.decisions.feel.comparison import COMPARISONS, conjunction, is_at_least, is_at_most
from app.kernel.decisions.feel.composing import Evaluate, Library
from app.kernel.decisions.feel.filters import compile_filter
from app.kernel.decisions.feel.hosting import from_host
from app.kernel.decisions.feel.loops import compile_for, compile_quantified
from app.kernel.decisions.feel.operators import OPERATIONS, negative
from app.kernel.decisions.feel.properties import member
from app.kernel.decisions.feel.runtime import Scope
from app.kernel.decisions.feel.tree import Node
from app.kernel.decisions.feel.typing import Definitions, conforms
from app.kernel.decisions.feel.unary import compile_tests, disjunction
from app.kernel.decisions.feel.values import Range, Value


class Compiler:
    """Knows the library of functions and the item definitions; `compile` makes a closure of a node."""

    def __init__(self, library: Library, definitions: Definitions) -> None:
        self.library = library
        self.definitions = definitions

    def compile(self, node: Node) -> Evaluate:
        return _COMPILERS[type(node)](self, node)

    def tests(self, tests: tree.Tests) -> Evaluate:
        """Unary tests over the variable `?`."""
        return compile_tests(self, tests)


def _literal(_compiler: Compiler, node: tree.Literal) -> Evaluate:
    value = node.value
    return lambda _scope: value


def find(scope: Scope, name: str) -> tuple[bool, Value]:
    """Is there such a variable, and its value; the caller's are made values of FEEL when first read."""
    frame: Scope | None = scope
    while frame is not None:
        if name in frame.values:
            return True, frame.values[name]
        if frame.host is not None and name in frame.host:
            value = from_host(scope.run, frame.host[name])
            frame.values[name] = value  # type: ignore[index]
            return True, value
        frame = frame.parent
    return False, None


def _name(compiler: Compiler, node: tree.Name) -> Evaluate:
    name, position = node.name, node.position
    builtin = compiler.library.get(name)

    def evaluate(scope: Scope) -> Value:
        if name in scope.values:
            return scope.values[name]
        known, value = find(scope, name)
        if known:
            return value
        if builtin is not None:
            return builtin
        return scope.run.fail("unknown-name", f"没有变量“{name}”", f"there is no variable {name!r}", position)

    return evaluate


def _path(compiler: Compiler, node: tree.Path) -> Evaluate:
    source, name, position = compiler.compile(node.source), node.name, node.position

    def evaluate(scope: Scope) -> Value:
        value = source(scope)
        if type(value) is dict and name in value:
            return value[name]
        return member(scope.run, value, name, position)

    return evaluate


def _negative(compiler: Compiler, node: tree.Negative) -> Evaluate:
    operand = compiler.compile(node.operand)
    return lambda scope: negative(scope.run, operand(scope))


def _arithmetic(compiler: Compiler, node: tree.Arithmetic) -> Evaluate:
    first = compiler.compile(node.first)
    rest = [(OPERATIONS[sign], compiler.compile(operand)) for sign, operand in node.rest]
    if len(rest) == 1:
        operate, second = rest[0]
        return lambda scope: operate(scope.run, first(scope), second(scope))

    def evaluate(scope: Scope) -> Value:
        value = first(scope)
        for operate, operand in rest:
            value = operate(scope.run, value, operand(scope))
        return value

    return evaluate


def _logical(compiler: Compiler, node: tree.Logical) -> Evaluate:
    """Three-valued; what isn't a boolean counts as null (table 50)."""
    decisive = not node.conjunction
    operands = [compiler.compile(operand) for operand in node.operands]

    def evaluate(scope: Scope) -> Value:
        undecided = False
        for operand in operands:
            value = operand(scope)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                undecided = True
        return None if undecided else not decisive

    return evaluate


def _comparison(compiler: Compiler, node: tree.Comparison) -> Evaluate:
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    if isinstance(node.right, tree.Literal):
        return _constant_comparison(node.operator, left, node.right.value)
    operate = COMPARISONS[node.operator]
    return lambda scope: operate(scope.run, left(scope), right(scope))


_FAST: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def _constant_comparison(operator: str, left: Evaluate, right: Value) -> Evaluate:
    """The commonest condition: a variable against a constant of the same plain type needs no table."""
    operate, fast, kind = COMPARISONS[operator], _FAST[operator], type(right)
    if kind is not str and kind is not Decimal:
        return lambda scope: operate(scope.run, left(scope), right)

    def evaluate(scope: Scope) -> Value:
        value = left(scope)
        return fast(value, right) if type(value) is kind else operate(scope.run, value, right)

    return evaluate


def _between(compiler: Compiler, node: tree.Between) -> Evaluate:
    value, low, high = (compiler.compile(one) for one in (node.value, node.low, node.high))

    def evaluate(scope: Scope) -> Value:
        run, subject = scope.run, value(scope)
        above = is_at_least(run, subject, low(scope))
        return conjunction(above, is_at_most(run, subject, high(scope)))

    return evaluate


def _in(compiler: Compiler, node: tree.In) -> Evaluate:
    value = compiler.compile(node.value)
    test = disjunction(compiler, node.tests, cells=False)

    def evaluate(scope: Scope) -> Value:
        return test(Scope(scope.run, {"?": value(scope)}, scope))

    return evaluate


def _instance_of(compiler: Compiler, node: tree.InstanceOf) -> Evaluate:
    value, kind, definitions = compiler.compile(node.value), node.type, compiler.definitions
    return lambda scope: conforms(scope.run, value(scope), kind, definitions)


def _interval(compiler: Compiler, node: tree.Interval) -> Evaluate:
    low, high = compiler.compile(node.low), compiler.compile(node.high)
    low_closed, high_closed = node.low_closed, node.high_closed
    return lambda scope: Range(low(scope), high(scope), low_closed, high_closed)


def _unary_range(compiler: Compiler, node: tree.UnaryComparison) -> Evaluate:
    """`(< 10)` as a value: an interval whose other end is undefined (10.3.2.7)."""
    sign, endpoint = node.operator, compiler.compile(node.endpoint)

    def evaluate(scope: Scope) -> Range:
        end = endpoint(scope)
        match sign:
            case "<" | "<=":
                return Range(None, end, False, sign == "<=", sign)
            case ">" | ">=":
                return Range(end, None, sign == ">=", False, sign)
            case _:
                return Range(end, end, sign == "=", sign == "=", sign)

    return evaluate


def _list(compiler: Compiler, node: tree.ListOf) -> Evaluate:
    items = [compiler.compile(item) for item in node.items]

    def evaluate(scope: Scope) -> Value:
        scope.run.charge(1 + len(items))
        return [item(scope) for item in items]

    return evaluate


def _context(compiler: Compiler, node: tree.ContextOf) -> Evaluate:
    entries = [(key, compiler.compile(value)) for key, value in node.entries]

    def evaluate(scope: Scope) -> Value:
        scope.run.charge(1 + len(entries))
        values: dict[str, Value] = {}
        inner = Scope(scope.run, values, scope)
        for key, value in entries:
            values[key] = value(inner)
        return values

    return evaluate


def _if(compiler: Compiler, node: tree.If) -> Evaluate:
    condition, positive, negative_ = (
        compiler.compile(one) for one in (node.condition, node.positive, node.negative)
    )
    return lambda scope: positive(scope) if condition(scope) is True else negative_(scope)


_COMPILERS: Final[Mapping[type, Callable[[Compiler, Any], Evaluate]]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Path: _path,
    tree.Filter: compile_filter,
    tree.Call: compile_call,
    tree.Negative: _negative,
    tree.Arithmetic: _arithmetic,
    tree.Logical: _logical,
    tree.Comparison: _comparison,
    tree.Between: _between,
    tree.In: _in,
    tree.InstanceOf: _instance_of,
    tree.Interval: _interval,
    tree.UnaryComparison: _unary_range,
    tree.ListOf: _list,
    tree.ContextOf: _context,
    tree.If: _if,
    tree.For: compile_for,
    tree.Quantified: compile_quantified,
    tree.FunctionOf: compile_function,
}
