"""The words of the duties; every face uses the same."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

DUTY_WORDS: dict[str, Lazy] = {
    "intake": _l("受理"),
    "assign": _l("分派"),
    "investigation": _l("调查核实"),
    "initial_review": _l("初审"),
    "recheck": _l("复核"),
    "risk_review": _l("高风险复审"),
    "final_review": _l("审核"),
    "final_review_2": _l("二级审批"),
    "draw": _l("抽取专家"),
    "witness": _l("见证"),
    "panel_opinion": _l("专家意见"),
    "serve": _l("送达"),
    "remedy": _l("救济"),
    "rectify": _l("更正"),
    "payment_make": _l("制单"),
    "payment_check": _l("支付复核"),
    "payment_release": _l("支付放行"),
    "rule_edit": _l("规则编制"),
    "rule_recheck": _l("规则复核"),
    "rule_approve": _l("规则批准"),
}


def duty_word(key: str) -> str:
    """The duty in the reader's language; an unknown key shows itself rather than nothing."""
    return str(DUTY_WORDS.get(key, key))
