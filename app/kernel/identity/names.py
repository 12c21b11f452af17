"""Sorting keys of Chinese names: PostgreSQL here has no Chinese collation, so a pinyin column is kept."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def pinyin_key(name: str) -> str:
    """Pinyin with tone digits, syllables joined by blanks: sorts as a Chinese reader expects."""
    return " ".join(lazy_pinyin(name, style=Style.TONE3, neutral_tone_with_five=True)).lower()
