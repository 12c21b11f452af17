"""What an expression can begin with: literals, names, brackets, loops, functions (rules 2, 18 to 22, 36 to 60)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.names import NameTable
from app.kernel.decisions.feel.numbers import CONTEXT
from app.kernel.decisions.feel.temporal_text import parse_at
from app.kernel.decisions.feel.tree import Node
from app.kernel.decisions.feel.type_grammar import TypeGrammar
from app.kernel.decisions.feel.typing import Type

OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")
ADDITIVE: Final = 4
_CONSTANTS: Final[dict[str, bool | None]] = {"null": None, "true": True, "false": False}


class PrimaryGrammar(TypeGrammar):
    """Prefixes; `expression` is the Pratt loop behind them, `members` the names a path or filter may use."""

    members: NameTable

    closing_bracket = False
    """Is a `[` here the end of an interval such as `]1..10[`?"""

    @abstractmethod
    def expression(self, binding: int = 0) -> Node: ...

    def inside(self, parse: Callable[[], Node]) -> Node:
        """Parse within brackets of its own, where `[` is no end of an interval."""
        outer, self.closing_bracket = self.closing_bracket, False
        node = parse()
        self.closing_bracket = outer
        return node

    def prefix(self) -> Node:
        token = self.token
        match token.kind:
            case "number":
                return self.number(token.start)
            case "string":
                self.take()
                return self.made(tree.Literal(token.start, token.text))
            case "symbol":
                return self._symbol()
            case "word":
                return self._word()
            case _:
                return self.unexpected()

    def number(self, start: int, *, negative: bool = False) -> Node:
        token = self.take()
        try:
            value = CONTEXT.create_decimal(token.text)
        except ArithmeticError:
            self.error(token.start, "数值超出范围", "the number is out of range")
        return self.made(tree.Literal(start, CONTEXT.minus(value) if negative else value))

    def _symbol(self) -> Node:
        start = self.token.start
        if self.taken("("):
            return self.inside(lambda: self._parenthesis(start))
        if self.at("["):
            return self.inside(self._list)
        if self.taken("]"):
            return self.inside(lambda: self.interval(start, self.expression(), low_closed=False))
        if self.at("{"):
            return self.inside(self._context)
        if self.taken("@"):
            return self._at_literal(start)
        return self.unexpected()

    def _parenthesis(self, start: int) -> Node:
        if self.at(*OPERATORS):
            operator = self.take().text
            endpoint = self.expression(ADDITIVE)
            self.expect(")")
            return self.made(tree.UnaryComparison(start, operator, endpoint), endpoint)
        inner = self.expression()
        if self.at(".."):
            return self.interval(start, inner, low_closed=False)
        self.expect(")")
        return inner

    def interval(self, start: int, low: Node, *, low_closed: bool) -> Node:
        """`..high` and the closing bracket."""
        self.expect("..")
        self.closing_bracket = True
        high = self.expression()
        self.closing_bracket = False
        closing = self.expect("]", ")", "[")
        return self.made(tree.Interval(start, low, high, low_closed, closing.text == "]"), low, high)

    def _list(self) -> Node:
        start = self.expect("[").start
        if self.taken("]"):
            return self.made(tree.ListOf(start, ()))
        items = [self._item()]
        if self.at(".."):
            return self.interval(start, items[0], low_closed=True)
        while self.taken(","):
            items.append(self._item())
        self.expect("]")
        return self.made(tree.ListOf(start, tuple(items)), *items)

    def _item(self) -> Node:
        """An item of a list; a bare comparison (`[< 5]`) is a range with one end."""
        if not self.at(*OPERATORS):
            return self.expression()
        token = self.take()
        endpoint = self.expression(ADDITIVE)
        return self.made(tree.UnaryComparison(token.start, token.text, endpoint), endpoint)

    def _context(self) -> Node:
        start = self.expect("{").start
        entries: list[tuple[str, Node]] = []
        with ExitStack() as known:
            while not self.taken("}"):
                if entries:
                    self.expect(",")
                start_of_key = self.token.start
                key = self._key()
                self.expect(":")
                if any(key == other for other, _value in entries):
                    self.error(start_of_key, f"重复的键“{key}”", f"duplicate key {key!r}")
                entries.append((key, self.expression()))
                known.enter_context(self.scope.added([key]))
                self.members.keep([key])
        return self.made(tree.ContextOf(start, tuple(entries)), *(value for _key, value in entries))

    def _key(self) -> str:
        if self.token.kind == "string":
            return self.take().text
        count = self.label_length()
        if not count:
            self.unexpected("键 / a key")
        return self.label(count)

    def _at_literal(self, start: int) -> Node:
        if self.token.kind != "string":
            self.unexpected("字符串 / a string")
        text = self.take().text
        value = parse_at(text)
        if value is None:
            self.error(start, f"无效的日期或时长“{text}”", f"no date, time or duration: {text!r}")
        return self.made(tree.Literal(start, value))

    # -- words

    def _word(self) -> Node:
        token = self.token
        if self.known_name_here():
            return self.made(tree.Name(token.start, self.name()))
        if token.text in _CONSTANTS:
            self.take()
            return self.made(tree.Literal(token.start, _CONSTANTS[token.text]))
        if token.text == "if":
            return self._if()
        if token.text == "for":
            return self._for()
        if token.text in ("some", "every"):
            return self._quantified()
        if token.text == "function" and self.ahead().text == "(":
            return self._function()
        return self.made(tree.Name(token.start, self.name()))

    def known_name_here(self) -> bool:
        index = self.index
        known = self.known_name() is not None
        self.index = index
        return known

    def _if(self) -> Node:
        start = self.take().start
        condition = self.expression()
        self.expect("then")
        positive = self.expression()
        self.expect("else")
        negative = self.expression()
        return self.made(tree.If(start, condition, positive, negative), condition, positive, negative)

    def _for(self) -> Node:
        start = self.take().start
        iterations, names = self._iterations()
        self.expect("return")
        with self.scope.added(names):
            result = self.expression()
        return self.made(tree.For(start, iterations, result), result, *_domains(iterations))

    def _quantified(self) -> Node:
        token = self.take()
        iterations, names = self._iterations()
        self.expect("satisfies")
        with self.scope.added(names):
            condition = self.expression()
        node = tree.Quantified(token.start, token.text == "every", iterations, condition)
        return self.made(node, condition, *_domains(iterations))

    def _iterations(self) -> tuple[tuple[tree.Iteration, ...], list[str]]:
        iterations: list[tree.Iteration] = []
        names: list[str] = []
        while not iterations or self.taken(","):
            name = self.label(self._words_before("in"))
            self.expect("in")
            with self.scope.added(names):
                domain = self.expression()
                until = self.expression() if self.taken("..") else None
            iterations.append(tree.Iteration(name, domain, until))
            names.append(name)
        return tuple(iterations), names

    def _words_before(self, word: str) -> int:
        count = 0
        while self.ahead(count).text != word:
            if self.ahead(count).kind in ("end", "string"):
                self.unexpected("名称 / a name")
            count += 1
        if not count or self.token.kind != "word":
            self.unexpected("名称 / a name")
        return count

    def _function(self) -> Node:
        start = self.take().start
        self.expect("(")
        parameters: list[tuple[str, Type | None]] = []
        while not self.taken(")"):
            if parameters:
                self.expect(",")
            count = self.label_length()
            name = self.label(count) if count else self.name()
            parameters.append((name, self.type() if self.taken(":") else None))
        external = self.taken("external")
        with self.scope.added([name for name, _type in parameters]):
            body = self.expression()
        return self.made(tree.FunctionOf(start, tuple(parameters), body, external), body)


def _domains(iterations: tuple[tree.Iteration, ...]) -> list[Node]:
    ends = [one.until for one in iterations if one.until is not None]
    return [*(one.domain for one in iterations), *ends]
