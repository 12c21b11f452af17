"""Core statements on a session's own connection: built once at import, run at every claim and completion.

The ORM costs more per statement than PostgreSQL does. These run in the session's transaction but know
nothing of its objects: they neither flush pending changes nor refresh what was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, Table
from sqlalchemy.orm import Session

from app.storage.base import Base


def table(model: type[Base]) -> Table:
    """The table of a model, for Core statements."""
    return cast(Table, model.__table__)


def execute(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Run a statement with its bound values in the session's transaction."""
    return session.connection().execute(statement, dict(values))
