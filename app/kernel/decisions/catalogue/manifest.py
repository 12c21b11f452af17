"""`rule.toml`: who a rule is, what a hit does, what law it rests on, and the facts it needs (its contract)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.catalogue import vocabulary as words
from app.kernel.decisions.catalogue.lookups import SHARE, Lookup, lookup_mistakes, read_lookup
from app.kernel.decisions.catalogue.problems import Problem, RuleInvalid, line_of, problem

RULE_ID: Final = re.compile(r"[A-Z]{2,8}-[0-9]{1,4}")
FACT_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A legal source; `tag` says how well its text is known (V, E, K, D)."""

    tag: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class FactContract:
    """A fact the rule reads. `sensitive` ones are never kept with a hit; `optional` ones may be unknown.

    One with a `lookup` is a value of the parameter tables, which no process supplies. `words`: what people read for
    a value that is a code, (zh, en).
    """

    key: str
    type: str
    zh: str
    en: str
    registry: str
    optional: bool
    sensitive: bool
    lookup: Lookup | None = None
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleParameter:
    """A threshold of the rule with the source it comes from."""

    key: str
    value: Any
    unit: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A rule as its manifest says. `override` names who may set a hit aside, None nobody.

    `approval_levels` 2: a hit asks for second-level approval besides. `effective_to` is the last day.
    """

    id: str
    version: int
    name_zh: str
    name_en: str
    kind: str
    severity: str
    severity_rises_to: str | None
    action: str
    also: tuple[str, ...]
    override: str | None
    approval_levels: int
    business: tuple[str, ...]
    triggers: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    owner: str
    approver: str
    message_zh: str
    message_en: str
    statistic: str | None
    carried_by_zh: str
    carried_by_en: str
    sources: tuple[Source, ...]
    facts: Mapping[str, FactContract]
    parameters: Mapping[str, RuleParameter]

    @property
    def ground_zh(self) -> str:
        return "；".join(dict.fromkeys(source.zh for source in self.sources))

    @property
    def ground_en(self) -> str:
        return "; ".join(dict.fromkeys(source.en for source in self.sources))

    @property
    def required(self) -> tuple[str, ...]:
        """Facts without which nothing can be said."""
        return tuple(fact.key for fact in self.facts.values() if not fact.optional)


def read_manifest(file: str, data: bytes) -> Manifest:
    """Raise RuleInvalid with every mistake, by line."""
    text, table = read_toml(file, data)
    problems = list(_Check(file, text, table).problems())
    if problems:
        raise RuleInvalid(problems)
    return _manifest(table)


def read_toml(file: str, data: bytes) -> tuple[str, dict[str, Any]]:
    """The text and what it says. Raise RuleInvalid naming the line."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        zh, en = "不是 UTF-8 文本", "not UTF-8"
        raise RuleInvalid([problem(file, 1, "not-text", zh, en)]) from None
    try:
        return text, tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines()) or 1
        zh, en = f"不是有效的 TOML：{error}", f"not TOML: {error}"
        raise RuleInvalid([problem(file, line, "not-toml", zh, en)]) from None


def _manifest(table: Table) -> Manifest:
    return Manifest(
        id=table["id"],
        version=table["version"],
        name_zh=table["name_zh"],
        name_en=table["name_en"],
        kind=table["kind"],
        severity=table["severity"],
        severity_rises_to=table.get("severity_rises_to"),
        action=table["action"],
        also=tuple(table.get("also", ())),
        override=table.get("override"),
        approval_levels=table.get("approval_levels", 1),
        business=tuple(table["business"]),
        triggers=tuple(table["triggers"]),
        effective_from=table["effective_from"],
        effective_to=table.get("effective_to"),
        owner=table["owner"],
        approver=table["approver"],
        message_zh=table["message_zh"],
        message_en=table["message_en"],
        statistic=table.get("statistic"),
        carried_by_zh=table.get("carried_by_zh", ""),
        carried_by_en=table.get("carried_by_en", ""),
        sources=tuple(Source(one["tag"], one["zh"], one["en"]) for one in table["source"]),
        facts={key: _fact(key, one) for key, one in table.get("fact", {}).items()},
        parameters={
            key: RuleParameter(key, one["value"], one["unit"], one["zh"], one["en"], one["source"])
            for key, one in table.get("parameter", {}).items()
        },
    )


def _fact(key: str, table: Table) -> FactContract:
    return FactContract(
        key,
        table["type"],
        table["zh"],
        table["en"],
        table["registry"],
        table.get("optional", False),
        table.get("sensitive", False),
        read_lookup(table),
        {code: (said[0], said[1]) for code, said in table.get("words", {}).items()},
    )


Test = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _day(value: Any) -> bool:
    return type(value) is date


def _whole(value: Any) -> bool:
    return type(value) is int and value > 0


def _among(known: Mapping[str, object] | Sequence[str]) -> Test:
    return lambda value: isinstance(value, str) and value in known


def _some(known: Mapping[str, object]) -> Test:
    return lambda value: (
        isinstance(value, list) and all(isinstance(one, str) and one in known for one in value)
    )


def _said(value: Any) -> bool:
    """A table of codes with their words in both languages."""
    return isinstance(value, Mapping) and all(
        isinstance(one, list) and len(one) == 2 and all(map(_text, one)) for one in value.values()
    )


def _few(known: Mapping[str, object]) -> Test:
    return lambda value: _some(known)(value) and len(value) > 0


_FIELDS: Final[Mapping[str, tuple[bool, Test]]] = {
    "id": (True, lambda value: isinstance(value, str) and RULE_ID.fullmatch(value) is not None),
    "version": (True, _whole),
    "name_zh": (True, _text),
    "name_en": (True, _text),
    "kind": (True, _among(words.KINDS)),
    "severity": (True, _among(words.SEVERITIES)),
    "severity_rises_to": (False, _among(words.SEVERITIES)),
    "action": (True, _among(words.ACTIONS)),
    "also": (False, _some(words.ALSO)),
    "override": (False, _among(words.OVERRIDES)),
    "approval_levels": (False, lambda value: value in (1, 2) and type(value) is int),
    "business": (True, _few(words.BUSINESSES)),
    "triggers": (True, _few(words.TRIGGERS)),
    "effective_from": (True, _day),
    "effective_to": (False, _day),
    "owner": (True, _among(words.OWNERS)),
    "approver": (True, _text),
    "message_zh": (True, _text),
    "message_en": (True, _text),
    "statistic": (False, _among(words.STATISTICS)),
    "carried_by_zh": (False, _text),
    "carried_by_en": (False, _text),
}
_FACT_FIELDS: Final[Mapping[str, tuple[bool, Test]]] = {
    "type": (True, _among(words.TYPES)),
    "zh": (True, _text),
    "en": (True, _text),
    "registry": (True, _among(words.REGISTRIES)),
    "optional": (False, lambda value: isinstance(value, bool)),
    "sensitive": (False, lambda value: isinstance(value, bool)),
    "parameter": (False, _text),
    "on": (False, _text),
    "by": (False, _text),
    "as": (False, _among((SHARE,))),
    "words": (False, _said),
}
_PARAMETER_FIELDS: Final[Mapping[str, tuple[bool, Test]]] = {
    "value": (True, lambda value: isinstance(value, int | Decimal | str | list) and value != ""),
    "unit": (True, _among(words.UNITS)),
    "zh": (True, _text),
    "en": (True, _text),
    "source": (True, lambda value: isinstance(value, str) and value.partition(":")[0] in words.TAGS),
}
_SOURCE_FIELDS: Final[Mapping[str, tuple[bool, Test]]] = {
    "tag": (True, _among(words.TAGS)),
    "zh": (True, _text),
    "en": (True, _text),
}


class _Check:
    """Every mistake of one manifest."""

    def __init__(self, file: str, text: str, table: Table) -> None:
        self.file, self.text, self.table = file, text, table

    def problems(self) -> Iterator[Problem]:
        own = {key: one for key, one in self.table.items() if key not in ("source", "fact", "parameter")}
        yield from self._fields(own, _FIELDS, "")
        yield from self._sources()
        for name, fields in (("fact", _FACT_FIELDS), ("parameter", _PARAMETER_FIELDS)):
            entries = self.table.get(name, {})
            if not isinstance(entries, Mapping):
                yield self._at(name, "", f"{name} 须为表", f"{name} must be a table")
                continue
            for key, entry in entries.items():
                yield from self._entry(name, key, entry, fields)
        yield from self._agreement()

    def _sources(self) -> Iterator[Problem]:
        sources = self.table.get("source")
        if not isinstance(sources, list) or not sources:
            yield self._at("source", "", "须写明法律依据 [[source]]", "a [[source]] is missing")
            return
        for one in sources:
            if not isinstance(one, Mapping):
                yield self._at("source", "", "source 须为表", "a source must be a table")
                continue
            yield from self._fields(one, _SOURCE_FIELDS, "source")

    def _entry(
        self, name: str, key: str, entry: Any, fields: Mapping[str, tuple[bool, Test]]
    ) -> Iterator[Problem]:
        if not FACT_KEY.fullmatch(key) or not isinstance(entry, Mapping):
            yield self._at(
                key, f"{name}.{key}", f"{name} {key} 的名称或写法不对", f"{name} {key} is malformed"
            )
            return
        yield from self._fields(entry, fields, f"{name}.{key}")

    def _fields(self, table: Table, fields: Mapping[str, tuple[bool, Test]], where: str) -> Iterator[Problem]:
        for key, value in table.items():
            if key not in fields:
                yield self._at(key, where, f"没有 {key} 这一项", f"there is no {key}")
            elif not fields[key][1](value):
                yield self._at(key, where, f"{key} 的值不对：{value!r}", f"{key} can't be {value!r}")
        for key, (required, _test) in fields.items():
            if required and key not in table:
                yield self._at(key, where, f"缺少 {key}", f"{key} is missing")

    def _agreement(self) -> Iterator[Problem]:
        """What can be right by itself and wrong together."""
        facts, parameters = self.table.get("fact", {}), self.table.get("parameter", {})
        if not isinstance(facts, Mapping) or not isinstance(parameters, Mapping):
            return
        for key in facts.keys() & parameters.keys():
            yield self._at(
                key, f"parameter.{key}", f"{key} 既是事实又是参数", f"{key} is a fact and a parameter"
            )
        shown = {
            key for key, one in facts.items() if not (isinstance(one, Mapping) and one.get("sensitive"))
        } | set(parameters)
        for name in ("message_zh", "message_en"):
            for key in set(PLACEHOLDER.findall(str(self.table.get(name, "")))) - shown:
                yield self._at(
                    name,
                    "",
                    f"{name} 引用的 {key} 不是可留存的事实",
                    f"{name}: {key} is no fact that is kept",
                )
        for key, zh, en in lookup_mistakes(facts):
            yield self._at(key, f"fact.{key}", zh, en)
        first, last = self.table.get("effective_from"), self.table.get("effective_to")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            yield self._at("effective_to", "", "失效日早于生效日", "effective_to precedes effective_from")
        if self.table.get("override") and self.table.get("action") != "block":
            yield self._at("override", "", "只有阻断规则可以放行", "only a blocking rule can be set aside")

    def _at(self, key: str, where: str, zh: str, en: str) -> Problem:
        return problem(self.file, line_of(self.text, key, where), "rule-manifest", zh, en)
