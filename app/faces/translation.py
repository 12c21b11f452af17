"""`_` and `_l`: the interface's texts in the reader's language. Message ids are the Chinese texts."""

from __future__ import annotations

from typing import TypeAlias

from babel import Locale
from flask import g, has_app_context
from flask_babel import get_locale, gettext  # type: ignore[import-untyped]
from flask_babel.speaklater import LazyString  # type: ignore[import-untyped]

__all__ = ["Lazy", "_", "_l", "in_english", "pick"]

Lazy: TypeAlias = object
"""A text that is put into the reader's language only when `str` is asked of it."""


def _(text: str, **values: object) -> str:
    """The text in the reader's language, `%(name)s` filled in.

    Message ids are the Chinese texts: a Chinese reader's page asks no catalogue, a few hundred times.
    """
    if in_english():
        return str(gettext(text, **values))
    return text % values if values else text


def in_english() -> bool:
    """Does the reader read English? Everybody else reads Chinese."""
    locale = _known_locale() or get_locale()
    return locale is not None and locale.language == "en"


def _known_locale() -> Locale | None:
    """What `get_locale` found before in this request: a page asks eight hundred times, and its way there is long."""
    if not has_app_context():
        return None
    return getattr(getattr(g._get_current_object(), "_flask_babel", None), "babel_locale", None)


def _l(text: str) -> Lazy:
    """For tables of texts made at import, before there is a reader."""
    lazy: object = LazyString(_, text)
    return lazy


def pick(zh: str, en: str) -> str:
    """The one of two stored texts that fits the reader; Chinese where no English was given."""
    return en if en and in_english() else zh
