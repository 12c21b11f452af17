"""The form of a conflict set."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.duties.vocabulary import DUTIES
from app.kernel.engine.models import ProcessDefinition

KINDS = (
    Option("exclusive", "互斥（一人至多若干项）", "Exclusive (at most so many per person)"),
    Option("same", "同人（须由同一人办理）", "Same person"),
    Option("minimum", "最少人数", "Minimum of persons"),
)
SCOPES = (
    Option("task", "同一任务", "One task"),
    Option("case", "同一案件", "One case"),
    Option("chain", "关联案件", "One chain of cases"),
    Option("region_period", "同地区同期间", "One region and period"),
    Option("party", "同一当事人（若干日内）", "The same party, within days"),
)
PERIODS = (
    Option("month", "月", "Month"),
    Option("quarter", "季度", "Quarter"),
    Option("year", "年", "Year"),
)
SEVERITIES = (Option("deny", "禁止", "Deny"), Option("warn", "提醒", "Warn"))
RISKS = (
    Option("normal", "一般", "Normal"),
    Option("high", "高风险", "High"),
    Option("routed", "提级", "Routed"),
)
_HEAD = (
    FieldSpec(
        "key",
        "text",
        "代号",
        "Key",
        maximum=60,
        hint_zh="小写字母、数字、下划线；填现有代号即修改该集",
        hint_en="Lower-case letters, digits, underscores; an existing key changes that set",
    ),
    FieldSpec("title_zh", "text", "名称", "Title in Chinese", maximum=80),
    FieldSpec("title_en", "text", "英文名称", "Title in English", maximum=120),
    FieldSpec("kind", "choice", "类型", "Kind", options=KINDS),
    FieldSpec("scope", "choice", "范围", "Scope", options=SCOPES),
    FieldSpec(
        "period",
        "choice",
        "期间",
        "Period",
        required=False,
        options=PERIODS,
        hint_zh="只用于“同地区同期间”",
        hint_en="Only for one region and period",
    ),
    FieldSpec(
        "party_role",
        "text",
        "当事人角色",
        "Role of the party",
        required=False,
        maximum=40,
        hint_zh="只用于“同一当事人”",
        hint_en="Only for the same party",
    ),
    FieldSpec(
        "window_days",
        "integer",
        "日数",
        "Days",
        required=False,
        minimum=1,
        maximum=3650,
        hint_zh="只用于“同一当事人”",
        hint_en="Only for the same party",
    ),
    FieldSpec(
        "maximum",
        "integer",
        "上限或最少人数",
        "Maximum, or minimum of persons",
        minimum=1,
        maximum=20,
        hint_zh="互斥：一人至多办几项；最少人数：至少几个人",
        hint_en="Exclusive: members one person may hold; minimum: persons needed",
    ),
    FieldSpec("severity", "choice", "效力", "Severity", options=SEVERITIES),
    FieldSpec("risk_classes", "many", "适用风险等级", "Risk classes", options=RISKS),
    FieldSpec("ground", "paragraph", "规则依据", "Legal ground of the set", maximum=500),
)


def set_form(session: Session) -> tuple[FieldSpec, ...]:
    """All columns of a set with its members; duties are worded by the page (`[duty]`)."""
    return (*_HEAD, FieldSpec("members", "rows", "成员", "Members", columns=_columns(session)))


def _columns(session: Session) -> tuple[FieldSpec, ...]:
    model = ProcessDefinition
    processes = session.execute(
        select(model.key, func.max(model.title_zh), func.max(model.title_en))
        .group_by(model.key)
        .order_by(model.key)
    ).all()
    return (
        FieldSpec(
            "member",
            "text",
            "成员名",
            "Member",
            maximum=60,
            hint_zh="同名各行算一项",
            hint_en="Rows of one name count as one",
        ),
        FieldSpec(
            "duty",
            "choice",
            "职责",
            "Duty",
            options=tuple(Option(duty, f"[{duty}]", f"[{duty}]") for duty in DUTIES),
        ),
        FieldSpec(
            "process_key",
            "text",
            "业务",
            "Process",
            required=False,
            maximum=60,
            options=tuple(Option(key, zh, en) for key, zh, en in processes),
            hint_zh="空为各业务",
            hint_en="Empty: any",
        ),
        FieldSpec(
            "case_role",
            "text",
            "案件角色",
            "Role of the case",
            required=False,
            maximum=40,
            hint_zh="空为各角色",
            hint_en="Empty: any",
        ),
    )
