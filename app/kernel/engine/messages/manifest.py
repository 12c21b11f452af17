"""What a manifest says of messages and of facts from the chain: `[[sends]]`, `[[receives]]`, `[from_chain]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Manifest = Mapping[str, Any]
Problem = tuple[str, str]
"""What is wrong, in Chinese and English."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True)
class Sends:
    """A message the process sends to the other cases of the chain; `facts` travel with it."""

    message: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receives:
    """A message from other cases of the chain. `facts`: name in the message to fact here.

    `opens`: a case of this process is opened in the chain. `kept`: what was sent before the case waited for it
    is delivered when it does. `role`: as what the opened case stands in its chain (redo …); of the sender's own
    process it then begins with what the sender began with.
    """

    message: str
    opens: bool = False
    kept: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)
    role: str = "first"


def _rows(manifest: Manifest, table: str) -> list[Mapping[str, Any]]:
    """The rows of an array of tables; what isn't one is told by `manifest_problems`."""
    rows = manifest.get(table, ())
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _table(value: object) -> dict[str, str]:
    return {str(key): str(name) for key, name in value.items()} if isinstance(value, Mapping) else {}


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def read_sends(manifest: Manifest) -> dict[str, Sends]:
    """By name of the message."""
    rows = _rows(manifest, "sends")
    return {(name := str(row.get("message", ""))): Sends(name, _names(row.get("facts"))) for row in rows}


def read_receives(manifest: Manifest) -> tuple[Receives, ...]:
    """In the order of the manifest; a name may stand twice, once with `opens`."""
    return tuple(
        Receives(
            str(row.get("message", "")),
            row.get("opens", False) is True,
            row.get("kept", True) is True,
            _table(row.get("facts")),
            str(row.get("role", "first")),
        )
        for row in _rows(manifest, "receives")
    )


def read_from_chain(manifest: Manifest) -> dict[str, dict[str, str]]:
    """By process key: the name of a fact there to the fact here."""
    return {key: _table(table) for key, table in _mapping(manifest, "from_chain").items()}


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
        for mine in set(receives.facts.values()) - facts.keys():
            where = f"[[receives]] {receives.message}"
            yield f"{where} 写入未知事实 {mine}", f"{where}: no fact {mine}"
    for key, names in read_from_chain(manifest).items():
        for mine in set(names.values()) - facts.keys():
            yield f"[from_chain.{key}] 引用未知事实 {mine}", f"[from_chain.{key}]: no fact {mine}"


def _sent_facts(sends: Sends, facts: Mapping[str, Any]) -> Iterator[Problem]:
    where = f"[[sends]] {sends.message}"
    for key in sends.facts:
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
