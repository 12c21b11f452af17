"""Verification of issued documents for the public: by code, and by comparing the file. No log-in, no personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.document_words import DOCUMENT_STATES
from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.signin import kernel, open_to_visitors
from app.faces.web.throttle import Throttle
from app.faces.web.words import day
from app.kernel.documents.verification import Verified, normal_code, verify
from app.kernel.transaction.unit import EVERY_REGION

pages = Blueprint("verify", __name__)
_THROTTLE = Throttle(30, timedelta(minutes=1))


@dataclass(frozen=True)
class Found:
    """What is told of a document."""

    title: str
    number: str
    authority: str
    issued: str
    state: str
    tone: str
    mark: str
    version: str
    sealed: str
    signed: str
    digest: str
    comparison: str = ""
    same: bool = False


@dataclass(frozen=True)
class VerifyPage:
    """The form, and what was found; `problem` says what is wrong with the question."""

    code: str = ""
    problem: str = ""
    found: Found | None = None


@pages.get("/verify")
@open_to_visitors
def ask() -> AnyResponse:
    """The form; a code typed into it leads to the address of that code."""
    typed = request.args.get("code", "")
    code = normal_code(typed)
    if code is not None:
        return redirect(url_for("verify.show", code=code))
    problem = _("核验码应为 12 位字母和数字，印在文书末页二维码旁。") if typed else ""
    return _answer(VerifyPage(typed[:40], problem), 422 if typed else 200)


@pages.get("/verify/<code>")
@open_to_visitors
def show(code: str) -> AnyResponse:
    """What the register says of the document with this code."""
    return _looked_up(code, None)


@pages.post("/verify/<code>")
@open_to_visitors
def compare(code: str) -> AnyResponse:
    """The same, and whether the uploaded file is the issued one; the file isn't kept."""
    file = request.files.get("file")
    return _looked_up(code, file.read() if file is not None and file.filename else None)


def _looked_up(typed: str, file: bytes | None) -> AnyResponse:
    seconds = _THROTTLE.wait(request.remote_addr or "", kernel().clock())
    if seconds:
        response = _answer(
            VerifyPage(typed[:40], _("查询太多，请等 %(seconds)s 秒再试。", seconds=seconds)), 429
        )
        response.headers["Retry-After"] = str(seconds)
        return response
    code = normal_code(typed)
    with kernel().database.reading(EVERY_REGION) as session:
        found = verify(session, code, file) if code is not None else None
    if found is None:
        problem = _("没有这个核验码的文书。请对照文书核对；仍查不到的，请联系制发机关。")
        return _answer(VerifyPage(typed[:40], problem), 404)
    return _answer(VerifyPage(code or "", found=_worded(found)), 200)


def _answer(page: VerifyPage, status: int) -> AnyResponse:
    limit = current_app.config["SANSHEN_UPLOAD_LIMIT"] // (1024 * 1024)
    return make_response(render_template("pages/verify.html", page=page, limit_mb=limit), status)


def _worded(found: Verified) -> Found:
    words, tone = DOCUMENT_STATES[found.state]
    valid = found.state in ("issued", "served")
    if found.state == "replaced":
        version = _("第 %(n)s 版，现行的是第 %(m)s 版", n=found.version, m=found.newest)
    else:
        version = _("第 %(n)s 版", n=found.version)
    return Found(
        title=pick(found.title_zh, found.title_en),
        number=found.number,
        authority=found.authority,
        issued=day(found.issued_on, kernel().clock().date()),
        state=_("有效") if valid else str(words),
        tone="ok" if valid else tone,
        mark="check-lg" if valid else "exclamation-octagon-fill",
        version=version,
        sealed=_("已套印印章") if found.sealed else _("未用印"),
        signed=_("已签名：%(who)s", who=found.signed_by) if found.signed_by else _("未作电子签名"),
        digest=found.digest,
        comparison=_comparison(found),
        same=bool(found.same),
    )


def _comparison(found: Verified) -> str:
    if found.same is None:
        return ""
    if found.same:
        return _("文件与制发的 PDF 逐字节一致。")
    return _("文件与制发的 PDF 不一致：它不是原件，或者被改动、另存过。")
