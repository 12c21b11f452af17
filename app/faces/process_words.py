"""Refusals of process definitions in words: drafts, versions, what a proposal lacks."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

PROCESS_TEXTS: dict[str, Lazy] = {
    "definition_retired": _l("这个业务流程已经停用，不再受理新案：%(key)s。"),
    "definition_needs_change": _l("流程须经受控变更由三个人编制、复核、批准才能部署：%(key)s。"),
    "draft_not_found": _l("没有这份草稿。"),
    "draft_changed": _l("这份草稿刚被改过（现为第 %(revision)s 次修改），请取最新内容再改。"),
    "draft_not_yours": _l("这份草稿由%(name)s编制，您可以复制一份，或者接手。"),
    "draft_frozen": _l("这份草稿已提请变更 %(case_no)s，退回编制以前不能改。"),
    "draft_settled": _l("这份草稿已经部署或者作废，请另起一份。"),
    "draft_editor_reviewed": _l("%(name)s复核或者批准过这项变更，不能又是编制人；请另行提请一项变更。"),
    "version_not_found": _l("流程 %(key)s 没有第 %(version)s 版。"),
}

PROCESS_FIELD_TEXTS: dict[str, Lazy] = {
    "process_key_invalid": _l("流程标识须为小写字母开头的字母、数字、下划线，最多 64 个"),
    "process_path_invalid": _l("文件名须为“文件夹/名称”，只收 BPMN、DMN、表单、文书模板和 TOML 文件"),
    "process_file_too_large": _l("单个文件最大 %(max)s MB"),
    "process_files_too_large": _l("全部文件合计最大 %(max)s MB"),
    "too_many_files": _l("最多 %(max)s 个文件"),
    "process_file_missing": _l("草稿里没有这个文件"),
    "process_files_unknown": _l("文件清单与保存的内容不符，请重新提请"),
    "archive_unreadable": _l("不是能读的 ZIP 文件"),
    "archive_entry_strange": _l("加密、链接或重复的条目不接收"),
    "archive_of_other": _l("文件包里没有 %(key)s 文件夹"),
    "rule_id_invalid": _l("规则编号由大写字母、连字符和数字组成，如 RSK-11"),
    "rule_unknown": _l("没有规则 %(rule)s"),
    "rule_version_expected": _l("rule.toml 的 version 须为 %(version)s"),
    "rule_day_differs": _l("与 rule.toml 的 effective_from（%(day)s）不一致，留空即可"),
    "rule_day_too_early": _l("自 %(day)s 起另有决定，生效日不能早于这一天，否则永不适用"),
    "rule_invalid": _l("第 %(line)s 行：%(zh)s / %(en)s"),
    "formula_unknown": _l("没有这个决策模型：%(file)s"),
    "formula_invalid": _l("不能使用：%(why)s"),
    "formula_without_example": _l("这些项目没有算例：%(items)s"),
    "formula_example_fails": _l(
        "%(count)s 处算例不符；第一处：%(item)s（算例 %(number)s）的“%(name)s”应为 %(wanted)s，算得 %(got)s"
    ),
    "not_deployable": _l("检查发现 %(count)s 处错误，不能部署；第一处：%(first)s"),
    "process_handler_unknown": _l("没有这些处理程序，部署后系统办不了：%(names)s"),
    "deployments_changed": _l("一并生效的版本与提请时不同，请重新编制"),
    "version_in_force": _l("第 %(version)s 版就是现行版本"),
    "process_not_in_force": _l("流程 %(key)s 没有现行版本"),
    "process_indispensable": _l("受控变更流程不能停用，否则谁也不能再改"),
    "process_called": _l("还有现行流程调用它：%(names)s"),
}
