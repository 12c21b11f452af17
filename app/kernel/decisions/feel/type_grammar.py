"""Types as written behind `instance of` and parameters (rules 51 to 55)."""

from __future__ import annotations

from typing import Final

from app.kernel.decisions.feel.cursor import Cursor
from app.kernel.decisions.feel.names import NameTable
from app.kernel.decisions.feel.typing import (
    ANY,
    BUILT_IN,
    ContextType,
    FunctionType,
    ListType,
    Named,
    RangeType,
    Type,
)

_TYPE_NAMES: Final = NameTable(BUILT_IN)


class TypeGrammar(Cursor):
    """Reads types; `types` are the names of item definitions in several words."""

    types: NameTable

    def type(self) -> Type:
        with self.nested():
            if self.ahead().text == "<" and self.at("list", "range", "context", "function"):
                return self._parametrised(self.take().text)
            if self.at("function") and self.ahead().text != ".":
                self.take()
                return FunctionType(None, ANY)
            return Named(self._type_name())

    def _type_name(self) -> str:
        found = self.types.longest(self.tokens, self.index) or _TYPE_NAMES.longest(self.tokens, self.index)
        if found is not None:
            name, self.index = found
            return name
        if self.token.kind != "word":
            self.unexpected("类型 / a type")
        name = self.take().text
        while self.at(".") and self.ahead().kind == "word":
            self.take()
            name += "." + self.take().text
        return name

    def _parametrised(self, kind: str) -> Type:
        self.expect("<")
        if kind == "list" or kind == "range":
            item = self.type()
            self.expect(">")
            return ListType(item) if kind == "list" else RangeType(item)
        return self._context_type() if kind == "context" else self._function_type()

    def _context_type(self) -> ContextType:
        members: list[tuple[str, Type]] = []
        while not self.taken(">"):
            if members:
                self.expect(",")
            name = self.label(self.label_length() or 1)
            self.expect(":")
            members.append((name, self.type()))
        return ContextType(tuple(members))

    def _function_type(self) -> FunctionType:
        parameters: list[Type] = []
        while not self.taken(">"):
            if parameters:
                self.expect(",")
            parameters.append(self.type())
        self.expect("->")
        return FunctionType(tuple(parameters), self.type())
