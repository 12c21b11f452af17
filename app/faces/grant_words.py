"""The permission chain in words: steps, states, and why a step can't be taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from app.faces.translation import Lazy, _, _l, pick
from app.kernel.grants.entities import GrantDecision, State, Step

STEP_WORDS: dict[Step, Lazy] = {
    Step.APPLY: _l("申请"),
    Step.REVIEW: _l("内控审核"),
    Step.APPROVE: _l("负责人批准"),
    Step.ASSIGN: _l("分配"),
    Step.REFUSE: _l("不同意"),
    Step.CANCEL: _l("撤回申请"),
}

STEP_OFFICES: dict[Step, Lazy] = {
    Step.APPLY: _l("业务主管或部门负责人"),
    Step.REVIEW: _l("稽核内控岗"),
    Step.APPROVE: _l("部门负责人"),
    Step.ASSIGN: _l("安全管理员"),
}

STATE_WORDS: dict[State, Lazy] = {
    State.APPLIED: _l("待内控审核"),
    State.REVIEWED: _l("待负责人批准"),
    State.APPROVED: _l("待分配"),
    State.ASSIGNED: _l("已分配"),
    State.REFUSED: _l("未同意"),
    State.CANCELLED: _l("已撤回"),
}

STATE_TONES: dict[State, str] = {
    State.ASSIGNED: "ok",
    State.REFUSED: "over",
    State.CANCELLED: "",
}
"""Tones of the tags; what is under way is accented."""

GRANT_REASONS: dict[str, Lazy] = {
    "grant_allowed": _l("可以办理。"),
    "account_inactive": _l("您的账号已停用。"),
    "identity_in_doubt": _l("您的身份存疑，查清以前不能办理。"),
    "grant_closed": _l("这项申请已经办结（%(state)s）。"),
    "grant_self": _l("不能给自己申请、审核、批准或分配岗位。这次尝试已经记录，并告知稽核和审计。"),
    "grant_not_applicant": _l("只有申请人能撤回这项申请。"),
    "grant_out_of_order": _l("现在轮到%(step)s。"),
    "grant_step_repeated": _l("您已办过“%(step)s”这一步，其余各步须由别人办。"),
    "grant_step_not_yours": _l("%(step)s须由这个地区或上级的%(office)s办。"),
    "grantee_in_doubt": _l("%(name)s的身份存疑，查清以前不能授岗。"),
    "grant_backdated": _l("起始日不能早于今天。"),
    "grant_asked_already": _l("同一岗位的申请正在办理（第 %(request)s 号）。"),
    "grant_county_administrator": _l("县级不设平台管理员。"),
    "grant_held_already": _l("这段时间已在这个岗位上（%(until)s）。"),
    "grant_excluded": _l("%(name)s任%(held)s（%(until)s），与所申请的岗位不相容：%(pair)s。"),
    "grant_tenure": _l("这个岗位最长任 %(months)s 个月：从%(since)s算起，最晚任到%(last)s。"),
    "grant_tenure_advised": _l(
        "这个岗位最长任 %(months)s 个月，从%(since)s算起到%(last)s期满，期满后不能再办理。"
    ),
    "grant_nothing_to_end": _l("到%(day)s这个岗位已经结束，没有可结束的。"),
    "grantee_dormant": _l("%(name)s的账号已有 %(days)s 天没有用过（RSK-24），分配前请核实本人在岗。"),
}


def explain(decision: GrantDecision) -> str:
    """Why a step may or may not be taken, with the legal ground when there is one."""
    words = GRANT_REASONS.get(decision.reason, GRANT_REASONS["grant_out_of_order"])
    text = str(words) % defaultdict(str, _worded(decision.params))
    if not decision.ground or decision.allowed:
        return text
    return _("%(message)s依据：%(ground)s", message=text, ground=decision.ground)


def remedy(decision: GrantDecision) -> str:
    """What can be done instead; empty when nothing but waiting helps."""
    if decision.reason in ("grant_excluded", "grant_held_already"):
        if decision.possible_from is not None:
            return _("最早可从%(day)s起。", day=a_day(decision.possible_from))
        return _("要授予，先申请结束那个岗位，或选别的人。")
    if decision.reason == "grant_tenure":
        return _("把止期提前，或间断 %(gap)s 个月后再任。", gap=decision.params["gap"])
    return ""


def period(begin: date, end: date | None) -> str:
    """`2026-03-02 至 2026-06-01`, the last day included; open periods say so."""
    if end is None:
        return _("%(a)s起，未定止期", a=a_day(begin))
    return _("%(a)s至%(b)s", a=a_day(begin), b=a_day(end - timedelta(days=1)))


def until(end: date | None) -> str:
    """`至 2026-06-01` with the last day included, or `未定止期`."""
    return _("未定止期") if end is None else _("至%(b)s", b=a_day(end - timedelta(days=1)))


def a_day(value: date) -> str:
    """Days of permissions are written whole: they are compared over years."""
    return _("%(y)s年%(m)s月%(d)s日", y=value.year, m=value.month, d=value.day)


def _worded(params: Mapping[str, object]) -> dict[str, object]:
    worded: dict[str, object] = {}
    for key, value in params.items():
        if isinstance(value, Step):
            worded[key] = str(STEP_WORDS[value])
            worded["office"] = str(STEP_OFFICES.get(value, ""))
        elif isinstance(value, State):
            worded[key] = str(STATE_WORDS[value])
        elif key == "until":
            worded[key] = until(value if isinstance(value, date) else None)
            worded["last"] = a_day(value) if isinstance(value, date) else ""
        elif isinstance(value, date):
            worded[key] = a_day(value)
        else:
            worded[key] = value
    for key in ("held", "pair"):
        if f"{key}_zh" in params:
            worded[key] = pick(str(params[f"{key}_zh"]), str(params[f"{key}_en"]))
    return worded
