"""Where the parser stands among the tokens, how it reads names, and how deep it may go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn, TypeVar

from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.limits import DEEPEST_NESTING, DEEPEST_TREE, LONGEST_SOURCE
from app.kernel.decisions.feel.names import NameTable
from app.kernel.decisions.feel.tokens import Token, tokens_of
from app.kernel.decisions.feel.tree import Node

KEYWORDS: Final = frozenset(
    {"and", "or", "in", "between", "instance", "then", "else", "return", "satisfies", "external"}
)
"""Words that end a name nobody declared."""
_IN_NAMES: Final = frozenset("./-'’+*")

_N = TypeVar("_N", bound=Node)


class Cursor:
    """A source being read; the functions of the library and `names` are known names of several words."""

    def __init__(self, source: str, tables: Iterable[NameTable], names: Iterable[str]) -> None:
        if len(source) > LONGEST_SOURCE:
            raise FeelError(source, LONGEST_SOURCE, "表达式过长", "the expression is too long")
        self.source = source
        self.tokens = tokens_of(source)
        self.index = 0
        self.scope = NameTable(names)
        self._tables = (self.scope, *tables)
        self._nesting = 0
        self._depths: dict[int, tuple[int, Node]] = {}

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.tokens[self.index]
        if token.kind != "end":
            self.index += 1
        return token

    def at(self, *texts: str) -> bool:
        """Is the next token one of these words or symbols (and no string)?"""
        token = self.tokens[self.index]
        return token.text in texts and token.kind in ("symbol", "word")

    def taken(self, *texts: str) -> bool:
        if self.at(*texts):
            self.index += 1
            return True
        return False

    def expect(self, *texts: str) -> Token:
        if not self.at(*texts):
            self.unexpected(" / ".join(texts))
        return self.take()

    def unexpected(self, wanted: str | None = None) -> NoReturn:
        token = self.token
        shown = self.source[token.start : token.end] or "…"
        if token.kind == "end":
            zh, en = "表达式不完整", "the expression ends too early"
        else:
            zh, en = f"此处不应出现“{shown}”", f"unexpected {shown!r}"
        if wanted is not None:
            zh, en = f"{zh}，应为 {wanted}", f"{en}, expected {wanted}"
        self.error(token.start, zh, en)

    def error(self, position: int, zh: str, en: str) -> NoReturn:
        raise FeelError(self.source, position, zh, en)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper. Raises FeelError beyond the deepest."""
        self._nesting += 1
        if self._nesting > DEEPEST_NESTING:
            self.too_deep()
        yield
        self._nesting -= 1

    def made(self, node: _N, *children: Node) -> _N:
        """The node, its depth noted. Raises FeelError for a tree too deep to evaluate."""
        depth = 1 + max((self._depths[id(child)][0] for child in children), default=0)
        if depth > DEEPEST_TREE:
            self.too_deep()
        self._depths[id(node)] = (depth, node)
        return node

    def too_deep(self) -> NoReturn:
        self.error(self.token.start, "表达式嵌套过深", "the expression is nested too deeply")

    # -- names

    def known_name(self) -> str | None:
        """Take the longest name of several words that is in scope here."""
        best: tuple[str, int] | None = None
        for table in self._tables:
            found = table.longest(self.tokens, self.index)
            if found is not None and (best is None or found[1] > best[1]):
                best = found
        if best is None:
            return None
        self.index = best[1]
        return best[0]

    def name(self) -> str:
        """Take a name: the longest known one, else the words that stand here side by side."""
        known = self.known_name()
        if known is not None:
            return known
        if self.token.kind != "word":
            self.unexpected("名称 / a name")
        words = [self.take().text]
        while self._at_plain_word():
            words.append(self.take().text)
        return " ".join(words)

    def _at_plain_word(self) -> bool:
        return self.token.kind == "word" and self.token.text not in KEYWORDS

    def label_length(self) -> int:
        """How many tokens of a name stand before a colon here; 0 when there is no such label."""
        if self.token.kind != "word":
            return 0
        count = 0
        while True:
            token = self.ahead(count)
            if token.text == ":" and token.kind == "symbol":
                return count
            if token.kind not in ("word", "number") and token.text not in _IN_NAMES:
                return 0
            count += 1

    def label(self, count: int) -> str:
        """Take so many tokens as a name, blanks as one."""
        parts: list[str] = []
        end = self.token.start
        for _ in range(count):
            token = self.take()
            if token.start > end:
                parts.append(" ")
            parts.append(token.text)
            end = token.end
        return "".join(parts)
