"""The interface: compile once, evaluate many times, errors by line and column when strict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.checking import Kinds, check
from app.kernel.decisions.feel.compiler import Compiler
from app.kernel.decisions.feel.errors import Diagnostic, FeelError, LimitExceeded
from app.kernel.decisions.feel.hosting import from_host
from app.kernel.decisions.feel.library import LIBRARY, LIBRARY_NAMES
from app.kernel.decisions.feel.limits import DEFAULT_LIMITS, Limits
from app.kernel.decisions.feel.parser import Parser
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.typing import Definitions, Type
from app.kernel.decisions.feel.values import Value

NO_TYPES: Final[Definitions] = {}


@dataclass(frozen=True, slots=True)
class Result:
    """A value and why it, or a part of it, is null."""

    value: Value
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What a source may mean by words: variables, members of contexts, item definitions; types of the latter."""

    variables: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    types: Definitions = field(default_factory=dict, hash=False)


NO_NAMES: Final = Names()


@dataclass(frozen=True, slots=True)
class Feel:
    """A compiled expression or list of unary tests (which reads its input as `?`)."""

    source: str
    root: tree.Node | tree.Tests
    run: Callable[[Scope], Value]

    def evaluate(
        self, context: Mapping[str, object], now: datetime | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> Value:
        """The value for the caller's variables; null where the standard says so. Never raises, never runs on."""
        return self._evaluated(Runtime(now, limits), context)

    def explain(
        self, context: Mapping[str, object], now: datetime | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> Result:
        """As `evaluate`, with the diagnostics."""
        runtime = Runtime(now, limits)
        return Result(self._evaluated(runtime, context), tuple(runtime.diagnostics))

    def _evaluated(self, runtime: Runtime, context: Mapping[str, object]) -> Value:
        """A bound that is hit makes the whole null."""
        try:
            values: dict[str, Value] = {}
            if isinstance(self.root, tree.Tests):
                values["?"] = from_host(runtime, context.get("?"))
            return self.run(Scope(runtime, values, None, context))
        except LimitExceeded as limit:
            return runtime.fail(limit.code, limit.message_zh, limit.message_en)
        except RecursionError:
            return runtime.fail("too-deep", "求值嵌套过深", "the evaluation is nested too deeply")


def parse(source: str, names: Names = NO_NAMES) -> Parser:
    """A parser over the source. Raises FeelError."""
    return Parser(source, names.variables, names.members, names.types, LIBRARY_NAMES)


def compile_node(node: tree.Node, types: Definitions = NO_TYPES) -> Callable[[Scope], Value]:
    return Compiler(LIBRARY, types).compile(node)


@lru_cache(maxsize=4096)
def compile_expression(source: str, names: Names = NO_NAMES) -> Feel:
    """Compile an expression, once for the same source and names. Raises FeelError with line and column."""
    try:
        node = parse(source, names).whole_expression()
        return Feel(source, node, Compiler(LIBRARY, names.types).compile(node))
    except RecursionError:
        raise _too_deep(source) from None


@lru_cache(maxsize=4096)
def compile_tests(source: str, names: Names = NO_NAMES) -> Feel:
    """Compile unary tests, such as a cell of a decision table, once. Raises FeelError with line and column."""
    try:
        tests = parse(source, names).whole_tests()
        return Feel(source, tests, Compiler(LIBRARY, names.types).tests(tests))
    except RecursionError:
        raise _too_deep(source) from None


def parse_type(source: str, types: Iterable[str] = ()) -> Type:
    """A type as written in a typeRef or behind `instance of`. Raises FeelError."""
    parser = Parser(source, (), (), types, LIBRARY_NAMES)
    kind = parser.type()
    if parser.token.kind != "end":
        parser.unexpected()
    return kind


def _too_deep(source: str) -> FeelError:
    return FeelError(source, 0, "表达式嵌套过深", "the expression is nested too deeply")


def check_expression(source: str, names: Names = NO_NAMES, kinds: Kinds | None = None) -> list[FeelError]:
    """All that is certainly wrong with an expression, before it is deployed: syntax, names, calls, types.

    `kinds`: the types of the variables, where known, by their FEEL names.
    """
    return _checked(compile_expression, source, names, kinds, None)


def check_tests(
    source: str, names: Names = NO_NAMES, kinds: Kinds | None = None, input_kind: str | None = None
) -> list[FeelError]:
    """The same of unary tests over an input of a type."""
    return _checked(compile_tests, source, names, kinds, input_kind)


def _checked(
    compile_source: Callable[[str, Names], Feel],
    source: str,
    names: Names,
    kinds: Kinds | None,
    input_kind: str | None,
) -> list[FeelError]:
    try:
        root = compile_source(source, names).root
    except FeelError as error:
        return [error]
    return check(source, root, dict.fromkeys(names.variables) | dict(kinds or {}), input_kind)
