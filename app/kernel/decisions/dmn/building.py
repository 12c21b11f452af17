"""What compiling one expression of a model needs: types, names in scope, and where problems are noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from app.kernel.decisions.dmn.errors import Problem
from app.kernel.decisions.dmn.model import Text
from app.kernel.decisions.dmn.types import Types
from app.kernel.decisions.feel.checking import check
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.expression import Feel, Names, compile_expression, compile_tests
from app.kernel.decisions.feel.runtime import Scope
from app.kernel.decisions.feel.values import Value


@dataclass(frozen=True)
class Builder:
    """One element of a model being compiled; `problems` is shared and grows.

    `kinds` are the names in scope with the names of their types, None where that isn't known; `within_item`: in a
    filter, where undeclared names may be members.
    """

    file: str
    element: str
    types: Types
    kinds: Mapping[str, str | None]
    members: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    within_item: bool = False

    def knowing(self, names: Iterable[str], kinds: Mapping[str, str | None] | None = None) -> Builder:
        """The same with more names in scope; they may also be members of contexts."""
        added = dict.fromkeys(names) | dict(kinds or {})
        return replace(self, kinds={**self.kinds, **added}, members=self.members | frozenset(added))

    def filtering(self) -> Builder:
        """The same inside a filter."""
        return replace(self.knowing(["item", *self.types.members]), within_item=True)

    def expression(self, text: Text) -> Evaluate:
        """A closure; of a source that isn't FEEL one that gives null, and a problem is noted."""
        return self._compiled(text, compile_expression, None)

    def tests(self, text: Text, input_kind: str | None = None) -> Evaluate:
        return self._compiled(text, compile_tests, input_kind)

    def conforming(self, evaluate: Evaluate, type_ref: str | None) -> Evaluate:
        """The closure with its value coerced to a type."""
        convert = self.types.converter(type_ref)
        if convert is None:
            return evaluate
        return lambda scope: convert(scope.run, evaluate(scope))

    def note(self, rule: str, line: int | None, zh: str, en: str) -> None:
        self.problems.append(Problem(rule, self.file, line, self.element, zh, en))

    def _compiled(
        self, text: Text, compile_source: Callable[[str, Names], Feel], input_kind: str | None
    ) -> Evaluate:
        if not text.source:
            return nothing
        names = Names(frozenset(self.kinds), self.members, self.types.definitions)
        try:
            compiled = compile_source(text.source, names)
        except FeelError as error:
            self._note_error("expression-invalid", text, error)
            return _failing(error)
        for wrong in check(text.source, compiled.root, self.kinds, input_kind, members=self.within_item):
            self._note_error("expression-wrong", text, wrong)
        return compiled.run

    def _note_error(self, rule: str, text: Text, error: FeelError) -> None:
        self.note(
            rule,
            (text.line or 1) + error.line - 1,
            f"表达式“{_short(text.source)}”：{error.message_zh}（第 {error.line} 行第 {error.column} 列）",
            f"expression {_short(text.source)!r}: {error}",
        )


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 60 else line[:59] + "…"


def nothing(_scope: Scope) -> Value:
    """The value of an expression that isn't there."""
    return None


def _failing(error: FeelError) -> Evaluate:
    return lambda scope: scope.run.fail("expression-invalid", error.message_zh, str(error))
