"""Reads of technical holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, Select, and_, any_, bindparam, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.engine.models import ProcessDefinition
from app.kernel.holds.models import Hold
from app.kernel.identity.models import Person


@dataclass(frozen=True)
class HoldRow:
    """A hold with the names of who set and ended it; `version` None: every version."""

    hold_id: int
    case_id: int | None
    process_key: str | None
    version: int | None
    region_code: str | None
    reason: str
    by: str
    since: datetime
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str | None


def holding(of_case: type[Case]) -> ColumnElement[bool]:
    """True of an open hold on that case, its own or its process's."""
    of_process = and_(
        Hold.process_key == of_case.process_key,
        or_(Hold.definition_id.is_(None), Hold.definition_id == of_case.definition_id),
        of_case.region_code == any_(Hold.regions),
    )
    return and_(Hold.ended_at.is_(None), or_(Hold.case_id == of_case.id, of_process))


def is_held(session: Session, case: Case) -> bool:
    """Whether anything holds the case now."""
    return bool(session.scalar(select(exists().where(Case.id == case.id, holding(Case)))))


def held_ids() -> Select[int]:
    """Ids of the cases on hold, for `in` and `not in`."""
    return select(Case.id).join(Hold, holding(Case))


def _named_statement() -> Select[Hold, int, str, str]:
    setter, ender = aliased(Person), aliased(Person)
    named: Select[Hold, int, str, str] = (
        select(Hold, ProcessDefinition.version, setter.name, ender.name)
        .join(setter, setter.id == Hold.held_by)
        .outerjoin(ender, ender.id == Hold.ended_by)
        .outerjoin(ProcessDefinition, ProcessDefinition.id == Hold.definition_id)
    )
    return named


_NOTHING: Mapping[str, int] = MappingProxyType({})
_NAMED = _named_statement()
_ON_CASE = _NAMED.join(Case, holding(Case)).where(Case.id == bindparam("case"))


def list_case_holds(session: Session, case: Case) -> Sequence[HoldRow]:
    """Open holds on a case, the oldest first."""
    return _rows(session, _ON_CASE, {"case": case.id})


def list_process_holds(session: Session, process_key: str, *, limit: int = 20) -> Sequence[HoldRow]:
    """Holds on a process, open ones first, then the latest."""
    statement = _NAMED.where(Hold.process_key == process_key)
    return _rows(session, statement.order_by(Hold.ended_at.is_not(None), Hold.id.desc()).limit(limit))


def list_open_holds(session: Session) -> Sequence[HoldRow]:
    """Everything on hold; of single cases those the reader's regions show."""
    visible = or_(Hold.case_id.is_(None), Hold.case_id.in_(select(Case.id)))
    return _rows(session, _NAMED.where(Hold.ended_at.is_(None), visible).order_by(Hold.id))


def find_process_hold(
    session: Session, process_key: str, definition_id: int, region_code: str
) -> HoldRow | None:
    """What keeps new cases of this version from being opened in this region."""
    statement = _NAMED.where(
        Hold.ended_at.is_(None),
        Hold.process_key == process_key,
        or_(Hold.definition_id.is_(None), Hold.definition_id == definition_id),
        literal(region_code) == any_(Hold.regions),
    )
    return next(iter(_rows(session, statement.limit(1))), None)


def _rows(
    session: Session, statement: Select[Hold, int, str, str], values: Mapping[str, int] = _NOTHING
) -> list[HoldRow]:
    return [
        HoldRow(
            hold_id=hold.id,
            case_id=hold.case_id,
            process_key=hold.process_key,
            version=version,
            region_code=hold.region_code,
            reason=hold.reason,
            by=setter,
            since=hold.held_at,
            ended_by=ender,
            ended_at=hold.ended_at,
            end_reason=hold.end_reason,
        )
        for hold, version, setter, ender in session.execute(statement, values)
    ]
