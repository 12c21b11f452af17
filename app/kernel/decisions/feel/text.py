"""Values as text (10.3.4.1, `string()`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from app.kernel.decisions.feel.numbers import format_number
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths
from app.kernel.decisions.feel.temporal_text import (
    format_date,
    format_datetime,
    format_days_time,
    format_time,
    format_years_months,
)
from app.kernel.decisions.feel.tokens import names_in
from app.kernel.decisions.feel.values import Function, Overloads, Range, Value


def text_of(run: Runtime, value: Value) -> str | None:
    """The text of a value; of null, null."""
    if value is None:
        return None
    text = value if isinstance(value, str) else _text(run, value)
    return text if run.fits_text(len(text)) else None


def _text(run: Runtime, value: Value) -> str:
    run.charge()
    text = _WRITERS[type(value)](run, value)
    run.charge(len(text) // 16)
    return text


def _quoted(_run: Runtime, value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(run: Runtime, value: list[Value]) -> str:
    return f"[{', '.join(_text(run, item) for item in value)}]"


def _context(run: Runtime, value: dict[str, Value]) -> str:
    entries = (f"{_key(key)}: {_text(run, item)}" for key, item in value.items())
    return f"{{{', '.join(entries)}}}"


def _key(key: str) -> str:
    return key if names_in(key) is not None else json.dumps(key, ensure_ascii=False)


def _range(run: Runtime, value: Range) -> str:
    if value.unary is not None:
        end = value.high if value.unary in ("<", "<=") else value.low
        return f"({value.unary} {_text(run, end)})"
    low, high = "[" if value.low_closed else "(", "]" if value.high_closed else ")"
    return f"{low}{_text(run, value.low)}..{_text(run, value.high)}{high}"


_WRITERS: Final[dict[type, Callable[[Runtime, Any], str]]] = {
    type(None): lambda _run, _value: "null",
    bool: lambda _run, value: "true" if value else "false",
    Decimal: lambda _run, value: format_number(value),
    str: _quoted,
    Date: lambda _run, value: format_date(value),
    Time: lambda _run, value: format_time(value),
    DateTime: lambda _run, value: format_datetime(value),
    YearsMonths: lambda _run, value: format_years_months(value),
    DaysTime: lambda _run, value: format_days_time(value),
    list: _list,
    dict: _context,
    Range: _range,
    Function: lambda _run, value: f"function({', '.join(one.name for one in value.parameters)})",
    Overloads: lambda _run, value: f"function {value.name}",
}
