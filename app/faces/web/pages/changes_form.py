"""The form of any kind of change, out of the fields it declares; works without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.refusal_texts import text_of_field
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.form_view import FieldView, OptionView
from app.faces.web.language import pick
from app.faces.web.pages.changes_view import Cell, ChangeFormPage, FormItem
from app.faces.web.pages.person_choice import Choosing, chosen_people, person_search
from app.faces.web.parts import Choice, ErrorLine, Link
from app.faces.web.shell import fresh_key
from app.kernel.changes.fields import LONGEST_PARAGRAPH, LONGEST_TEXT, FieldSpec
from app.kernel.changes.kinds import ChangeKind, ListsTargets, Moment
from app.kernel.worklist.forms import FieldError

KINDS = {"paragraph": "textarea", "choice": "select"}
INPUTS = {"integer": "number", "number": "number", "date": "date"}
NUMBERS = ("integer", "number")
BLANK_ROWS = 3
REASONS = ("change_title", "change_reason", "legal_ground")
_DUTY = re.compile(r"\[([a-z_0-9]+)\]")

Errors = Mapping[str, FieldError]
Values = Mapping[str, Any]


def worded(text: str) -> str:
    """Kernel texts name duties as `[duty]`; here they get their words."""
    said = _DUTY.sub(lambda found: f"\0{duty_word(found[1])}\0", text)
    return said.replace("\0\0", _("、")).replace("\0", "")


def change_form(
    session: Session,
    who: Standing,
    kind: ChangeKind,
    values: Values,
    reasons: Mapping[str, str],
    *,
    case_id: int | None = None,
    errors: Errors | None = None,
    refusal: str = "",
    rows_shown: int = 0,
    target: str = "",
    args: Mapping[str, str] | None = None,
) -> ChangeFormPage:
    """The page of a new change, or of editing one (`case_id`). `args`: of the address, where people are chosen."""
    wrong = dict(errors or {})
    fields = [field for field in kind.form(session, Moment(who.now, who.today)) if not field.hidden]
    address = url_for("changes.new") if case_id is None else url_for("changes.editing", case_id=case_id)
    choosing = Choosing.of(
        fields, values, address, {**({} if case_id else {"kind": kind.key}), **(args or {})}
    )
    people = chosen_people(session, choosing)
    items = [
        replace(form_item(field, values.get(field.key), wrong, rows_shown), person=people.get(field.key))
        for field in fields
    ]
    shown = [_reason(key, reasons.get(key, ""), wrong) for key in REASONS]
    title = pick(kind.title_zh, kind.title_en)
    rows = max((len(item.rows) for item in items if item.rows is not None), default=0)
    if case_id is None:
        url, back = url_for("changes.create", kind=kind.key), Link(url_for("changes.show"), _("回受控变更"))
    else:
        url = url_for("changes.edit", case_id=case_id)
        back = Link(url_for("changes.one", case_id=case_id), _("回变更"))
    return ChangeFormPage(
        title=_("提出变更：%(kind)s", kind=title) if case_id is None else _("修改变更：%(kind)s", kind=title),
        remark=_("提出即记为本变更的编制人，不能再复核、批准。"),
        url=url,
        back=back,
        items=items,
        reasons=shown,
        idempotency_key=fresh_key(),
        submit=_("提出变更") if case_id is None else _("保存修改"),
        rows_shown=rows,
        kind=kind.key,
        targets=_targets(session, who, kind, target) if case_id is None else (),
        summary=error_lines(wrong, items, shown),
        refusal=refusal,
        people=person_search(session, who, choosing),
    )


def _targets(session: Session, who: Standing, kind: ChangeKind, target: str) -> list[Choice]:
    if not isinstance(kind, ListsTargets):
        return []
    found = kind.targets(session, Moment(who.now, who.today))
    return [Choice(item.value, pick(item.zh, item.en), item.value == target) for item in found]


def form_item(field: FieldSpec, value: Any, errors: Errors, rows_shown: int) -> FormItem:
    """A field with what was entered and its errors; a table shows so many rows, else three blank ones."""
    if field.type != "rows":
        return FormItem(_view(field, value, field.key, errors), _suggestions(field))
    given = [row for row in (value or []) if isinstance(row, Mapping)]
    wanted = rows_shown or len(given) + BLANK_ROWS
    rows = [
        [
            Cell(
                _view(column, row.get(column.key), f"{field.key}.{number}.{column.key}", errors),
                _suggestions(column),
            )
            for column in field.columns
        ]
        for number, row in enumerate([*given, *({} for _unused in range(wanted - len(given)))])
    ]
    return FormItem(
        _view(field, None, field.key, errors),
        rows=rows,
        heads=[pick(column.label_zh, column.label_en) for column in field.columns],
        hints=[pick(column.hint_zh, column.hint_en) for column in field.columns if column.hint_zh],
    )


def _suggestions(field: FieldSpec) -> list[Choice]:
    if field.type != "text" and not field.typed:
        return []
    return [Choice(option.value, pick(option.zh, option.en)) for option in field.options]


def _view(field: FieldSpec, value: Any, name: str, errors: Errors) -> FieldView:
    error = errors.get(name)
    chosen = value if isinstance(value, list) else [value]
    kind = "checklist" if field.type == "many" else KINDS.get(field.type, "input")
    limit = field.maximum or (LONGEST_PARAGRAPH if field.type == "paragraph" else LONGEST_TEXT)
    return FieldView(
        kind="input" if field.typed else kind,
        id=f"field-{name.replace('.', '-')}",
        key=name,
        label=pick(field.label_zh, field.label_en),
        help=pick(field.hint_zh, field.hint_en),
        required=field.required,
        value="" if value is None or isinstance(value, list) else str(value),
        input=INPUTS.get(field.type, "text"),
        error=text_of_field(*error) if error else "",
        hide="",
        options=[
            OptionView(option.value, worded(pick(option.zh, option.en)), "", option.value in chosen)
            for option in field.options
        ],
        children=(),
        lines=(),
        max_length=limit if field.type in ("text", "paragraph") else None,
        min=str(field.minimum) if field.type in NUMBERS and field.minimum is not None else None,
        max=str(field.maximum) if field.type in NUMBERS and field.maximum is not None else None,
        step="any" if field.type == "number" else "1",
    )


def _reason(key: str, value: str, errors: Errors) -> FieldView:
    field = {
        "change_title": FieldSpec(
            "change_title",
            "text",
            _("变更事项"),
            _("变更事项"),
            required=False,
            maximum=60,
            hint_zh=_("留空则取变更对象的名称"),
            hint_en=_("留空则取变更对象的名称"),
        ),
        "change_reason": FieldSpec("change_reason", "paragraph", _("变更理由"), _("变更理由"), maximum=2000),
        "legal_ground": FieldSpec("legal_ground", "paragraph", _("变更依据"), _("变更依据"), maximum=1000),
    }[key]
    return _view(field, value, key, errors)


def error_lines(
    errors: Errors, items: Sequence[FormItem], reasons: Sequence[FieldView] = ()
) -> list[ErrorLine]:
    """The summary above the form."""
    views = {item.view.key: item.view for item in items} | {view.key: view for view in reasons}
    for item in items:
        for number, row in enumerate(item.rows or (), start=1):
            views |= {cell.view.key: _numbered(cell.view, item.view, number) for cell in row}
    lines = []
    for key, error in errors.items():
        view = views.get(key)
        message = text_of_field(*error)
        lines.append(ErrorLine(message, view.id, view.label) if view else ErrorLine(message, label=key))
    return lines


def _numbered(cell: FieldView, table: FieldView, number: int) -> FieldView:
    label = _("%(table)s第 %(n)s 行%(column)s", table=table.label, n=number, column=cell.label)
    return FieldView(**{**vars(cell), "label": label})
