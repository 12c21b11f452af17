"""Types and conformance (10.3.2.9): what `instance of` asks and what declared types coerce to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, midnight_utc
from app.kernel.decisions.feel.values import Function, Overloads, Range, Value, kind_of


@dataclass(frozen=True, slots=True)
class Named:
    """A built-in type, or the name of an item definition."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType:
    item: Type


@dataclass(frozen=True, slots=True)
class RangeType:
    item: Type


@dataclass(frozen=True, slots=True)
class ContextType:
    members: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class FunctionType:
    """None parameters: any."""

    parameters: tuple[Type, ...] | None
    result: Type


Type = Named | ListType | RangeType | ContextType | FunctionType

ANY: Final = Named("Any")
SCALARS: Final = frozenset(
    {
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "years and months duration",
        "days and time duration",
    }
)
BUILT_IN: Final = SCALARS | {"Any", "Null", "list", "context", "function", "range"}
_ALIASES: Final = {
    "dateTime": "date and time",
    "yearMonthDuration": "years and months duration",
    "dayTimeDuration": "days and time duration",
}

Definitions = Mapping[str, Type]
DEEPEST: Final = 20
"""Names of types that stand for names of types."""


def resolved(kind: Type, definitions: Definitions, depth: int = 0) -> Type | None:
    """What a name stands for; None for a name nobody defined."""
    if not isinstance(kind, Named):
        return kind
    if kind.name in definitions and depth < DEEPEST:
        return resolved(definitions[kind.name], definitions, depth + 1)
    name = _ALIASES.get(kind.name, kind.name)
    return Named(name) if name in BUILT_IN else None


def conforms(run: Runtime, value: Value, kind: Type, definitions: Definitions, depth: int = 0) -> bool:
    """Does a value belong to a type (10.3.2.9.2)? Constraints of item definitions aren't asked; null belongs inside."""
    target = resolved(kind, definitions)
    run.charge()
    if target is None or depth > DEEPEST:
        return False
    if value is None:
        return depth > 0 or target == Named("Null")
    if isinstance(target, Named):
        return _named(value, target.name)
    return _CONFORMS[type(target)](run, value, target, definitions, depth)


def _named(value: Value, name: str) -> bool:
    return name == "Any" or kind_of(value) == name


def _list(run: Runtime, value: Value, kind: ListType, definitions: Definitions, depth: int) -> bool:
    if not isinstance(value, list):
        return False
    return all(conforms(run, item, kind.item, definitions, depth + 1) for item in value)


def _range(run: Runtime, value: Value, kind: RangeType, definitions: Definitions, depth: int) -> bool:
    if not isinstance(value, Range):
        return False
    ends = [end for end in (value.low, value.high) if end is not None]
    return all(conforms(run, end, kind.item, definitions, depth + 1) for end in ends)


def _context(run: Runtime, value: Value, kind: ContextType, definitions: Definitions, depth: int) -> bool:
    if not isinstance(value, dict):
        return False
    return all(
        name in value and conforms(run, value[name], member, definitions, depth + 1)
        for name, member in kind.members
    )


def _function(_run: Runtime, value: Value, kind: FunctionType, definitions: Definitions, _depth: int) -> bool:
    """Parameters contravariant, result covariant; what isn't declared is Any."""
    if isinstance(value, Overloads):
        return kind.parameters is None or any(form.takes(len(kind.parameters)) for form in value.forms)
    if not isinstance(value, Function):
        return False
    if kind.parameters is None:
        return True
    if len(kind.parameters) != len(value.parameters):
        return False
    return all(
        subtype(wanted, declared.type or ANY, definitions)
        for wanted, declared in zip(kind.parameters, value.parameters, strict=True)
    ) and subtype(value.result or ANY, kind.result, definitions)


_CONFORMS: Final[dict[type, Callable[..., bool]]] = {
    ListType: _list,
    RangeType: _range,
    ContextType: _context,
    FunctionType: _function,
}


def subtype(left: Type, right: Type, definitions: Definitions, depth: int = 0) -> bool:
    """Does every value of `left` conform to `right` (10.3.2.9.1)? Undeclared (Any) is taken to conform."""
    first, second = resolved(left, definitions), resolved(right, definitions)
    if first is None or second is None or depth > DEEPEST:
        return False
    if ANY in (first, second) or first == second:
        return True
    if isinstance(first, ListType | RangeType) and type(first) is type(second):
        return subtype(first.item, second.item, definitions, depth + 1)
    if isinstance(first, ContextType) and isinstance(second, ContextType):
        have = dict(first.members)
        return all(
            name in have and subtype(have[name], kind, definitions, depth + 1)
            for name, kind in second.members
        )
    return False


def coerced(run: Runtime, value: Value, kind: Type, definitions: Definitions) -> Value:
    """The value as one of the type (10.3.2.9.4): wrapped in or taken out of a list, a date an instant; else null."""
    if value is None or conforms(run, value, kind, definitions):
        return value
    target = resolved(kind, definitions)
    if isinstance(target, ListType) and conforms(run, value, target.item, definitions):
        return [value]
    if isinstance(value, list) and len(value) == 1 and conforms(run, value[0], kind, definitions):
        return value[0]
    if isinstance(value, Date) and target == Named("date and time"):
        return midnight_utc(value)
    return run.fail("type-mismatch", "值与声明的类型不符", f"a {kind_of(value)} isn't of the declared type")
