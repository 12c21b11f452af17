"""The names in scope while parsing (10.3.1.5): the longest name that is known wins, blanks and operators included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app.kernel.decisions.feel.tokens import Token, names_in

Spelling = tuple[str, ...]


class NameTable:
    """Spellings by their first word; names with one word need no entry, every word is a name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[Spelling, str]]] = {}
        for name in names:
            self._add(name)

    def _add(self, name: str) -> tuple[Spelling, str] | None:
        spelling = names_in(name)
        if spelling is None or len(spelling) < 2:
            return None
        entry = (spelling, name)
        entries = self._by_first.setdefault(spelling[0], [])
        entries.append(entry)
        entries.sort(key=lambda one: -len(one[0]))
        return entry

    def longest(self, tokens: list[Token], index: int) -> tuple[str, int] | None:
        """The longest name of several tokens that begins at `index`, and the index behind it."""
        for spelling, name in self._by_first.get(tokens[index].text, ()):
            end = index + len(spelling)
            if end < len(tokens) and all(
                token.text == text and token.kind != "string"
                for token, text in zip(tokens[index:end], spelling, strict=True)
            ):
                return name, end
        return None

    @contextmanager
    def added(self, names: Iterable[str]) -> Iterator[None]:
        """These names besides, for a while."""
        entries = [entry for name in names if (entry := self._add(name)) is not None]
        try:
            yield
        finally:
            for entry in entries:
                self._by_first[entry[0][0]].remove(entry)

    def names(self) -> list[str]:
        return [name for entries in self._by_first.values() for _spelling, name in entries]

    def keep(self, names: Iterable[str]) -> None:
        """These names besides, from now on."""
        for name in names:
            self._add(name)
