"""The interface for programs: `/api/v1`, JSON, a bearer token of a person's account. See docs/api.md.

An application of its own beside the pages: it knows no cookies, so nothing a browser sends by itself is believed here.
Every intention is the operation that the page calls, and every no is the same refusal with the same evidence.
"""

from __future__ import annotations

from flask import Flask, Response

from app.faces.api import callers, problems
from app.faces.api.cases import endpoints as cases
from app.faces.api.queue import endpoints as queue
from app.faces.api.tasks import endpoints as tasks
from app.faces.web import language, request_log
from app.kernel.kernel import Kernel
from config import Settings

LONGEST_BODY = 1024 * 1024

__all__ = ["create_api"]


def create_api(kernel: Kernel, settings: Settings) -> Flask:
    """The application behind `/api`."""
    api = Flask("app.faces.api", static_folder=None)
    api.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    request_log.install(api)
    language.install(api, settings.locale)
    callers.install(api, kernel)
    problems.install(api)
    api.after_request(_headers)
    for endpoints in (queue, tasks, cases):
        api.register_blueprint(endpoints)
    return api


def _headers(response: Response) -> Response:
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
