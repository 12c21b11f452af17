"""Inputs of an item: the fields of its form, and canonical values as values of the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.kernel.changes.fields import FieldSpec, Option, read_fields
from app.kernel.decisions.formulas.catalogue import Catalogue, Input, Item

YES_NO = (Option("true", "是", "yes"), Option("false", "否", "no"))


def form_of(catalogue: Catalogue, item: Item) -> list[FieldSpec]:
    """The fields of an item, by the inputs' keys."""
    return [_field(one) for one in catalogue.inputs_of(item)]


def _field(one: Input) -> FieldSpec:
    options = YES_NO if one.type == "boolean" else tuple(Option(*option) for option in one.options)
    return FieldSpec(
        one.key,
        "choice" if one.type == "boolean" else one.type,
        one.name,
        one.en,
        required=one.required,
        hint_zh=one.hint_zh,
        hint_en=one.hint_en,
        options=options,
        columns=tuple(_field(column) for column in one.columns),
        minimum=one.minimum,
        maximum=one.maximum,
    )


def read_inputs(catalogue: Catalogue, item: Item, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical values by the inputs' keys. Raise InvalidInput by field, of columns `table.row.column`."""
    return read_fields(form_of(catalogue, item), {key: _plain(value) for key, value in raw.items()})


def _plain(value: Any) -> Any:
    """What a program sends as JSON, in the spelling of a form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [
            {key: _plain(cell) for key, cell in row.items()} if isinstance(row, Mapping) else row
            for row in value
        ]
    return value


def model_values(inputs: Sequence[Input], canonical: Mapping[str, Any]) -> dict[str, object]:
    """Values by the names of the models; what wasn't given is null, of a table an empty list."""
    return {one.name: _value(one, canonical.get(one.key)) for one in inputs}


def _value(one: Input, value: Any) -> object:
    if one.type == "rows":
        return [
            {column.name: _value(column, row.get(column.key)) for column in one.columns}
            for row in value or []
        ]
    if value is None:
        return None
    if one.type in ("number", "integer"):
        return Decimal(str(value))
    if one.type == "date":
        return date.fromisoformat(value)
    return value == "true" if one.type == "boolean" else value
