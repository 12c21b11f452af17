"""Reads for pages and commands: every parameter at a place on a day, and how one came to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.models import ControlledChange
from app.kernel.decisions.parameters.definitions import Definition, Row
from app.kernel.decisions.parameters.lookup import choose, list_definitions, list_places, load_rows, value_of
from app.kernel.decisions.parameters.models import ParameterEdition
from app.kernel.decisions.parameters.values import ParameterValue


@dataclass(frozen=True)
class Overview:
    """A parameter at a place on a day: its values by slot, in the order of slots; none: nothing is valid."""

    definition: Definition
    values: tuple[ParameterValue, ...]

    @property
    def missing(self) -> bool:
        return not self.values and not self.definition.optional

    @property
    def provisional(self) -> bool:
        return any(one.provisional for one in self.values)

    @property
    def unverified(self) -> bool:
        return any(not one.verified for one in self.values)

    @property
    def tags(self) -> list[str]:
        return sorted({one.tag for one in self.values})


def list_overview(session: Session, region: str | None, on: date) -> list[Overview]:
    """Every parameter, in the order of the files."""
    places = list_places(session, region)
    newest = select(func.max(ParameterEdition.id)).group_by(
        ParameterEdition.key, ParameterEdition.region_code
    )
    heads: dict[str, dict[str | None, ParameterEdition]] = defaultdict(dict)
    for head in session.scalars(select(ParameterEdition).where(ParameterEdition.id.in_(newest))):
        if head.region_code in places:
            heads[head.key][head.region_code] = head
    rows = load_rows(session, [head.id for found in heads.values() for head in found.values()])
    return [
        Overview(one, tuple(_values(one, places, heads[one.key], rows, on)))
        for one in list_definitions(session)
    ]


def _values(
    definition: Definition,
    places: Sequence[str | None],
    heads: Mapping[str | None, ParameterEdition],
    rows: Mapping[int, Sequence[Row]],
    on: date,
) -> list[ParameterValue]:
    by_place = {place: rows[head.id] for place, head in heads.items()}
    slots = sorted({row.slot for found in by_place.values() for row in found}, key=definition.place_of)
    chosen = (choose(definition, places, by_place, slot, on) for slot in slots)
    return [value_of(definition, heads[one.place], one) for one in chosen if one is not None]


@dataclass(frozen=True)
class EditionLine:
    """One edition: what it rests on (a change's case, or the founding) and all its rows."""

    id: int
    region: str | None
    edition: int
    active_from: datetime
    approved: str
    case_id: int | None
    case_no: str
    reason: str
    rows: tuple[Row, ...]


def list_editions(session: Session, key: str) -> list[EditionLine]:
    """All editions of a parameter, by region, the newest first."""
    found = session.execute(
        select(ParameterEdition, Case.case_no, ControlledChange.reason)
        .outerjoin(ControlledChange, ControlledChange.case_id == ParameterEdition.change_id)
        .outerjoin(Case, Case.id == ParameterEdition.change_id)
        .where(ParameterEdition.key == key)
        .order_by(ParameterEdition.region_code.nulls_first(), ParameterEdition.edition.desc())
    ).all()
    rows = load_rows(session, [head.id for head, _case_no, _reason in found])
    return [
        EditionLine(
            head.id,
            head.region_code,
            head.edition,
            head.active_from,
            str(head.approval["kind"]),
            head.change_id,
            case_no or "",
            reason or "",
            tuple(rows[head.id]),
        )
        for head, case_no, reason in found
    ]
