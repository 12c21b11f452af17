"""Item definitions (7.3.2): types of FEEL with constraints, and values coerced to them (10.3.2.9.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from app.kernel.decisions.dmn import model
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.expression import Names, compile_tests, parse_type
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.typing import (
    ANY,
    SCALARS,
    ContextType,
    FunctionType,
    ListType,
    Named,
    Type,
    coerced,
    resolved,
)
from app.kernel.decisions.feel.values import Value

DEEPEST: Final = 30
OnError = Callable[[model.Text, FeelError], None]


class Types:
    """The item definitions of a model and its imports (`prefix.name`): as types, and with their constraints."""

    def __init__(self, items: Iterable[tuple[str, model.ItemDefinition]], report: OnError) -> None:
        self._items: dict[str, tuple[str, model.ItemDefinition]] = {}
        for prefix, item in items:
            self._items[prefix + item.name] = (prefix, item)
        self.unknown: set[str] = set()
        """References to types nobody defined; they are taken as Any."""
        self._read: dict[str, Type | None] = {}
        """References read once: every value that comes in asks for its type."""
        self._known: dict[str, Type] = dict.fromkeys(self._items, ANY)
        self.definitions: dict[str, Type] = {
            name: self._type_of(item, prefix) for name, (prefix, item) in self._items.items()
        }
        self.members = frozenset(_member_names(item for _prefix, item in self._items.values()))
        self._tests: dict[model.Text, Evaluate | None] = {}
        self._report = report

    # -- as types of FEEL

    def type_of(self, type_ref: str | None) -> Type | None:
        """The type a reference names; None for no reference or Any."""
        if type_ref is None or type_ref == "Any":
            return None
        if type_ref not in self._read:
            self._read[type_ref] = self._parsed(type_ref)
        return self._read[type_ref]

    def _parsed(self, type_ref: str) -> Type | None:
        if type_ref in self._items:
            return Named(type_ref)
        try:
            kind = parse_type(type_ref, self._items)
        except FeelError:
            kind = Named(type_ref)
        if resolved(kind, self._known) is None:
            self.unknown.add(type_ref)
            return None
        return kind

    def kind_of(self, type_ref: str | None) -> str | None:
        """The name of the built-in type behind a reference; None where it isn't a plain one."""
        kind = self.type_of(type_ref)
        target = resolved(kind, self.definitions) if kind is not None else None
        if isinstance(target, ListType):
            return "list"
        return target.name if isinstance(target, Named) and target.name in SCALARS else None

    def allowed_values(self, type_ref: str | None) -> model.Text | None:
        """The allowed values of an item definition, or of what it refers to."""
        for _ in range(DEEPEST):
            if type_ref not in self._items:
                return None
            prefix, item = self._items[type_ref]
            if item.allowed is not None:
                return item.allowed
            type_ref = prefix + item.type_ref if item.type_ref is not None else None
        return None

    def _named(self, type_ref: str | None, prefix: str) -> Type:
        if type_ref is None:
            return ANY
        if prefix + type_ref in self._items:
            return Named(prefix + type_ref)
        return self.type_of(type_ref) or ANY

    def _type_of(self, item: model.ItemDefinition, prefix: str) -> Type:
        kind: Type
        if item.components:
            kind = ContextType(tuple((one.name, self._type_of(one, prefix)) for one in item.components))
        elif item.function is not None:
            parameters = tuple(self._named(one, prefix) for one in item.function.parameters)
            kind = FunctionType(parameters, self._named(item.function.result, prefix))
        else:
            kind = self._named(item.type_ref, prefix)
        return ListType(kind) if item.collection else kind

    # -- values

    def conform(self, run: Runtime, value: Value, type_ref: str | None) -> Value:
        """The value as one of the type, constraints kept; null, with a diagnostic, where it is none."""
        kind = self.type_of(type_ref)
        if value is None or kind is None:
            return value
        fitted = coerced(run, value, kind, self.definitions)
        if fitted is None or type_ref not in self._items:
            return fitted
        prefix, item = self._items[type_ref]
        if self._allowed(run, fitted, item, prefix, 0):
            return fitted
        return run.fail(
            "value-not-allowed", f"值不在“{type_ref}”允许的范围内", f"the value isn't allowed by {type_ref!r}"
        )

    def converter(self, type_ref: str | None) -> Callable[[Runtime, Value], Value] | None:
        """`conform` to one type; None where everything conforms."""
        if self.type_of(type_ref) is None:
            return None
        return lambda run, value: self.conform(run, value, type_ref)

    def _allowed(
        self, run: Runtime, value: Value, item: model.ItemDefinition, prefix: str, depth: int
    ) -> bool:
        run.charge()
        if value is None or depth > DEEPEST:
            return True
        if item.constraint is not None and not self._holds(run, item.constraint, value):
            return False
        if item.collection and isinstance(value, list):
            return all(self._item_allowed(run, one, item, prefix, depth) for one in value)
        return self._item_allowed(run, value, item, prefix, depth)

    def _item_allowed(
        self, run: Runtime, value: Value, item: model.ItemDefinition, prefix: str, depth: int
    ) -> bool:
        if item.allowed is not None and value is not None and not self._holds(run, item.allowed, value):
            return False
        if item.components and isinstance(value, dict):
            return all(
                self._allowed(run, value.get(one.name), one, prefix, depth + 1) for one in item.components
            )
        for name in (prefix + (item.type_ref or ""), item.type_ref):
            if name in self._items:
                base_prefix, base = self._items[name]
                return self._allowed(run, value, base, base_prefix, depth + 1)
        return True

    def _holds(self, run: Runtime, text: model.Text, value: Value) -> bool:
        if text not in self._tests:
            self._tests[text] = self._compiled(text)
        test = self._tests[text]
        return test is not None and test(Scope(run, {"?": value})) is True

    def _compiled(self, text: model.Text) -> Evaluate | None:
        try:
            return compile_tests(text.source, Names(members=self.members, types=self.definitions)).run
        except FeelError as error:
            self._report(text, error)
            return None


def _member_names(items: Iterable[model.ItemDefinition]) -> Iterator[str]:
    for item in items:
        for one in item.components:
            yield one.name
            yield from _member_names([one])
