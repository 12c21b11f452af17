"""A file of lines for the register, read and checked line by line without the database: pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.registry.kinds import Column, Kind
from app.kernel.identity.identifiers import IdentifierInvalid, parse_id_number, parse_uscc

LARGEST_FILE = 2 * 1024 * 1024
MOST_LINES = 5000
LONGEST_TEXT = 200
TRUE = frozenset({"是", "1", "y", "yes", "true"})
FALSE = frozenset({"", "否", "0", "n", "no", "false"})


@dataclass(frozen=True)
class Fault:
    """Why a line is refused: its column ("" for the line as a whole) and a code with texts in the faces."""

    column: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class FileUnreadable(ValueError):
    """Nothing of the file can be taken; `code` says why."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True)
class Line:
    """A line by its number in the file (the header is 1): canonical values, or faults."""

    number: int
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


def read_lines(kind: Kind, content: bytes, regions: frozenset[str], today: date) -> list[Line]:
    """All lines of a CSV file in UTF-8 (a BOM is allowed), the header in keys or in Chinese. Raise FileUnreadable."""
    if len(content) > LARGEST_FILE:
        raise FileUnreadable("file_too_large", max=LARGEST_FILE // 1024 // 1024)
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except UnicodeDecodeError:
        raise FileUnreadable("file_not_utf8") from None
    except csv.Error:
        raise FileUnreadable("file_not_csv") from None
    if not rows:
        raise FileUnreadable("file_empty")
    columns = _header(kind, rows[0])
    filled = [
        (number, row) for number, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)
    ]
    if not filled:
        raise FileUnreadable("file_empty")
    if len(filled) > MOST_LINES:
        raise FileUnreadable("too_many_lines", max=MOST_LINES)
    return [_line(number, columns, row, regions, today) for number, row in filled]


def _header(kind: Kind, names: list[str]) -> list[Column]:
    known = {name: column for column in kind.columns for name in (column.key, column.zh)}
    typed = [name.strip() for name in names]
    unknown = [name for name in typed if name not in known]
    if unknown:
        raise FileUnreadable("column_unknown", names="、".join(unknown[:5]))
    columns = [known[name] for name in typed]
    if len(set(columns)) < len(columns):
        raise FileUnreadable("column_twice")
    missing = [column.zh for column in kind.columns if column.required and column not in columns]
    if missing:
        raise FileUnreadable("column_missing", names="、".join(missing))
    return columns


def _line(number: int, columns: list[Column], row: list[str], regions: frozenset[str], today: date) -> Line:
    if len(row) > len(columns):
        return Line(number, {}, (Fault("", "cells_too_many"),))
    cells = dict(zip([column.key for column in columns], row, strict=False))
    values: dict[str, Any] = {}
    faults = []
    for column in columns:
        try:
            values[column.key] = _cell(column, cells.get(column.key, "").strip(), regions, today)
        except (_Wrong, IdentifierInvalid) as wrong:
            faults.append(Fault(column.key, wrong.code, getattr(wrong, "params", {})))
    return Line(number, values, tuple(faults) or tuple(_across(values, today)))


class _Wrong(ValueError):
    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def _cell(column: Column, text: str, regions: frozenset[str], today: date) -> Any:
    if not text and column.type != "flag":
        if column.required:
            raise _Wrong("required")
        return "" if column.type == "text" else None
    if len(text) > LONGEST_TEXT:
        raise _Wrong("too_long", max=LONGEST_TEXT)
    if column.type == "id_number":
        return parse_id_number(text, today=today)
    if column.type == "region":
        if text not in regions:
            raise _Wrong("region_out_of_scope")
        return text
    return _READERS[column.type](column, text)


def _text(column: Column, text: str) -> str:
    if any(ord(char) < 32 for char in text):
        raise _Wrong("control_characters")
    return text


def _date(column: Column, text: str) -> date:
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text, re.ASCII)
    try:
        return date(*(int(part) for part in found.groups())) if found else date.fromisoformat(text)
    except ValueError:
        raise _Wrong("not_date") from None


def _month(column: Column, text: str) -> date:
    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})月?", text, re.ASCII)
    try:
        if found:
            return date(int(found[1]), int(found[2]), 1)
    except ValueError:
        pass
    raise _Wrong("not_month")


def _money(column: Column, text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise _Wrong("not_a_number") from None
    if not number.is_finite() or not 0 <= number < 10**10 or number != round(number, 2):
        raise _Wrong("not_money")
    return round(number, 2)


def _integer(column: Column, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise _Wrong("not_integer")
    number = int(text)
    if column.low is not None and number < column.low:
        raise _Wrong("too_small", min=column.low)
    if column.high is not None and number > column.high:
        raise _Wrong("too_large", max=column.high)
    return number


def _choice(column: Column, text: str) -> str:
    for option in column.options:
        if text in option:
            return option[0]
    raise _Wrong("not_an_option")


def _list(column: Column, text: str) -> list[str]:
    return sorted({part.strip() for part in re.split("[;；、,，]", text) if part.strip()})


def _flag(column: Column, text: str) -> bool:
    lower = text.lower()
    if lower not in TRUE | FALSE:
        raise _Wrong("not_an_option")
    return lower in TRUE


_READERS: Mapping[str, Callable[[Column, str], Any]] = {
    "uscc": lambda _column, text: parse_uscc(text),
    "text": _text,
    "date": _date,
    "month": _month,
    "money": _money,
    "integer": _integer,
    "choice": _choice,
    "list": _list,
    "flag": _flag,
}
HAPPENED = ("died_on", "registered_on", "paid_on")
"""What can only have happened already."""


def _across(values: Mapping[str, Any], today: date) -> Iterator[Fault]:
    """What several cells say together."""
    for key in HAPPENED:
        if values.get(key) and values[key] > today:
            yield Fault(key, "in_future")
    begins = values.get("from_on") or values.get("valid_from")
    for key in ("to_on", "ends_on"):
        if values.get(key) and begins and values[key] < begins:
            yield Fault(key, "period_reversed")
    if "specialities" in values and values["to_on"] >= _years_later(values["from_on"], 3):
        yield Fault("to_on", "term_too_long")
    if "agreement_no" in values and values.get("to_on") and not values.get("from_on"):
        yield Fault("from_on", "required")


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
