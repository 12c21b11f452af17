"""Holds and incidents in words, for the case page, the incidents page and the pages of a process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for

from app.faces.translation import _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.words import moment
from app.kernel.duties.posts import HeldPost
from app.kernel.engine.incidents.queries import IncidentRow
from app.kernel.holds.queries import HoldRow

KINDS = {
    "start": _l("立案之后的自动环节"),
    "completion": _l("经办人提交的环节本身"),
    "automatic": _l("提交之后的自动环节"),
    "message": _l("收到消息之后的自动环节"),
    "timer": _l("到时之后的自动环节"),
}
STATES = {
    "retrying": (_l("正在重试"), "soon"),
    "waiting": (_l("等人处置"), "over"),
    "resolved": (_l("已了结"), "ok"),
}


@dataclass(frozen=True)
class HoldLine:
    """One hold: what it covers, by whom, since when, why; `end_url` where the reader may end it."""

    hold_id: int
    what: str
    words: str
    reason: str
    open: bool
    end_url: str = ""


@dataclass(frozen=True)
class IncidentLine:
    """One incident."""

    number: int
    case_no: str
    case_url: str
    subject: str
    step: str
    kind: str
    state: str
    tone: str
    attempts: str
    cause: str
    opened: str
    following: str
    retry_url: str = ""
    resolve_url: str = ""
    why_not: str = ""


def hold_line(row: HoldRow, who: Standing, supervised: Iterable[HeldPost], place: str) -> HoldLine:
    """A hold of a process; whoever supervises its region may end it."""
    words = _("%(name)s %(when)s起", name=row.by, when=moment(row.since, who.today))
    if row.ended_at is not None:
        words += _("，%(name)s %(when)s恢复", name=row.ended_by or "", when=moment(row.ended_at, who.today))
    what = _("第 %(n)s 版", n=row.version) if row.version else _("全部版本")
    own = {post.region_code for post in supervised}
    may_end = row.ended_at is None and row.region_code in own
    return HoldLine(
        row.hold_id,
        _("%(region)s 及以下，%(what)s", region=place, what=what),
        words,
        row.reason,
        row.ended_at is None,
        url_for("heat.resume", key=row.process_key, hold_id=row.hold_id) if may_end else "",
    )


def case_hold_line(row: HoldRow, who: Standing, *, may_end: bool) -> HoldLine:
    """A hold on a case, its own or its process's."""
    own = row.case_id is not None
    end_url = url_for("running.resume", case_id=row.case_id, hold_id=row.hold_id) if own and may_end else ""
    return HoldLine(
        row.hold_id,
        _("本案") if own else _("整个业务"),
        _("%(name)s %(when)s起", name=row.by, when=moment(row.since, who.today)),
        row.reason,
        open=True,
        end_url=end_url,
    )


def incident_line(row: IncidentRow, who: Standing, *, may_act: bool) -> IncidentLine:
    """`may_act`: the reader supervises the case's region."""
    item = row.incident
    state, tone = STATES[item.state]
    acts = may_act and item.state != "resolved"
    own_step = item.kind == "completion"
    return IncidentLine(
        number=item.id,
        case_no=row.case.case_no,
        case_url=url_for("case.show", case_id=row.case.id),
        subject=row.case.subject_name,
        step=pick(row.step_zh, row.step_en),
        kind=str(KINDS[item.kind]),
        state=str(state),
        tone=tone,
        attempts=_("%(n)s / %(most)s 次", n=item.attempts, most=item.attempts_most),
        cause=f"{item.cause}：{item.detail}",
        opened=moment(item.opened_at, who.today),
        following=_following(row, who),
        retry_url=url_for("running.retry", incident_id=item.id) if acts and not own_step else "",
        resolve_url=url_for("running.resolve", incident_id=item.id) if acts else "",
        why_not=_("改好后请经办人再提交一次") if own_step and item.state != "resolved" else "",
    )


def _following(row: IncidentRow, who: Standing) -> str:
    item = row.incident
    if item.state == "retrying" and item.next_try_at is not None:
        return _("下次 %(when)s", when=moment(item.next_try_at, who.today))
    if item.resolved_at is None:
        return _("业务主管重试或者了结")
    when = moment(item.resolved_at, who.today)
    if item.resolution == "passed":
        return _("%(when)s 案件已继续", when=when)
    return _(
        "%(name)s %(when)s了结：%(why)s", name=row.resolver or _("控制台"), when=when, why=item.reason or ""
    )
