"""Shipped parameters into a database: definitions by the owner, first values at the founding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kernel.decisions.parameters.definitions import NATIONAL, Definition, Row, ShippedEdition
from app.kernel.decisions.parameters.models import Parameter, ParameterEdition, ParameterRow
from app.kernel.transaction.unit import Unit


def install_definitions(connection: Connection, definitions: Iterable[Definition]) -> None:
    """Insert or rename; under the owner's role. None is ever removed: its values name it."""
    for one in definitions:
        row = {name: getattr(one, name) for name in ("key", "topic", "position", "title_zh", "title_en")}
        row |= {"kind": one.kind, "unit": one.unit, "carries_over": one.carries_over, "detail": one.detail}
        statement = upsert(Parameter).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def install_values(
    unit: Unit, editions: Iterable[ShippedEdition], approval: Mapping[str, Any]
) -> tuple[str, ...]:
    """First editions of what has none yet; answers the targets put into force.

    Only while the founding is open (the fence refuses it later: SD014): from then on values change by a controlled
    change alone.
    """
    present = unit.session.execute(select(ParameterEdition.key, ParameterEdition.region_code))
    known = {(key, region) for key, region in present}
    done = []
    for edition in editions:
        if (edition.key, edition.region) not in known:
            add_edition(unit, edition, 1, approval, None)
            done.append(target_of(edition.key, edition.region))
    if done:
        unit.record("parameter.installed", {"targets": done, "approval": dict(approval)}, chain="system")
    return tuple(done)


def add_edition(
    unit: Unit, edition: ShippedEdition, number: int, approval: Mapping[str, Any], change_id: int | None
) -> int:
    """Insert an edition with all its rows; answers its id."""
    head = ParameterEdition(
        key=edition.key,
        region_code=edition.region,
        edition=number,
        active_from=unit.now,
        approval=dict(approval),
        change_id=change_id,
    )
    unit.session.add(head)
    unit.session.flush()
    unit.session.execute(
        insert(ParameterRow), [row_values(row) | {"edition_id": head.id} for row in edition.rows]
    )
    return head.id


def row_values(row: Row) -> dict[str, Any]:
    """Columns of a row."""
    return {name: getattr(row, name) for name in ("slot", "value", "valid_from", "valid_to", "source", "tag")}


def target_of(key: str, region: str | None) -> str:
    """What a controlled change of this parameter in this region names as its target."""
    return f"{key}@{region or NATIONAL}"


def region_of(target: str) -> tuple[str, str | None]:
    """Key and region of a target."""
    key, _at, region = target.partition("@")
    return key, None if region in ("", NATIONAL) else region


def newest_edition(session: Session, key: str, region: str | None) -> ParameterEdition | None:
    """What stands now."""
    return session.scalar(
        select(ParameterEdition)
        .where(ParameterEdition.key == key, ParameterEdition.region_code.is_not_distinct_from(region))
        .order_by(ParameterEdition.edition.desc())
        .limit(1)
    )
