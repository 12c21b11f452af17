"""Everything around the pages: templates, language, theme, security, errors. Pages are joined in `create_app`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for

from app.faces.translation import _, _l
from app.faces.web import built_assets, errors, language, request_log, security
from app.storage.crypto import KeyRing
from config import Settings

ROOT = Path(__file__).resolve().parents[3]
THEME_COOKIE = "sanshen_theme"
FILES_AT_ONCE = 10
"""How many full-sized files one request may carry; one that is too large is then refused by field."""

FORM_OVERHEAD = 1024 * 1024
"""Bytes a request may have beyond its files: form texts and multipart framing."""

SAID = {
    "claimed": _l("已领取。"),
    "released": _l("已放回队列。"),
    "completed": _l("已签名并提交。"),
    "draft": _l("草稿已存。"),
    "uploaded": _l("材料已收到。"),
    "registered": _l("已登记，案号已生成。"),
    "withdrawn": _l("已撤回您的上一步。"),
    "read": _l("已全部标为已读。"),
    "left": _l("已退出登录。"),
}
"""Messages a redirect may ask for by code; free text in an address would be somebody else's words."""


def build_shell(settings: Settings, keyring: KeyRing) -> Flask:
    """A Flask application that can render templates safely but has no pages yet."""
    app = Flask(
        "app.faces.web", template_folder=str(ROOT / "templates"), static_folder=str(built_assets.STATIC)
    )
    app.config["MAX_CONTENT_LENGTH"] = settings.upload_limit * FILES_AT_ONCE + FORM_OVERHEAD
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_OVERHEAD
    app.config["SANSHEN_UPLOAD_LIMIT"] = settings.upload_limit
    app.config["SANSHEN_DEMO"] = settings.demo
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    request_log.install(app)
    language.install(app, settings.locale)
    security.install(app, keyring, tls=settings.tls)
    built_assets.install(app, built_assets.Assets())
    errors.install(app)
    app.context_processor(_surroundings)
    return app


def fresh_key() -> str:
    """A new idempotency key: a form carries it, so that a second submit of it changes nothing."""
    return secrets.token_urlsafe(18)


def here() -> str:
    """This page's own address within the site, for coming back."""
    if request.method != "GET":
        return url_for("queue.show")
    return request.full_path.rstrip("?")


def safe_next(address: str) -> str:
    """Only addresses within this site; anything else leads to the queue."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address if inside and address.isprintable() else url_for("queue.show")


def _surroundings() -> dict[str, Any]:
    code = language.code()
    theme = request.cookies.get(THEME_COOKIE, "")
    return {
        "brand": language.pick("三审", "Sanshen"),
        "page_lang": language.TAGS[code],
        "other_language": language.other(),
        "theme": theme if theme in ("light", "dark") else "light",
        "nonce": security.nonce(),
        "request_id": request_log.request_id(),
        "here": here(),
        "fresh_key": fresh_key,
        "said": SAID.get(request.args.get("said", "")),
        "demonstration": current_app.config["SANSHEN_DEMO"],
        "viewer": None,
        "navigation": [],
        "_": _,
    }
