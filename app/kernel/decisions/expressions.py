"""Restricted expressions: a small, total, safe subset of FEEL behind the interface the full interpreter will keep.

Strings, numbers, booleans, null, dotted names, = != < <= > >=, and, or, + - * /, in, if-then-else, lists and
a fixed table of functions. Evaluation never raises, never loops and has no way out of its context.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.kernel.decisions.functions import FUNCTIONS, Function
from app.kernel.decisions.syntax import Parser
from app.kernel.decisions.tokens import ExpressionError

__all__ = ["Expression", "ExpressionError", "Function", "compile_expression", "feel"]

LONGEST_SOURCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; `names` are the dotted paths it reads from its context."""

    source: str
    names: frozenset[str]
    _evaluate: Callable[[Mapping[str, object]], object]

    def evaluate(self, context: Mapping[str, object]) -> object:
        """None, bool, Decimal, str, date, datetime or a list of these; unknown names are None."""
        return self._evaluate(context)


def compile_expression(source: str, functions: Mapping[str, Function] | None = None) -> Expression:
    """Compile `source` (without a leading "="); `functions` adds to the fixed table. Raises ExpressionError."""
    if len(source) > LONGEST_SOURCE:
        raise ExpressionError(source, LONGEST_SOURCE, "表达式过长", "the expression is too long")
    parser = Parser(source, FUNCTIONS | dict(functions or {}))
    evaluate = parser.compiled()
    return Expression(source, frozenset(parser.names), evaluate)


def feel(text: str) -> str:
    """The expression in an attribute of the tools, which write a leading "="."""
    stripped = text.strip()
    return stripped[1:].strip() if stripped.startswith("=") else stripped
