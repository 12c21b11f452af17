"""The form of a kind of change, declared as data: one page prints every kind, one reader checks them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app.kernel.refusals import InvalidInput

TYPES = ("text", "paragraph", "integer", "number", "date", "choice", "person", "many", "rows")
LONGEST_TEXT, LONGEST_PARAGRAPH, MOST_ROWS = 200, 4000, 60
LONGEST_NUMBER, LARGEST_EXPONENT = 30, 30
FieldErrors = dict[str, tuple[str, Mapping[str, object]]]


@dataclass(frozen=True)
class Option:
    """One value of a `choice` or `many` field."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True)
class FieldSpec:
    """One field. `type` is one of TYPES; `rows` is a table whose columns are `columns`.

    A canonical value is a text, an integer, a decimal number as text (no exponent, no zeros
    behind), an ISO date, a sorted list of texts (`many`), or a list of mappings
    (`rows`); a `person` is the id of a record, looked for among however many there are. An empty optional field
    is None, an empty `many` or `rows` an empty list.
    `typed`: a `choice` of more options than a list shows, offered as a text with suggestions.
    A `text` may have options too: the page offers them as suggestions. `hidden` ones follow from the others
    (`ChangeKind.read` fills them in) and are not shown.
    """

    key: str
    type: str
    label_zh: str
    label_en: str
    required: bool = True
    hint_zh: str = ""
    hint_en: str = ""
    options: tuple[Option, ...] = ()
    columns: tuple[FieldSpec, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    hidden: bool = False
    typed: bool = False


def read_fields(fields: Sequence[FieldSpec], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical values of all fields; unknown keys of `raw` are refused.

    Raise InvalidInput by field key; a cell of a table is named `<table>.<row>.<column>`, rows from 0.
    """
    errors: FieldErrors = {}
    known = {field.key for field in fields}
    for key in raw.keys() - known:
        errors[key] = ("unknown_field", {"field": key})
    values = {field.key: _read(field, raw.get(field.key), field.key, errors) for field in fields}
    if errors:
        raise InvalidInput(errors)
    return values


def _read(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> Any:
    if field.type == "rows":
        return _rows(field, raw, place, errors)
    if field.type == "many":
        return _many(field, raw, place, errors)
    if isinstance(raw, str):
        raw = raw.replace("\r\n", "\n").strip()
    if raw is None or raw == "":
        if field.required:
            errors[place] = ("required", {})
        return None
    return _READERS[field.type](field, raw, place, errors)


def _rows(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> list[dict[str, Any]]:
    rows = [row for row in (raw or []) if isinstance(row, Mapping) and any(_given(row))]
    if field.required and not rows:
        errors[place] = ("required", {})
    if len(rows) > MOST_ROWS:
        errors[place] = ("too_many_rows", {"max": MOST_ROWS})
        return []
    return [
        {
            column.key: _read(column, row.get(column.key), f"{place}.{number}.{column.key}", errors)
            for column in field.columns
        }
        for number, row in enumerate(rows)
    ]


def _given(row: Mapping[str, Any]) -> list[Any]:
    return [value for value in row.values() if value not in (None, "", [])]


def _many(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> list[str]:
    chosen = [raw] if isinstance(raw, str) else list(raw or [])
    chosen = [str(value) for value in chosen if value not in (None, "")]
    allowed = [option.value for option in field.options]
    if any(value not in allowed for value in chosen):
        errors[place] = ("not_an_option", {})
    if field.required and not chosen:
        errors[place] = ("required", {})
    return [value for value in allowed if value in chosen]


def _text(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> str | None:
    limit = field.maximum or (LONGEST_PARAGRAPH if field.type == "paragraph" else LONGEST_TEXT)
    if not isinstance(raw, str):
        errors[place] = ("not_text", {})
        return None
    if len(raw) > limit:
        errors[place] = ("too_long", {"max": limit})
    if any(ord(char) < 32 and char not in "\n\t" for char in raw):
        errors[place] = ("control_characters", {})
    return raw


def _integer(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> int | None:
    try:
        number = int(str(raw))
    except ValueError:
        errors[place] = ("not_integer", {})
        return None
    if field.minimum is not None and number < field.minimum:
        errors[place] = ("too_small", {"min": field.minimum})
    if number > (field.maximum if field.maximum is not None else 2**31 - 1):
        errors[place] = ("too_large", {"max": field.maximum or 2**31 - 1})
    return number


def _number(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> str | None:
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        errors[place] = ("not_a_number", {})
        return None
    if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT or len(str(raw)) > LONGEST_NUMBER:
        errors[place] = ("not_a_number", {})
        return None
    if field.minimum is not None and number < field.minimum:
        errors[place] = ("too_small", {"min": field.minimum})
    if field.maximum is not None and number > field.maximum:
        errors[place] = ("too_large", {"max": field.maximum})
    return format(number.normalize(), "f")


def _date(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> str | None:
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError:
        errors[place] = ("not_date", {})
        return None


def _choice(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> str | None:
    if str(raw) not in {option.value for option in field.options}:
        errors[place] = ("not_an_option", {})
        return None
    return str(raw)


def _person(field: FieldSpec, raw: Any, place: str, errors: FieldErrors) -> str | None:
    text = str(raw)
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        errors[place] = ("not_an_option", {})
        return None
    return str(int(text))


_READERS: dict[str, Callable[[FieldSpec, Any, str, FieldErrors], Any]] = {
    "text": _text,
    "paragraph": _text,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "person": _person,
}


def posted_values(fields: Sequence[FieldSpec], posted: Mapping[str, Any]) -> dict[str, Any]:
    """What `read_fields` takes, out of a posted form's flat names: cells come as `<table>.<row>.<column>`."""
    values: dict[str, Any] = {
        field.key: posted[field.key] for field in fields if field.type != "rows" and field.key in posted
    }
    for field in (field for field in fields if field.type == "rows"):
        rows: dict[int, dict[str, Any]] = {}
        for name, value in posted.items():
            table, _, rest = name.partition(".")
            number, _, column = rest.partition(".")
            if table == field.key and number.isascii() and number.isdigit() and column:
                rows.setdefault(int(number), {})[column] = value
        values[field.key] = [rows[number] for number in sorted(rows)]
    return values
