"""The timeline: audit events of a case in words; technical ones stay in the audit log."""

from __future__ import annotations

from collections.abc import Callable

from app.faces.claim_words import claim_end
from app.faces.duty_words import duty_word
from app.faces.message_words import message_word
from app.faces.translation import _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_dossier import outcome_words
from app.faces.web.pages.case_view import TimelineRow
from app.faces.web.words import moment
from app.kernel.engine.dossier import Dossier, StoryEvent

PLAIN = {
    "case.started": _l("登记申请"),
    "case.decided": _l("决定作出"),
    "case.subject_decided": _l("程序性决定作出"),
    "case.withdrawn": _l("申请已撤回"),
    "case.reminded": _l("提醒：案件仍在等候"),
    "case.held_for_lead": _l("疑似欺诈，停办，线索已移送"),
    "case.incident_suspected": _l("疑似要情已报告"),
    "case.closed": _l("归档办结"),
    "case.archived": _l("归档"),
    "case.correction_received": _l("收到补正材料"),
    "material.received": _l("收到材料"),
    "document.issued": _l("制发文书"),
    "document.served": _l("文书送达"),
    "document.revoked": _l("文书撤销"),
    "document.reissued": _l("文书重新制发"),
    "seal.used": _l("套印印章"),
    "service.recorded": _l("送达记录"),
    "clock.paused": _l("时限中止"),
    "clock.resumed": _l("时限恢复"),
    "clock.converted": _l("转普通程序计时"),
    "clock.warned": _l("时限用去八成，已提醒"),
    "clock.breached": _l("时限超期，已上报"),
    "case.risk_raised": _l("风险等级提高"),
    "case.approval_levels_raised": _l("要求两级审批"),
    "discussion.reported": _l("向讨论会汇报"),
    "rule.hit": _l("规则命中"),
    "task.waiting_for_staff": _l("等人办理：本级没有合格人员"),
    "task.staff_found": _l("有合格人员了，可以领取"),
    "recusal.declared": _l("声明回避"),
    "recusal.requested": _l("登记当事人的回避申请"),
    "recusal.found": _l("数据比对发现须回避的人"),
    "recusal.ruled": _l("裁定回避"),
    "task.taken_back": _l("因回避收回任务"),
    "task.part_voided": _l("因回避，第一人的办理失效，须重新办理"),
    "signature.voided": _l("因回避，未决定的签名失效，须重新签名"),
    "case.chain_link": _l("归入同一工伤的案件链"),
    "case.chain_split": _l("从原案件链拆出"),
    "case.transferred": _l("移送其他地区办理"),
    "case.reopening_ordered": _l("决定重新办理"),
    "case.reopened": _l("按原案重新办理，另立本案"),
    "case.taken_over": _l("接续办理"),
    "case.opened_in_chain": _l("在本工伤链中立新案"),
    "case.facts_taken_over": _l("沿用链中案件的事实"),
    "case.materials_carried": _l("带入原案材料"),
    "violation.recorded": _l("发现职责冲突，待裁定"),
    "violation.ruled": _l("职责冲突已裁定"),
    "override.proposed": _l("提出规则放行"),
    "override.ruled": _l("裁定规则放行"),
}
MARKS = {
    "case.decided": "key",
    "task.opened": "key",
    "task.completed": "key",
    "task.withdrawn": "back",
    "consultation.answered": "key",
    "clock.paused": "hold",
    "duty.denied": "back",
    "clock.breached": "back",
    "violation.recorded": "back",
}


def timeline(dossier: Dossier, who: Standing) -> list[TimelineRow]:
    """Newest first, events without words left out."""
    rows = []
    for item in dossier.story:
        words = _words(item, dossier)
        if words:
            rows.append(
                TimelineRow(
                    when=moment(item.at, who.today),
                    iso=item.at.isoformat(),
                    who=_who(item),
                    words=words,
                    detail=_detail(item),
                    mark=_mark(item),
                )
            )
    return rows


def _who(item: StoryEvent) -> str:
    if item.person and item.principal:
        return _("%(name)s（代%(principal)s）", name=item.person, principal=item.principal)
    return item.person or ""


def _words(item: StoryEvent, dossier: Dossier) -> str:
    build = _TASK_WORDS.get(item.event)
    if build is not None:
        return build(item, dossier)
    return str(PLAIN[item.event]) if item.event in PLAIN else ""


def _title(item: StoryEvent) -> str:
    if item.task is not None:
        return pick(item.task.title_zh, item.task.title_en)
    return duty_word(str(item.payload.get("duty", "")))


def _completed(item: StoryEvent, dossier: Dossier) -> str:
    if item.task is None:
        return ""
    result = outcome_words(dossier, item.task)
    if item.task.signs:
        draft = item.payload.get("draft")
        return _("%(step)s：%(result)s，第 %(n)s 稿签名", step=_title(item), result=result, n=draft)
    return _("%(step)s：%(result)s", step=_title(item), result=result)


_TASK_WORDS: dict[str, Callable[[StoryEvent, Dossier], str]] = {
    "task.claimed": lambda item, _d: _("领取%(step)s", step=_title(item)),
    "task.released": lambda item, _d: _("放回%(step)s", step=_title(item)),
    "task.opened": lambda item, _d: _(
        "打开卷宗，记为%(duty)s人", duty=duty_word(item.task.duty if item.task else "")
    ),
    "task.reassigned": lambda item, _d: _("改派%(step)s", step=_title(item)),
    "task.put_back": lambda item, _d: _("主管把%(step)s放回队列", step=_title(item)),
    "task.routed_upward": lambda item, _d: _("%(step)s转上一级办理", step=_title(item)),
    "task.assigned": lambda item, _d: _("分派%(step)s", step=_title(item)),
    "task.part_performed": lambda item, _d: _("%(step)s：一人已办，交下一人", step=_title(item)),
    "task.withdrawn": lambda item, _d: _("撤回%(step)s，签名作废，重新办理", step=_title(item)),
    "consultation.asked": lambda item, _d: _("就%(step)s%(kind)s", step=_title(item), kind=_kind(item)),
    "consultation.opened": lambda item, _d: _(
        "为%(kind)s打开卷宗，记为%(duty)s人",
        kind=_kind(item),
        duty=duty_word(str(item.payload.get("duty", ""))),
    ),
    "consultation.answered": lambda item, _d: _(
        "答复%(kind)s：%(result)s",
        kind=_kind(item),
        result=_("同意") if item.payload.get("agrees") else _("不同意"),
    ),
    "consultation.cancelled": lambda item, _d: _("取消%(kind)s", kind=_kind(item)),
    "task.claim_ended": lambda item, _d: _(
        "%(step)s的领取被收回：%(why)s", step=_title(item), why=claim_end(item.payload.get("cause"))
    ),
    "task.cancelled": lambda item, _d: _("%(step)s取消", step=_title(item)),
    "task.completed": _completed,
    "case.message_sent": lambda item, _d: _("向链中案件发出消息：%(name)s", name=_message(item)),
    "case.message_received": lambda item, _d: (
        _("收到 %(case_no)s 的消息：%(name)s", case_no=item.payload["from"], name=_message(item))
        if item.payload.get("from")
        else ""
    ),
    "case.message_delivered": lambda item, _d: (
        _("消息“%(name)s”已送到 %(case_no)s", name=_message(item), case_no=item.payload["to"])
        if item.payload.get("state") == "done"
        else ""
    ),
    "duty.denied": lambda item, _d: _("被拒：不符合职责分离"),
}


def _message(item: StoryEvent) -> str:
    return message_word(str(item.payload.get("message", "")))


def _kind(item: StoryEvent) -> str:
    return _("加签") if item.payload.get("kind") == "opinion" else _("会签")


def _detail(item: StoryEvent) -> str:
    payload = item.payload
    if item.event in ("consultation.cancelled", "task.reassigned", "task.put_back", "task.routed_upward"):
        return str(payload.get("reason", ""))
    for key in ("number", "rule", "kind", "ground"):
        if payload.get(key) and item.event.split(".")[0] in ("document", "clock", "rule"):
            return str(payload[key])
    return ""


def _mark(item: StoryEvent) -> str:
    if item.event == "task.completed" and str(item.payload.get("outcome", "")).startswith("return"):
        return "back"
    return MARKS.get(item.event, "")
