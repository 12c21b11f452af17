"""Cuts an expression into tokens; knows nothing of what they mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["number", "string", "name", "word", "symbol", "end"]

WORDS: Final = frozenset({"and", "or", "in", "if", "then", "else", "true", "false", "null"})

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<number>\d+\.(?!\.)\d+|\d+|\.(?!\.)\d+)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
  | (?P<symbol>\.\.|!=|<=|>=|[=<>+\-*/()\[\],])
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


class ExpressionError(ValueError):
    """An expression that can't be compiled; `position` counts characters from 0."""

    def __init__(self, source: str, position: int, message_zh: str, message_en: str) -> None:
        super().__init__(f"{message_en} (at {position})")
        self.source = source
        self.position = position
        self.message_zh = message_zh
        self.message_en = message_en


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    position: int


def tokens_of(source: str) -> Iterator[Token]:
    """Raises ExpressionError at the first character that begins no token."""
    position = 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if found is None:
            sign = source[position]
            raise ExpressionError(
                source, position, f"无法识别的字符“{sign}”", f"unexpected character {sign!r}"
            )
        if found.lastgroup != "blank":
            yield _token(source, found)
        position = found.end()
    yield Token("end", "", len(source))


def _token(source: str, found: re.Match[str]) -> Token:
    text, position = found.group(), found.start()
    match found.lastgroup:
        case "number":
            return Token("number", text, position)
        case "string":
            return Token("string", _unescaped(source, text, position), position)
        case "name":
            return Token("word" if text in WORDS else "name", text, position)
        case _:
            return Token("symbol", text, position)


def _unescaped(source: str, text: str, position: int) -> str:
    def meaning(escape: re.Match[str]) -> str:
        body = escape.group(1)
        if body[0] == "u" and len(body) == 5:
            return chr(int(body[1:], 16))
        if body not in _ESCAPED:
            at = position + 1 + escape.start()
            raise ExpressionError(source, at, f"无效的转义“\\{body}”", f"invalid escape \\{body}")
        return _ESCAPED[body]

    return _ESCAPE.sub(meaning, text[1:-1])
