"""What is under the bell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.claim_words import claim_end
from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.words import day, moment
from app.kernel.recusal.queries import list_barred
from app.kernel.worklist.models import Notification
from app.kernel.worklist.notices import list_notifications, mark_read

pages = Blueprint("notices", __name__)
SHOWN = 50

WORDS: dict[str, tuple[str, Lazy]] = {
    "task_assigned": ("inbox", _l("%(case_no)s %(subject)s：%(title)s已分派给您")),
    "task_taken_away": ("people", _l("%(case_no)s %(subject)s：%(title)s已改派给别人")),
    "waiting_for_staff": (
        "exclamation-triangle",
        _l("%(case_no)s %(subject)s：%(title)s等人办理，本级没有合格人员"),
    ),
    "recused": ("lock", _l("您须回避一件案件：名下任务已收回，不能再看、再办；请勿过问")),
    "recusal_refused": ("check-lg", _l("负责人不同意一件案件的回避，您可以照常办理，见“我的回避申报”")),
    "recusal_upheld": ("lock", _l("负责人决定您回避一件案件，见“我的回避申报”")),
    "recusal_to_rule": ("exclamation-triangle", _l("%(case_no)s %(subject)s：有回避待您裁定")),
    "override_to_rule": ("exclamation-triangle", _l("%(case_no)s %(subject)s：有规则放行待裁定")),
    "override_granted": ("check-lg", _l("%(case_no)s %(subject)s：规则放行已获批准")),
    "override_refused": ("lock", _l("%(case_no)s %(subject)s：规则放行未获批准")),
    "step_withdrawn": ("arrow-return-left", _l("%(case_no)s %(subject)s：上一步已由本人撤回，%(title)s取消")),
    "task_taken_back": ("lock", _l("%(case_no)s %(subject)s：%(title)s已收回，%(why)s")),
    "case_transferred_away": ("arrow-return-left", _l("%(case_no)s %(subject)s：案件已移送其他地区办理")),
    "case_transferred_here": ("inbox", _l("%(case_no)s %(subject)s：案件已移送到本地区办理")),
    "violation_recorded": (
        "exclamation-octagon-fill",
        _l("%(case_no)s %(subject)s：发现职责冲突（%(title)s），待裁定"),
    ),
    "watch_found": (
        "exclamation-octagon-fill",
        _l("职责监督发现未记录的冲突（%(rule)s）%(case_no)s，请立即核查"),
    ),
    "task_returned": ("arrow-return-left", _l("%(case_no)s %(subject)s：您办过的%(title)s被退回，等人重办")),
    "consultation_opinion": ("people", _l("%(case_no)s %(subject)s：%(title)s请您提意见（加签）")),
    "consultation_countersign": ("people", _l("%(case_no)s %(subject)s：%(title)s请您会签")),
    "consultation_answered": ("check-lg", _l("%(case_no)s %(subject)s：%(title)s征求的意见已答复")),
    "consultation_cancelled": ("x-lg", _l("%(case_no)s %(subject)s：%(title)s不再征求您的意见")),
    "task_put_back": ("inbox", _l("%(case_no)s %(subject)s：%(title)s已由主管放回队列")),
    "task_routed_upward": ("arrow-return-left", _l("%(case_no)s %(subject)s：%(title)s已转上一级办理")),
    "absence_recorded": ("calendar3", _l("%(name)s %(from)s 至 %(to)s 不在岗")),
    "absence_cancelled": ("calendar3", _l("%(name)s %(from)s 至 %(to)s 的休假已取消")),
    "substitution_requested": ("people", _l("%(substitute)s代%(principal)s办理（%(from)s 至 %(to)s）待批准")),
    "substitution_approved": (
        "check-lg",
        _l("%(substitute)s代%(principal)s办理（%(from)s 至 %(to)s）已批准"),
    ),
    "substitution_refused": ("lock", _l("%(substitute)s代%(principal)s办理（%(from)s 至 %(to)s）未获批准")),
    "substitution_ended": ("people", _l("%(substitute)s代%(principal)s办理已结束")),
    "case_waits": ("hourglass", _l("%(case_no)s %(subject)s：%(title)s")),
    "clock_warned": ("hourglass-split", _l("%(case_no)s %(subject)s：%(title)s已用去八成")),
    "clock_breached": ("exclamation-octagon-fill", _l("%(case_no)s %(subject)s：%(title)s已超期")),
    "case_held": ("pause-circle", _l("%(case_no)s %(subject)s：业务主管暂停办理，%(title)s先等一等")),
    "case_resumed": ("inbox", _l("%(case_no)s %(subject)s：已恢复办理，%(title)s可以接着办")),
    "incident_opened": ("exclamation-triangle", _l("%(case_no)s %(subject)s：自动环节出错，后台正在重试")),
    "incident_waits": ("exclamation-octagon-fill", _l("%(case_no)s %(subject)s：自动环节多次出错，等人处置")),
    "grant_waiting": ("people", _l("%(name)s的岗位申请（%(title)s）待您办理")),
    "grant_refused": ("x-octagon", _l("%(name)s的岗位申请（%(title)s）未获同意")),
    "grant_assigned": ("check-lg", _l("%(name)s的岗位申请（%(title)s）已分配")),
    "grant_self_attempted": ("exclamation-triangle", _l("%(name)s试图经办给自己的岗位（%(title)s）")),
    "grant_toggled": ("exclamation-triangle", _l("%(name)s的岗位（%(title)s）结束不久又再次授予，请核查")),
    "identity_doubted": ("exclamation-triangle", _l("%(name)s：身份存疑，查清以前不能办理业务")),
    "person_merged": ("people", _l("%(name)s的两份档案已合并，发现 %(violations)s 项职责冲突")),
    "account_woken": ("exclamation-triangle", _l("%(name)s的账号 %(days)s 天没有用过，今天又登录了")),
}


@dataclass(frozen=True)
class NoticeRow:
    """One notice."""

    words: str
    when: str
    iso: str
    mark: str
    url: str
    unread: bool


@dataclass(frozen=True)
class NoticesPage:
    """The list."""

    words: str
    unread: int
    rows: Sequence[NoticeRow]


@pages.get("/notices")
def show() -> str:
    """Newest first, unread ones marked; looking alone does not mark them read."""
    with reading() as session:
        return render_template("pages/notices.html", page=_page(session, standing()))


@pages.post("/notices/read")
def read() -> Response:
    """Mark all as read."""
    carry_out(mark_read)
    return redirect(url_for("notices.show", said="read"))


def _page(session: Session, who: Standing) -> NoticesPage:
    found = list_notifications(session, who.person_id, SHOWN)
    unread = sum(1 for item in found if item.read_at is None)
    barred = list_barred(session, who.person_id, {item.case_id for item in found if item.case_id})
    rows = [_row(item, who) if item.case_id not in barred else _withheld(item, who) for item in found]
    return NoticesPage(_("%(n)s 条未读", n=unread), unread, rows)


def _withheld(item: Notification, who: Standing) -> NoticeRow:
    """A notice about a case that the reader is a party of or recused from: nothing of the case."""
    words, when = _("关于一件您须回避的案件，内容不显示"), moment(item.at, who.today)
    return NoticeRow(words, when, item.at.isoformat(), "lock", "", item.read_at is None)


def _row(item: Notification, who: Standing) -> NoticeRow:
    mark, words = WORDS.get(item.code, ("info-circle", _l("%(case_no)s %(subject)s：%(title)s")))
    return NoticeRow(
        words=str(words) % in_words(item.params, who.today),
        when=moment(item.at, who.today),
        iso=item.at.isoformat(),
        mark=mark,
        url=url_for("case.show", case_id=item.case_id) if item.case_id else _way(item),
        unread=item.read_at is None,
    )


def _way(item: Notification) -> str:
    """Where a notice about people, posts and absences leads."""
    if item.code.startswith(("absence_", "substitution_")):
        return url_for("absences.calendar" if item.code.startswith("absence_") else "absences.stand_ins")
    if item.params.get("request"):
        return url_for("grants.request_page", request_id=item.params["request"])
    return url_for("people.person", person_id=item.params["person"]) if item.params.get("person") else ""


def in_words(params: Mapping[str, str], today: date) -> dict[str, str]:
    """What a notice names, in the reader's language: titles, days, why a claim ended."""
    title = pick(params.get("title_zh", ""), params.get("title_en", ""))
    days = {key: day(date.fromisoformat(params[key]), today) for key in ("from", "to") if params.get(key)}
    known = {"case_no": "", "subject": "", **params, **days}
    return {**known, "title": title, "why": claim_end(params.get("cause"))}
