"""Rules asked about one case: those in force, of its business, of this moment, and bound. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.kernel.decisions.catalogue.binding import Supply, bind, values_of
from app.kernel.decisions.catalogue.lookups import Find
from app.kernel.decisions.catalogue.rule import Judgement, Rule, Seal
from app.kernel.decisions.catalogue.versions import Standing
from app.kernel.local_time import local_day

CASE_MOMENTS: Final = frozenset({"intake", "duty", "gate", "payment", "change"})
"""Triggers at which rules are asked about a case."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that applied, with what it saw."""

    version_id: int | None
    rule: Rule
    judgement: Judgement
    trigger: str

    @property
    def action(self) -> str:
        return self.rule.manifest.action

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes two hits the same: rule, version, inputs."""
        return self.rule.id, self.rule.manifest.version, self.judgement.digest


@dataclass(frozen=True)
class Inquiry:
    """When and about what: the moment, the facts, what is derived from them (asked once, if at all).

    `changed`: only rules that read one of these facts; None: all of the moment. `find`: parameters of the case's place.
    """

    trigger: str
    now: datetime
    facts: Mapping[str, Any]
    derive: Callable[[], Mapping[str, Any]]
    business: str | None = None
    changed: Collection[str] | None = None
    seal: Seal | None = None
    find: Find | None = None


@dataclass
class Evaluation:
    """What the rules said: hits, ids of rules that were judged, facts that others lack."""

    hits: list[Hit] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    lacking: dict[str, tuple[str, ...]] = field(default_factory=dict)


def evaluate(standing: Iterable[Standing], supply: Supply, inquiry: Inquiry) -> Evaluation:
    """Ask every bound rule of the moment. Without a fact that it needs a rule is `lacking`, neither hit nor no hit."""
    said = Evaluation()
    derive = _once(inquiry.derive)
    today = local_day(inquiry.now)
    for one in standing:
        rule = one.rule
        if inquiry.trigger not in rule.manifest.triggers:
            continue
        bound = bind(rule, supply, inquiry.business)
        if bound is None or (inquiry.changed is not None and bound.reads.isdisjoint(inquiry.changed)):
            continue
        values = values_of(bound, inquiry.facts, derive, today)
        judgement = rule.judge(values, inquiry.now, inquiry.seal, inquiry.find)
        if judgement.outcome == "missing":
            said.lacking[rule.id] = judgement.missing
            continue
        said.judged.append(rule.id)
        if judgement.outcome == "hit":
            said.hits.append(Hit(one.id, rule, judgement, inquiry.trigger))
    return said


@dataclass(frozen=True, slots=True)
class Lacking:
    """A rule that can't say anything, and the facts of its contract that are unknown."""

    rule: Rule
    missing: tuple[str, ...]


def list_lacking(
    standing: Iterable[Standing],
    supply: Supply,
    facts: Mapping[str, Any],
    derive: Callable[[], Mapping[str, Any]],
    now: datetime,
    find: Find | None,
) -> list[Lacking]:
    """Every bound rule that lacks a fact, whatever the moment it is asked at."""
    found = []
    for one in standing:
        bound = bind(one.rule, supply)
        if bound is not None and not CASE_MOMENTS.isdisjoint(one.rule.manifest.triggers):
            values = one.rule.values_of(values_of(bound, facts, derive, local_day(now)), now, find)
            missing = one.rule.missing_in(values)
            if missing:
                found.append(Lacking(one.rule, missing))
    return found


def _once(derive: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    known: list[Mapping[str, Any]] = []

    def derived() -> Mapping[str, Any]:
        if not known:
            known.append(derive())
        return known[0]

    return derived
