"""A value found, with everything that says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.kernel.decisions.parameters.definitions import VERIFIED


@dataclass(frozen=True)
class ParameterValue:
    """The value in force at a place on a day.

    `region` None: the whole country. `provisional`: the period asked for has no value yet and the preceding one was
    taken, as the definition allows. `version_id` is the edition it stands in, `edition` its number there,
    `known_since` the moment since when it stands.
    """

    key: str
    title_zh: str
    title_en: str
    region: str | None
    dimensions: Mapping[str, str]
    slot: str
    value: Decimal | str | date
    unit: str
    valid_from: date
    valid_to: date | None
    source: str
    tag: str
    version_id: int
    edition: int
    known_since: datetime
    words_zh: str
    words_en: str
    provisional: bool = False
    provisional_ground: str = ""

    @property
    def verified(self) -> bool:
        """Whether its source was seen."""
        return self.tag in VERIFIED
