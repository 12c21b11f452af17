"""XPath regular expressions translated to those of the `regex` library.

Refused: look-around, inline flags, named groups, atomic groups, `\\b` and other escapes that XPath doesn't have, a
back-reference to a group that isn't closed, quantifiers above 1000, patterns longer than 1000 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import regex

from app.kernel.decisions.feel.limits import LARGEST_COUNT, LONGEST_PATTERN

_FLAGS: Final = {"s": regex.DOTALL, "m": regex.MULTILINE, "i": regex.IGNORECASE, "x": 0, "q": 0}
_SINGLE: Final = {"n": r"\n", "r": r"\r", "t": r"\t"}
_NAME_START: Final = r":A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D"
_NAME_START_2: Final = (
    r"\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NAME: Final = _NAME_START + _NAME_START_2
_NAME_PART: Final = _NAME + r"\-.0-9\u00B7\u0300-\u036F\u203F-\u2040"
_CLASSES: Final = {
    "s": (r" \t\n\r", False),
    "S": (r" \t\n\r", True),
    "d": (r"\p{Nd}", False),
    "D": (r"\p{Nd}", True),
    "w": (r"\p{P}\p{Z}\p{C}", True),
    "W": (r"\p{P}\p{Z}\p{C}", False),
    "i": (_NAME, False),
    "I": (_NAME, True),
    "c": (_NAME_PART, False),
    "C": (_NAME_PART, True),
}
_META: Final = frozenset("\\|.?*+(){}-[]^$")
_PROPERTY: Final = re.compile(r"\{(Is[A-Za-z0-9\-]+|[A-Z][a-z]?)\}")
_QUANTIFIER: Final = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_BLANKS: Final = frozenset("\t\n\r ")


class PatternInvalid(ValueError):
    """No regular expression of XPath, or one that is refused."""


def flags_of(flags: str) -> int:
    """The library's flags. Raises PatternInvalid for a letter XPath doesn't have."""
    combined = 0
    for letter in flags:
        if letter not in _FLAGS:
            raise PatternInvalid
        combined |= _FLAGS[letter]
    return combined & ~regex.DOTALL  # the full stop is translated


def translated(pattern: str, flags: str) -> tuple[str, int]:
    """The pattern for the library and the number of its groups. Raises PatternInvalid."""
    flags_of(flags)
    if len(pattern) > LONGEST_PATTERN:
        raise PatternInvalid
    if "q" in flags:
        return str(regex.escape(pattern)), 0
    return _Translation(_squeezed(pattern) if "x" in flags else pattern, flags).whole()


def _squeezed(pattern: str) -> str:
    """Without blanks outside of character classes (flag x)."""
    kept: list[str] = []
    depth, escaped = 0, False
    for sign in pattern:
        if sign in _BLANKS and depth == 0:
            continue
        kept.append(sign)
        if not escaped:
            depth = max(depth + (sign == "[") - (sign == "]"), 0)
        escaped = sign == "\\" and not escaped
    return "".join(kept)


class _Translation:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern, self.flags = pattern, flags
        self.index = 0
        self.groups = 0
        self.open: list[int] = []
        self.closed: set[int] = set()
        self.quantifiable = False

    def whole(self) -> tuple[str, int]:
        parts: list[str] = []
        while self.index < len(self.pattern):
            parts.append(self._next())
        if self.open:
            raise PatternInvalid
        return "".join(parts), self.groups

    def _next(self) -> str:
        sign = self.pattern[self.index]
        if sign in "?*+{":
            return self._quantifier(sign)
        if sign == "(":
            return self._group()
        self.index += 1
        self.quantifiable = sign not in "|^$"
        if sign in _OPENERS:
            return _OPENERS[sign](self)
        if sign in "]}":
            raise PatternInvalid
        return self._sign(sign)

    def _sign(self, sign: str) -> str:
        match sign:
            case ".":
                return "(?s:.)" if "s" in self.flags else r"[^\n\r]"
            case "$":
                return "$" if "m" in self.flags else r"\Z"
            case "^":
                return "^" if "m" in self.flags else r"\A"
            case "|":
                return "|"
            case _:
                return str(regex.escape(sign))

    def _quantifier(self, sign: str) -> str:
        if not self.quantifiable:
            raise PatternInvalid
        text = sign
        if sign == "{":
            found = _QUANTIFIER.match(self.pattern, self.index)
            if found is None or any(int(number) > LARGEST_COUNT for number in found.group(1, 3) if number):
                raise PatternInvalid
            text = found.group()
        self.index += len(text)
        self.quantifiable = False
        if self.pattern.startswith("?", self.index):
            self.index += 1
            text += "?"
        return text

    def _group(self) -> str:
        self.quantifiable = False
        if self.pattern.startswith("(?", self.index):
            if not self.pattern.startswith("(?:", self.index):
                raise PatternInvalid
            self.index += 3
            self.open.append(0)
            return "(?:"
        self.index += 1
        self.groups += 1
        self.open.append(self.groups)
        return "("

    def _close(self) -> str:
        if not self.open:
            raise PatternInvalid
        group = self.open.pop()
        if group:
            self.closed.add(group)
        return ")"

    def _escape(self) -> str:
        if self.index >= len(self.pattern):
            raise PatternInvalid
        if self.pattern[self.index].isdigit():
            return self._reference()
        inside, negated = self._escaped_set()
        return f"[{'^' if negated else ''}{inside}]"

    def _reference(self) -> str:
        """As many digits as make the number of a closed group."""
        digits = self.pattern[self.index]
        self.index += 1
        while (
            self.index < len(self.pattern)
            and self.pattern[self.index].isascii()
            and self.pattern[self.index].isdigit()
            and int(digits + self.pattern[self.index]) <= self.groups
        ):
            digits += self.pattern[self.index]
            self.index += 1
        if int(digits) not in self.closed:
            raise PatternInvalid
        return f"(?:\\{int(digits)})"

    def _escaped_set(self) -> tuple[str, bool]:
        """What may stand in a class for the escape here, and whether it is its complement."""
        letter = self.pattern[self.index]
        self.index += 1
        if letter in _SINGLE:
            return _SINGLE[letter], False
        if letter in _META:
            return "\\" + letter, False
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in "pP":
            return self._property(), letter == "P"
        raise PatternInvalid

    def _property(self) -> str:
        found = _PROPERTY.match(self.pattern, self.index)
        if found is None:
            raise PatternInvalid
        self.index = found.end()
        name = found.group(1)
        return rf"\p{{In{name[2:]}}}" if name.startswith("Is") else rf"\p{{{name}}}"

    # -- classes

    def _class(self, depth: int = 0) -> str:
        """`[…]` with subtraction `[A-Z-[OI]]`, which becomes a negative look-ahead in front."""
        if depth > 10:
            raise PatternInvalid
        negated = self.pattern.startswith("^", self.index)
        self.index += negated
        members: list[tuple[str, bool]] = []
        minus = ""
        while True:
            if self.index >= len(self.pattern):
                raise PatternInvalid
            sign = self.pattern[self.index]
            if sign == "]" and members:
                self.index += 1
                break
            if self.pattern.startswith("-[", self.index) and members:
                self.index += 2
                minus = f"(?!{self._class(depth + 1)})"
                if not self.pattern.startswith("]", self.index):
                    raise PatternInvalid
                continue
            members.append(self._member(sign))
        return _composed(members, negated, minus)

    def _member(self, sign: str) -> tuple[str, bool]:
        if sign in "[]":
            raise PatternInvalid
        first, negated = self._atom(sign)
        if self._range_follows():
            self.index += 1
            last, complement = self._atom(self.pattern[self.index])
            if negated or complement or not _single(first) or not _single(last):
                raise PatternInvalid
            return f"{first}-{last}", False
        return first, negated

    def _range_follows(self) -> bool:
        rest = self.pattern[self.index : self.index + 2]
        return len(rest) == 2 and rest[0] == "-" and rest[1] not in "[]"

    def _atom(self, sign: str) -> tuple[str, bool]:
        self.index += 1
        if sign != "\\":
            if sign == "-" and self._range_follows():
                raise PatternInvalid
            return ("\\" + sign if sign in _META or sign in "&~#\"'" else sign), False
        if self.index >= len(self.pattern):
            raise PatternInvalid
        return self._escaped_set()


_OPENERS: Final[dict[str, Callable[[_Translation], str]]] = {
    ")": _Translation._close,
    "[": _Translation._class,
    "\\": _Translation._escape,
}


def _single(member: str) -> bool:
    return len(member) == 1 or (len(member) == 2 and member[0] == "\\")


def _composed(members: list[tuple[str, bool]], negated: bool, minus: str) -> str:
    """Members and complements of members as one item that consumes one character."""
    plain = "".join(text for text, complement in members if not complement)
    alternatives = [f"[{plain}]"] if plain else []
    alternatives += [f"[^{text}]" for text, complement in members if complement]
    either = "|".join(alternatives)
    if negated:
        return f"(?:{minus}(?!{either})(?s:.))"
    return f"(?:{minus}(?:{either}))"


def replacement_of(text: str, groups: int, *, literal: bool) -> list[str | int]:
    """Texts and numbers of groups. `$1` a group, `\\$` and `\\\\` the sign itself. Raises PatternInvalid."""
    if literal:
        return [text]
    parts: list[str | int] = []
    index = 0
    while index < len(text):
        sign = text[index]
        following = text[index + 1 : index + 2]
        if sign == "\\" and following in ("\\", "$") and following:
            parts.append(following)
            index += 2
        elif sign == "$" and following.isascii() and following.isdigit():
            number, index = _group_number(text, index + 1, groups)
            if number <= groups:
                parts.append(number)
        elif sign in "\\$":
            raise PatternInvalid
        else:
            parts.append(sign)
            index += 1
    return parts


def _group_number(text: str, index: int, groups: int) -> tuple[int, int]:
    """The longest number that is a group; else one digit."""
    number = int(text[index])
    index += 1
    while index < len(text) and text[index].isascii() and text[index].isdigit():
        longer = number * 10 + int(text[index])
        if longer > groups:
            break
        number, index = longer, index + 1
    return number, index
