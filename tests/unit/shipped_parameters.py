"""Parameters out of files, for calculations without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from app.kernel.decisions.parameters.definitions import (
    SLOT_SEPARATOR,
    Definition,
    Row,
    ShippedEdition,
    read_folder,
)
from app.kernel.decisions.parameters.lookup import choose, value_of
from app.kernel.decisions.parameters.models import ParameterEdition
from app.kernel.decisions.parameters.values import ParameterValue

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = read_folder(ROOT / "workflows/parameters")


@dataclass(frozen=True)
class FileParameters:
    """The shipped values and `added` ones, the latter of the region."""

    editions: tuple[ShippedEdition, ...]
    region: str | None = "640000"

    @classmethod
    def of(cls, added: Iterable[ShippedEdition]) -> FileParameters:
        return cls((*SHIPPED.editions, *added))

    def definition(self, key: str) -> Definition:
        return next(one for one in SHIPPED.definitions if one.key == key)

    def find(self, key: str, on: date, dimensions: Mapping[str, str]) -> ParameterValue | None:
        definition = self.definition(key)
        slot = SLOT_SEPARATOR.join(dimensions[one.key] for one in definition.dimensions)
        rows: dict[str | None, list[Row]] = {}
        for edition in self.editions:
            if edition.key == key:
                rows.setdefault(edition.region, []).extend(edition.rows)
        found = choose(definition, [self.region, None], rows, slot, on)
        if found is None:
            return None
        head = ParameterEdition(
            id=1, key=key, region_code=found.place, edition=1, active_from=datetime(2026, 1, 1, tzinfo=UTC)
        )
        return value_of(definition, head, found)


def made_up(key: str, values: Mapping[str, str] | str, until: date | None = None) -> ShippedEdition:
    """A made-up value (by slot) of the region, valid since long ago."""
    slots = {"": values} if isinstance(values, str) else values
    rows = tuple(Row(slot, value, date(2004, 1, 1), until, "虚构", "TEST") for slot, value in slots.items())
    return ShippedEdition(key, "640000", rows)
