"""Cross-site request forgery, content security policy and the other headers every response carries."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user

from app.storage.crypto import KeyRing

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
VISITOR_COOKIE = "sanshen_visitor"


class ForgerySuspected(Exception):
    """A state-changing request came without our token or from elsewhere; nothing was done."""


def install(app: Flask, keyring: KeyRing, *, tls: bool) -> None:
    """Check every unsafe request before its handler and set the headers after it."""
    app.extensions["sanshen_keyring"] = keyring
    app.config["SANSHEN_TLS"] = tls
    app.before_request(_check)
    app.after_request(_headers)
    app.jinja_env.globals.update(csrf_token=csrf_token)


def nonce() -> str:
    """The random value that allows this response's own scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def csrf_token() -> str:
    """The session's token, or for a visitor one bound to a random cookie of his own."""
    if "opened_csrf" in g:  # this very response opens the session
        return str(g.opened_csrf)
    if current_user.is_authenticated:
        return str(current_user.csrf_token)
    visitor = request.cookies.get(VISITOR_COOKIE) or g.setdefault("new_visitor", secrets.token_urlsafe(24))
    return _visitor_token(visitor)


def _visitor_token(visitor: str) -> str:
    keyring: KeyRing = current_app.extensions["sanshen_keyring"]
    return keyring.blind_index("csrf", visitor).hex()


def _check() -> None:
    if request.method in SAFE_METHODS:
        return
    if request.method != "POST":
        abort(405)
    if not _same_origin():
        raise ForgerySuspected
    posted = request.form.get("csrf_token") or request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(posted.encode(), csrf_token().encode()) and not _only_expired():
        raise ForgerySuspected


def _same_origin() -> bool:
    """Browsers send Origin with every POST; where a proxy drops it, the Referer must speak for it."""
    source = request.headers.get("Origin") or request.headers.get("Referer", "")
    return bool(source) and urlsplit(source).netloc == request.host


def _only_expired() -> bool:
    """A signed-out visitor's token may be out of date: pages behind log-in then ask for it and do nothing."""
    view = current_app.view_functions.get(request.endpoint or "")
    return not current_user.is_authenticated and not getattr(view, "open_to_visitors", False)


def _headers(response: Response) -> Response:
    _remember_visitor(response)
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    if request.endpoint not in ("static", "health.icon"):
        headers["Cache-Control"] = "no-store"
    if current_app.config["SANSHEN_TLS"]:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _policy() -> str:
    allowed = nonce()
    return (
        f"default-src 'none'; script-src 'nonce-{allowed}'; style-src 'self' 'nonce-{allowed}'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )


def _remember_visitor(response: Response) -> None:
    if "new_visitor" in g:
        response.set_cookie(
            VISITOR_COOKIE,
            g.new_visitor,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SANSHEN_TLS"],
            path="/",
        )
