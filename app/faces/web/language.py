"""Chinese first, English second: which language a request speaks, and the attributes that say so."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from flask import Flask, current_app, request
from flask_babel import Babel, ngettext  # type: ignore[import-untyped]

from app.faces.translation import _, in_english, pick

__all__ = ["Language", "code", "install", "other", "pick", "selected"]

TRANSLATIONS = Path(__file__).resolve().parents[3] / "translations"
COOKIE = "sanshen_lang"
TAGS = {"zh": "zh-CN", "en": "en"}
NAMES = {"zh": "中文", "en": "English"}


class Language(TypedDict):
    """A language to switch to: its code, its HTML tag, its own name."""

    code: str
    tag: str
    name: str


def install(app: Flask, default: str) -> None:
    """Message ids are the Chinese text, so Chinese needs no catalogue."""
    app.config.update(
        BABEL_DEFAULT_LOCALE=default,
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
    )
    Babel(app, locale_selector=selected)
    app.jinja_env.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]


def selected() -> str:
    """The visitor's choice, else the application's default."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in TAGS else str(current_app.config["BABEL_DEFAULT_LOCALE"])


def code() -> str:
    """`zh` or `en`; outside a request the default."""
    return "en" if in_english() else "zh"


def other() -> Language:
    """The language the switch offers."""
    other_code = "zh" if code() == "en" else "en"
    return {"code": other_code, "tag": TAGS[other_code], "name": NAMES[other_code]}
