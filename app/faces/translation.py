"""`_` and `_l`: the interface's texts in the reader's language. Message ids are the Chinese texts."""

from __future__ import annotations

from typing import TypeAlias

from flask_babel import get_locale, gettext, lazy_gettext  # type: ignore[import-untyped]

__all__ = ["Lazy", "_", "_l", "pick"]

Lazy: TypeAlias = object
"""A text that is put into the reader's language only when `str` is asked of it."""


def _(text: str, **values: object) -> str:
    """The text in the reader's language, `%(name)s` filled in."""
    return str(gettext(text, **values))


def _l(text: str) -> Lazy:
    """For tables of texts made at import, before there is a reader."""
    lazy: object = lazy_gettext(text)
    return lazy


def pick(zh: str, en: str) -> str:
    """The one of two stored texts that fits the reader; Chinese where no English was given."""
    locale = get_locale()
    return en if locale is not None and locale.language == "en" and en else zh
