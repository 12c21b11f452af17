"""Cuts a source into tokens (10.3.1.2, rules 21 to 34); knows nothing of names in scope or of what tokens mean.

A `word` is a run of name characters. Names with blanks or operators inside are put together by the parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.limits import MOST_TOKENS

Kind = Literal["number", "string", "word", "symbol", "end"]

# rules 28 and 29: the name characters of FEEL
_START: Final = (
    "?A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_PART: Final = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"
_BLANK: Final = "\t\n\x0b\x0c\r \u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"

_TOKEN: Final = re.compile(
    rf"""
    (?P<blank>[{_BLANK}]+ | //[^\n]* | /\*(?s:.*?)\*/)
  | (?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<word>[{_START}][{_PART}]*)
  | (?P<symbol>\.\.|->|\*\*|!=|<=|>=|[=<>+\-*/().\[\]{{}},:@'’])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_ESCAPED: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    '"': '"',
    "\\": "\\",
    "'": "'",
}


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the token as written, or the string it denotes; `start` and `end` count characters of the source."""

    kind: Kind
    text: str
    start: int
    end: int


def tokens_of(source: str) -> list[Token]:
    """The tokens with an `end` behind them. Raises FeelError at the first character that begins none."""
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if found is None:
            sign = source[position]
            raise FeelError(source, position, f"无法识别的字符“{sign}”", f"unexpected character {sign!r}")
        if found.lastgroup != "blank":
            tokens.append(_token(found))
        if len(tokens) > MOST_TOKENS:
            raise FeelError(source, position, "表达式过长", "the expression is too long")
        position = found.end()
    tokens.append(Token("end", "", len(source), len(source)))
    return tokens


def _token(found: re.Match[str]) -> Token:
    text, start, end = found.group(), found.start(), found.end()
    match found.lastgroup:
        case "number":
            return Token("number", text, start, end)
        case "string":
            return Token("string", unescaped(text[1:-1]), start, end)
        case "word":
            return Token("word", text, start, end)
        case _:
            return Token("symbol", text, start, end)


def unescaped(body: str) -> str:
    """The characters a string literal denotes (rule 35); an unknown escape stands for itself (`\\d`)."""
    if "\\" not in body:
        return body
    text = _ESCAPE.sub(_meaning, body)
    # two escapes may be the halves of one character beyond the 16-bit plane
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _meaning(escape: re.Match[str]) -> str:
    body = escape.group(1)
    if len(body) > 1:
        code = int(body[1:], 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    return _ESCAPED.get(body, "\\" + body)


@lru_cache(maxsize=8192)
def names_in(name: str) -> tuple[str, ...] | None:
    """A name as the texts of its tokens; None for what can't be a name (rule 27)."""
    try:
        tokens = tokens_of(name)[:-1]
    except FeelError:
        return None
    if not tokens or tokens[0].kind != "word" or any(token.kind == "string" for token in tokens):
        return None
    return tuple(token.text for token in tokens)
