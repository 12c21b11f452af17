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
    "reissued": _l("已制发新版，原来的一版留存并注明被取代。"),
    "taken_over": _l("已录入，从这里接着办；此前办过的不计任何人的职责。"),
    "registered": _l("已登记，案号已生成。"),
    "withdrawn": _l("已撤回您的上一步。"),
    "asked": _l("已发出征求意见。"),
    "answered": _l("已答复。"),
    "cancelled": _l("已取消征求。"),
    "reported": _l("汇报已记入讨论。"),
    "read": _l("已全部标为已读。"),
    "recused": _l("已声明回避：名下任务已收回，本案对您关闭，由部门负责人裁定。"),
    "recusal_requested": _l("回避申请已登记，立即生效，等部门负责人裁定。"),
    "case_transferred": _l("案件已移送，双方主管和稽核人员已收到通知。"),
    "case_reopened": _l("新案已立，与原案同链；原案签署人不能在新案签署。"),
    "recusal_ruled": _l("回避已裁定。"),
    "override_proposed": _l("已提出放行，等更高岗位的另一人裁定。"),
    "override_ruled": _l("放行已裁定。"),
    "warning_explained": _l("理由已记录。"),
    "finding_disposed": _l("已处置。"),
    "interest_declared": _l("已申报，正在与在办案件比对。"),
    "interest_ended": _l("已终止。原来的回避不变，需要恢复的请部门负责人裁定。"),
    "interests_confirmed": _l("本年度申报已确认。"),
    "change_proposed": _l("变更已提出，编制任务在您名下。核对后到案件里签名报复核。"),
    "change_edited": _l("内容已改，此前的签名失效，影响清单已重新计算。"),
    "what_if": _l("影响清单已重新计算。"),
    "draft_created": _l("草稿已建好，只有您能改。"),
    "draft_saved": _l("已保存。"),
    "draft_file_removed": _l("文件已从草稿里删去。"),
    "draft_discarded": _l("草稿已废弃。"),
    "draft_taken_over": _l("草稿已由您接手；此前的编制人仍算编制人。"),
    "rule_proposed": _l("已提出规则变更，编制任务在您名下。核对后到案件里签名报复核。"),
    "trial_ordered": _l("已提请试算，后台算完后结果留在这里。"),
    "trial_cancelled": _l("已停止试算，算过的部分留着。"),
    "hit_judged": _l("已记下这次命中的结论。"),
    "process_proposed": _l("已提出流程变更，编制任务在您名下。核对后到案件里签名报复核。"),
    "completed_incident": _l(
        "已签名并提交。后面的自动环节出错，已登记事件，后台正在重试，业务主管已收到通知；您不用再办。"
    ),
    "registered_incident": _l("已登记，案号已生成。后面的自动环节出错，已登记事件，后台正在重试。"),
    "incident_passed": _l("重试成功，案件已继续。"),
    "incident_failed": _l("重试又失败了，原因见下。"),
    "incident_resolved": _l("事件已了结。"),
    "case_held": _l("已暂停办理。时限照常计算。"),
    "case_resumed": _l("已恢复办理。"),
    "process_held": _l("已暂停这个业务。时限照常计算。"),
    "process_resumed": _l("已恢复这个业务。"),
    "left": _l("已退出登录。"),
    "absence_cancelled": _l("休假已取消，为它安排的代办也一并结束。"),
    "substitution_requested": _l("已提请代办，等另一位主管批准。"),
    "substitution_approved": _l("已批准，代办到起日自动生效。"),
    "substitution_refused": _l("已退回这项代办，并通知提请人。"),
    "substitution_withdrawn": _l("已撤回提请。"),
    "substitution_ended": _l("代办已结束，从现在起不能再代办。"),
    "routed": _l("已转上一级办理，两级主管都收到通知。"),
    "person_registered": _l("已登记人员和账号。业务主管可以为他申请岗位。"),
    "account_created": _l("已加账号。"),
    "account_locked": _l("已锁定账号，登录已全部结束。"),
    "account_disabled": _l("已停用账号，登录已全部结束。"),
    "account_enabled": _l("账号已恢复可用。"),
    "password_reset": _l("已重设密码，登录已全部结束。请当面告知本人。"),
    "doubt_raised": _l("已提出身份存疑，查清以前有关档案不能办理业务。"),
    "grant_apply": _l("已提交申请，已通知审核人。"),
    "grant_review": _l("已审核同意，已通知批准人。"),
    "grant_approve": _l("已批准，已通知安全管理员。"),
    "grant_assign": _l("已分配，已记入授权。"),
    "grant_refuse": _l("已写明不同意，申请到此为止。"),
    "token_revoked": _l("令牌已撤销，用它的程序从现在起不能办理。"),
    "grant_cancel": _l("已撤回申请。"),
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
