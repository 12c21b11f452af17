"""Signatures of the library as data: `Form("n:number, scale:number?", call)`.

A parameter is `name:kinds`, kinds between `|`. Behind it `?` means it may be left out, `??` that it may be null too;
`name:kinds*` takes all arguments as one list. A list of one item stands for the item and an item for a list of one
(10.3.2.9.4). A null where null isn't foreseen gives null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.values import Overloads, Value, kind_of


class _Mark:
    """Stands for what is no value."""


_UNFIT: Final = _Mark()
_OMITTED: Final = _Mark()


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter of a form."""

    name: str
    kinds: frozenset[str]
    optional: bool
    nullable: bool

    def fitted(self, value: Value) -> Value:
        if value is _OMITTED:
            return None
        if value is None:
            return None if self.nullable else _UNFIT
        kind = kind_of(value)
        if "any" in self.kinds or kind in self.kinds:
            return value
        if "list" in self.kinds:
            return [value]
        if kind == "list" and len(value) == 1 and kind_of(value[0]) in self.kinds:
            return value[0]
        return _UNFIT


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call a function; `call` gets the runtime and a value, or None, for each slot."""

    signature: str
    call: Callable[..., Value]
    slots: tuple[Slot, ...] = field(init=False)
    required: int = field(init=False)
    variadic: bool = field(init=False)

    def __post_init__(self) -> None:
        slots = tuple(_slot(part) for part in self.signature.split(", ")) if self.signature else ()
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "required", sum(not slot.optional for slot in slots))
        object.__setattr__(self, "variadic", self.signature.endswith("*"))

    def takes(self, count: int) -> bool:
        return count >= self.required if self.variadic else self.required <= count <= len(self.slots)


def _slot(part: str) -> Slot:
    name, kinds = part.rstrip("?*").split(":")
    allowed = frozenset(kinds.split("|"))
    return Slot(name, allowed, part.endswith("?"), part.endswith("??") or "any" in allowed)


def call_library(
    run: Runtime,
    function: Overloads,
    values: Sequence[Value],
    names: tuple[str, ...] | None,
    position: int | None = None,
) -> Value:
    """Call the first form that the arguments fit."""
    for form in function.forms:
        given = (
            _positional(form, values)
            if names is None
            else _named(form, dict(zip(names, values, strict=True)))
        )
        if given is None:
            continue
        fitted = [slot.fitted(value) for slot, value in zip(form.slots, given, strict=True)]
        if not any(value is _UNFIT for value in fitted):
            return form.call(run, *fitted)
    return run.fail(
        "wrong-arguments",
        f"函数“{function.name}”的参数不符",
        f"wrong arguments for {function.name!r}",
        position,
    )


def _positional(form: Form, values: Sequence[Value]) -> list[Any] | None:
    if not form.takes(len(values)):
        return None
    if form.variadic:
        fixed = len(form.slots) - 1
        return [*values[:fixed], list(values[fixed:])]
    return [*values, *(_OMITTED for _slot in form.slots[len(values) :])]


def _named(form: Form, given: Mapping[str, Value]) -> list[Any] | None:
    if form.variadic:
        return None
    known = {slot.name for slot in form.slots}
    if not given.keys() <= known or any(slot.name not in given for slot in form.slots if not slot.optional):
        return None
    return [given.get(slot.name, _OMITTED) for slot in form.slots]


def library(forms: Mapping[str, Sequence[tuple[str, Callable[..., Value]]]]) -> dict[str, Overloads]:
    """Functions by name, each with its forms."""
    return {
        name: Overloads(name, tuple(Form(signature, call) for signature, call in entries))
        for name, entries in forms.items()
    }
