"""A rule's manifest edited as a form: the canonical order of its entries, and what posted fields mean.

Only what a form can't hold otherwise is refused here (a day that is none); whether a manifest is a good one is said
by the check, by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.kernel.decisions.workbench.cases import Errors
from app.kernel.decisions.workbench.toml_document import updated
from app.kernel.decisions.workbench.toml_text import read_table, write_table
from app.kernel.refusals import InvalidInput

SINGLE: Final = (
    "name_zh",
    "name_en",
    "kind",
    "severity",
    "severity_rises_to",
    "action",
    "override",
    "owner",
    "approver",
    "message_zh",
    "message_en",
    "statistic",
    "carried_by_zh",
    "carried_by_en",
)
"""Entries that are one text."""
SEVERAL: Final = ("also", "business", "triggers")
"""Entries that are lists of words."""
ORDER: Final = (
    "id",
    "version",
    "name_zh",
    "name_en",
    "kind",
    "severity",
    "severity_rises_to",
    "action",
    "also",
    "override",
    "approval_levels",
    "business",
    "triggers",
    "effective_from",
    "effective_to",
    "owner",
    "approver",
    "message_zh",
    "message_en",
    "statistic",
    "carried_by_zh",
    "carried_by_en",
    "source",
    "fact",
    "parameter",
)
FACT: Final = ("type", "zh", "en", "registry", "optional", "sensitive", "parameter", "on", "by", "as")
PARAMETER: Final = ("value", "unit", "zh", "en", "source")
SOURCE: Final = ("tag", "zh", "en")
FLAGS: Final = ("optional", "sensitive")
LONGEST: Final = 2000
MOST_ROWS: Final = 60


def read_properties(data: bytes) -> dict[str, Any] | None:
    """The manifest as it stands; None when its text is no TOML or a part isn't what the form shows."""
    table = read_table(data)
    if table is None:
        return None
    lists = (table.get(name, {} if name != "source" else []) for name in ("source", "fact", "parameter"))
    sources, facts, parameters = lists
    rows = [
        *(sources if isinstance(sources, list) else [None]),
        *(facts.values() if isinstance(facts, Mapping) else [None]),
        *(parameters.values() if isinstance(parameters, Mapping) else [None]),
    ]
    return table if all(isinstance(row, Mapping) for row in rows) else None


def write_properties(table: Mapping[str, Any], before: bytes = b"") -> bytes:
    """The manifest in its place in the file `before`, with the comments there; in its canonical order without one.

    Entries the form doesn't know stay behind the known ones.
    """
    known = [key for key in ORDER if key in table]
    wanted = {key: table[key] for key in [*known, *(key for key in table if key not in ORDER)]}
    return updated(before, wanted) if before else write_table(wanted)


def with_version(data: bytes, version: int) -> bytes:
    """The manifest naming another version; unchanged when it can't be read or names that one."""
    table = read_properties(data)
    if table is None or table.get("version") == version:
        return data
    return write_properties({**table, "version": version}, data)


def from_day(data: bytes, day: date) -> bytes:
    """The manifest in force from that day at the earliest; unchanged when it can't be read or begins later."""
    table = read_properties(data)
    begins = table.get("effective_from") if table is not None else None
    if table is None or not isinstance(begins, date) or begins >= day:
        return data
    return write_properties({**table, "effective_from": day}, data)


def parse_properties(before: Mapping[str, Any], posted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The manifest after a form was posted: each entry by its key, rows as `source-0-zh`, `fact-0-key`, …

    A row without key (a source without Chinese text) is dropped. Raise InvalidInput by field.
    """
    errors: Errors = {}
    table = {key: value for key, value in before.items() if key in ("id", "version") or key not in ORDER}
    for key in SINGLE:
        table[key] = _one(posted, key)
    for key in SEVERAL:
        table[key] = [value for value in posted.get(key, ()) if value]
    if _one(posted, "approval_levels") == "2":
        table["approval_levels"] = 2
    for key in ("effective_from", "effective_to"):
        table[key] = _day(posted, key, errors)
    table["source"] = [row for row in _rows(posted, "source", SOURCE) if row.get("zh")]
    table["fact"] = _kept(before, "fact", FACT, _by_key(posted, "fact", FACT, errors))
    parameters = _kept(before, "parameter", PARAMETER, _by_key(posted, "parameter", PARAMETER, errors))
    table["parameter"] = {
        key: {**row, "value": _threshold(row, f"parameter-{key}", errors)} for key, row in parameters.items()
    }
    errors |= {key: ("too_long", {"max": LONGEST}) for key in SINGLE if len(table[key]) > LONGEST}
    if errors:
        raise InvalidInput(errors)
    return {key: value for key, value in table.items() if value not in ("", None, [], {})}


def _one(posted: Mapping[str, Sequence[str]], key: str) -> str:
    values = posted.get(key, ())
    return values[0].strip() if values else ""


def _day(posted: Mapping[str, Sequence[str]], key: str, errors: Errors) -> date | None:
    text = _one(posted, key)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        errors[key] = ("not_a_date", {})
        return None


def _rows(posted: Mapping[str, Sequence[str]], name: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for number in range(MOST_ROWS):
        if f"{name}-{number}-zh" not in posted:
            return
        row: dict[str, Any] = {}
        for column in columns:
            text = _one(posted, f"{name}-{number}-{column}")
            if text:
                row[column] = True if column in FLAGS else text
        yield row


def _by_key(
    posted: Mapping[str, Sequence[str]], name: str, columns: Sequence[str], errors: Errors
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(_rows(posted, name, columns)):
        key = _one(posted, f"{name}-{number}-key")
        if key in found:
            errors[f"{name}-{number}-key"] = ("rule_key_twice", {"key": key})
        elif key:
            found[key] = row
    return found


def _kept(
    before: Mapping[str, Any], name: str, columns: Sequence[str], rows: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """What the form doesn't show of a row stays with it."""
    known: Mapping[str, Any] = before.get(name, {})
    return {
        key: {**row, **{k: v for k, v in known.get(key, {}).items() if k not in columns}}
        for key, row in rows.items()
    }


def _threshold(row: Mapping[str, Any], field: str, errors: Errors) -> Any:
    """A number, or a list divided by 、 or commas where the unit says so; a text otherwise."""
    text = str(row.get("value", ""))
    if not text:
        errors[field] = ("required", {})
    if row.get("unit") == "list":
        return [_scalar(part.strip()) for part in text.replace("、", ",").replace("，", ",").split(",")]
    return _scalar(text)


def _scalar(text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return text
    return int(number) if number == number.to_integral_value() and "." not in text else number
