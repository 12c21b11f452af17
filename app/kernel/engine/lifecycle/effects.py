"""The what-if list of a change of processes: the open cases, which stay on the version they began with."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.kinds import Touched
from app.kernel.engine.models import ProcessDefinition


def list_touched(session: Session, keys: Collection[str], action: str) -> Iterator[Touched]:
    """Open cases of the processes named: none of them moves, and that is said."""
    rows = session.execute(
        select(
            Case.id,
            Case.case_no,
            ProcessDefinition.title_zh,
            ProcessDefinition.title_en,
            ProcessDefinition.version,
        )
        .join(ProcessDefinition, ProcessDefinition.id == Case.definition_id)
        .where(Case.status == "open", Case.process_key.in_(keys))
        .order_by(Case.id)
    )
    for row in rows:
        zh = f"在办，继续按{row.title_zh}第 {row.version} 版办理"
        en = f"open, goes on with version {row.version} of {row.title_en}"
        if action == "retire":
            zh, en = f"{zh}到办结", f"{en} to its end"
        yield Touched(row.id, row.case_no, "info", zh, en)
