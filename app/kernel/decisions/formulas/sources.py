"""Where a calculation gets its parameters: the database, at a place and as known at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.kernel.decisions.parameters.definitions import Definition
from app.kernel.decisions.parameters.lookup import find_parameter, get_definition
from app.kernel.decisions.parameters.values import ParameterValue


class ParameterSource(Protocol):
    """Answers for one place."""

    @property
    def region(self) -> str | None: ...

    def definition(self, key: str) -> Definition:
        """Raise ParameterUnknown."""

    def find(self, key: str, on: date, dimensions: Mapping[str, str]) -> ParameterValue | None:
        """The value on a day, None where there is none."""


class StoredParameters:
    """Those of the database. `known_at`: as they stood at that moment."""

    def __init__(self, session: Session, region: str | None, known_at: datetime | None = None) -> None:
        self._session, self._region, self._known_at = session, region, known_at
        self._definitions: dict[str, Definition] = {}

    @property
    def region(self) -> str | None:
        return self._region

    def definition(self, key: str) -> Definition:
        if key not in self._definitions:
            self._definitions[key] = get_definition(self._session, key)
        return self._definitions[key]

    def find(self, key: str, on: date, dimensions: Mapping[str, str]) -> ParameterValue | None:
        return find_parameter(
            self._session, key, region=self._region, on=on, known_at=self._known_at, **dimensions
        )
