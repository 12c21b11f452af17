"""Reads of the work queue: tabs, search, counts, each row with what `decide` says before the click."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.kernel.cases.models import Case
from app.kernel.deadlines.models import Clock
from app.kernel.deadlines.queries import urgency
from app.kernel.duties.models import Performance
from app.kernel.duties.queries import (
    get_candidate,
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_task_views,
)
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, Candidate, ConflictRule, Decision
from app.kernel.identity.models import Person
from app.kernel.identity.queries import names_by_id
from app.kernel.recusal.queries import barring
from app.kernel.refusals import TaskNotFound
from app.kernel.worklist.models import Task
from app.storage.core import among, table

PAGE_SIZE = 14
COUNT_LIMIT = 1000
"""Counts stop here: a queue of a million rows must not be counted to draw a tab."""
SCAN_LIMIT = 300
"""How many unclaimed tasks are decided on to fill the tab "can take"."""


class Tab(StrEnum):
    MINE = "mine"
    CAN_TAKE = "can_take"
    ALL = "all"
    DONE = "done"


class Sort(StrEnum):
    DUE = "due"
    RECEIVED = "received"
    CASE_NO = "case_no"


@dataclass(frozen=True)
class QueueFilter:
    """What the URL asks for. `within` is in natural days from today, overdue included."""

    tab: Tab = Tab.MINE
    search: str = ""
    search_index: bytes | None = None
    """Blind index of the search text when it is an ID number."""
    duty: str = ""
    risk: str = ""
    within: int | None = None
    sort: Sort = Sort.DUE
    page: int = 1


@dataclass(frozen=True)
class QueueRow:
    """A task in a list with its case, its nearest clock and the answer for this reader."""

    task: Task
    case: Case
    clock: Clock | None
    claimant: str | None
    decision: Decision
    able: tuple[str, ...]
    """Names of those who are here and may do it, told when this reader may not or nobody has taken it."""
    principal: str = ""
    """Whom the reader stands in for in this task; of a task that is done, for whom it was done."""


@dataclass(frozen=True)
class QueuePage:
    rows: tuple[QueueRow, ...]
    total: int
    capped: bool
    page: int
    pages: int


def get_task_case_id(session: Session, task_id: int) -> int:
    """The case of a visible task. Raise TaskNotFound."""
    case_id = session.scalar(select(Task.case_id).where(Task.id == task_id))
    if case_id is None:
        raise TaskNotFound(task_id=task_id)
    return case_id


def list_queue(
    session: Session, person_id: int, wanted: QueueFilter, now: datetime, today: date
) -> QueuePage:
    """One page of a tab for a person, every row decided for that person."""
    me = get_candidate(session, person_id, today)
    if wanted.tab is Tab.CAN_TAKE:
        return _list_takeable(session, me, wanted, now, today)
    statement = _filtered(_tab_statement(me, wanted.tab), wanted, today)
    total = _capped_count(session, statement)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    found = session.execute(_sorted(statement, wanted).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    rows = decide_rows(session, me, [(row[0], row[1]) for row in found], now, today)
    return QueuePage(tuple(rows), total, total >= COUNT_LIMIT, page, pages)


def count_tabs(session: Session, person_id: int, now: datetime, today: date) -> Mapping[Tab, int]:
    """Counts on the tabs "mine", "can take" and "all", each capped."""
    me = get_candidate(session, person_id, today)
    counts = {tab: _capped_count(session, _tab_statement(me, tab)) for tab in (Tab.MINE, Tab.ALL)}
    counts[Tab.CAN_TAKE] = _count_takeable(session, me, now, today)
    return counts


def count_due_soon(session: Session, person_id: int, until: date) -> int:
    """How many of the person's claimed tasks fall due by `until`, overdue ones included."""
    return (
        session.scalar(
            select(func.count()).where(
                Task.claimed_by == person_id, Task.state == "open", Task.due_on <= until
            )
        )
        or 0
    )


def find_next_task(session: Session, person_id: int) -> Task | None:
    """The person's most urgent claimed task: what opens after completing one."""
    return session.scalar(
        select(Task)
        .where(Task.claimed_by == person_id, Task.state == "open")
        .order_by(Task.due_on.asc().nulls_last(), Task.id)
        .limit(1)
    )


_OF_CASES = select(Task, Case).join(Case, Case.id == Task.case_id)


def _tab_statement(me: Candidate, tab: Tab) -> Select[Task, Case]:
    """Rows of a tab; cases that the reader is a party of or recused from are in none."""
    statement = _OF_CASES.where(~barring(Case.id, me.person_id))
    if tab is Tab.MINE:
        return statement.where(Task.state == "open", Task.claimed_by == me.person_id)
    if tab is Tab.DONE:
        return statement.where(Task.state == "completed", Task.completed_by == me.person_id)
    if tab is Tab.CAN_TAKE:
        return statement.where(Task.state == "open", Task.claimed_by.is_(None), _holds_post(me))
    return statement.where(Task.state == "open")


def _holds_post(me: Candidate) -> ColumnElement[bool]:
    pairs = [and_(Task.post == post, Task.region_code == region) for post, region in sorted(me.fills)]
    return or_(*pairs) if pairs else Task.id.is_(None)


def _filtered(statement: Select[Task, Case], wanted: QueueFilter, today: date) -> Select[Task, Case]:
    if wanted.duty:
        statement = statement.where(Task.duty == wanted.duty)
    if wanted.risk:
        statement = statement.where(Case.risk == wanted.risk)
    if wanted.within is not None:
        statement = statement.where(Task.due_on <= today + timedelta(days=wanted.within))
    if wanted.search_index is not None:
        return statement.where(Case.subject_index == wanted.search_index)
    if wanted.search:
        start = wanted.search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        statement = statement.where(
            or_(Case.case_no.like(start), Case.subject_name.like(start), Case.organisation.like(start))
        )
    return statement


def _sorted(statement: Select[Task, Case], wanted: QueueFilter) -> Select[Task, Case]:
    if wanted.tab is Tab.DONE and wanted.sort is Sort.DUE:
        return statement.order_by(Task.completed_at.desc(), Task.id.desc())
    if wanted.sort is Sort.RECEIVED:
        return statement.order_by(Case.received_at, Task.id)
    if wanted.sort is Sort.CASE_NO:
        return statement.order_by(Case.case_no, Task.id)
    return statement.order_by(Task.due_on.asc().nulls_last(), Task.id)


def _capped_count(session: Session, statement: Select[Task, Case]) -> int:
    inner = statement.with_only_columns(Task.id).order_by(None).limit(COUNT_LIMIT).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def _list_takeable(
    session: Session, me: Candidate, wanted: QueueFilter, now: datetime, today: date
) -> QueuePage:
    rows = _takeable(session, me, wanted, now, today)
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    shown = rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return QueuePage(tuple(shown), len(rows), len(rows) >= SCAN_LIMIT, page, pages)


def _takeable(
    session: Session, me: Candidate, wanted: QueueFilter, now: datetime, today: date
) -> Sequence[QueueRow]:
    rows = decide_rows(session, me, _unclaimed(session, me, wanted, today), now, today)
    return [row for row in rows if row.decision.allowed]


def _unclaimed(
    session: Session, me: Candidate, wanted: QueueFilter, today: date
) -> Sequence[tuple[Task, Case]]:
    statement = _sorted(_filtered(_tab_statement(me, Tab.CAN_TAKE), wanted, today), wanted)
    return [(row[0], row[1]) for row in session.execute(statement.limit(SCAN_LIMIT)).all()]


def _count_takeable(session: Session, me: Candidate, now: datetime, today: date) -> int:
    pairs = _unclaimed(session, me, QueueFilter(tab=Tab.CAN_TAKE), today)
    views = list_case_views(session, {case.id: case for _, case in pairs}.values())
    tasks = list_task_views(session, [task for task, _ in pairs])
    rules = list_rules(session, now)
    decisions = (decide(me, Action.CLAIM, views[case.id], tasks[task.id], rules) for task, case in pairs)
    return sum(decision.allowed for decision in decisions)


def decide_rows(
    session: Session,
    me: Candidate,
    pairs: Sequence[tuple[Task, Case]],
    now: datetime,
    today: date,
    *,
    named: bool = True,
) -> list[QueueRow]:
    """Decide on claiming every task for one person, in a fixed number of queries; `named`: and who else could."""
    cases = {case.id: case for _, case in pairs}
    views = list_case_views(session, cases.values())
    tasks = list_task_views(session, [task for task, _ in pairs])
    rules = list_rules(session, now)
    clocks = list_nearest_clocks(session, cases)
    able = _able_names(session, pairs, views, tasks, rules, today) if named else {}
    acted_for = list_principals(session, [task.id for task, _ in pairs if task.state == "completed"])
    names = names_by_id(session, [task.claimed_by for task, _ in pairs])
    return [
        QueueRow(
            task=task,
            case=case,
            clock=clocks.get(case.id),
            claimant=names.get(task.claimed_by) if task.claimed_by else None,
            decision=decide(me, Action.CLAIM, views[case.id], tasks[task.id], rules),
            able=able.get(task.id, ()),
            principal=acted_for.get(task.id, "") if task.state == "completed" else principal_of(me, task),
        )
        for task, case in pairs
    ]


def principal_of(me: Candidate, task: Task) -> str:
    """The name of whom I would act for; empty when I hold the post myself or not at all."""
    post = (task.post, task.region_code)
    principal = None if post in me.posts else me.substituting.get(post)
    return principal.name if principal else ""


def list_principals(session: Session, task_ids: Collection[int]) -> dict[int, str]:
    """For whom tasks were last performed, by task id; those done for nobody else are left out."""
    if not task_ids:
        return {}
    rows = session.execute(
        select(Performance.task_id, Person.name)
        .join(Person, Person.id == Performance.on_behalf_of)
        .where(Performance.task_id.in_(list(task_ids)), Performance.state == "performed")
        .order_by(Performance.id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


def _able_names(
    session: Session,
    pairs: Sequence[tuple[Task, Case]],
    views: Mapping[int, Any],
    tasks: Mapping[int, Any],
    rules: tuple[ConflictRule, ...],
    today: date,
) -> dict[int, tuple[str, ...]]:
    holders = list_holders(session, {(task.post, task.region_code) for task, _ in pairs}, today)
    people = list_candidates(session, {pid for ids in holders.values() for pid in ids}, today)
    able: dict[int, tuple[str, ...]] = {}
    for task, case in pairs:
        candidates = [people[pid] for pid in holders[task.post, task.region_code]]
        able[task.id] = tuple(
            person.name
            for person in candidates
            if person.absent_until is None
            and decide(person, Action.CLAIM, views[case.id].unheld, tasks[task.id], rules).allowed
        )
    return able


_ACTIVE = select(Clock).where(
    among(table(Clock).c.case_id, "cases"), Clock.binding, Clock.state.in_(("running", "paused"))
)


def list_nearest_clocks(session: Session, case_ids: Collection[int]) -> dict[int, Clock]:
    """The clock that binds whoever works on each case: the earliest binding one that runs, else one suspended."""
    nearest: dict[int, Clock] = {}
    rows = session.scalars(_ACTIVE, {"cases": list(case_ids)}) if case_ids else ()
    for clock in sorted(rows, key=urgency):
        nearest.setdefault(clock.case_id, clock)
    return nearest


def count_load(session: Session, person_ids: Collection[int]) -> dict[int, int]:
    """Open claimed tasks per person."""
    rows = session.execute(
        select(Task.claimed_by, func.count())
        .where(Task.claimed_by.in_(list(person_ids)), Task.state == "open")
        .group_by(Task.claimed_by)
    )
    return {person_id: count for person_id, count in rows if person_id is not None}


def list_open_tasks(session: Session, case_id: int) -> Sequence[Task]:
    """The open tasks of a case, oldest first."""
    return session.scalars(
        select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id)
    ).all()


def has_opened_task(session: Session, case_id: int, person_id: int) -> bool:
    """Whether this person works on the case: has one of its open tasks opened."""
    mine = select(Task.id).where(
        Task.case_id == case_id,
        Task.state == "open",
        Task.claimed_by == person_id,
        Task.opened_at.is_not(None),
    )
    return session.scalar(mine.limit(1)) is not None
