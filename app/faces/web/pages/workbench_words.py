"""Words of the rule workbench: what the entries of a manifest are called, what cases expect, states of trials."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from flask import url_for

from app.faces.translation import Lazy, _l
from app.faces.web.language import pick
from app.faces.web.parts import Choice

LABELS: dict[str, Lazy] = {
    "id": _l("规则代号"),
    "name_zh": _l("名称"),
    "name_en": _l("英文名称"),
    "kind": _l("类别"),
    "severity": _l("严重程度"),
    "severity_rises_to": _l("最高升到"),
    "action": _l("命中后"),
    "also": _l("并且"),
    "override": _l("谁可以放行"),
    "approval_levels": _l("审批层级"),
    "business": _l("适用业务"),
    "triggers": _l("什么时候判断"),
    "effective_from": _l("生效日"),
    "effective_to": _l("最后一天"),
    "owner": _l("责任部门"),
    "approver": _l("批准岗位"),
    "message_zh": _l("给办理人的说明"),
    "message_en": _l("英文说明"),
    "statistic": _l("统计口径"),
    "carried_by_zh": _l("由什么实现"),
    "carried_by_en": _l("由什么实现（英文）"),
    "source": _l("依据"),
    "fact": _l("事实"),
    "parameter": _l("参数"),
    "lookup": _l("取哪个参数"),
    "on": _l("哪一天的值"),
    "by": _l("按哪些分类"),
    "as": _l("换算为"),
    "key": _l("代号"),
    "type": _l("类型"),
    "zh": _l("中文"),
    "en": _l("英文"),
    "registry": _l("来源"),
    "optional": _l("可以不知道"),
    "sensitive": _l("敏感"),
    "value": _l("值"),
    "unit": _l("单位"),
    "tag": _l("核对程度"),
    "name": _l("用例名称"),
    "expect": _l("应当"),
    "rule": _l("规则"),
    "version": _l("版本"),
    "reason": _l("变更理由"),
    "ground": _l("变更依据"),
    "files": _l("文件"),
    "rule_toml": "rule.toml",
    "rule_dmn": "rule.dmn",
    "cases_toml": "cases.toml",
    "period_from": _l("收到申请的第一天"),
    "period_to": _l("收到申请的最后一天"),
    "regions": _l("地区"),
}
"""Labels of fields, by their names in the files."""

EXPECTED: dict[str, Lazy] = {
    "hit": _l("命中"),
    "no_hit": _l("不命中"),
    "missing": _l("缺少事实，不判断"),
}
TRIAL_STATES: dict[str, tuple[Lazy, str]] = {
    "waiting": (_l("排队"), "soon"),
    "running": (_l("正在算"), "acc"),
    "done": (_l("算完"), "ok"),
    "cancelled": (_l("已取消"), ""),
    "failed": (_l("出错中断"), "over"),
}
VERDICTS: dict[str, Lazy] = {
    "new": _l("新命中"),
    "gone": _l("不再命中"),
    "same": _l("都命中"),
    "neither": _l("都不命中"),
    "missing": _l("缺少事实，没有判断"),
}
EDITOR: dict[str, Lazy] = {"drd": _l("决策图")}
"""What the editor's island says beside what autosave says."""


def label(name: str) -> str:
    """What a field is called; its name where it has no word."""
    return str(LABELS.get(name, name))


def choices(
    words: Mapping[str, tuple[str, str]], chosen: Collection[str] = (), *, empty: str | None = None
) -> list[Choice]:
    """The words of a vocabulary as options; `empty` is what no choice is called, None: there must be one.

    A chosen value that the vocabulary lacks is offered as it is.
    """
    options = [Choice("", empty, not chosen)] if empty is not None else []
    options += [Choice(value, pick(zh, en), value in chosen) for value, (zh, en) in words.items()]
    return options + [Choice(value, value, True) for value in chosen if value and value not in words]


def said(words: Mapping[str, tuple[str, str]], value: str) -> str:
    """A word of a vocabulary in the reader's language."""
    zh, en = words.get(value, (value, value))
    return pick(zh, en)


def compare_url(rule_id: str, old: str | int, new: str | int) -> str:
    """Where two sides of a rule are compared: a version by its number, a draft as `d12`."""
    return f"{url_for('compare.show', rule_id=rule_id)}?{urlencode({'from': old, 'to': new})}"
