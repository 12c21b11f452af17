"""A TOML file made to say something else: what it says already stays as it is written, comments and order included.

tomlkit keeps the text. What a file says is read by `tomllib` only, so that numbers stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from app.kernel.decisions.workbench.toml_text import is_block, literal, read_table, write_table


def updated(data: bytes, wanted: Mapping[str, Any]) -> bytes:
    """`data` saying `wanted`; written anew, without its comments, where the text can't be changed in its place."""
    before = read_table(data)
    if before is None:
        return write_table(wanted)
    if _is_same(before, wanted):
        return data
    try:
        document = tomlkit.parse(data.decode())
        _update(document, before, wanted, inline=True)
        text = tomlkit.dumps(document)
    except (TOMLKitError, AttributeError, TypeError, ValueError, LookupError):
        return write_table(wanted)
    for made in (_spaced(text).encode(), text.encode()):
        if _is_same(read_table(made), wanted):
            return made
    return write_table(wanted)


def _spaced(text: str) -> str:
    """A blank line before each table, and before the comment on it; one below a row stands close to it."""
    lines: list[str] = []
    for line in text.rstrip().split("\n"):
        place = len(lines)
        while place and lines[place - 1].startswith("#"):
            place -= 1
        if _opens(line, lines) and place and lines[place - 1]:
            lines.insert(place, "")
        lines.append(line)
    return "\n".join(lines) + "\n"


def _opens(line: str, above: Sequence[str]) -> bool:
    row = f"[[{line.strip('[]').partition('.')[0]}]]"
    return line.startswith("[[") or (line.startswith("[") and row not in above)


def _is_same(one: Any, other: Any) -> bool:
    """Whether both say the same, in whatever order; 1, 1.0 and true are three things."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return type(one) is type(other) and bool(one == other)


def _update(container: Any, before: Mapping[str, Any], wanted: Mapping[str, Any], *, inline: bool) -> None:
    """`inline`: a group that is new stands behind its key, else as a table of its own."""
    for key in [key for key in before if key not in wanted]:
        del container[key]
    previous: str | None = None
    for key, value in wanted.items():
        was: Any = before.get(key)
        if key not in before:
            _add(container, key, value, after=previous, inline=inline)
        elif _is_same(was, value):
            continue
        elif isinstance(container[key], AoT) and is_block(value):
            _update_rows(container[key], was, value)
        elif isinstance(container[key], Table) and isinstance(value, Mapping):
            _update(container[key], was, value, inline=not container[key].is_super_table())
        else:
            container[key] = tomlkit.value(literal(value))
        previous = previous if isinstance(container[key], Table | AoT) else key


def _add(container: Any, key: str, value: Any, *, after: str | None, inline: bool) -> None:
    """`after`: the entry that stands before it."""
    if is_block(value):
        container[key] = tomlkit.parse(write_table({key: value}).decode())[key]
    elif isinstance(value, Mapping) and not inline:
        container[key] = _table(value)
    elif after is None:
        container[key] = tomlkit.value(literal(value))
    else:  # The library would put it behind the comment of the table that follows.
        inner = container.value if isinstance(container, Table) else container
        inner._insert_after(after, key, tomlkit.value(literal(value)))


def _table(value: Mapping[str, Any]) -> Table:
    """A table of its own; groups in it are tables below it."""
    table = tomlkit.table()
    for key, one in value.items():
        table[key] = _table(one) if isinstance(one, Mapping) else tomlkit.value(literal(one))
    return table


def _update_rows(rows: AoT, before: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Rows that are the same stay; of what differs between two of them, the first becomes the first, and so on."""
    old, new = ([literal(row) for row in some] for some in (before, wanted))
    place = 0
    for _, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for number in range(max(last - first, end - begin)):
            if number >= end - begin:
                del rows[place]
            elif number >= last - first:
                rows.insert(place, _table(wanted[begin + number]))
                place += 1
            else:
                _update(rows[place], before[first + number], wanted[begin + number], inline=False)
                place += 1
