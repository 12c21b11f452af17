"""The duties that tasks, posts and conflict sets speak of."""

from typing import Final

DUTY_TITLES: Final = {
    "intake": "受理",
    "assign": "分派",
    "investigation": "调查核实",
    "initial_review": "初审",
    "recheck": "复核",
    "risk_review": "高风险复审",
    "final_review": "审核",
    "final_review_2": "二级审批",
    "draw": "抽取专家",
    "witness": "见证",
    "panel_opinion": "专家意见",
    "serve": "送达",
    "remedy": "救济",
    "rectify": "更正",
    "payment_make": "制单",
    "payment_check": "支付复核",
    "payment_release": "支付放行",
    "rule_edit": "规则编制",
    "rule_recheck": "规则复核",
    "rule_approve": "规则批准",
}
"""Chinese titles by key; in English a duty is its key with blanks."""

DUTIES: Final = tuple(DUTY_TITLES)
