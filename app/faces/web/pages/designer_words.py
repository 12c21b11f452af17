"""Texts of the designer's island: scripts get them from here, so that the one catalogue holds every text."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

PANEL: dict[str, Lazy] = {
    "none": _l("未设"),
    "dutyGroup": _l("职责与办理"),
    "duty": _l("职责"),
    "dutyHelp": _l("打开或办结这一步即承担的职责。"),
    "signs": _l("签名任务"),
    "signsHelp": _l("完成即对当前内容签名，计入三审。"),
    "resets": _l("可改动拟决定内容"),
    "resetsHelp": _l("改动以后，此前的签名不再有效。"),
    "persons": _l("须几人办理"),
    "personsHelp": _l("1 至 9，或 = 开头的表达式；空为一人。"),
    "group": _l("候选组（岗位）"),
    "groupText": _l("候选组代号或表达式"),
    "groupHelp": _l("表达式以 = 开头。"),
    "form": _l("表单"),
    "formHelp": _l("本程序文件夹里的表单。"),
    "effectGroup": _l("受守护的结果"),
    "effect": _l("结果"),
    "effectHelp": _l("到这里之前必须具备所需签名；告知类不设守护。"),
    "requires": _l("所需职责"),
    "requiresHelp": _l("按次序，用空格隔开；空则按流程的缺省。"),
    "requiresNormal": _l("一般件所需职责"),
    "requiresRouted": _l("提级件所需职责"),
    "documentGroup": _l("文书"),
    "document": _l("文书模板"),
    "rulesGroup": _l("规则"),
    "rules": _l("规则集"),
    "rulesText": _l("规则集代号或表达式"),
    "riskGroup": _l("按风险类别"),
    "riskHelp": _l("只有所选类别走这条线；都不选则不限。"),
    "policyGroup": _l("流程的缺省要求"),
    "policy": _l("缺省所需职责"),
    "clocks": _l("法定时限"),
    "clock": _l("时限"),
    "clockAction": _l("动作"),
    "errors": _l("业务错误"),
    "error": _l("错误"),
    "errorCode": _l("错误代码"),
    "errorCodeHelp": _l("与边界错误事件的代码相同。处理程序以它结束时，从那里继续；其他出错登记为事件。"),
    "errorWhen": _l("何时"),
    "errorWhenHelp": _l("= 开头的条件，办完后看它给出的变量；空则由处理程序决定。"),
    "nameEn": _l("英文名称"),
}
"""Labels and hints of our own groups in the properties panel."""

LINT: dict[str, Lazy] = {
    "duty-missing": _l("没有设职责"),
    "missing-form": _l("没有设表单"),
    "missing-candidate-group": _l("没有设候选组"),
    "missing-task-type": _l("没有设任务类型"),
    "unknown-callee": _l("没有设被调用的流程"),
    "split-without-gateway": _l("多条出线须经网关"),
    "no-completion": _l("没有出线，案件会停在这里"),
    "not-reached": _l("没有进线，永远走不到"),
    "condition-missing": _l("网关的这条出线没有条件、风险类别，也不是缺省"),
    "unsupported-element": _l("引擎不能办理这种元素"),
}
"""What the rules that run beside the drawing say."""

SAVING: dict[str, Lazy] = {
    "unsaved": _l("有改动，稍候自动保存"),
    "saving": _l("正在保存"),
    "kept": _l("没有存上，改动留在本机"),
    "offline": _l("连不上服务器。改动留在本机，连上后自动再存。"),
    "signedOut": _l("登录已过期。改动留在本机，请在另一个窗口登录后再存一次。"),
    "refused": _l("服务器没有接受这次保存（%(status)s）。改动留在本机。"),
    "retry": _l("再存一次"),
    "copy": _l("下载我的这一份"),
    "reload": _l("看最新的，我的留在本机"),
    "found": _l("本机有一份 %(when)s 没有存上的改动。"),
    "useKept": _l("用本机的这一份"),
    "discard": _l("丢掉本机的"),
}
"""What autosave says."""


def words_of(*tables: dict[str, Lazy]) -> dict[str, str]:
    """The texts in the reader's language."""
    return {key: str(text) for table in tables for key, text in table.items()}
