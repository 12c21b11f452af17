"""Which rules a process can be judged by: those of its business whose required facts it supplies. Pure.

A process supplies its own facts under their names, and under `[rules.facts]` of process.toml those that are named
otherwise or derived (`derived.x`). A rule that isn't supplied is unbound there: it is never evaluated, so that it
can't seem to say "no hit". Values of the parameter tables are looked up (`lookups.py`), unless the process derives
them: then it has looked them up itself, as they stood when its draft was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.catalogue.vocabulary import CASE_ACTIONS, EVERYWHERE

DERIVED: Final = "derived."
_FITTING: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"string", "text", "enum"}),
    "number": frozenset({"integer", "decimal"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"date", "datetime"}),
    "list": frozenset({"list"}),
    "context": frozenset(),
}
"""Types of a process's facts that serve a contract's type."""


@dataclass(frozen=True)
class Supply:
    """What a process offers: its business, its facts' types, and where facts of other names come from."""

    business: str
    types: Mapping[str, str]
    named: Mapping[str, str]
    known: dict[str, Bound | None] = field(default_factory=dict, compare=False, repr=False)
    """How rules are bound here, by digest: reckoned once."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Supply | None:
        """From a process.toml; None for a process that no rules judge."""
        table = manifest.get("rules")
        if not isinstance(table, Mapping) or not isinstance(table.get("business"), str):
            return None
        facts = manifest.get("fact", {})
        types = {key: str(one.get("type")) for key, one in facts.items() if isinstance(one, Mapping)}
        named = {str(key): str(place) for key, place in dict(table.get("facts", {})).items()}
        return cls(table["business"], types, named)

    def place_of(self, key: str, fact_type: str) -> str | None:
        """Where the contract's fact comes from: a fact of the process, or `derived.x`; None from nowhere."""
        place = self.named.get(key, key)
        if place.startswith(DERIVED):
            return place
        return place if self.types.get(place) in _FITTING[fact_type] else None


@dataclass(frozen=True)
class Bound:
    """A rule in a process: each supplied fact with its place."""

    places: Mapping[str, str]
    reads: frozenset[str]
    """Facts of the process that the rule reads: when one changes, it is asked again."""


def find_missing(rule: Rule, supply: Supply) -> tuple[str, ...]:
    """Required facts of the rule that the process doesn't supply."""
    return tuple(
        key
        for key in rule.manifest.required
        if key not in EVERYWHERE
        and (fact := rule.manifest.facts[key]).lookup is None
        and supply.place_of(key, fact.type) is None
    )


def bind(rule: Rule, supply: Supply, business: str | None = None) -> Bound | None:
    """How the process supplies the rule, None where it is of another business or unbound."""
    wanted = business or supply.business
    if wanted not in rule.manifest.business or rule.manifest.action not in CASE_ACTIONS:
        return None
    if rule.digest not in supply.known:
        supply.known[rule.digest] = _bound(rule, supply)
    return supply.known[rule.digest]


def _bound(rule: Rule, supply: Supply) -> Bound | None:
    if find_missing(rule, supply):
        return None
    places = {
        key: place
        for key, fact in rule.manifest.facts.items()
        if key not in EVERYWHERE
        and (place := supply.place_of(key, fact.type)) is not None
        and (fact.lookup is None or place.startswith(DERIVED))
    }
    if not places:
        return None
    read = frozenset(place for place in places.values() if not place.startswith(DERIVED))
    return Bound(places, read)


def values_of(
    bound: Bound, facts: Mapping[str, Any], derived: Callable[[], Mapping[str, Any]], today: date
) -> dict[str, Any]:
    """The contract's facts by name; what a process derives is asked for only where it is read."""
    values: dict[str, Any] = {"today": today}
    for key, place in bound.places.items():
        if place.startswith(DERIVED):
            values[key] = derived().get(place.removeprefix(DERIVED))
        else:
            values[key] = facts.get(place)
    return values
