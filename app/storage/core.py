"""Core statements on a session's own connection: built once at import, run at every claim and completion.

The ORM costs more per statement than PostgreSQL does. These run in the session's transaction but know
nothing of its objects: they neither flush pending changes nor refresh what was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, CursorResult, Executable, Table, Text, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.storage.base import Base


def table(model: type[Base]) -> Table:
    """The table of a model, for Core statements."""
    return cast(Table, model.__table__)


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column is one of the values bound under a name, a list of numbers.

    One array instead of a parameter for each: the statement is the same however many there are, and planned once.
    """
    return column == any_(bindparam(name, type_=ARRAY(BigInteger)))


def among_texts(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The same for a list of texts."""
    return column == any_(bindparam(name, type_=ARRAY(Text)))


def execute(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Run a statement with its bound values in the session's transaction."""
    return session.connection().execute(statement, dict(values))
