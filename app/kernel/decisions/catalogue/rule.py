"""A rule that can judge: its manifest, its compiled decision, and what it says of given facts. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import orjson

from app.kernel.decisions.catalogue.facts import to_contract, to_kept
from app.kernel.decisions.catalogue.lookups import Find, look_up
from app.kernel.decisions.catalogue.manifest import FactContract, Manifest
from app.kernel.decisions.catalogue.vocabulary import SEVERITIES
from app.kernel.decisions.dmn import Graph
from app.kernel.local_time import day_words, local_day

HIT: Final = "hit"
SEVERITY: Final = "severity"
_YES_NO: Final = {True: ("是", "yes"), False: ("否", "no")}
Outcome = Literal["hit", "no_hit", "missing"]
Seal = Callable[[str], str]
"""A keyed digest of a sensitive value: equal values stay recognisable, the value does not."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says. `missing` names required facts that are unknown: then nothing is said, neither way.

    `inputs` is what is kept with a hit (JSON, without sensitive facts), `digest` recognises the same inputs.
    """

    outcome: Outcome
    missing: tuple[str, ...]
    severity: str
    inputs: Mapping[str, Any]
    digest: str
    message_zh: str = ""
    message_en: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. `files` by name: rule.toml, rule.dmn, cases.toml."""

    manifest: Manifest
    graph: Graph
    files: Mapping[str, bytes]
    digest: str

    @property
    def id(self) -> str:
        return self.manifest.id

    def judge(
        self, facts: Mapping[str, Any], now: datetime, seal: Seal | None = None, find: Find | None = None
    ) -> Judgement:
        """Hit, no hit, or which required facts are missing. `facts` by the contract's names; never raises.

        What the contract looks up in the parameter tables and `facts` don't tell is asked of `find`.
        """
        contract, values = self.manifest.facts, self.values_of(facts, now, find)
        missing = self.missing_in(values)
        if missing:
            return Judgement("missing", missing, self.manifest.severity, {}, "")
        given = {**values, **{key: one.value for key, one in self.manifest.parameters.items()}}
        if self.graph.decide(HIT, given, now).value is not True:
            return Judgement("no_hit", (), self.manifest.severity, {}, "")
        kept = {key: to_kept(values[key]) for key, spec in contract.items() if not spec.sensitive}
        shown = {**kept, **{key: to_kept(one.value) for key, one in self.manifest.parameters.items()}}
        zh, en = (
            {key: said(contract.get(key), value, way) for key, value in shown.items()} for way in (0, 1)
        )
        return Judgement(
            "hit",
            (),
            self._severity(given, now),
            kept,
            self._digest(values, kept, seal),
            filled(self.manifest.message_zh, zh),
            filled(self.manifest.message_en, en),
        )

    def values_of(self, facts: Mapping[str, Any], now: datetime, find: Find | None) -> dict[str, Any]:
        """The contract's facts as it types them, looked up ones included; None for what is unknown."""
        contract = self.manifest.facts
        values = {key: to_contract(spec.type, facts.get(key)) for key, spec in contract.items()}
        for key, value in look_up(contract, values, local_day(now), find).items():
            values[key] = to_contract(contract[key].type, value)
        return values

    def missing_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Required facts that are unknown."""
        return tuple(key for key in self.manifest.required if values[key] is None)

    def _severity(self, given: Mapping[str, Any], now: datetime) -> str:
        if self.manifest.severity_rises_to is None:
            return self.manifest.severity
        said = self.graph.decide(SEVERITY, given, now).value
        return said if isinstance(said, str) and said in SEVERITIES else self.manifest.severity

    def _digest(self, values: Mapping[str, Any], kept: Mapping[str, Any], seal: Seal | None) -> str:
        """The same inputs are one hit. Of sensitive facts only a keyed digest goes in."""
        sealed = {
            key: seal(str(values[key])) if seal is not None and values[key] is not None else None
            for key, spec in self.manifest.facts.items()
            if spec.sensitive
        }
        spelled = orjson.dumps({**kept, **sealed}, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(spelled).hexdigest()


def filled(message: str, values: Mapping[str, str]) -> str:
    """A message with the facts it names."""
    for key, value in values.items():
        message = message.replace("{" + key + "}", value)
    return message


def said(fact: FactContract | None, value: Any, language: int) -> str:
    """A kept value as people read it, in Chinese (0) or English (1); an unknown one is a dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _YES_NO[value][language]
    if isinstance(value, list):
        return ("、", ", ")[language].join(said(fact, one, language) for one in value)
    if fact is None:
        return str(value)
    words = fact.words.get(str(value)) or (_day(str(value)) if fact.type == "date" else None)
    return words[language] if words is not None else str(value)


def _day(text: str) -> tuple[str, str] | None:
    try:
        return day_words(date.fromisoformat(text))
    except ValueError:
        return None
