"""TOML written the way rules are kept: one line per entry, tables after a blank line, lists inside cases inline."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def read_table(data: bytes) -> dict[str, Any] | None:
    """What a file says, decimals exact; None for what is no TOML."""
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None


def write_table(table: Mapping[str, Any]) -> bytes:
    """The file: entries first, then `[[…]]` and `[…]` in the order given."""
    blocks = ["\n".join(_entry(key, value) for key, value in table.items() if not is_block(value))]
    for key, value in table.items():
        if isinstance(value, list) and is_block(value):
            blocks += ["\n".join(_element(key, one)) for one in value]
        elif is_block(value):
            blocks += ["\n".join([f"[{key}.{_key(name)}]", *_entries(one)]) for name, one in value.items()]
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def read_literal(text: str) -> Any:
    """A value as it stands behind `=`. Raise ValueError."""
    table = tomllib.loads(f"value = {text}\n", parse_float=Decimal)
    if set(table) != {"value"}:
        raise ValueError(text)
    return table["value"]


def literal(value: Any) -> str:
    """A value as it stands behind `=`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{"".join(_escaped(char) for char in value)}"'
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text if "." in text else f"{text}.0"
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {literal(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal(one) for one in value)}]"
    return repr(value)


def is_block(value: Any) -> bool:
    """A list of tables or a table of tables."""
    inner = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return bool(inner) and all(isinstance(one, Mapping) for one in inner)


def _element(key: str, one: Mapping[str, Any]) -> Iterator[str]:
    """An element of a list of tables; a table inside it stands right below."""
    yield f"[[{key}]]"
    yield from _entries({name: value for name, value in one.items() if not isinstance(value, Mapping)})
    for name, value in one.items():
        if isinstance(value, Mapping):
            yield f"[{key}.{_key(name)}]"
            yield from _entries(value)


def _entries(table: Mapping[str, Any]) -> list[str]:
    return [_entry(key, value) for key, value in table.items()]


def _entry(key: str, value: Any) -> str:
    return f"{_key(key)} = {literal(value)}"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else literal(key)


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\u{ord(char):04x}" if ord(char) < 32 or ord(char) == 127 else char
