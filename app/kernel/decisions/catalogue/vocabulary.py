"""The words a rule's manifest may use, each in both languages: (Chinese, English)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, tuple[str, str]]

KINDS: Final[Words] = {
    "policy": ("政策规则", "Policy"),
    "logic": ("逻辑规则", "Logic"),
    "risk": ("风险规则", "Risk"),
}
SEVERITIES: Final[Words] = {
    "low": ("低", "Low"),
    "medium": ("中", "Medium"),
    "high": ("高", "High"),
    "critical": ("极高", "Critical"),
}
ACTIONS: Final[Words] = {
    "block": ("阻断", "Block"),
    "warn": ("提醒", "Warn"),
    "route": ("提级", "Route"),
    "audit": ("稽核", "Audit"),
    "alert": ("报警", "Alert"),
}
CASE_ACTIONS: Final = ("block", "warn", "route")
"""What a hit on a case can do; the others are for reports and for the platform."""
ALSO: Final[Words] = {
    "line": ("只涉该明细", "this line only"),
    "stop": ("停发", "stop"),
    "suspend": ("先核实，核实后暂停", "suspend once checked"),
    "stop_plan": ("列入停发计划", "plan the stop"),
    "block_award": ("待遇核定另行阻断", "block the award"),
    "block_grant": ("不得授岗", "block the grant"),
    "closing": ("不得结账", "block the closing"),
    "medical": ("只涉医疗费", "medical payment only"),
    "recover": ("追回", "recover"),
    "audit": ("列入稽核", "audit"),
    "audit_admin": ("通知审计管理员", "tell the audit administrator"),
    "incident": ("登记事件", "open an incident"),
    "escalate": ("届满升级", "escalate at the end"),
}
OVERRIDES: Final[Words] = {
    "senior": ("更高岗位的另一人", "a senior other person"),
    "region": ("自治区", "the region"),
}
BUSINESSES: Final[Words] = {
    "recognition": ("工伤认定", "Recognition"),
    "assessment": ("劳动能力鉴定", "Assessment"),
    "leave": ("停工留薪期", "Paid leave"),
    "award": ("待遇核定", "Awards"),
    "payment": ("待遇支付", "Payment"),
    "payee": ("收款账户", "Payees"),
    "enrolment": ("参保登记", "Enrolment"),
    "contribution": ("缴费申报", "Contributions"),
    "rate": ("费率", "Rates"),
    "prevention": ("工伤预防", "Prevention"),
    "responsibility": ("责任分担", "Shared responsibility"),
    "ledger": ("基金财务", "Fund ledger"),
    "oversight": ("内部监督", "Oversight"),
    "platform": ("平台", "Platform"),
}
TRIGGERS: Final[Words] = {
    "intake": ("受理登记时", "at intake"),
    "duty": ("每个职责之前", "before each duty"),
    "gate": ("签名核对（RB-5a）", "at the gate (RB-5a)"),
    "payment": ("支付之前", "before payment"),
    "change": ("数据变更时", "on change of data"),
    "schedule": ("定期统计", "on schedule"),
    "clock": ("时限推算时", "by the clocks"),
    "closing": ("结账时", "at closing"),
    "grant": ("授岗时", "at a grant"),
    "access": ("访问时", "at access"),
    "data_change": ("改数时", "at a change of data by script"),
}
OWNERS: Final[Words] = {
    "hrss_department": ("人社行政部门", "HRSS department"),
    "assessment_committee": ("劳动能力鉴定委员会", "Assessment committee"),
    "si_agency": ("社保经办机构", "Agency"),
    "fund_supervision": ("基金监督", "Fund supervision"),
    "platform": ("平台管理", "Platform"),
}
REGISTRIES: Final[Words] = {
    "application": ("申请和案件", "Application and case"),
    "recognition": ("工伤认定", "Recognitions"),
    "assessment": ("劳动能力鉴定", "Assessments"),
    "panel": ("专家抽取", "Expert draw"),
    "investigation": ("调查核实", "Investigation"),
    "award": ("待遇核定", "Awards"),
    "payment": ("待遇支付", "Payments"),
    "bills": ("费用票据", "Bills"),
    "catalogues": ("三个目录", "Catalogues"),
    "institutions": ("协议机构", "Institutions"),
    "enrolment": ("参保登记", "Enrolment"),
    "contributions": ("缴费记录", "Contributions"),
    "parameters": ("参数表", "Parameters"),
    "ledger": ("财务账", "Ledger"),
    "clocks": ("时限", "Clocks"),
    "calendar": ("日历", "Calendar"),
    "acts": ("办理记录", "Acts"),
    "posts": ("岗位", "Posts"),
    "access_log": ("访问日志", "Access log"),
    "data_changes": ("数据变更", "Changes of data"),
    "public_security": ("公安人口信息", "Public security"),
    "death": ("死亡信息", "Deaths"),
    "civil_affairs": ("民政信息", "Civil affairs"),
    "justice": ("司法、监狱", "Justice"),
    "pension": ("养老保险", "Pension insurance"),
    "medical_insurance": ("医疗保险", "Medical insurance"),
    "market": ("市场监管", "Market supervision"),
    "bank": ("银行", "Bank"),
}
TYPES: Final[Words] = {
    "text": ("文字", "text"),
    "number": ("数字", "number"),
    "boolean": ("是否", "yes or no"),
    "date": ("日期", "date"),
    "datetime": ("时间", "time"),
    "list": ("列表", "list"),
    "context": ("组合", "group"),
}
UNITS: Final[Words] = {
    "share": ("比例", "share"),
    "days": ("日", "days"),
    "months": ("月", "months"),
    "years": ("岁", "years"),
    "hours": ("小时", "hours"),
    "hour": ("时", "o'clock"),
    "persons": ("人", "persons"),
    "cases": ("件", "cases"),
    "times": ("次", "times"),
    "factor": ("倍", "times"),
    "percent": ("%", "%"),
    "grade": ("级", "grade"),
    "list": ("列表", "list"),
}
TAGS: Final[Words] = {
    "V": ("已核对原文", "text checked"),
    "E": ("仅见摘录", "excerpt only"),
    "K": ("凭业务知识，待确认", "from knowledge, to be confirmed"),
    "D": ("设计要求，非法律", "design, not law"),
}
"""How well a source is known (the glossary's tags)."""
CONVERSIONS: Final[Words] = {"share": ("比例（60% 为 0.6）", "a share (60 % is 0.6)")}
"""What a value of the parameter tables may be given as."""
STATISTICS: Final = ("concentration", "tempo", "grade_drift", "provider_outlier")
"""Reckonings of `statistics.py` whose results a statistical rule judges."""
EVERYWHERE: Final = ("today",)
"""Facts that every evaluation supplies."""
