"""Pages for what went wrong: what happened, what to do, and the request id for whoever repairs it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from flask import Flask, Response, make_response, render_template, url_for
from werkzeug.exceptions import HTTPException

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.request_log import request_id
from app.faces.web.security import ForgerySuspected
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.refusals import Refusal

NOT_FOUND = frozenset({"case_not_found", "task_not_found", "document_not_found", "material_not_found"})
_log = structlog.get_logger("sanshen.web")


@dataclass(frozen=True)
class ErrorPage:
    """What the error template prints."""

    title: str
    words: str
    steps: Sequence[str]
    mark: str = "exclamation-triangle"
    back: str = field(default_factory=lambda: url_for("queue.show"))
    back_words: str = field(default_factory=lambda: _("回工作队列"))


def install(app: Flask) -> None:
    """One translation of every kind of error into a page."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(ForgerySuspected, _forgery)
    app.register_error_handler(Exception, _fault)


def show(page: ErrorPage, status: int) -> Response:
    """Render an error page; where the page itself needs what is broken, say it without a template."""
    try:
        return make_response(render_template("errors/page.html", page=page), status)
    except Exception as error:
        _log_fault(error)
        words = f"{status} {page.title} {page.words} {request_id()}\n"
        return Response(words, status, mimetype="text/plain")


def _log_fault(error: Exception) -> None:
    """The trace as text: renderers that show local variables would write personal data into the log."""
    trace = "".join(traceback.format_exception(error))
    _log.error("fault", request_id=request_id(), kind=type(error).__name__, trace=trace)


def _refused(refusal: Refusal) -> Response:
    """A refusal no page caught: its words and a way back. What does not exist for this reader is 404."""
    page = ErrorPage(_("没有办理"), text_of(refusal), [_("什么都没有改变，请回到案件再看。")], "lock")
    if isinstance(refusal, DutyDenied) and refusal.action is Action.READ:
        return show(_not_to_be_read(refusal), 403)
    return show(page, 404 if refusal.code in NOT_FOUND else 409)


def _not_to_be_read(refusal: DutyDenied) -> ErrorPage:
    """Why this reader may not see the case, and what to do instead. Nothing of the case stands here."""
    steps = [_("查看的尝试已经记录。")]
    if refusal.decision.reason == "recused":
        steps += [
            _("您名下的任务已经收回，由别人办理。"),
            _("如果您认为不需要回避，请部门负责人裁定；裁定不同意回避后，您可以照常办理。"),
        ]
    elif refusal.decision.reason == "party_of_case":
        steps.append(_("您以当事人身份要了解进展，请到受理窗口查询。"))
    return ErrorPage(_("您不能看这个案件"), text_of(refusal), steps, "lock")


def _forgery(_error: ForgerySuspected) -> Response:
    page = ErrorPage(
        _("这次提交没有办理"),
        _("页面停留太久，或者请求不是从本系统的页面发出的。"),
        [_("按浏览器的返回键回到刚才的页面，复制您填的内容。"), _("刷新页面后再提交一次。")],
        "lock",
    )
    return show(page, 403)


def _fault(error: Exception) -> Response:
    """A fault of ours: logged with its trace and the request id, never shown."""
    _log_fault(error)
    return show(_fault_page(), 500)


def _fault_page() -> ErrorPage:
    return ErrorPage(
        _("系统出了问题"),
        _("这一步没有办成，也没有办一半。问题已经记录。"),
        [_("稍后再试一次。"), _("如果还不行，把下面的请求编号告诉系统管理员。")],
    )


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        return make_response(error.get_response())
    return show(PAGES.get(code, _other)(), code)


def _forbidden() -> ErrorPage:
    return ErrorPage(
        _("您不能看这一页"),
        _("这一页只给特定岗位。查看的尝试已经记录。"),
        [_("如果您的岗位应当能看，请找岗位管理员核对授权。")],
        "lock",
    )


def _not_found() -> ErrorPage:
    return ErrorPage(
        _("没有这一页"),
        _("地址不对，或者案件不在您的辖区。"),
        [_("核对案号后，用顶上的查找再找一次。")],
        "search",
    )


def _too_large() -> ErrorPage:
    return ErrorPage(
        _("文件太大"),
        _("上传的文件超过了上限，没有保存。"),
        [_("把扫描分辨率调低，或者拆成几个文件再传。"), _("按返回键，您填的内容还在。")],
        "upload",
    )


def _too_many() -> ErrorPage:
    return ErrorPage(
        _("请稍等"),
        _("短时间内尝试的次数太多。"),
        [_("等 15 分钟再试。"), _("忘了密码请找系统管理员。")],
        "hourglass-split",
    )


def _other() -> ErrorPage:
    return ErrorPage(_("这个请求办不了"), _("请求的写法不对。"), [_("回到工作队列再来一次。")])


PAGES = {403: _forbidden, 404: _not_found, 413: _too_large, 429: _too_many}
