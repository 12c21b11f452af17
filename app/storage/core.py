"""Core statements on a session's own connection: built once at import, run at every claim and completion.

The ORM costs more per statement than PostgreSQL does. These run in the session's transaction but know
nothing of its objects: they neither flush pending changes nor refresh what was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Executable,
    Table,
    Text,
    any_,
    bindparam,
    select,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.storage.base import Base


def table(model: type[Base]) -> Table:
    """The table of a model, for Core statements."""
    return cast(Table, model.__table__)


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column is one of the values bound under a name, a list of numbers.

    One array instead of a parameter for each: the statement is the same however many there are. The array stands
    in a sub-select, where the planner can't look at it: a plan made for the few values at hand would always seem
    cheaper than the general one, and PostgreSQL would plan the statement anew at every execution.
    """
    return _one_of(column, name, ARRAY(BigInteger))


def among_texts(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The same for a list of texts."""
    return _one_of(column, name, ARRAY(Text))


def _one_of(column: ColumnElement[Any], name: str, of: ARRAY[Any]) -> ColumnElement[bool]:
    wanted = select(bindparam(name, type_=of)).scalar_subquery()
    return column == any_(cast_to(wanted, of))


def execute(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Run a statement with its bound values in the session's transaction."""
    return session.connection().execute(statement, dict(values))
