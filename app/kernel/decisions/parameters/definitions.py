"""What parameters mean and the values shipped with them, out of `workflows/parameters/*.toml` (docs/parameters.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.kernel.local_time import day_words

NATIONAL = "national"
"""How the country stands in targets and forms, where the table has no region."""
SLOT_SEPARATOR = "/"
TAGS = ("V", "E", "K", "D", "TEST")
VERIFIED = frozenset({"V", "E"})
"""Text seen: whole, or in an excerpt. K is known from elsewhere, D our own decision, TEST made up."""
UNITS: Mapping[str, tuple[str, str]] = {
    "": ("", ""),
    "yuan": ("元", "yuan"),
    "yuan_month": ("元/月", "yuan a month"),
    "yuan_year": ("元/年", "yuan a year"),
    "yuan_day": ("元/天", "yuan a day"),
    "percent": ("%", "%"),
    "points": ("个百分点", "points"),
    "months": ("个月", "months"),
    "days": ("天", "days"),
    "working_days": ("个工作日", "working days"),
    "years": ("岁", "years of age"),
    "times": ("倍", "times"),
    "places": ("位小数", "decimal places"),
}


class ParameterFileInvalid(ValueError):
    """A file of parameters that can't be read; says file and entry."""


@dataclass(frozen=True)
class Dimension:
    """What the value also depends on. `values`: (value, zh, en); none: anything may stand here."""

    key: str
    title_zh: str
    title_en: str
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Definition:
    """A parameter, of `kind` number, text or date. `options` of a text: (value, zh, en). `carries_over`: while a period
    has no value yet the preceding one is used provisionally, on `carry_ground`. `optional`: no value means that there
    is no such rule.
    """

    key: str
    topic: str
    position: int
    title_zh: str
    title_en: str
    kind: str
    unit: str
    carries_over: bool
    carry_ground: str
    regional: bool
    optional: bool
    topic_zh: str
    topic_en: str
    note_zh: str
    note_en: str
    dimensions: tuple[Dimension, ...]
    options: tuple[tuple[str, str, str], ...]
    minimum: Decimal | None
    maximum: Decimal | None

    @property
    def detail(self) -> dict[str, Any]:
        """What the table keeps beside the columns."""
        return {
            "carry_ground": self.carry_ground,
            "regional": self.regional,
            "optional": self.optional,
            "topic_zh": self.topic_zh,
            "topic_en": self.topic_en,
            "note_zh": self.note_zh,
            "note_en": self.note_en,
            "dimensions": [
                {
                    "key": one.key,
                    "title_zh": one.title_zh,
                    "title_en": one.title_en,
                    "values": list(one.values),
                }
                for one in self.dimensions
            ],
            "options": list(self.options),
            "minimum": None if self.minimum is None else str(self.minimum),
            "maximum": None if self.maximum is None else str(self.maximum),
        }

    def covers(self, slot: str) -> bool:
        """Whether the slot is one of this parameter's: as many values as dimensions, each among those listed."""
        given = slot.split(SLOT_SEPARATOR) if slot else []
        return len(given) == len(self.dimensions) and all(
            value and (not one.values or value in {known for known, _zh, _en in one.values})
            for value, one in zip(given, self.dimensions, strict=True)
        )

    def slot_of(self, text: str) -> str:
        """The slot for what somebody wrote: values or their words, of several dimensions joined by '/'."""
        parts = [part.strip() for part in text.split(SLOT_SEPARATOR)] if text.strip() else []
        told = []
        for number, part in enumerate(parts):
            known = self.dimensions[number].values if number < len(self.dimensions) else ()
            told.append(next((one[0] for one in known if part in one), part))
        return SLOT_SEPARATOR.join(told)

    def place_of(self, slot: str) -> tuple[int, str]:
        """Where a slot stands among the others: as listed in the definition, then by its text."""
        listed = [value for value, _zh, _en in self.dimensions[0].values] if self.dimensions else []
        first = slot.split(SLOT_SEPARATOR)[0]
        return (listed.index(first) if first in listed else len(listed)), slot

    def slot_words(self, slot: str) -> tuple[str, str]:
        """The slot in words, (zh, en)."""
        zh, en = [], []
        for value, one in zip(slot.split(SLOT_SEPARATOR) if slot else [], self.dimensions, strict=False):
            found = next((known for known in one.values if known[0] == value), (value, value, value))
            zh.append(found[1])
            en.append(found[2])
        return "、".join(zh), ", ".join(en)

    def value_words(self, value: str) -> tuple[str, str]:
        """A value in words, (zh, en): numbers with their unit, texts by their option, days written out."""
        if self.kind == "text":
            found = next((one for one in self.options if one[0] == value), (value, value, value))
            return found[1], found[2]
        if self.kind == "date":
            return day_words(date.fromisoformat(value))
        zh, en = UNITS[self.unit]
        number = written(Decimal(value))
        return (
            f"{number}{'' if zh == '%' else ' '}{zh}".strip(),
            f"{number}{'' if en == '%' else ' '}{en}".strip(),
        )


@dataclass(frozen=True)
class Row:
    """A value for a slot in a period; `valid_to` None: until further notice."""

    slot: str
    value: str
    valid_from: date
    valid_to: date | None
    source: str
    tag: str


@dataclass(frozen=True)
class ShippedEdition:
    """The rows of one parameter in one region as files give them, in the order of slots and periods."""

    key: str
    region: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Shipped:
    """What a folder of files holds."""

    definitions: tuple[Definition, ...]
    editions: tuple[ShippedEdition, ...]


def written(number: Decimal) -> str:
    """The one spelling of a number: no exponent, no zeros behind."""
    return format(number.normalize(), "f")


def is_day(text: str) -> bool:
    """Whether the text is a day as files and the table write it: 2026-08-27."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """By slot (as the database's "C" orders texts), then by period."""
    return tuple(sorted(rows, key=lambda row: (row.slot, row.valid_from)))


def read_folder(folder: Path, known: Iterable[Definition] = ()) -> Shipped:
    """Definitions and values of all files, by name. A file may give values only, of parameters `known`.

    Raise ParameterFileInvalid.
    """
    definitions = {one.key: one for one in known}
    own: list[Definition] = []
    rows: dict[tuple[str, str | None], list[Row]] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text("utf-8"))
            for entry in document["parameter"]:
                if "title_zh" in entry:
                    definition = _definition(document, entry, len(own) + 1)
                    own.append(definition)
                    definitions[definition.key] = definition
                for region, row in _rows(definitions[entry["key"]], entry):
                    rows.setdefault((entry["key"], region), []).append(row)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise ParameterFileInvalid(f"{path.name}: {error!r}") from error
    editions = [ShippedEdition(key, region, in_order(found)) for (key, region), found in rows.items()]
    return Shipped(tuple(own), tuple(editions))


def _definition(document: Mapping[str, Any], entry: Mapping[str, Any], position: int) -> Definition:
    if entry.get("unit", "") not in UNITS:
        raise ValueError(f"unknown unit {entry['unit']!r}")
    return Definition(
        key=entry["key"],
        topic=document["topic"],
        position=position,
        title_zh=entry["title_zh"],
        title_en=entry["title_en"],
        kind=entry.get("kind", "number"),
        unit=entry.get("unit", ""),
        carries_over="carry_ground" in entry,
        carry_ground=entry.get("carry_ground", ""),
        regional=entry.get("regional", False),
        optional=entry.get("optional", False),
        topic_zh=document["title_zh"],
        topic_en=document["title_en"],
        note_zh=entry.get("note_zh", ""),
        note_en=entry.get("note_en", ""),
        dimensions=tuple(_dimension(one) for one in entry.get("dimension", [])),
        options=tuple(_choice(one) for one in entry.get("options", [])),
        minimum=_bound(entry.get("minimum")),
        maximum=_bound(entry.get("maximum")),
    )


def _dimension(entry: Mapping[str, Any]) -> Dimension:
    values = tuple(_choice(one) for one in entry.get("values", []))
    return Dimension(entry["key"], entry["title_zh"], entry["title_en"], values)


def _choice(entry: Any) -> tuple[str, str, str]:
    """`"5"`, or `["full", "完全不能自理", "wholly dependent"]`."""
    if isinstance(entry, str):
        return entry, entry, entry
    value, zh, en = entry
    return str(value), str(zh), str(en)


def _bound(given: Any) -> Decimal | None:
    return None if given is None else Decimal(str(given))


def _rows(definition: Definition, entry: Mapping[str, Any]) -> Iterator[tuple[str | None, Row]]:
    for period in entry.get("period", []):
        values = period["values"] if "values" in period else {"": period["value"]}
        for slot, value in values.items():
            source = period.get("sources", {}).get(slot) or period["source"]
            row = Row(slot, str(value), period["from"], period.get("to"), source, period["tag"])
            wrong = wrong_in_row(definition, row)
            if wrong:
                raise ValueError(f"{definition.key} {slot}: {wrong}")
            if definition.kind == "number":
                row = Row(
                    slot, written(Decimal(row.value)), *(row.valid_from, row.valid_to, row.source, row.tag)
                )
            yield period.get("region"), row


def wrong_in_row(definition: Definition, row: Row) -> str:
    """Why a row can't be one of this parameter's (codes of fields' errors), empty when it can."""
    if not definition.covers(row.slot):
        return "slot_unknown"
    if row.valid_to is not None and row.valid_to < row.valid_from:
        return "period_reversed"
    if definition.kind == "text":
        return "" if row.value in {value for value, _zh, _en in definition.options} else "not_an_option"
    if definition.kind == "date":
        return "" if is_day(row.value) else "not_a_date"
    return _wrong_number(definition, row.value)


def _wrong_number(definition: Definition, value: str) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "not_a_number"
    if not number.is_finite() or len(number.as_tuple().digits) > 30:
        return "not_a_number"
    if definition.minimum is not None and number < definition.minimum:
        return "too_small"
    if definition.maximum is not None and number > definition.maximum:
        return "too_large"
    return ""


def overlapping(rows: Iterable[Row]) -> Row | None:
    """The first row whose period begins before the one before it has ended."""
    before: Row | None = None
    for row in in_order(rows):
        if (
            before is not None
            and before.slot == row.slot
            and (before.valid_to is None or row.valid_from <= before.valid_to)
        ):
            return row
        before = row
    return None
