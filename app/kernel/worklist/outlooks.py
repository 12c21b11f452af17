"""Look-ahead for lists: every row that somebody might take, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.histories import list_case_views, list_signatures_of
from app.kernel.duties.outlook import FINE, Outlook, with_outlook
from app.kernel.duties.pending import OpenTask, Pair, Pool, rules_that_bind
from app.kernel.duties.queries import list_rules
from app.kernel.duties.signatures import SignatureView
from app.kernel.duties.views import ConflictRule, Decision
from app.kernel.worklist.lookahead import (
    SUBJECT,
    Position,
    Routes,
    Taking,
    after_taking,
    exact,
    names_in,
    quickly_fine,
    seen_tasks,
    with_far,
)
from app.kernel.worklist.models import Task
from app.kernel.worklist.pools import known_pools, load_pools
from app.kernel.worklist.queries import QueueRow


@dataclass(frozen=True)
class Asked:
    """A person who might take a task, as `decide` answered."""

    task: Task
    case: Case
    person_id: int
    decision: Decision


@dataclass(frozen=True)
class Foreseen:
    """The decision with the look-ahead in it, the outlook behind it, and names of the people it speaks of."""

    decision: Decision
    outlook: Outlook
    names: Mapping[int, str]


Key = tuple[int, int]
"""Task id and person id."""


def foresee_rows(
    session: Session, routes: Routes | None, rows: Sequence[QueueRow], reader: int, now: datetime, today: date
) -> list[QueueRow]:
    """Rows of a queue: those the reader may take say what taking them would do to the case."""
    asked = [
        Asked(row.task, row.case, reader, row.decision)
        for row in rows
        if row.task.state == "open" and row.task.claimed_by is None
    ]
    found = foresee(session, routes, asked, now, today)
    return [
        replace(row, decision=found[row.task.id, reader].decision) if (row.task.id, reader) in found else row
        for row in rows
    ]


def foresee(
    session: Session,
    routes: Routes | None,
    asked: Sequence[Asked],
    now: datetime,
    today: date,
    *,
    slack: bool = False,
) -> dict[Key, Foreseen]:
    """By task and person; those `decide` denies are left out. With `slack`, how tight the rest becomes too."""
    asked = [one for one in asked if one.decision.allowed]
    if routes is None or not asked:
        return {}
    positions = _positions(session, routes, [one.case for one in asked])
    rules = list_rules(session, now)
    takings = {
        (one.task.id, one.person_id): Taking(
            positions[one.case.id], one.task.id, one.person_id, one.decision.on_behalf_of
        )
        for one in asked
        if positions[one.case.id].route.policy != "off"
    }
    outlooks, pools = _Batch(session, takings, rules, now, today).answers(slack=slack)
    names = names_in(pools)
    found = {}
    for one in asked:
        key = (one.task.id, one.person_id)
        if key in outlooks:
            refuse = positions[one.case.id].route.policy == "refuse"
            decision = with_outlook(one.decision, outlooks[key], names, refuse=refuse)
            found[key] = Foreseen(decision, outlooks[key], names)
    return found


def _positions(session: Session, routes: Routes, cases: Sequence[Case]) -> dict[int, Position]:
    by_id = {case.id: case for case in cases}
    views = list_case_views(session, by_id.values())
    rows = session.scalars(select(Task).where(Task.case_id.in_(by_id), Task.state == "open")).all()
    seen: dict[int, list[OpenTask]] = {}
    for row, task in zip(rows, seen_tasks(session, rows), strict=True):
        seen.setdefault(row.case_id, []).append(task)
    return {
        key: Position(case, routes(session, case.definition_id), views[key], tuple(seen.get(key, ())))
        for key, case in by_id.items()
    }


class _Batch:
    """Many takings at once: quick answers first, then the exact ones, a no on people as they are now."""

    def __init__(
        self,
        session: Session,
        takings: Mapping[Key, Taking],
        rules: Sequence[ConflictRule],
        now: datetime,
        today: date,
    ) -> None:
        self.session, self.takings, self.now, self.today = session, takings, now, today
        self.binding = {
            one.position.case.id: rules_that_bind(rules, one.position.view) for one in takings.values()
        }

    def answers(self, *, slack: bool) -> tuple[dict[Key, Outlook], dict[Pair, Pool]]:
        most = {key: one.position.pending(None, one.task_id) for key, one in self.takings.items()}
        pools = known_pools(self.session, {one.pair for left in most.values() for one in left}, self.today)
        found, doubtful = {}, []
        for key, one in self.takings.items():
            if not slack and quickly_fine(one, most[key], self.binding[one.position.case.id], pools):
                found[key] = FINE
            else:
                doubtful.append(key)
        if doubtful:
            signed = self._signatures(doubtful)
            exactly = {key: self._exact(key, signed, pools, slack=slack) for key in doubtful}
            if any(outlook.reason for outlook in exactly.values()):
                pools = load_pools(self.session, pools, self.today)
                exactly = {key: self._exact(key, signed, pools, slack=slack) for key in doubtful}
            found |= exactly
        return found, pools

    def _signatures(self, keys: Sequence[Key]) -> dict[int, dict[str, SignatureView]]:
        cases = {self.takings[key].position.case.id for key in keys}
        return list_signatures_of(self.session, cases, SUBJECT)

    def _exact(
        self,
        key: Key,
        signed: Mapping[int, Mapping[str, SignatureView]],
        pools: Mapping[Pair, Pool],
        *,
        slack: bool,
    ) -> Outlook:
        taking = self.takings[key]
        case_id = taking.position.case.id
        pending = taking.position.pending(signed.get(case_id, {}), taking.task_id)
        binding = self.binding[case_id]
        position = with_far(self.session, taking.position, pending, binding, pools, self.now)
        taking = replace(taking, position=position)
        outlook = exact(taking, pending, binding, pools)
        return after_taking(taking, pending, binding, pools) if slack and not outlook.reason else outlook
