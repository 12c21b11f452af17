"""The strict mode, for deployment: what will always be null is an error with its line and column.

Found: names nobody declared, calls the library can't answer, patterns that are none, operators and conditions over
types that never fit. Whatever can't be known before evaluation passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.kernel.decisions.feel import tree
from app.kernel.decisions.feel.builtins.results import RESULTS
from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.library import LIBRARY
from app.kernel.decisions.feel.operators import DEFINED
from app.kernel.decisions.feel.regex_syntax import PatternInvalid, translated
from app.kernel.decisions.feel.tree import Node
from app.kernel.decisions.feel.values import kind_of

Kinds = Mapping[str, str | None]
"""Names in scope and the name of each one's type; None for a type that isn't known."""

_LOGICAL: Final = ("boolean", None, "null")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is in scope; `open`: inside a filter, where the members of an unknown item are names too.

    `strangers`: any one word may be a variable, but none of them a function.
    """

    kinds: Kinds
    open: bool = False
    strangers: bool = False

    def with_names(self, names: Mapping[str, str | None]) -> _Known:
        return replace(self, kinds={**self.kinds, **names})


class Checker:
    """Collects errors over one tree; `kind` gives the type of a node where it is certain."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.errors: list[FeelError] = []

    def error(self, position: int, zh: str, en: str) -> None:
        self.errors.append(FeelError(self.source, position, zh, en))

    def kind(self, node: Node, known: _Known) -> str | None:
        """Check a node and all below; the name of its type, None when that isn't known."""
        check = _CHECKS.get(type(node))
        if check is not None:
            return check(self, node, known)
        for child in tree.children(node):
            self.kind(child, known)
        return _PLAIN.get(type(node))

    def condition(self, node: Node, known: _Known) -> None:
        kind = self.kind(node, known)
        if kind not in _LOGICAL:
            self.error(
                node.position, f"条件的类型是 {kind}，不是布尔", f"the condition is a {kind}, no boolean"
            )


def check(
    source: str,
    root: tree.Node | tree.Tests,
    kinds: Kinds,
    input_kind: str | None = None,
    *,
    members: bool = False,
    strangers: bool = False,
    condition: bool = False,
) -> list[FeelError]:
    """What is certainly wrong, in the order of the source; with `condition` that it gives no boolean.

    `input_kind` is the type of `?` in unary tests; `members`: names nobody declared may be members of an item;
    `strangers`: they may be variables, though not functions.
    """
    checker = Checker(source)
    known = _Known(kinds, members, strangers)
    if isinstance(root, tree.Tests):
        within = known.with_names({"?": input_kind})
        for test in root.tests or ():
            _test(checker, test, within)
    elif condition:
        checker.condition(root, known)
    else:
        checker.kind(root, known)
    return sorted(checker.errors, key=lambda error: error.position)


def _literal(_checker: Checker, node: tree.Literal, _known: _Known) -> str | None:
    return kind_of(node.value)


def _name(checker: Checker, node: tree.Name, known: _Known) -> str | None:
    if node.name in known.kinds:
        return known.kinds[node.name]
    if node.name in LIBRARY:
        return "function"
    if not known.open and (not known.strangers or " " in node.name):
        zh, en = f"没有变量或函数“{node.name}”", f"no variable or function {node.name!r}"
        checker.error(node.position, *_with_hint(node.name, zh, en))
    return None


def _with_hint(name: str, zh: str, en: str) -> tuple[str, str]:
    instead = ELSEWHERE.get(name)
    return (zh, en) if instead is None else (f"{zh}，请写 {instead}", f"{en}: write {instead}")


def _arithmetic(checker: Checker, node: tree.Arithmetic, known: _Known) -> str | None:
    kind = checker.kind(node.first, known)
    for sign, operand in node.rest:
        other = checker.kind(operand, known)
        if kind is None or other is None or "null" in (kind, other):
            kind = None
            continue
        results = DEFINED[sign].get((kind, other))
        if results is None:
            checker.error(
                node.position, f"“{sign}”不适用于 {kind} 与 {other}", f"{kind} {sign} {other} isn't defined"
            )
        kind = results
    return kind


def _comparison(checker: Checker, node: tree.Comparison, known: _Known) -> str | None:
    left, right = checker.kind(node.left, known), checker.kind(node.right, known)
    _comparable(checker, node.position, left, right)
    return "boolean"


def _comparable(checker: Checker, position: int, left: str | None, right: str | None) -> None:
    if left is None or right is None or left == right or "null" in (left, right):
        return
    checker.error(position, f"{left} 与 {right} 不能比较", f"a {left} can't be compared with a {right}")


def _between(checker: Checker, node: tree.Between, known: _Known) -> str | None:
    value = checker.kind(node.value, known)
    for end in (node.low, node.high):
        _comparable(checker, node.position, value, checker.kind(end, known))
    return "boolean"


def _in(checker: Checker, node: tree.In, known: _Known) -> str | None:
    within = known.with_names({"?": checker.kind(node.value, known)})
    for test in node.tests:
        _test(checker, test, within)
    return "boolean"


_WHOLE: Final = frozenset({"list", "range", "boolean", "function", None})
"""Types of tests that aren't just compared with the input."""


def _test(checker: Checker, node: Node, known: _Known) -> None:
    kind = checker.kind(node, known)
    if kind not in _WHOLE:
        _comparable(checker, node.position, known.kinds["?"], kind)


def _unary(checker: Checker, node: tree.UnaryComparison, known: _Known) -> str | None:
    """In unary tests the input is compared; as a value it is a range."""
    kind = checker.kind(node.endpoint, known)
    if "?" in known.kinds and kind not in ("list", "range"):
        _comparable(checker, node.position, known.kinds["?"], kind)
    return "range"


def _logical(checker: Checker, node: tree.Logical, known: _Known) -> str | None:
    for operand in node.operands:
        checker.condition(operand, known)
    return "boolean"


def _if(checker: Checker, node: tree.If, known: _Known) -> str | None:
    checker.condition(node.condition, known)
    positive, negative = checker.kind(node.positive, known), checker.kind(node.negative, known)
    return positive if positive == negative else None


def _context(checker: Checker, node: tree.ContextOf, known: _Known) -> str | None:
    for name, value in node.entries:
        known = known.with_names({name: checker.kind(value, known.with_names({name: None}))})
    return "context"


def _filter(checker: Checker, node: tree.Filter, known: _Known) -> str | None:
    checker.kind(node.source, known)
    checker.kind(node.condition, replace(known.with_names({"item": None}), open=True))
    return None


def _iterated(checker: Checker, iterations: tuple[tree.Iteration, ...], known: _Known) -> _Known:
    for one in iterations:
        checker.kind(one.domain, known)
        if one.until is not None:
            checker.kind(one.until, known)
        known = known.with_names({one.name: None})
    return known


def _for(checker: Checker, node: tree.For, known: _Known) -> str | None:
    inner = _iterated(checker, node.iterations, known)
    checker.kind(node.result, inner.with_names({"partial": "list"}))
    return "list"


def _quantified(checker: Checker, node: tree.Quantified, known: _Known) -> str | None:
    checker.condition(node.condition, _iterated(checker, node.iterations, known))
    return "boolean"


def _function(checker: Checker, node: tree.FunctionOf, known: _Known) -> str | None:
    if node.external:
        checker.error(node.position, "不允许外部函数", "external functions are refused")
        return "function"
    checker.kind(node.body, known.with_names({name: None for name, _type in node.parameters}))
    return "function"


def _call(checker: Checker, node: tree.Call, known: _Known) -> str | None:
    if known.strangers and isinstance(node.function, tree.Name):
        kind = _check_function(checker, node.function, known)
    else:
        kind = checker.kind(node.function, known)
    for argument in node.arguments:
        checker.kind(argument, known)
    if not isinstance(node.function, tree.Name) or node.function.name in known.kinds:
        if kind not in (None, "function"):
            checker.error(node.position, f"{kind} 不是函数", f"a {kind} is no function")
        return None
    name = node.function.name
    if name not in LIBRARY:
        return None
    if not any(_takes(form, node) for form in LIBRARY[name].forms):
        checker.error(node.position, f"函数“{name}”的参数个数或名称不符", f"{name!r} takes other arguments")
    _check_pattern(checker, name, node)
    return RESULTS.get(name)


def _check_function(checker: Checker, node: tree.Name, known: _Known) -> str | None:
    """Of a name that is called, where variables aren't known but hold no functions."""
    if node.name in known.kinds or node.name in LIBRARY:
        return known.kinds.get(node.name, "function")
    zh, en = f"没有函数“{node.name}”", f"there is no function {node.name!r}"
    checker.error(node.position, *_with_hint(node.name, zh, en))
    return None


ELSEWHERE: Final = {
    "is defined": "x != null",
    "get or else": "if x != null then x else y",
    "is empty": "count(x) = 0",
    "trim": 'replace(x, "^\\s+|\\s+$", "")',
    "lower_case": "lower case(x)",
    "upper_case": "upper case(x)",
    "string_length": "string length(x)",
    "is_defined": "x != null",
    "days_between": '(date(b) - date(a)) / @"P1D"',
}
"""What says the same as functions that other products, or we in former times, have beside the standard's."""


def _takes(form: Any, node: tree.Call) -> bool:
    if node.names is None:
        return bool(form.takes(len(node.arguments)))
    slots = {slot.name for slot in form.slots}
    required = {slot.name for slot in form.slots if not slot.optional}
    return not form.variadic and set(node.names) <= slots and required <= set(node.names)


def _check_pattern(checker: Checker, name: str, node: tree.Call) -> None:
    """A pattern written as a literal can be judged now."""
    if name not in ("matches", "replace", "split") or node.names is not None or len(node.arguments) < 2:
        return
    pattern = node.arguments[1]
    flags = node.arguments[-1] if len(node.arguments) == (3 if name == "matches" else 4) else None
    if not isinstance(pattern, tree.Literal) or not isinstance(pattern.value, str):
        return
    written = flags.value if isinstance(flags, tree.Literal) and isinstance(flags.value, str) else ""
    try:
        translated(pattern.value, written)
    except PatternInvalid:
        checker.error(pattern.position, "正则表达式无效或不受支持", "an invalid or unsupported pattern")


_PLAIN: Final[dict[type, str]] = {tree.InstanceOf: "boolean", tree.Interval: "range", tree.ListOf: "list"}
_CHECKS: Final[dict[type, Callable[[Checker, Any, _Known], str | None]]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Arithmetic: _arithmetic,
    tree.Comparison: _comparison,
    tree.Between: _between,
    tree.In: _in,
    tree.UnaryComparison: _unary,
    tree.Logical: _logical,
    tree.If: _if,
    tree.ContextOf: _context,
    tree.Filter: _filter,
    tree.For: _for,
    tree.Quantified: _quantified,
    tree.FunctionOf: _function,
    tree.Call: _call,
}
