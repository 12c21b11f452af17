"""Server-side validation of a submitted form-js form; the browser's own checks are only a convenience.

Codes of errors (texts in `app/faces/refusal_texts.py`): required, too_short(min), too_long(max), bad_pattern,
not_a_number, too_many_digits(digits), too_small(min), too_large(max), not_a_date, not_a_datetime,
not_an_option.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from app.kernel.local_time import LOCAL_ZONE
from app.kernel.worklist.form_conditions import is_hidden, value_seen
from app.kernel.worklist.form_schema import Field, input_fields, read_fields

EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 12, 31)

Submitted = Mapping[str, str | Sequence[str]]
FieldError = tuple[str, Mapping[str, object]]


@dataclass(frozen=True)
class FormResult:
    """JSON-native values by key (dates ISO, times local without offset, decimals as text), errors by key."""

    values: Mapping[str, Any]
    errors: Mapping[str, FieldError]

    @property
    def valid(self) -> bool:
        """True when every shown field is in order."""
        return not self.errors


class _Wrong(Exception):
    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.error: FieldError = (code, params)


def validate(schema: Mapping[str, Any], data: Submitted) -> FormResult:
    """Check `data` (texts as posted) against a form-js schema.

    Unknown keys are ignored; hidden fields are neither demanded nor kept; an empty optional field gives
    None (an empty checklist an empty list). Raise FormInvalid when the schema itself is unusable.
    """
    values: dict[str, Any] = {}
    errors: dict[str, FieldError] = {}
    fields = read_fields(schema)
    seen = {item.key: value_seen(item.holds, data.get(item.key, "")) for item in input_fields(fields)}
    for item in _shown(fields, seen):
        try:
            values[item.key] = _value(item, data.get(item.key, ""))
        except _Wrong as wrong:
            errors[item.key] = wrong.error
    return FormResult(values, errors)


def _shown(fields: Sequence[Field], seen: Mapping[str, object]) -> list[Field]:
    shown: list[Field] = []
    for item in fields:
        if item.hide and is_hidden(item.hide, seen):
            continue
        if item.kind == "group":
            shown.extend(_shown(item.children, seen))
        else:
            shown.extend(input_fields((item,)))
    return shown


def _value(item: Field, posted: str | Sequence[str]) -> Any:
    if item.kind == "checklist":
        return _checklist(item, [posted] if isinstance(posted, str) else list(posted))
    text = posted if isinstance(posted, str) else (posted[0] if posted else "")
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if item.kind == "checkbox":
        return _checkbox(item, text)
    if not text:
        if item.required:
            raise _Wrong("required")
        return None
    return _READERS[item.kind](item, text)


def _checkbox(item: Field, text: str) -> bool:
    ticked = text.lower() in ("true", "on", "1")
    if item.required and not ticked:
        raise _Wrong("required")
    return ticked


def _checklist(item: Field, chosen: list[str]) -> list[str]:
    chosen = [value for value in chosen if value]
    allowed = [option.value for option in item.options]
    if any(value not in allowed for value in chosen):
        raise _Wrong("not_an_option")
    if item.required and not chosen:
        raise _Wrong("required")
    return [value for value in allowed if value in chosen]


def _text(item: Field, text: str) -> str:
    if len(text) < item.min_length:
        raise _Wrong("too_short", min=item.min_length)
    if len(text) > item.max_length:
        raise _Wrong("too_long", max=item.max_length)
    if item.pattern is not None and not item.pattern.search(text):
        raise _Wrong("bad_pattern")
    return text


def _option(item: Field, text: str) -> str:
    if text not in {option.value for option in item.options}:
        raise _Wrong("not_an_option")
    return text


def _number(item: Field, text: str) -> int | str:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise _Wrong("not_a_number") from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise _Wrong("not_a_number")
    if number != round(number, item.digits):
        raise _Wrong("too_many_digits", digits=item.digits)
    if item.minimum is not None and number < item.minimum:
        raise _Wrong("too_small", min=str(item.minimum))
    if item.maximum is not None and number > item.maximum:
        raise _Wrong("too_large", max=str(item.maximum))
    return str(number) if item.digits else int(number)


def _moment(item: Field, text: str) -> str:
    if item.moment == "datetime":
        return _local_minute(text)
    try:
        if item.moment == "time":
            return time.fromisoformat(text).strftime("%H:%M")
        day = date.fromisoformat(text)
    except ValueError:
        raise _Wrong("not_a_date") from None
    return _bounded(day).isoformat()


def _local_minute(text: str) -> str:
    """Local time in Asia/Shanghai to the minute, as people state it; kept without an offset like the facts."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong("not_a_datetime") from None
    _bounded(moment.date())
    local = moment.astimezone(LOCAL_ZONE).replace(tzinfo=None) if moment.tzinfo else moment
    return local.isoformat(timespec="minutes")


def _bounded(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise _Wrong("not_a_date")
    return day


_READERS: dict[str, Callable[[Field, str], Any]] = {
    "textfield": _text,
    "textarea": _text,
    "radio": _option,
    "select": _option,
    "number": _number,
    "datetime": _moment,
}
