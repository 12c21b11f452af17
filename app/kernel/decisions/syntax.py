"""Pratt parser from tokens to closures.

Every node is evaluated at most once, so the number of nodes bounds the steps of an evaluation, and the
height of the tree bounds its stack: both are checked while compiling, so that evaluating can't run away.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NoReturn

from app.kernel.decisions import values
from app.kernel.decisions.functions import Function
from app.kernel.decisions.tokens import ExpressionError, Token, tokens_of

MOST_NODES: Final = 500
HIGHEST_TREE: Final = 60

Context = Mapping[str, object]
Evaluate = Callable[[Context], object]


@dataclass(frozen=True, slots=True)
class Node:
    evaluate: Evaluate
    height: int = 1


_COMPARISON: Final = 30
_UNARY: Final = 60
_BINARY: Final[dict[str, tuple[int, values.Operator]]] = {
    "=": (_COMPARISON, values.equal),
    "!=": (_COMPARISON, values.unequal),
    "<": (_COMPARISON, values.ordering(operator.lt)),
    "<=": (_COMPARISON, values.ordering(operator.le)),
    ">": (_COMPARISON, values.ordering(operator.gt)),
    ">=": (_COMPARISON, values.ordering(operator.ge)),
    "+": (40, values.added),
    "-": (40, values.subtracted),
    "*": (50, values.multiplied),
    "/": (50, values.divided),
}
_POWER: Final = {"or": 10, "and": 20, "in": _COMPARISON} | {
    sign: power for sign, (power, _) in _BINARY.items()
}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


class Parser:
    """Compiles one expression; `names` holds the dotted paths it reads."""

    def __init__(self, source: str, functions: Mapping[str, Function]) -> None:
        self.source = source
        self.names: set[str] = set()
        self._functions = functions
        self._tokens = list(tokens_of(source))
        self._next = 0
        self._depth = 0
        self._nodes = 0

    def compiled(self) -> Evaluate:
        """Raises ExpressionError when the source isn't exactly one expression."""
        node = self._expression()
        if self._peek().kind != "end":
            self._unexpected(self._peek())
        return node.evaluate

    # -- tokens

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _taken(self, *texts: str) -> bool:
        token = self._peek()
        if token.kind in ("symbol", "word") and token.text in texts:
            self._take()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._taken(text):
            at = self._peek().position
            raise ExpressionError(self.source, at, f"此处应为“{text}”", f"expected {text!r} here")

    def _unexpected(self, token: Token) -> NoReturn:
        if token.kind == "end":
            raise ExpressionError(
                self.source, token.position, "表达式不完整", "the expression ends too early"
            )
        raise ExpressionError(
            self.source, token.position, f"此处不应出现“{token.text}”", f"unexpected {token.text!r}"
        )

    # -- nodes

    def _node(self, evaluate: Evaluate, *operands: Node) -> Node:
        self._nodes += 1
        height = 1 + max((operand.height for operand in operands), default=0)
        if self._nodes > MOST_NODES or height > HIGHEST_TREE:
            self._too_complex()
        return Node(evaluate, height)

    def _too_complex(self) -> NoReturn:
        at = self._peek().position
        raise ExpressionError(self.source, at, "表达式过于复杂", "the expression is too complex")

    def _expression(self, power: int = 0) -> Node:
        self._depth += 1
        if self._depth > HIGHEST_TREE:
            self._too_complex()
        left = self._prefix()
        while (strength := self._strength()) > power:
            left = self._infix(left, self._take(), strength)
            if strength == _COMPARISON and self._strength() == _COMPARISON:
                self._unexpected(self._peek())  # a < b < c means nothing
        self._depth -= 1
        return left

    def _strength(self) -> int:
        token = self._peek()
        return _POWER.get(token.text, 0) if token.kind in ("symbol", "word") else 0

    def _infix(self, left: Node, token: Token, power: int) -> Node:
        if token.text == "in":
            return self._membership(left)
        right = self._expression(power)
        if token.text in ("and", "or"):
            return self._node(_logical(token.text == "or", left.evaluate, right.evaluate), left, right)
        apply = _BINARY[token.text][1]
        first, second = left.evaluate, right.evaluate
        return self._node(lambda context: apply(first(context), second(context)), left, right)

    def _prefix(self) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                return self._constant(values.normalised(Decimal(token.text)))
            case "string":
                return self._constant(token.text)
            case "name":
                return self._call(token) if self._taken("(") else self._path(token)
            case "word":
                return self._word(token)
            case _:
                return self._symbol(token)

    def _word(self, token: Token) -> Node:
        if token.text == "if":
            return self._choice()
        if token.text in _CONSTANTS:
            return self._constant(_CONSTANTS[token.text])
        return self._unexpected(token)

    def _symbol(self, token: Token) -> Node:
        if token.text == "(":
            inner = self._expression()
            self._expect(")")
            return inner
        if token.text == "[":
            return self._list()
        if token.text == "-":
            operand = self._expression(_UNARY)
            evaluate = operand.evaluate
            return self._node(lambda context: values.subtracted(Decimal(0), evaluate(context)), operand)
        return self._unexpected(token)

    def _constant(self, value: object) -> Node:
        return self._node(lambda _context: value)

    def _path(self, token: Token) -> Node:
        self.names.add(token.text)
        path = tuple(token.text.split("."))
        return self._node(lambda context: values.normalised(_looked_up(context, path)[1]))

    def _choice(self) -> Node:
        condition = self._expression()
        self._expect("then")
        positive = self._expression()
        self._expect("else")
        negative = self._expression()
        test, yes, no = condition.evaluate, positive.evaluate, negative.evaluate
        return self._node(
            lambda context: yes(context) if test(context) is True else no(context),
            condition,
            positive,
            negative,
        )

    def _list(self) -> Node:
        items = self._items("]")
        evaluations = [item.evaluate for item in items]
        return self._node(lambda context: [evaluate(context) for evaluate in evaluations], *items)

    def _items(self, closing: str) -> list[Node]:
        items: list[Node] = []
        if self._taken(closing):
            return items
        items.append(self._expression())
        while self._taken(","):
            items.append(self._expression())
        self._expect(closing)
        return items

    def _call(self, token: Token) -> Node:
        if token.text == "is_defined":
            return self._defined()
        function = self._functions.get(token.text)
        if function is None:
            raise ExpressionError(
                self.source, token.position, f"没有函数“{token.text}”", f"there is no function {token.text!r}"
            )
        arguments = self._items(")")
        if len(arguments) != function.arguments:
            self._wrong_arity(token, function.arguments)
        call, evaluations = function.call, [argument.evaluate for argument in arguments]
        return self._node(lambda context: call(*[evaluate(context) for evaluate in evaluations]), *arguments)

    def _wrong_arity(self, token: Token, wanted: int) -> NoReturn:
        raise ExpressionError(
            self.source,
            token.position,
            f"函数“{token.text}”需要 {wanted} 个参数",
            f"{token.text} takes {wanted} argument(s)",
        )

    def _defined(self) -> Node:
        token = self._take()
        if token.kind != "name":
            self._unexpected(token)
        self._expect(")")
        self.names.add(token.text)
        path = tuple(token.text.split("."))
        return self._node(lambda context: _looked_up(context, path)[0])

    # -- membership: in [1, 2] | in (1, 2) | in [1..5] | in (1..5] | in name

    def _membership(self, left: Node) -> Node:
        if self._taken("("):
            return self._members(left, opened=True)
        if self._taken("["):
            return self._members(left, opened=False)
        whole = self._expression(_COMPARISON)
        value, members = left.evaluate, whole.evaluate
        return self._node(lambda context: _among(value(context), members(context)), left, whole)

    def _members(self, left: Node, *, opened: bool) -> Node:
        first = self._expression()
        if self._taken(".."):
            return self._range(left, first, opened=opened)
        items = [first]
        while self._taken(","):
            items.append(self._expression())
        self._expect(")" if opened else "]")
        value, evaluations = left.evaluate, [item.evaluate for item in items]
        # a single name in parentheses, as in `x in (allowed)`, may hold the list itself
        return self._node(
            lambda context: _among_tests(value(context), [evaluate(context) for evaluate in evaluations]),
            left,
            *items,
        )

    def _range(self, left: Node, low: Node, *, opened: bool) -> Node:
        high = self._expression()
        closing = self._peek()
        if not self._taken("]", ")"):
            self._unexpected(closing)
        above = _BINARY[">" if opened else ">="][1]
        below = _BINARY["<" if closing.text == ")" else "<="][1]
        value, lower, upper = left.evaluate, low.evaluate, high.evaluate

        def within(context: Context) -> object:
            subject = value(context)
            return values.conjunction((above(subject, lower(context)), below(subject, upper(context))))

        return self._node(within, left, low, high)


def _logical(decisive: bool, first: Evaluate, second: Evaluate) -> Evaluate:
    """Three-valued and (`decisive` false) or or (`decisive` true); what isn't a boolean counts as null."""

    def evaluate(context: Context) -> object:
        left = first(context)
        if left is decisive:
            return decisive
        right = second(context)
        if right is decisive:
            return decisive
        undecided = not decisive
        return undecided if left is undecided and right is undecided else None

    return evaluate


def _looked_up(context: Context, path: tuple[str, ...]) -> tuple[bool, object]:
    """Whether the context has the path, and the value there (null when it hasn't)."""
    current: object = context
    for name in path:
        if not isinstance(current, Mapping) or name not in current:
            return False, None
        current = current[name]
    return True, current


def _among(value: object, members: object) -> object:
    if isinstance(members, list):
        return any(values.equal(value, member) is True for member in members)
    return values.equal(value, members)


def _among_tests(value: object, members: list[object]) -> object:
    return any(_among(value, member) is True or values.equal(value, member) is True for member in members)
