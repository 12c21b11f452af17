"""Sorting keys of Chinese names: PostgreSQL here has no Chinese collation, so a pinyin column is kept."""

from __future__ import annotations

import re
from typing import Final

from pypinyin import Style, lazy_pinyin


def pinyin_key(name: str) -> str:
    """Pinyin with tone digits, syllables joined by blanks: sorts as a Chinese reader expects."""
    return " ".join(lazy_pinyin(name, style=Style.TONE3, neutral_tone_with_five=True)).lower()


def pinyin_initials(name: str) -> str:
    """First letters of the syllables, other letters and digits as they are, lower case: what people type to search."""
    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return "".join(char for char in letters if char.isalnum()).lower()


_NAME: Final = re.compile(r"[^\W\d_]+(?:[·•・' -][^\W\d_]+)*")
LONGEST: Final = 40


def is_name(typed: str) -> bool:
    """Whether this can be a person's name: letters of any script, words joined by a dot, blank or hyphen."""
    name = typed.strip()
    return 2 <= len(name) <= LONGEST and _NAME.fullmatch(name) is not None
