"""What calculations for cases looked up, and what another edition would have given them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.parameters.definitions import Definition, Row
from app.kernel.decisions.parameters.lookup import choose, list_places, load_editions
from app.kernel.decisions.parameters.models import ParameterEdition, ParameterUse
from app.kernel.decisions.parameters.values import ParameterValue
from app.kernel.transaction.unit import Unit


@dataclass(frozen=True)
class Looked:
    """A question and its answer: the value that was valid for a place on a day."""

    region: str | None
    on: date
    found: ParameterValue


def record_uses(unit: Unit, case: Case, purpose: str, looked: Iterable[Looked]) -> None:
    """Keep what a calculation of the case rests on; a parameter asked for twice stands once."""
    rows = {
        (one.found.version_id, one.found.slot, one.on): {
            "case_id": case.id,
            "purpose": purpose,
            "edition_id": one.found.version_id,
            "slot": one.found.slot,
            "region_code": one.region,
            "on_day": one.on,
            "value": str(one.found.value),
            "provisional": one.found.provisional,
            "at": unit.now,
        }
        for one in looked
    }
    if rows:
        unit.session.execute(insert(ParameterUse), list(rows.values()))
        names = sorted({one.found.key for one in looked})
        unit.record("parameter.used", {"purpose": purpose, "parameters": names}, case_id=case.id)


@dataclass(frozen=True)
class Shift:
    """A use of an open case to which other rows would give another value; `after` None: none any more."""

    case: Case
    use: ParameterUse
    after: Row | None


def list_shifts(
    session: Session, definition: Definition, region: str | None, rows: Sequence[Row]
) -> Iterator[Shift]:
    """Uses of open cases that would be answered otherwise if `rows` stood in the region; the latest of each case,
    purpose and slot."""
    latest = (
        select(func.max(ParameterUse.id))
        .join(ParameterEdition, ParameterEdition.id == ParameterUse.edition_id)
        .join(Case, Case.id == ParameterUse.case_id)
        .where(ParameterEdition.key == definition.key, Case.status == "open")
        .group_by(ParameterUse.case_id, ParameterUse.purpose, ParameterUse.slot)
    )
    uses = (
        select(ParameterUse, Case)
        .join(Case, Case.id == ParameterUse.case_id)
        .where(ParameterUse.id.in_(latest))
        .order_by(ParameterUse.id)
    )
    standing = {place: one.rows for place, one in load_editions(session, definition.key).items()}
    changed = {**standing, region: tuple(rows)}
    lineages: dict[str | None, list[str | None]] = {}
    for use, case in session.execute(uses):
        if use.region_code not in lineages:
            lineages[use.region_code] = list_places(session, use.region_code)
        places = lineages[use.region_code]
        if region not in places:
            continue
        found = choose(definition, places, changed, use.slot, use.on_day)
        after = found.row if found is not None else None
        if after is None or after.value != use.value:
            yield Shift(case, use, after)
