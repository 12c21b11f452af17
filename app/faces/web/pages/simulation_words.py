"""Words of simulations: what happened, what can't be chosen, why something wasn't reached."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

HISTORY: dict[str, Lazy] = {
    "started": _l("开始"),
    "done": _l("办理"),
    "branch": _l("选择走向"),
    "time_passed": _l("时间推进"),
    "message": _l("送达消息"),
    "signal": _l("发出信号"),
    "document": _l("产生文书"),
    "clock": _l("时限"),
    "clock_refused": _l("时限不能变动"),
    "effect": _l("通过生效点"),
    "rule_hit": _l("规则命中"),
    "risk_raised": _l("风险提高"),
    "levels_raised": _l("须二级审批"),
    "decided": _l("作出决定"),
    "signatures_checked": _l("签名核对"),
    "service": _l("自动环节的结果"),
    "set": _l("改变量"),
    "assumed": _l("假定命中"),
    "content_changed": _l("拟决定内容有变，此前签名失效"),
    "voided": _l("签名作废"),
    "cancelled": _l("任务取消"),
    "timer_without_value": _l("定时器没有值，按一小时模拟"),
}
"""Entries of the history that are shown; passed elements are on the diagram and in the step table."""

REFUSED: dict[str, Lazy] = {
    "nobody_may": _l("没有人可以办这一步。"),
    "person_refused": _l("%(name)s不能办这一步。"),
    "unknown_person": _l("这位人员不在这个地区的岗位上。"),
    "outcome_missing": _l("请选择一个结果。"),
    "bad_field": _l("“%(field)s”填写不对。"),
    "bad_form": _l("表单不完整，请再试一次。"),
    "nobody_did_that": _l("本案还没有人办过要退回的环节。"),
    "bad_variable": _l("变量“%(name)s”不能这样设。"),
    "not_open": _l("这一步现在没有打开。"),
    "not_a_branch": _l("请选择走哪一条。"),
    "no_timer": _l("没有定时器在等。"),
    "bad_wait": _l("天数应为 1 至 %(most)s。"),
    "not_waited_for": _l("没有环节在等“%(name)s”。"),
    "not_signed": _l("没有这项签名。"),
    "not_a_play": _l("这个模拟的地址不完整，请重新开始。"),
    "too_many_choices": _l("一次模拟最多 %(most)s 步，请重新开始。"),
    "failed_already": _l("上一步没有走成，请先撤销它。"),
    "answer_first": _l("请先回答上面的问题。"),
    "nothing_asked": _l("没有问题等着回答，请再看一次页面。"),
    "other_question": _l("这个回答对不上现在的问题，请再看一次页面。"),
    "start_comes_first": _l("这个模拟的地址不完整，请重新开始。"),
    "unknown_action": _l("没有这种操作。"),
    "bad_risk": _l("没有这个风险等级。"),
    "bad_time": _l("开始时间不对。"),
    "bad_error": _l("这个环节不会以错误“%(error)s”结束。"),
    "bad_rules": _l("假定的规则不对。"),
}

WHY: dict[str, Lazy] = {
    "unconnected": _l("没有连线通到"),
    "limit": _l("没有搜完就到了上限"),
    "event": _l("它的事件没有发生"),
    "condition": _l("条件从未成立"),
    "behind": _l("前面的元素没有到达"),
}
STOPS: dict[str, tuple[Lazy, str]] = {
    "failed": (_l("中途出错"), "over"),
    "gap": (_l("没有一条出线成立"), "over"),
    "stuck": (_l("停在这里，走不下去"), "over"),
    "gate": (_l("缺少签名，不予放行"), "soon"),
    "refused": (_l("此处不能这样办"), ""),
}
CUTS: dict[str, Lazy] = {
    "moves": _l("步数到了上限，没有搜完"),
    "depth": _l("有的路径太长，没有走完"),
    "seconds": _l("时间到了上限，没有搜完"),
}
RISKS: dict[str, Lazy] = {"normal": _l("一般"), "high": _l("高风险"), "routed": _l("提级")}
CLOCKS: dict[str, Lazy] = {
    "start": _l("起算"),
    "stop": _l("停止"),
    "pause": _l("中止"),
    "resume": _l("恢复"),
    "convert": _l("转换"),
    "extend": _l("延长"),
    "shift": _l("顺延"),
}
ASSUMED: dict[str, Lazy] = {
    "block": _l("有规则阻断"),
    "route": _l("有规则提级"),
    "second_level": _l("有规则要求二级审批"),
}
