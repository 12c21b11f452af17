"""What to do after `decide` said no, by reason: every denial names a way on (docs/refusals.md)."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

_BY_SOMEBODY_ELSE = _l("请把任务放回，由可办人员名单里的其他人办理。")
_ASK_SUPERVISOR = _l("请业务主管安排。")

REMEDIES: dict[str, Lazy] = {
    "account_inactive": _l("请系统管理员启用账号。"),
    "platform_holds_no_duty": _l("请由业务岗位的人员办理。"),
    "party_of_case": _BY_SOMEBODY_ELSE,
    "recused": _l("请由其他人办理；认为不应回避的，请部门负责人裁定。"),
    "nothing_to_act_on": _l("请刷新页面，看案件现在的环节。"),
    "post_not_held": _l("需要这个岗位的，请业务主管申请授岗或者安排代办。"),
    "absent": _l("请派给在岗的人，或者先取消休假登记。"),
    "second_person_required": _BY_SOMEBODY_ELSE,
    "not_drawn": _l("请由抽取的专家本人领取；有专家不能参加的，由抽取经办人就该席重新抽取。"),
    "not_claimant": _l("请先领取任务；别人领取的，请业务主管改派。"),
    "not_supervisor": _ASK_SUPERVISOR,
    "reading_needs_claim": _l("请先领取本案的任务。"),
    "conflicting_duty": _BY_SOMEBODY_ELSE,
    "recent_party_act": _BY_SOMEBODY_ELSE,
    "same_person_required": _l("请由已经开始办理的同一人继续办。"),
    "identity_in_doubt": _l("请稽核内控岗和规则岗位查清身份。"),
    "posts_in_violation": _l("请业务主管申请结束其中一个岗位。"),
    "case_held": _l("案件可以看；请等业务主管恢复办理。"),
    "case_frozen": _l("请稽核内控岗发起裁定。"),
    "tenure_exceeded": _l("请由这个岗位的其他人办理，并请业务主管安排轮岗。"),
    "leaves_case_unfinishable": _BY_SOMEBODY_ELSE,
    "machine_holds_no_duty": _l("请由本人登录办理。"),
}
"""Reasons that deny. Warnings need no remedy: they permit."""


def remedy_of(reason: str) -> str:
    """In the reader's language; empty for a reason that permits."""
    return str(REMEDIES.get(reason, ""))
