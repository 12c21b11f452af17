"""Facts that no process supplies: values of the dated parameter tables, looked up for the case's place. Pure.

A fact of the contract with `registry = "parameters"` names the `parameter` (with `=` in front an expression that
gives its key), the day `on` which it must be valid (without it today) and, `by` which categories, a context of texts.
Expressions are over the other facts. No valid value is a fact that is missing: the rule then says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Protocol

from app.kernel.decisions.expressions import Expression, FeelError, compile_expression, feel, to_host

SHARE: Final = "share"
"""`as`: a percentage is given as the share it is (60 is 0.6)."""
_ENTRIES: Final = frozenset({"on", "by", "as"})
Find = Callable[[str, date, Mapping[str, str]], Decimal | str | date | None]
"""The value of a parameter on a day by its categories at the place asked about; None: there is none."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """How the value is found. `key` None: `names` gives it."""

    key: str | None
    names: Expression | None
    on: Expression | None
    by: Expression | None
    share: bool

    @property
    def named(self) -> str:
        """The key, or the expression that gives it."""
        return self.key or (self.names.source if self.names is not None else "")


class Contract(Protocol):
    """What is read of a fact's contract here."""

    @property
    def type(self) -> str: ...

    @property
    def lookup(self) -> Lookup | None: ...


def read_lookup(table: Mapping[str, Any]) -> Lookup | None:
    """Of a fact's table; None for a fact that a process supplies. Raise FeelError."""
    named = table.get("parameter")
    if named is None:
        return None
    spelled = named.startswith("=")
    return Lookup(
        None if spelled else named,
        compile_expression(feel(named)) if spelled else None,
        _compiled(table.get("on")),
        _compiled(table.get("by")),
        table.get("as") == SHARE,
    )


def lookup_mistakes(facts: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the lookups of a contract's tables: the fact, and the words in both languages."""
    tables = {key: one for key, one in facts.items() if isinstance(one, Mapping)}
    given = {key for key, one in tables.items() if "parameter" not in one}
    for key, one in tables.items():
        if "parameter" not in one:
            if one.keys() & _ENTRIES:
                yield (
                    key,
                    "on、by、as 只用于写了 parameter 的事实",
                    "on, by and as belong to a fact with a parameter",
                )
            continue
        if one.get("registry") != "parameters":
            yield (
                key,
                "写了 parameter，registry 须为 parameters",
                "with a parameter registry must be parameters",
            )
        named = str(one["parameter"])
        for source in (named if named.startswith("=") else "", one.get("on"), one.get("by")):
            yield from ((key, zh, en) for zh, en in _expression_mistakes(source, given))


def _expression_mistakes(source: object, given: set[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(source, str) or not source:
        return
    try:
        names = compile_expression(feel(source)).names
    except FeelError as error:
        yield error.message_zh, error.message_en
        return
    for name in sorted({name.partition(".")[0] for name in names} - given):
        yield (
            f"表达式引用的 {name} 不是规则的事实",
            f"the expression reads {name}, which is no fact of the rule",
        )


def _compiled(source: str | None) -> Expression | None:
    return compile_expression(feel(source)) if source else None


def look_up(
    contract: Mapping[str, Contract], values: Mapping[str, Any], today: date, find: Find | None
) -> dict[str, Any]:
    """The values that are looked up because nobody told them, by fact, over the others as the contract types them.

    A fact of type boolean answers whether there is a valid value. Without `find` (made-up cases) nothing is found.
    """
    if find is None:
        return {}
    return {
        key: _value(fact, fact.lookup, values, today, find)
        for key, fact in contract.items()
        if fact.lookup is not None and values.get(key) is None
    }


def _value(fact: Contract, lookup: Lookup, values: Mapping[str, Any], today: date, find: Find) -> Any:
    key = lookup.key if lookup.names is None else lookup.names.evaluate(values)
    on = today if lookup.on is None else _day(lookup.on.evaluate(values))
    if not isinstance(key, str) or on is None:
        return None
    found = find(key, on, _categories(lookup.by, values))
    if fact.type == "boolean":
        return found is not None
    return found / 100 if lookup.share and isinstance(found, Decimal) else found


def _categories(by: Expression | None, values: Mapping[str, Any]) -> dict[str, str]:
    told = by.evaluate(values) if by is not None else {}
    return (
        {key: text for key, text in told.items() if isinstance(text, str)} if isinstance(told, dict) else {}
    )


def _day(value: object) -> date | None:
    written = to_host(value)
    try:
        return date.fromisoformat(written[:10]) if isinstance(written, str) else None
    except ValueError:
        return None
