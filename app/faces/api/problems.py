"""Refusals and faults as problem+json (RFC 9457): the stable code, both languages, evidence, what to do instead."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, jsonify
from flask_babel import force_locale  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from app.faces.api.shapes import decision_shape
from app.faces.refusal_texts import text_of, text_of_field
from app.faces.web.request_log import request_id
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import InvalidInput, Refusal

NOT_FOUND = frozenset({"case_not_found", "task_not_found"})
STATUS = {"token_invalid": 401, "duty_denied": 403, "invalid_input": 422, "request_unreadable": 400}
_log = structlog.get_logger("sanshen.api")


def install(api: Flask) -> None:
    """One translation of every kind of error."""
    api.register_error_handler(Refusal, _refused)
    api.register_error_handler(HTTPException, _http)
    api.register_error_handler(Exception, _fault)


def in_both(words: Callable[[], str]) -> dict[str, str]:
    """A text in Chinese and in English."""
    said = {}
    for language in ("zh", "en"):
        with force_locale(language):
            said[language] = words()
    return said


def _refused(refusal: Refusal) -> Response:
    said = in_both(lambda: text_of(refusal))
    body: dict[str, Any] = {"code": refusal.code, "detail": said["zh"], "detail_en": said["en"]}
    if refusal.ground:
        body["ground"] = refusal.ground
    if isinstance(refusal, DutyDenied):
        body["decision"] = decision_shape(refusal.decision, refusal.duty)
    if isinstance(refusal, InvalidInput):
        body["fields"] = {
            field: {"code": code, **in_both(lambda code=code, params=params: text_of_field(code, params))}  # type: ignore[misc]
            for field, (code, params) in refusal.errors.items()
        }
    status = 404 if refusal.code in NOT_FOUND else STATUS.get(refusal.code, 409)
    answer = _problem(status, body)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="sanshen"'
    return answer


def _http(error: HTTPException) -> Response:
    return _problem(error.code or 500, {"code": (error.name or "error").lower().replace(" ", "_")})


def _fault(error: Exception) -> Response:
    """Logged with its trace as text (no local variables) and the request id, never shown."""
    trace = "".join(traceback.format_exception(error))
    _log.error("fault", request_id=request_id(), kind=type(error).__name__, trace=trace)
    return _problem(500, {"code": "fault"})


def _problem(status: int, body: dict[str, Any]) -> Response:
    whole = {
        "type": "about:blank",
        "title": body["code"],
        "status": status,
        "request_id": request_id(),
        **body,
    }
    answer = jsonify(whole)
    answer.status_code, answer.mimetype = status, "application/problem+json"
    return answer
