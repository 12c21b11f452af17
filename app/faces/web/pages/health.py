"""Is the process alive, is it ready, and if not what is wrong. Plain JSON for whoever watches."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify, make_response

from app.faces.web.built_assets import Assets
from app.faces.web.signin import kernel, open_to_visitors
from app.readiness import list_problems

pages = Blueprint("health", __name__)

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 16"><rect width="18" height="16" rx="2" fill="#17324b"/>'
    '<g fill="#fff"><rect x="3.5" y="3" width="11" height="2"/><rect x="5" y="7" width="8" height="2"/>'
    '<rect x="2.5" y="11" width="13" height="2"/></g></svg>'
)


@pages.get("/health/live")
@open_to_visitors
def live() -> Response:
    """The process answers."""
    return jsonify(status="live")


@pages.get("/health/ready")
@open_to_visitors
def ready() -> Response:
    """200 when pages can be served, else 503 with each part that is wrong and what to do about it."""
    wrong = [
        {"part": part, "wrong": problem} for part, check in CHECKS.items() if (problem := check()) is not None
    ]
    response = jsonify(status="not ready" if wrong else "ready", wrong=wrong)
    return make_response(response, 503 if wrong else 200)


@pages.get("/icon.svg")
@open_to_visitors
def icon() -> Response:
    """The browser tab's mark."""
    response = Response(ICON, mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _installation() -> str | None:
    """Database reachable, fence whole, every service task with a handler."""
    return "; ".join(list_problems(kernel())) or None


def _assets() -> str | None:
    built: Assets = current_app.extensions["sanshen_assets"]
    missing = built.missing()
    return f"not built: {', '.join(missing)}" if missing else None


CHECKS: dict[str, Callable[[], str | None]] = {"installation": _installation, "assets": _assets}
