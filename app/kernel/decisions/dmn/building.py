"""What compiling one expression of a model needs: types, names in scope, and where problems are noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from app.kernel.decisions.dmn.errors import Problem
from app.kernel.decisions.dmn.model import Text
from app.kernel.decisions.dmn.types import Types
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.expression import Feel, Names, compile_expression, compile_tests
from app.kernel.decisions.feel.runtime import Scope
from app.kernel.decisions.feel.values import Value


@dataclass(frozen=True)
class Builder:
    """One element of a model being compiled; `problems` is shared and grows."""

    file: str
    element: str
    types: Types
    names: frozenset[str]
    members: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def knowing(self, names: Iterable[str]) -> Builder:
        """The same with more names in scope; they may also be members of contexts."""
        added = frozenset(names)
        return replace(self, names=self.names | added, members=self.members | added)

    def expression(self, text: Text) -> Evaluate:
        """A closure; of a source that isn't FEEL one that gives null, and a problem is noted."""
        return self._compiled(text, compile_expression)

    def tests(self, text: Text) -> Evaluate:
        return self._compiled(text, compile_tests)

    def conforming(self, evaluate: Evaluate, type_ref: str | None) -> Evaluate:
        """The closure with its value coerced to a type."""
        convert = self.types.converter(type_ref)
        if convert is None:
            return evaluate
        return lambda scope: convert(scope.run, evaluate(scope))

    def note(self, rule: str, line: int | None, zh: str, en: str) -> None:
        self.problems.append(Problem(rule, self.file, line, self.element, zh, en))

    def _compiled(self, text: Text, compile_source: Callable[[str, Names], Feel]) -> Evaluate:
        if not text.source:
            return nothing
        try:
            return compile_source(text.source, Names(self.names, self.members, self.types.definitions)).run
        except FeelError as error:
            self.note(
                "expression-invalid",
                (text.line or 1) + error.line - 1,
                f"表达式无效：{error.message_zh}（第 {error.line} 行第 {error.column} 列）",
                f"invalid expression: {error}",
            )
            return _failing(error)


def nothing(_scope: Scope) -> Value:
    """The value of an expression that isn't there."""
    return None


def _failing(error: FeelError) -> Evaluate:
    return lambda scope: scope.run.fail("expression-invalid", error.message_zh, str(error))
