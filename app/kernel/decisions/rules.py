"""Rules of a process as data (`rules.toml`), evaluated over facts and derived facts. Pure.

The expressions are FEEL; a DMN table will stand behind the same interface.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

from app.kernel.decisions.expressions import Expression, compile_expression
from app.kernel.local_time import LOCAL_ZONE


@dataclass(frozen=True)
class RuleSpec:
    """One rule version: true `when` is a hit; `block` stops, `warn` asks for a reason, `route` raises risk.

    `approval_levels` 2: a hit asks for second-level approval besides.
    """

    rule_id: str
    version: int
    rule_set: str
    kind: str
    severity: str
    action: str
    overridable: bool
    title_zh: str
    title_en: str
    message_zh: str
    message_en: str
    ground: str
    effective_from: date
    when: Expression
    inputs: tuple[str, ...]
    approval_levels: int = 1


@dataclass(frozen=True)
class Hit:
    """A rule that applied, with the inputs it saw and their digest."""

    rule: RuleSpec
    inputs: Mapping[str, Any]
    digest: str
    message_zh: str
    message_en: str


def parse_rules(rule_set: str, tables: Iterable[Mapping[str, Any]]) -> tuple[RuleSpec, ...]:
    """Rules of one set of a `rules.toml`. Raise KeyError or FeelError on a malformed one."""
    return tuple(_rule(rule_set, table) for table in tables)


def _rule(rule_set: str, table: Mapping[str, Any]) -> RuleSpec:
    return RuleSpec(
        rule_id=table["id"],
        version=table["version"],
        rule_set=rule_set,
        kind=table["kind"],
        severity=table["severity"],
        action=table["action"],
        overridable=table.get("overridable", False),
        title_zh=table["name_zh"],
        title_en=table["name_en"],
        message_zh=table["message_zh"],
        message_en=table["message_en"],
        ground=table["ground"],
        effective_from=table["effective_from"],
        when=compile_expression(table["when"]),
        inputs=tuple(table["inputs"]),
        approval_levels=_levels(table),
    )


def _levels(table: Mapping[str, Any]) -> int:
    levels = table.get("approval_levels", 1)
    if levels not in (1, 2):
        raise KeyError(f"rule {table['id']}: approval_levels is {levels!r}, must be 1 or 2")
    return int(levels)


def evaluate_rules(
    rules: Iterable[RuleSpec],
    facts: Mapping[str, Any],
    types: Mapping[str, str],
    derived: Mapping[str, Any],
    today: date,
) -> list[Hit]:
    """Hits of the rules in force today. `types` maps fact to its declared type.

    An expression that is neither true nor false (a fact is missing) is no hit.
    """
    context = {
        **{key: to_expression(types.get(key, ""), value) for key, value in facts.items()},
        "derived": derived,
    }
    midnight = datetime.combine(today, time(), LOCAL_ZONE)
    return [
        _hit(rule, facts, derived)
        for rule in rules
        if rule.effective_from <= today and rule.when.holds(context, midnight)
    ]


def to_expression(fact_type: str, value: Any) -> Any:
    """A stored fact as an expression sees it: what JSON keeps as text becomes a date, an instant or a number."""
    if value is None:
        return None
    if fact_type == "date":
        return date.fromisoformat(value)
    if fact_type == "datetime":
        return datetime.fromisoformat(value)
    return Decimal(value) if fact_type in ("integer", "decimal") and isinstance(value, str) else value


def _hit(rule: RuleSpec, facts: Mapping[str, Any], derived: Mapping[str, Any]) -> Hit:
    seen = {key: _input(key, facts, derived) for key in rule.inputs}
    shown = {key.removeprefix("derived."): value for key, value in seen.items()}
    digest = hashlib.sha256(orjson.dumps(seen, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()
    return Hit(rule, seen, digest, _filled(rule.message_zh, shown), _filled(rule.message_en, shown))


def _input(key: str, facts: Mapping[str, Any], derived: Mapping[str, Any]) -> Any:
    return derived.get(key.removeprefix("derived.")) if key.startswith("derived.") else facts.get(key)


def _filled(message: str, values: Mapping[str, Any]) -> str:
    for key, value in values.items():
        message = message.replace("{" + key + "}", "—" if value is None else str(value))
    return message
