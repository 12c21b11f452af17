"""Taking over cases begun elsewhere, in words."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

TAKE_OVER_TEXTS: dict[str, Lazy] = {
    "take_over_entry_unknown": _l("这个业务流程没有这样的接续入口：%(entry)s。"),
    "taken_over_before": _l("编号 %(reference)s 已经录入，本系统案号 %(case_no)s。"),
    "take_over_evidence_missing": _l("至少要有一份证明此前办理情况的材料。"),
}

TAKE_OVER_FIELD_TEXTS: dict[str, Lazy] = {
    "take_over_evidence_missing": _l("至少要有一份证明此前办理情况的材料"),
    "before_earlier_date": _l("不能早于前面的日期（%(earlier)s）"),
    "take_over_not_suspendable": _l("从这个入口进入的时限都不能中止"),
    "take_over_suspension_dates": _l("中止须在时限开始以后、一段接一段，并且已经结束；写明起止日期和依据"),
}

ORIGINS: dict[str, Lazy] = {
    "paper": _l("纸质"),
    "system": _l("旧系统"),
}
