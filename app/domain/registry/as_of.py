"""Which rows of the register stand: now, or by what was known at the end of a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, text
from sqlalchemy.orm import Session, aliased

from app.kernel.local_time import start_of_day

_WIDEN = text("SELECT current_setting('app.regions', true), set_config('app.regions', '*', true)")
_RESTORE = text("SELECT set_config('app.regions', :regions, true)")


def end_of(day: date) -> datetime:
    """The instant at which a day in Asia/Shanghai is over."""
    return start_of_day(day + timedelta(days=1))


def standing(model: Any, known_on: date | None = None) -> ColumnElement[bool]:
    """Rows of a correctable table that nothing corrected, as known at the end of `known_on` (None: now)."""
    later = aliased(model)
    corrected = exists().where(later.replaces == model.id)
    if known_on is None:
        return and_(~model.void, ~corrected)
    moment = end_of(known_on)
    return and_(~model.void, model.recorded_at < moment, ~corrected.where(later.recorded_at < moment))


@contextmanager
def everywhere(session: Session) -> Iterator[None]:
    """Within, the session sees the whole register: for one person or employer that is known by number already, whose
    employers and wages may lie in other regions. Lists to look through stay within the officer's regions.
    """
    before = session.execute(_WIDEN).one()[0]
    yield
    session.execute(_RESTORE, {"regions": before or ""})
