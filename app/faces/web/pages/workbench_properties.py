"""The manifest of a rule as a form, and its test cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flask import url_for

from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.pages.workbench_errors import errors_of, summary_of
from app.faces.web.pages.workbench_view import (
    CaseRow,
    CasesView,
    FieldView,
    PropertiesView,
    RowsView,
)
from app.faces.web.pages.workbench_words import EXPECTED, choices, label, said
from app.faces.web.parts import Choice
from app.kernel.decisions.catalogue import vocabulary as words
from app.kernel.decisions.catalogue.cases import EXPECTATIONS, CaseResult
from app.kernel.decisions.catalogue.reading import CASES, MANIFEST
from app.kernel.decisions.workbench.cases import LONGEST_FACT, LONGEST_NAME, list_cases, show_fact
from app.kernel.decisions.workbench.properties import FACT, PARAMETER, SOURCE, read_properties
from app.kernel.engine.workbench.queries import RuleCheck, RuleDraft
from app.kernel.refusals import InvalidInput

NEW_ROWS = 2
VOCABULARIES: Mapping[str, tuple[words.Words, bool]] = {
    "kind": (words.KINDS, True),
    "severity": (words.SEVERITIES, True),
    "severity_rises_to": (words.SEVERITIES, False),
    "action": (words.ACTIONS, True),
    "override": (words.OVERRIDES, False),
    "owner": (words.OWNERS, True),
}
"""Entries chosen from words, and whether there must be one."""
SEVERAL = {"business": words.BUSINESSES, "triggers": words.TRIGGERS, "also": words.ALSO}
COLUMNS = {
    "type": words.TYPES,
    "registry": words.REGISTRIES,
    "unit": words.UNITS,
    "tag": words.TAGS,
    "as": words.CONVERSIONS,
}
"""Columns of rows chosen from words; a parameter's `source` is a tag."""
TEXTS = ("name_zh", "name_en", "approver")
PARAGRAPHS = ("message_zh", "message_en")
FORM_ORDER = (
    "name_zh",
    "name_en",
    "kind",
    "action",
    "severity",
    "severity_rises_to",
    "override",
    "approval_levels",
    "effective_from",
    "effective_to",
    "owner",
    "approver",
    "business",
    "triggers",
    "also",
    "message_zh",
    "message_en",
)


def properties_view(
    draft: RuleDraft,
    *,
    editable: bool,
    invalid: InvalidInput | None = None,
    typed: Mapping[str, Any] | None = None,
) -> PropertiesView:
    """The form; with `invalid` what was typed (`typed`, a manifest's table) comes back with its errors."""
    table = typed if typed is not None else read_properties(draft.files.get(MANIFEST, b""))
    text_url = url_for("workbench_files.text", draft_id=draft.id, name=MANIFEST)
    url = url_for("workbench_files.properties", draft_id=draft.id) if editable else ""
    if table is None:
        broken = _("rule.toml 现在不能读成表单，请改源文件。")
        return PropertiesView(url, draft.revision, (), (), text_url, broken)
    errors = errors_of(invalid)
    return PropertiesView(
        url=url,
        revision=draft.revision,
        fields=[_field(name, table, errors) for name in FORM_ORDER],
        tables=list(_tables(table, errors)),
        text_url=text_url,
        summary=summary_of(errors),
    )


def _field(name: str, table: Mapping[str, Any], errors: Mapping[str, str]) -> FieldView:
    value, error = table.get(name), errors.get(name, "")
    if name in VOCABULARIES:
        vocabulary, needed = VOCABULARIES[name]
        options = choices(vocabulary, [str(value)] if value else [], empty=None if needed else _("不设"))
        return FieldView(name, label(name), "select", "", options, needed, error=error)
    if name in SEVERAL:
        chosen = [str(one) for one in value] if isinstance(value, list) else []
        return FieldView(name, label(name), "checks", "", choices(SEVERAL[name], chosen), error=error)
    if name == "approval_levels":
        options = [
            Choice("1", _("照常"), value != 2),
            Choice("2", _("命中后须二级审批"), value == 2),
        ]
        return FieldView(name, label(name), "select", "", options, error=error)
    if name in ("effective_from", "effective_to"):
        needed = name == "effective_from"
        return FieldView(name, label(name), "date", str(value or ""), required=needed, error=error)
    kind = "paragraph" if name in PARAGRAPHS else "text"
    remark = _("{代号} 处填入事实或参数的值") if name == "message_zh" else ""
    return FieldView(name, label(name), kind, str(value or ""), required=True, error=error, remark=remark)


def _tables(table: Mapping[str, Any], errors: Mapping[str, str]) -> Iterator[RowsView]:
    facts = [(str(key), dict(row)) for key, row in table.get("fact", {}).items()]
    parameters = [(str(key), dict(row)) for key, row in table.get("parameter", {}).items()]
    sources = [("", dict(row)) for row in table.get("source", [])]
    for name, rows, columns, remark in (
        ("fact", facts, ("key", *FACT), _("规则要读的事实；清空代号就是删去")),
        ("parameter", parameters, ("key", *PARAMETER), _("不是法律的数值写在这里，不写在表达式里")),
        ("source", sources, SOURCE, _("清空中文就是删去")),
    ):
        shown = [*rows, *((("", {}),) * NEW_ROWS)]
        yield RowsView(
            title=label(name),
            remark=remark,
            heads=[label("lookup" if column == "parameter" else column) for column in columns],
            rows=[
                [_cell(name, number, column, key, row, errors) for column in columns]
                for number, (key, row) in enumerate(shown)
            ],
        )


def _cell(
    table: str, number: int, column: str, key: str, row: Mapping[str, Any], errors: Mapping[str, str]
) -> FieldView:
    name = f"{table}-{number}-{column}"
    error = errors.get(name, "") or (errors.get(f"{table}-{key}", "") if column == "value" else "")
    value = key if column == "key" else row.get(column)
    if column in ("optional", "sensitive"):
        return FieldView(name, label(column), "check", "true" if value else "")
    vocabulary = words.TAGS if (table, column) == ("parameter", "source") else COLUMNS.get(column)
    if vocabulary is not None:
        options = choices(vocabulary, [str(value)] if value else [], empty="—")
        return FieldView(name, label(column), "select", "", options, error=error)
    shown = "、".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")
    return FieldView(name, label(column), "text", shown, error=error)


# -- test cases


def cases_view(
    draft: RuleDraft,
    check: RuleCheck,
    *,
    editable: bool,
    wrong: tuple[int, InvalidInput, Mapping[str, str]] | None = None,
) -> CasesView:
    """All cases with what the rule says now; `wrong`: whose form comes back, why, with what was typed."""
    text_url = url_for("workbench_files.text", draft_id=draft.id, name=CASES)
    kept = list_cases(draft.files.get(CASES, b""))
    contract = contract_of(draft)
    if kept is None:
        return CasesView(
            [], 0, 0, "", draft.revision, (), "", text_url, _("cases.toml 现在不能读成表单，请改源文件。")
        )
    opened, errors, typed = (wrong[0], errors_of(wrong[1]), wrong[2]) if wrong else (None, {}, {})

    def form(index: int, case: Mapping[str, Any]) -> list[FieldView]:
        back = index == opened
        return _case_fields(index, case, contract, errors if back else {}, typed if back else None)

    results = check.results if len(check.results) == len(kept) else [None] * len(kept)
    passed = sum(1 for one in check.results if one.passed)
    return CasesView(
        rows=[
            _case_row(draft, index, case, result, form, contract, editable=editable)
            for index, (case, result) in enumerate(zip(kept, results, strict=True))
        ],
        passed=passed,
        failed=check.failed,
        remark="" if check.rule else _("规则现在不能读，用例没有运行。"),
        revision=draft.revision,
        add=form(-1, {}) if editable else (),
        add_url=url_for("workbench_files.case", draft_id=draft.id) if editable else "",
        text_url=text_url,
        wrong=opened,
        summary=summary_of({f"{opened}-{field}": text for field, text in errors.items()}),
    )


def contract_of(draft: RuleDraft) -> dict[str, Mapping[str, Any]]:
    """The facts contract as the manifest says now, without facts of a type there is not."""
    table = read_properties(draft.files.get(MANIFEST, b"")) or {}
    return {key: row for key, row in table.get("fact", {}).items() if str(row.get("type")) in words.TYPES}


def _case_row(
    draft: RuleDraft,
    index: int,
    case: Mapping[str, Any],
    result: CaseResult | None,
    form: Callable[[int, Mapping[str, Any]], list[FieldView]],
    contract: Mapping[str, Mapping[str, Any]],
    *,
    editable: bool,
) -> CaseRow:
    named = {key: label_of(row) or key for key, row in contract.items()}
    facts = "；".join(
        f"{named.get(key, key)} = {show_fact(value)}" for key, value in case.get("facts", {}).items()
    )
    tone, icon = (
        ("ok", "check-lg")
        if result and result.passed
        else ("over", "x-octagon")
        if result
        else ("", "circle")
    )
    return CaseRow(
        index=index,
        name=str(case.get("name", "")),
        expect=_outcome(str(case.get("expect", "")), case.get("severity")),
        got=_outcome(result.judgement.outcome, result.judgement.severity if case.get("severity") else None)
        if result
        else _("没有运行"),
        tone=tone,
        icon=icon,
        facts=facts or "—",
        missing="、".join(result.judgement.missing) if result else "",
        fields=form(index, case) if editable else (),
        edit_url=url_for("workbench_files.case", draft_id=draft.id, index=index) if editable else "",
        remove_url=url_for("workbench_files.case_away", draft_id=draft.id, index=index) if editable else "",
    )


def _outcome(outcome: str, severity: object) -> str:
    shown = str(EXPECTED.get(outcome, outcome))
    return f"{shown} · {said(words.SEVERITIES, str(severity))}" if severity and outcome == "hit" else shown


def _case_fields(
    index: int,
    case: Mapping[str, Any],
    contract: Mapping[str, Mapping[str, Any]],
    errors: Mapping[str, str],
    typed: Mapping[str, str] | None,
) -> list[FieldView]:
    def value(name: str, kept: str) -> str:
        return typed.get(name, "") if typed is not None else kept

    def known(name: str) -> str:
        return f"{index}-{name}"

    expect, severity = (
        value("expect", str(case.get("expect", "hit"))),
        value("severity", str(case.get("severity", ""))),
    )
    outcomes = [Choice(one, str(EXPECTED[one]), one == expect) for one in EXPECTATIONS]
    severities = choices(words.SEVERITIES, [severity] if severity else [], empty=_("不论"))
    name = value("name", str(case.get("name", "")))
    wrong = {key: errors.get(key, "") for key in ("name", "expect")}
    fields = [
        FieldView(known("name"), label("name"), "text", name, (), True, LONGEST_NAME, wrong["name"]),
        FieldView(known("expect"), label("expect"), "select", "", outcomes, True, error=wrong["expect"]),
        FieldView(known("severity"), label("severity"), "select", "", severities),
    ]
    facts = case.get("facts", {})
    for key, row in contract.items():
        shown = value(f"fact-{key}", show_fact(facts.get(key)))
        fields.append(_fact_field(known(f"fact-{key}"), key, row, shown, errors.get(f"fact-{key}", "")))
    return fields


def _fact_field(name: str, key: str, row: Mapping[str, Any], value: str, error: str) -> FieldView:
    kind = str(row["type"])
    title = f"{label_of(row) or key}（{key}）"
    if kind == "boolean":
        options = [
            Choice("", _("不知道"), not value),
            Choice("true", _("是"), value == "true"),
            Choice("false", _("否"), value == "false"),
        ]
        return FieldView(name, title, "select", "", options, error=error)
    inputs = {"date": "date", "datetime": "datetime-local", "list": "paragraph", "context": "paragraph"}
    remark = (
        _("按 TOML 写，例如 [{ from = 2026-01-01, to = 2026-01-31 }]") if kind in ("list", "context") else ""
    )
    return FieldView(name, title, inputs.get(kind, "text"), value, (), False, LONGEST_FACT, error, remark)


def label_of(row: Mapping[str, Any]) -> str:
    """What the contract calls a fact."""
    return pick(str(row.get("zh", "")), str(row.get("en", "")))


def strip_index(posted: Mapping[str, str], index: int) -> dict[str, str]:
    """The fields of one case's form without the number that keeps them apart on the page."""
    prefix = f"{index}-"
    return {name.removeprefix(prefix): value for name, value in posted.items() if name.startswith(prefix)}


def flat(posted: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Single texts of a posted form."""
    return {name: value for name, value in posted.items() if isinstance(value, str)}
