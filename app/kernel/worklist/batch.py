"""Batch approval: which final reviews a person may sign together, and why others must be looked at one by one.

Nothing here writes: each task is claimed, opened and completed by the same operations as any other, in a
transaction of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.models import RuleHit
from app.kernel.duties.queries import get_candidate
from app.kernel.recusal.queries import barring
from app.kernel.worklist.models import Consultation, Task
from app.kernel.worklist.queries import QueueRow, decide_rows

DUTY, OUTCOME = "final_review", "approve"
MOST = 20
HIGH = ("high", "routed")


@dataclass(frozen=True)
class BatchItem:
    """A task of the batch, decided for the person; `excluded` is why it can't be signed in a batch.

    excluded: denied (by `decide`), warnings (a warning nobody gave a reason for: completing would be refused), rules
    (high risk with rule hits), consultation (an answer is awaited),
    returned (it came back with a reason), shared (several people).
    """

    row: QueueRow
    hits: Sequence[RuleHit]
    excluded: str = ""

    @property
    def task(self) -> Task:
        return self.row.task


def list_batch(
    session: Session, person_id: int, task_ids: Collection[int] | None, now: datetime, today: date
) -> list[BatchItem]:
    """Final reviews the person holds or could take, nearest due first, at most 20; `task_ids` None means all."""
    me = get_candidate(session, person_id, today)
    statement = (
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", Task.duty == DUTY, Task.signs, ~barring(Case.id, person_id))
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(MOST)
    )
    if task_ids is not None:
        statement = statement.where(Task.id.in_(list(task_ids)))
    else:
        pairs = [and_(Task.post == post, Task.region_code == region) for post, region in sorted(me.fills)]
        free = and_(Task.claimed_by.is_(None), or_(*pairs)) if pairs else Task.id.is_(None)
        statement = statement.where(or_(Task.claimed_by == person_id, free))
    found = [(row[0], row[1]) for row in session.execute(statement).all()]
    if not found:
        return []
    rows = decide_rows(session, me, found, now, today, named=False)
    hits, awaited = _hits(session, found), _awaited(session, found)
    return [
        BatchItem(row, hits.get(row.case.id, ()), why_alone(row, person_id, hits, awaited)) for row in rows
    ]


def why_alone(
    row: QueueRow, person_id: int, hits: Mapping[int, Sequence[RuleHit]], awaited: Collection[int]
) -> str:
    """The code of `BatchItem.excluded`; `hits` by case, `awaited` tasks whose consultation is out."""
    task, case = row.task, row.case
    if task.claimed_by != person_id and (task.claimed_by is not None or not row.decision.allowed):
        return "denied"
    if any(hit.action == "warn" and hit.disposition is None for hit in hits.get(case.id, ())):
        return "warnings"
    if case.risk in HIGH and hits.get(case.id):
        return "rules"
    if task.id in awaited:
        return "consultation"
    if task.return_reason:
        return "returned"
    if task.persons_required > 1:
        return "shared"
    return ""


def _hits(session: Session, found: Sequence[tuple[Task, Case]]) -> dict[int, list[RuleHit]]:
    hits: dict[int, list[RuleHit]] = defaultdict(list)
    rows = session.scalars(
        select(RuleHit).where(RuleHit.case_id.in_([case.id for _, case in found])).order_by(RuleHit.id)
    )
    for hit in rows:
        hits[hit.case_id].append(hit)
    return hits


def _awaited(session: Session, found: Sequence[tuple[Task, Case]]) -> frozenset[int]:
    asked = select(Consultation.task_id).where(
        Consultation.task_id.in_([task.id for task, _ in found]), Consultation.cancelled_at.is_(None)
    )
    return frozenset(session.scalars(asked))


def plain_outcome(schema: Mapping[str, Any]) -> bool:
    """Whether a form can be signed with `approve` and an opinion alone."""
    demanded = {
        part.get("key")
        for part in schema.get("components", [])
        if (part.get("validate") or {}).get("required") and not (part.get("conditional") or {}).get("hide")
    }
    offered = {
        one["value"]
        for part in schema.get("components", [])
        if part.get("key") == "outcome"
        for one in part.get("values", [])
    }
    return demanded <= {"outcome", "opinion"} and OUTCOME in offered
