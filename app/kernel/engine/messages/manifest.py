"""What a manifest says of messages and of facts from the chain: `[[sends]]`, `[[receives]]`, `[from_chain]`,
`[from_chain_when]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.kernel.decisions.expressions import FeelError, compile_expression, feel

Manifest = Mapping[str, Any]
Problem = tuple[str, str]
"""What is wrong, in Chinese and English."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
EACH, SENDER = "each", "sender"
"""What a message tells beside facts: the item it is sent for, and (where it is read) the sender's case number."""
_PLACE: Final = "{each}"


@dataclass(frozen=True)
class Sends:
    """A message the process sends to the other cases of the chain. `facts` travel with it: name in it to fact here.

    `each`: a list fact; the message is sent once for each of its items, which travels as `each` and stands for
    `{each}` in the names of facts. `sealed`: sensitive facts, which don't travel: who gets the message reads them
    from the sender's case when it is handed over, and seals them anew. `when`: an expression over the facts; the
    message is sent only where it is true.
    """

    message: str
    facts: Mapping[str, str] = field(default_factory=dict)
    each: str = ""
    sealed: Mapping[str, str] = field(default_factory=dict)
    when: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What a receiver may read of it."""
        return frozenset({*self.facts, *self.sealed, SENDER, *([EACH] if self.each else [])})

    def payloads(self, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What travels, once for each message."""
        if self.when and not compile_expression(feel(self.when)).holds(facts):
            return []
        if not self.each:
            return [{name: facts.get(fact) for name, fact in self.facts.items()}]
        return [
            {EACH: item, **{name: facts.get(fact) for name, fact in named_for(self.facts, item).items()}}
            for item in facts.get(self.each) or ()
        ]


@dataclass(frozen=True)
class Receives:
    """A message from other cases of the chain. `facts`: name in the message to fact here.

    `opens`: a case of this process is opened in the chain. `kept`: what was sent before the case waited for it
    is delivered when it does. `role`: as what the opened case stands in its chain (redo …); of the sender's own
    process it then begins with what the sender began with. `sets`: facts an opened case begins with. `when`: an
    expression; only messages for which it is true are meant.
    """

    message: str
    opens: bool = False
    kept: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)
    role: str = "first"
    sets: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""

    def means(self, told: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
        """Whether a message that tells `told` is meant: `when` reads it as `message`, and the facts of the case."""
        return not self.when or compile_expression(feel(self.when)).holds({**own, "message": dict(told)})


def named_for(names: Mapping[str, str], item: object) -> dict[str, str]:
    """The names of facts for one item of `each`."""
    return {name: fact.replace(_PLACE, str(item)) for name, fact in names.items()}


def _rows(manifest: Manifest, table: str) -> list[Mapping[str, Any]]:
    """The rows of an array of tables; what isn't one is told by `manifest_problems`."""
    rows = manifest.get(table, ())
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _table(value: object) -> dict[str, str]:
    return {str(key): str(name) for key, name in value.items()} if isinstance(value, Mapping) else {}


def _named(value: object) -> dict[str, str]:
    """Facts as a list, by their own names, or as a table: name there to fact."""
    return {str(one): str(one) for one in value} if isinstance(value, list) else _table(value)


def read_sends(manifest: Manifest) -> dict[str, Sends]:
    """By name of the message."""
    rows = _rows(manifest, "sends")
    return {
        (name := str(row.get("message", ""))): Sends(
            name,
            _named(row.get("facts")),
            str(row.get("each", "")),
            _table(row.get("sealed")),
            str(row.get("when", "")),
        )
        for row in rows
    }


def read_receives(manifest: Manifest) -> tuple[Receives, ...]:
    """In the order of the manifest; a name may stand twice, once with `opens`."""
    return tuple(
        Receives(
            str(row.get("message", "")),
            row.get("opens", False) is True,
            row.get("kept", True) is True,
            _table(row.get("facts")),
            str(row.get("role", "first")),
            dict(sets) if isinstance(sets := row.get("sets"), Mapping) else {},
            str(row.get("when", "")),
        )
        for row in _rows(manifest, "receives")
    )


def read_from_chain(manifest: Manifest) -> dict[str, dict[str, str]]:
    """By process key: the name of a fact there to the fact here."""
    return {key: _table(table) for key, table in _mapping(manifest, "from_chain").items()}


def read_from_chain_when(manifest: Manifest) -> dict[str, str]:
    """By process key: an expression over the facts of a case there that must be true for it to be the source."""
    return _table(manifest.get("from_chain_when"))


def _mapping(manifest: Manifest, name: str) -> Mapping[str, Any]:
    table = manifest.get(name, {})
    return table if isinstance(table, Mapping) else {}


def manifest_problems(manifest: Manifest) -> Iterator[Problem]:
    """Names that aren't of messages between cases, and facts there aren't."""
    facts = _mapping(manifest, "fact")
    for table in ("sends", "receives"):
        if len(_rows(manifest, table)) != len(manifest.get(table, ())):
            yield f"[[{table}]] 应为表的数组", f"[[{table}]] is not an array of tables"
    for name in (*read_sends(manifest), *(one.message for one in read_receives(manifest))):
        if not NAME.fullmatch(name):
            yield f"消息名“{name}”应为 <程序>.<事件>", f"{name!r} is not a name like <procedure>.<event>"
    for sends in read_sends(manifest).values():
        yield from _sent_facts(sends, facts)
    for receives in read_receives(manifest):
        yield from _received_problems(receives, facts)
    for key, names in read_from_chain(manifest).items():
        for mine in set(names.values()) - facts.keys():
            yield f"[from_chain.{key}] 引用未知事实 {mine}", f"[from_chain.{key}]: no fact {mine}"
    for key, condition in read_from_chain_when(manifest).items():
        yield from _condition_problems(f"[from_chain_when] {key}", condition)


def _received_problems(receives: Receives, facts: Mapping[str, Any]) -> Iterator[Problem]:
    where = f"[[receives]] {receives.message}"
    for mine in {*receives.facts.values(), *receives.sets} - facts.keys():
        yield f"{where} 写入未知事实 {mine}", f"{where}: no fact {mine}"
    yield from _condition_problems(where, receives.when)


def _condition_problems(where: str, condition: str) -> Iterator[Problem]:
    try:
        compile_expression(feel(condition or "true"))
    except FeelError as error:
        yield f"{where}：条件有误：{error.message_zh}", f"{where}: the condition is wrong: {error.message_en}"


def _sent_facts(sends: Sends, facts: Mapping[str, Any]) -> Iterator[Problem]:
    where = f"[[sends]] {sends.message}"
    yield from _condition_problems(where, sends.when)
    if sends.each and facts.get(sends.each, {}).get("type") != "list":
        yield f"{where}：each 须是列表事实", f"{where}: each must be a fact that is a list"
    items = [one["value"] for one in facts.get(sends.each, {}).get("values", ())] if sends.each else [""]
    for key in (one for item in items for one in named_for(sends.sealed, item).values()):
        if not facts.get(key, {}).get("sensitive", False):
            yield f"{where}：sealed 须是敏感事实：{key}", f"{where}: {key} under sealed is no sensitive fact"
    for key in (one for item in items for one in named_for(sends.facts, item).values()):
        if key not in facts:
            yield f"{where} 引用未知事实 {key}", f"{where}: no fact {key}"
        elif facts[key].get("sensitive", False):
            yield (
                f"{where}：敏感事实 {key} 不随消息传递，接收方用 [from_chain] 读取",
                f"{where}: the sensitive fact {key} doesn't travel; receivers read it by [from_chain]",
            )


def expected(receives: Iterable[Receives], *, opens: bool) -> dict[str, Receives]:
    """What a waiting case hears (`opens` false), or what opens a case, by name."""
    return {one.message: one for one in receives if one.opens == opens}
