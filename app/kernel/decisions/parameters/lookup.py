"""Finding the value in force: the most specific region that has one on the day, as known at a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.kernel.decisions.parameters.definitions import SLOT_SEPARATOR, Definition, Dimension, Row
from app.kernel.decisions.parameters.models import Parameter, ParameterEdition, ParameterRow
from app.kernel.decisions.parameters.values import ParameterValue
from app.kernel.identity.regions import get_lineage


class ParameterUnknown(LookupError):
    """No parameter of this key is defined: a wrong name in a model, not a missing value."""


@dataclass(frozen=True)
class Edition:
    """The newest edition of a parameter in a region, with its rows by slot and period."""

    head: ParameterEdition
    rows: tuple[Row, ...]


def find_parameter(
    session: Session,
    key: str,
    *,
    region: str | None,
    on: date,
    known_at: datetime | None = None,
    **dimensions: str,
) -> ParameterValue | None:
    """The value of `key` on a day, of the county, else the city, the region, the country; None: no valid value.

    `known_at`: as it stood at that moment, so that a later publication changes no earlier award. Where the definition
    lets the preceding value stand in for one that isn't published yet, that is given, marked provisional.

    Raise ParameterUnknown for a key or dimensions nobody defined.
    """
    return _find(session, key, region, on, known_at, dimensions)


def _find(
    session: Session,
    key: str,
    region: str | None,
    on: date,
    known_at: datetime | None,
    dimensions: Mapping[str, str],
) -> ParameterValue | None:
    definition = get_definition(session, key)
    slot = slot_of(definition, dimensions)
    places = list_places(session, region)
    editions = load_editions(session, key, places, known_at)
    found = choose(definition, places, {place: one.rows for place, one in editions.items()}, slot, on)
    return value_of(definition, editions[found.place].head, found) if found is not None else None


def finder(
    session: Session, region: str | None, known_at: datetime | None = None
) -> Callable[[str, date, Mapping[str, str]], Decimal | str | date | None]:
    """`find_parameter` at a place, for rules: the value alone; None for a parameter or a category nobody defined."""

    @cache
    def find(key: str, on: date, by: frozenset[tuple[str, str]]) -> Decimal | str | date | None:
        try:
            found = _find(session, key, region, on, known_at, dict(by))
        except ParameterUnknown:
            return None
        return found.value if found is not None else None

    return lambda key, on, by: find(key, on, frozenset(by.items()))


@dataclass(frozen=True)
class Chosen:
    """The row that answers, and where it stands."""

    place: str | None
    row: Row
    provisional: bool


def choose(
    definition: Definition,
    places: Sequence[str | None],
    rows: Mapping[str | None, Sequence[Row]],
    slot: str,
    on: date,
) -> Chosen | None:
    """Of the rows by place the one valid on the day, most specific place first; else, where the definition allows it,
    the latest that has ended before."""
    for place in places:
        for row in rows.get(place, ()):
            if row.slot == slot and row.valid_from <= on and (row.valid_to is None or on <= row.valid_to):
                return Chosen(place, row, provisional=False)
    for place in places if definition.carries_over else ():
        ended = [
            row
            for row in rows.get(place, ())
            if row.slot == slot and row.valid_to is not None and row.valid_to < on
        ]
        if ended:
            return Chosen(place, max(ended, key=lambda row: row.valid_from), provisional=True)
    return None


def get_definition(session: Session, key: str) -> Definition:
    """Raise ParameterUnknown."""
    row = session.get(Parameter, key)
    if row is None:
        raise ParameterUnknown(key)
    return definition_of(row)


def list_definitions(session: Session) -> list[Definition]:
    """All, in the order of the files."""
    return [definition_of(row) for row in session.scalars(select(Parameter).order_by(Parameter.position))]


def definition_of(row: Parameter) -> Definition:
    """A definition out of its row."""
    detail: Mapping[str, Any] = row.detail
    return Definition(
        **{name: getattr(row, name) for name in _COLUMNS},
        **{name: detail[name] for name in _TEXTS},
        dimensions=tuple(
            Dimension(one["key"], one["title_zh"], one["title_en"], _triples(one["values"]))
            for one in detail["dimensions"]
        ),
        options=_triples(detail["options"]),
        minimum=None if detail["minimum"] is None else Decimal(detail["minimum"]),
        maximum=None if detail["maximum"] is None else Decimal(detail["maximum"]),
    )


_COLUMNS = ("key", "topic", "position", "title_zh", "title_en", "kind", "unit", "carries_over")
_TEXTS = ("carry_ground", "regional", "optional", "topic_zh", "topic_en", "note_zh", "note_en")


def _triples(found: Sequence[Sequence[str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((one[0], one[1], one[2]) for one in found)


def slot_of(definition: Definition, dimensions: Mapping[str, str]) -> str:
    """The slot for values by dimension. Raise ParameterUnknown for other dimensions than the parameter has."""
    wanted = [one.key for one in definition.dimensions]
    if set(wanted) != set(dimensions):
        raise ParameterUnknown(f"{definition.key} has the dimensions {wanted}, not {sorted(dimensions)}")
    return SLOT_SEPARATOR.join(dimensions[name] for name in wanted)


def list_places(session: Session, region: str | None) -> list[str | None]:
    """The region, what it lies in, the country: most specific first."""
    lineage = get_lineage(session, region) if region is not None else ()
    return [*reversed(lineage), None]


def load_editions(
    session: Session, key: str, places: Sequence[str | None] | None = None, known_at: datetime | None = None
) -> dict[str | None, Edition]:
    """By region (of `places`, else of all) the edition that stood at that moment, now by default."""
    newest = select(func.max(ParameterEdition.id)).where(ParameterEdition.key == key)
    if places is not None:
        named = ParameterEdition.region_code.in_([one for one in places if one])
        newest = newest.where(or_(named, ParameterEdition.region_code.is_(None)))
    if known_at is not None:
        newest = newest.where(ParameterEdition.active_from <= known_at)
    newest = newest.group_by(ParameterEdition.region_code)
    found = list(session.scalars(select(ParameterEdition).where(ParameterEdition.id.in_(newest))))
    rows = load_rows(session, [head.id for head in found])
    return {head.region_code: Edition(head, tuple(rows[head.id])) for head in found}


def load_rows(session: Session, editions: Sequence[int]) -> dict[int, list[Row]]:
    """Rows by edition, by slot and period."""
    rows: dict[int, list[Row]] = {edition: [] for edition in editions}
    for row in session.scalars(
        select(ParameterRow)
        .where(ParameterRow.edition_id.in_(editions))
        .order_by(ParameterRow.slot.collate("C"), ParameterRow.valid_from)
    ):
        rows[row.edition_id].append(
            Row(row.slot, row.value, row.valid_from, row.valid_to, row.source, row.tag)
        )
    return rows


def value_of(definition: Definition, head: ParameterEdition, chosen: Chosen) -> ParameterValue:
    """A row with all that says where it comes from."""
    row, provisional = chosen.row, chosen.provisional
    words_zh, words_en = definition.value_words(row.value)
    keys = [one.key for one in definition.dimensions]
    return ParameterValue(
        key=definition.key,
        title_zh=definition.title_zh,
        title_en=definition.title_en,
        region=head.region_code,
        dimensions=dict(zip(keys, row.slot.split(SLOT_SEPARATOR) if row.slot else [], strict=True)),
        slot=row.slot,
        value=_typed(definition, row.value),
        unit=definition.unit,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        tag=row.tag,
        version_id=head.id,
        edition=head.edition,
        known_since=head.active_from,
        words_zh=words_zh,
        words_en=words_en,
        provisional=provisional,
        provisional_ground=definition.carry_ground if provisional else "",
    )


def _typed(definition: Definition, text: str) -> Decimal | str | date:
    """What the models reckon with."""
    if definition.kind == "number":
        return Decimal(text)
    return date.fromisoformat(text) if definition.kind == "date" else text
