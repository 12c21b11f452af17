"""Rows of the watch's page: findings and near-misses in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.fence_words import FENCE_TEXTS
from app.faces.refusal_texts import REASONS, reason_text
from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.watch_view import AttemptRow, FindingRow
from app.faces.web.parts import Link
from app.faces.web.words import moment
from app.kernel.identity.queries import names_by_id
from app.kernel.violations.near_misses import Attempt, Kind
from app.kernel.violations.queries import case_numbers

FINDINGS: dict[str, Lazy] = {
    "conflict": _l("一人兼办不相容职责"),
    "binding_of_duty": _l("须由同一人办理的由几人办理"),
    "too_few_persons": _l("参加的人数不够"),
    "party_window": _l("限期内办过同一当事人的业务"),
    "decision": _l("决定的签名不合要求"),
    "undecided_effect": _l("没有决定记录却标为已决定"),
    "party": _l("当事人办理了自己的案件"),
    "recused": _l("应回避的人办理了案件"),
    "platform_post": _l("平台管理员办理了业务"),
    "machine_account": _l("机器账号办理了业务"),
    "exclusion": _l("同时任不相容岗位"),
    "identity": _l("身份与合并记录不符"),
    "chain": _l("案件所在的链与关联记录不符"),
}
KINDS: dict[str, tuple[Lazy, str]] = {
    Kind.DENIED: (_l("拒绝"), "over"),
    Kind.FENCED: (_l("数据库拦下"), "over"),
    Kind.WARNED: (_l("提醒后仍办"), "soon"),
}
ACTIONS: dict[str, Lazy] = {
    "start": _l("登记"),
    "read": _l("查阅"),
    "claim": _l("领取"),
    "assign": _l("分派"),
    "reassign": _l("改派"),
    "open": _l("打开卷宗"),
    "save_draft": _l("暂存"),
    "upload": _l("上传"),
    "release": _l("放回"),
    "complete": _l("提交"),
    "deliver": _l("收件"),
    "substitute": _l("代办"),
    "grant": _l("授岗"),
    "recuse": _l("回避"),
    "rule_recusal": _l("裁定回避"),
    "override": _l("提出放行"),
    "rule_override": _l("裁定放行"),
    "withdraw": _l("撤回"),
    "consult": _l("征求意见"),
    "answer": _l("答复征求"),
    "transfer": _l("移送"),
    "reopen": _l("重新办理"),
}


# The record keeps the reason without its particulars; these sentences would have gaps.
WHOLE_REASONS: dict[str, Lazy] = {
    "absent": _l("不在岗，不派新任务"),
    "recused": _l("与案件有利害关系，应当回避"),
    "recent_party_act": _l("限期内为同一收款人办过别的职责"),
    "tenure_exceeded": _l("连续任同一岗位超过最长期限"),
    "tenure_reached": _l("连续任同一岗位已到最长期限，应当轮岗"),
    "leaves_case_unfinishable": _l("由他办这一步，案件余下的职责就没有人可办"),
    "leaves_case_to_absent": _l("由他办这一步，案件余下的职责只剩休假的人可办"),
    "case_unfinishable_anyway": _l("案件余下的职责没有人可办，等增加人手"),
}


def reason_words(reason: str) -> str:
    """A reason of `decide` without its case, or what the fence refused; a state without words as it is."""
    if reason in WHOLE_REASONS:
        return str(WHOLE_REASONS[reason])
    if reason in FENCE_TEXTS:
        return str(FENCE_TEXTS[reason])
    if reason not in REASONS:
        return _("数据库约束 %(code)s", code=reason)
    return reason_text(reason, {"wanted": _("这项职责"), "held": _("别的职责"), "case_no": _("有关案件")})


def finding_rows(
    session: Session,
    found: Sequence[Mapping[str, Any]],
    titles: Mapping[str, tuple[str, str]],
    shows_cases: bool,
) -> list[FindingRow]:
    """Findings as the audit events keep them, with the names and numbers they point at."""
    names = names_by_id(session, {person for one in found for person in one["persons"]})
    numbers = case_numbers(session, {case for one in found for case in one["cases"]}) if shows_cases else {}
    return [_finding(one, titles, names, numbers) for one in found]


def _finding(
    one: Mapping[str, Any],
    titles: Mapping[str, tuple[str, str]],
    names: Mapping[int, str],
    numbers: Mapping[int, str],
) -> FindingRow:
    rule = pick(*titles[one["rule"]]) if one["rule"] in titles else one["rule"]
    words = str(FINDINGS.get(one["kind"], one["kind"]))
    if one["revealed"]:
        words = _("%(what)s（合并档案后看出）", what=words)
    return FindingRow(
        words=words,
        rule=rule if rule != one["kind"] else "",
        persons=_("、").join(names[person] for person in one["persons"] if person in names),
        cases=[
            Link(url_for("case.show", case_id=case_id), numbers[case_id])
            for case_id in one["cases"]
            if case_id in numbers
        ],
        tone="soon" if one["revealed"] else "over",
    )


def attempt_row(
    one: Attempt, who: Standing, titles: Mapping[str, tuple[str, str]], shows_cases: bool
) -> AttemptRow:
    """A near-miss; the rule's title before the bare reason."""
    word, tone = KINDS[one.kind]
    action = str(ACTIONS.get(one.action or "", one.action or ""))
    what = _("%(action)s%(duty)s", action=action, duty=duty_word(one.duty)) if one.duty else action
    why = pick(*titles[one.rule]) if one.rule and one.rule in titles else reason_words(one.reason)
    link = None
    if shows_cases and one.case_id is not None and one.case_no:
        link = Link(url_for("case.show", case_id=one.case_id), one.case_no)
    return AttemptRow(
        when=moment(one.at, who.today),
        iso=one.at.isoformat(),
        kind=str(word),
        tone=tone,
        person=one.person or _("系统"),
        what=what or "–",
        why=why,
        case=link,
    )
