"""A form-js schema as the templates print it: labels in the reader's language, typed text kept, errors by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.faces.refusal_texts import text_of_field
from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.parts import ErrorLine
from app.faces.web.words import local
from app.kernel.worklist.form_schema import Field, Option, read_fields
from app.kernel.worklist.forms import FieldError

MOMENTS = {"date": "date", "datetime": "datetime-local", "time": "time"}
ROWS = 4


@dataclass(frozen=True)
class OptionView:
    """One choice as printed."""

    value: str
    words: str
    small: str
    chosen: bool


@dataclass(frozen=True)
class TextLine:
    """A line of a text component; markdown headings become headings, nothing else is interpreted."""

    words: str
    heading: bool


@dataclass(frozen=True)
class FieldView:
    """One field as printed; `kind` selects the markup, `input` the type of a plain input."""

    kind: str
    id: str
    key: str
    label: str
    help: str
    required: bool
    value: str
    input: str
    error: str
    hide: str
    options: Sequence[OptionView]
    children: Sequence[FieldView]
    lines: Sequence[TextLine]
    max_length: int | None
    min: str | None
    max: str | None
    step: str
    rows: int = ROWS
    columns: bool = True


@dataclass(frozen=True)
class FormView:
    """All fields and the summary of what is wrong."""

    fields: Sequence[FieldView]
    summary: Sequence[ErrorLine]


def form_view(
    schema: Mapping[str, Any],
    values: Mapping[str, Any],
    errors: Mapping[str, FieldError] | None = None,
    labels: Mapping[str, str] | None = None,
) -> FormView:
    """Join schema, values (typed or as posted) and errors.

    An error of a key the form has no field for is told under its name in `labels`.
    """
    wrong = dict(errors or {})
    fields = [_field(item, values, wrong) for item in read_fields(schema)]
    shown = {item.key: item for item in _flat(fields)}
    return FormView(fields, [_line(key, error, shown, labels or {}) for key, error in wrong.items()])


def _line(
    key: str, error: FieldError, shown: Mapping[str, FieldView], labels: Mapping[str, str]
) -> ErrorLine:
    message = text_of_field(*error)
    item = shown.get(key)
    return ErrorLine(message, item.id, item.label) if item else ErrorLine(message, label=labels.get(key, ""))


def _flat(fields: Sequence[FieldView]) -> Iterator[FieldView]:
    for item in fields:
        yield from _flat(item.children)
        if item.key:
            yield item


def _field(item: Field, values: Mapping[str, Any], errors: Mapping[str, FieldError]) -> FieldView:
    value = values.get(item.key)
    error = errors.get(item.key)
    plain = item.kind in ("textfield", "number", "datetime")
    return FieldView(
        kind="input" if plain else item.kind,
        id=f"field-{item.key}" if item.key else "",
        key=item.key,
        label=_words(item.label, item.label_en),
        help=_words(item.help, item.help_en),
        required=item.required,
        value=_shown(item, value),
        input=_input(item),
        error=text_of_field(*error) if error else "",
        hide=item.hide,
        options=[_option(option, value) for option in item.options],
        children=[_field(child, values, errors) for child in item.children],
        lines=_lines(_words(item.text, item.text_en)),
        max_length=item.max_length if item.kind in ("textfield", "textarea") else None,
        min=_number(item.minimum),
        max=_number(item.maximum),
        step=str(Decimal(1).scaleb(-item.digits)),
    )


def _words(zh: str, en: str) -> str:
    """The form's own English, else the catalogue's, else the Chinese."""
    return pick(zh, en or _(zh)) if zh else ""


def _option(option: Option, value: Any) -> OptionView:
    chosen = option.value in value if isinstance(value, list) else option.value == value
    return OptionView(
        option.value, _words(option.label, option.label_en), _words(option.small, option.small_en), chosen
    )


def _input(item: Field) -> str:
    if item.kind == "datetime":
        return MOMENTS.get(item.moment, "date")
    return "number" if item.kind == "number" else "text"


def _shown(item: Field, value: Any) -> str:
    """Typed text as it was typed; a stored instant as local time for the browser's own picker."""
    if value is None or value is False or isinstance(value, list):
        return ""
    if item.kind == "datetime" and item.moment == "datetime":
        return _local_text(str(value))
    return str(value)


def _local_text(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return local(moment).strftime("%Y-%m-%dT%H:%M") if moment.tzinfo else value


def _lines(text: str) -> list[TextLine]:
    return [TextLine(line.lstrip("# "), line.startswith("#")) for line in text.splitlines() if line.strip()]


def _number(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
