"""One structured line per request, with its id and without personal data (no path, query or names)."""

from __future__ import annotations

import re
import secrets
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_log = structlog.get_logger("sanshen.web")


def install(app: Flask) -> None:
    """Give each request an id (a proxy's is kept when it is well-formed) and log its end."""
    app.before_request(_begin)
    app.after_request(_end)


def configure_log(level: str) -> None:
    """Lines of JSON on standard output, unless the process has chosen otherwise already."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def request_id() -> str:
    """The id of the current request."""
    return str(g.get("request_id", ""))


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _ACCEPTED_ID.fullmatch(given) else secrets.token_hex(8)
    g.began = perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    rule = request.url_rule.rule if request.url_rule else "unmatched"
    elapsed = round((perf_counter() - g.get("began", perf_counter())) * 1000, 1)
    _log.info(
        "request",
        request_id=request_id(),
        method=request.method,
        rule=rule,
        status=response.status_code,
        milliseconds=elapsed,
    )
    return response
