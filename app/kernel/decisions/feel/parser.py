"""The Pratt loop: operators by how strongly they bind (rule 4 and the precedence of 10.3.1.2), and unary tests.

or < and < comparison, between, in < + - < * / < ** < unary minus < instance of < path, filter, call.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.names import NameTable
from app.kernel.decisions.feel.primary import ADDITIVE, OPERATORS, PrimaryGrammar
from app.kernel.decisions.feel.tree import Node

OR, AND, COMPARISON, MULTIPLICATIVE, POWER, UNARY = 1, 2, 3, 5, 6, 7
_ARITHMETIC: Final = {"+": ADDITIVE, "-": ADDITIVE, "*": MULTIPLICATIVE, "/": MULTIPLICATIVE, "**": POWER}
_BEGINS: Final = frozenset(("number", "string", "word"))


class Parser(PrimaryGrammar):
    """Reads one expression or one list of unary tests. Raises FeelError with line and column."""

    def __init__(
        self,
        source: str,
        names: Iterable[str],
        members: Iterable[str],
        types: Iterable[str],
        library: NameTable,
    ) -> None:
        self.members = NameTable(members)
        self.types = NameTable(types)
        super().__init__(source, (library,), names)

    # -- wholes

    def whole_expression(self) -> Node:
        node = self.expression()
        if self.token.kind != "end":
            self.unexpected()
        return node

    def whole_tests(self) -> tree.Tests:
        """Unary tests (rules 15 to 17): `-`, `not(…)` or tests between commas."""
        if self.at("-") and self.ahead().kind == "end":
            return tree.Tests(self.take().start, None, negated=False)
        start = self.token.start
        negated = self._is_negation()
        if negated:
            self.index += 2
        tests = self._tests()
        if negated:
            self.expect(")")
        if self.token.kind != "end":
            self.unexpected()
        return tree.Tests(start, tests, negated)

    def _is_negation(self) -> bool:
        """Does `not( … )` span the whole source?"""
        if not (self.at("not") and self.ahead().text == "("):
            return False
        depth = 0
        for index in range(self.index + 1, len(self.tokens)):
            token = self.tokens[index]
            if token.kind == "symbol":
                depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return self.tokens[index + 1].kind == "end"
        return False

    def _tests(self) -> tuple[Node, ...]:
        tests = [self.test()]
        while self.taken(","):
            tests.append(self.test())
        return tuple(tests)

    def test(self) -> Node:
        """A positive unary test (rule 7): a comparison with the input, or an expression."""
        if not self.at(*OPERATORS):
            return self.expression()
        token = self.take()
        endpoint = self.expression(ADDITIVE)
        return self.made(tree.UnaryComparison(token.start, token.text, endpoint), endpoint)

    # -- operators

    def expression(self, binding: int = 0) -> Node:
        with self.nested():
            left = self._unary() if self.at("-") else self._postfixed(self.prefix())
            while True:
                node = self._infix(left, binding)
                if node is None:
                    return left
                left = node

    def _infix(self, left: Node, binding: int) -> Node | None:
        token = self.token
        if token.kind not in ("symbol", "word"):
            return None
        power = _ARITHMETIC.get(token.text)
        if power is not None:
            return self._arithmetic(left, power) if power >= max(binding, 1) else None
        if token.text in ("and", "or"):
            power = AND if token.text == "and" else OR
            return self._logical(left, token.text, power) if power >= binding else None
        if binding > COMPARISON:
            return None
        return self._compared(left)

    def _unary(self) -> Node:
        start = self.take().start
        if self.token.kind == "number":  # the sign belongs to the literal (rule 37)
            return self._postfixed(self.number(start, negative=True))
        with self.nested():
            operand = self._unary() if self.at("-") else self._postfixed(self.prefix())
        return self.made(tree.Negative(start, operand), operand)

    def _arithmetic(self, left: Node, power: int) -> Node:
        start = self.token.start
        rest: list[tuple[str, Node]] = []
        while _ARITHMETIC.get(self.token.text) == power and self.token.kind == "symbol":
            operator = self.take().text
            rest.append((operator, self.expression(power + 1)))
        return self.made(tree.Arithmetic(start, left, tuple(rest)), left, *(node for _op, node in rest))

    def _logical(self, left: Node, word: str, power: int) -> Node:
        start = self.token.start
        operands = [left]
        while self.taken(word):
            operands.append(self.expression(power + 1))
        return self.made(tree.Logical(start, word == "and", tuple(operands)), *operands)

    def _compared(self, left: Node) -> Node | None:
        start = self.token.start
        if self.at(*OPERATORS):
            operator = self.take().text
            right = self.expression(ADDITIVE)
            return self.made(tree.Comparison(start, operator, left, right), left, right)
        if self.taken("between"):
            low = self.expression(ADDITIVE)
            self.expect("and")
            high = self.expression(ADDITIVE)
            return self.made(tree.Between(start, left, low, high), left, low, high)
        if self.taken("in"):
            tests = self._membership()
            return self.made(tree.In(start, left, tests), left, *tests)
        return None

    def _membership(self) -> tuple[Node, ...]:
        """What stands behind `in`: one test, or tests in parentheses, which may turn out an interval."""
        if self.at(*OPERATORS):
            return (self.test(),)
        if not self.at("("):
            return (self.expression(ADDITIVE),)
        start = self.take().start
        outer, self.closing_bracket = self.closing_bracket, False
        first = self.test()
        if self.at(".."):
            tests: tuple[Node, ...] = (self.interval(start, first, low_closed=False),)
        else:
            tests = (first, *self._tests()) if self.taken(",") else (first,)
            self.expect(")")
        self.closing_bracket = outer
        return tests

    # -- path, filter, call, instance of

    def _postfixed(self, node: Node) -> Node:
        while True:
            start = self.token.start
            if self.at("."):
                node = self._path(node)
            elif self.at("(") and not isinstance(node, tree.Literal):
                node = self.inside(lambda function=node: self._call(function))  # type: ignore[misc]
            elif self.at("[") and not self._closes_interval():
                node = self.inside(lambda source=node: self._filter(source))  # type: ignore[misc]
            elif self.at("instance") and self.ahead().text == "of":
                self.index += 2
                node = self.made(tree.InstanceOf(start, node, self.type()), node)
            else:
                return node

    def _closes_interval(self) -> bool:
        """In the upper end of an interval: is this `[` its bracket, because no expression begins behind it?"""
        behind = self.ahead()
        starts = behind.kind in _BEGINS and behind.text not in ("and", "or", "in", "then", "else", "return")
        starts = starts and behind.text not in ("satisfies", "between", "instance")
        return self.closing_bracket and not starts and behind.text not in ("(", "{", "@", "-")

    def _path(self, source: Node) -> Node:
        start = self.take().start
        found = self.members.longest(self.tokens, self.index)
        if found is not None:
            name, self.index = found
        else:
            name = self.name()
        return self.made(tree.Path(start, source, name), source)

    def _filter(self, source: Node) -> Node:
        start = self.expect("[").start
        with self.scope.added(self.members.names()):
            condition = self.expression()
        self.expect("]")
        return self.made(tree.Filter(start, source, condition), source, condition)

    def _call(self, function: Node) -> Node:
        start = self.expect("(").start
        arguments: list[Node] = []
        labels: list[str] = []
        while not self.taken(")"):
            if arguments:
                self.expect(",")
            count = self.label_length()
            if bool(count) != bool(labels) and arguments:
                self.error(
                    start, "命名参数与位置参数不能混用", "named and positional arguments can't be mixed"
                )
            if count:
                labels.append(self.label(count))
                self.expect(":")
            arguments.append(self.expression())
        names = tuple(labels) if labels else None
        return self.made(tree.Call(start, function, tuple(arguments), names), function, *arguments)
