"""Texts of refusals and field errors of the rule workbench; `refusal_texts.py` joins them."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

RULE_TEXTS: dict[str, Lazy] = {
    "trial_not_found": _l("没有这次试算。"),
    "trial_over": _l("这次试算已经结束。"),
    "trial_running": _l("这份草稿正在试算（%(percent)s%%），算完或者停止以后再提。"),
}

RULE_FIELD_TEXTS: dict[str, Lazy] = {
    "rule_file_unknown": _l("规则只有 rule.toml、rule.dmn、cases.toml 三个文件"),
    "rule_file_too_large": _l("单个文件最大 %(max)s kB"),
    "rule_file_unreadable": _l("现在读不懂，请先在源文件里改好"),
    "rule_key_twice": _l("代号 %(key)s 用了两次"),
    "rule_list_unreadable": _l("请按 TOML 写成列表，例如 [1, 2]"),
    "rule_group_unreadable": _l("请按 TOML 写成一组，例如 { from = 2026-01-01 }"),
    "rule_unreadable": _l("规则现在不能读，请先改正检查结果里的错误"),
    "rule_judges_no_case": _l("这条规则不判断案件，不能用历史案件试算"),
    "rule_unsupplied": _l("现在没有业务提供它要的事实（%(facts)s），不能试算"),
    "case_gone": _l("这个用例已经不在了，请刷新再改"),
}
