"""Who may do the open tasks now and under other rules: `decide` asked twice over data loaded once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.changes.kinds import Moment, Severity, Touched
from app.kernel.duties.models import Performance
from app.kernel.duties.queries import list_candidates, list_case_views, list_holders, list_task_views
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, Candidate, CaseView, ConflictRule, TaskView
from app.kernel.worklist.models import Task


@dataclass(frozen=True)
class OpenTask:
    """An open task with all that `decide` needs to answer for every holder of its post."""

    task: Task
    case: Case
    view: CaseView
    task_view: TaskView
    holders: tuple[Candidate, ...]


Eligible = Mapping[int, frozenset[int]]
"""Person ids that may do it, by task id."""


def open_work(session: Session, duties: Collection[str], at: Moment) -> list[OpenTask]:
    """Open tasks of cases in whose chain any of `duties` was done: elsewhere no set can bar anybody."""
    other = aliased(Case)
    touched = (
        exists()
        .where(Performance.case_id == other.id, Performance.duty.in_(duties))
        .where(other.chain_id == Case.chain_id)
    )
    found = session.execute(
        select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.state == "open", touched)
    ).all()
    tasks, cases = [row[0] for row in found], {row[1].id: row[1] for row in found}
    views, task_views = list_case_views(session, cases.values()), list_task_views(session, tasks)
    holders = list_holders(session, {(task.post, task.region_code) for task in tasks}, at.today)
    people = list_candidates(session, {who for ids in holders.values() for who in ids}, at.today)
    return [
        OpenTask(
            task,
            cases[task.case_id],
            views[task.case_id],
            task_views[task.id],
            tuple(people[who] for who in holders[task.post, task.region_code]),
        )
        for task in tasks
    ]


def eligible_for(work: Iterable[OpenTask], rules: tuple[ConflictRule, ...]) -> Eligible:
    """Who may claim each task under these rules."""
    return {
        item.task.id: frozenset(
            person.person_id
            for person in item.holders
            if decide(person, Action.CLAIM, item.view.unheld, item.task_view, rules).allowed
        )
        for item in work
    }


def wordings(work: Iterable[OpenTask], before: Eligible, after: Eligible) -> Iterator[Touched]:
    """One line per task for whom something changes."""
    for item in work:
        lost, gained = before[item.task.id] - after[item.task.id], after[item.task.id] - before[item.task.id]
        if lost:
            yield _lost(item, lost, len(after[item.task.id]))
        if gained:
            names = _names(item, gained)
            yield Touched(
                item.case.id,
                item.case.case_no,
                "relieved",
                f"待办“{item.task.title_zh}”：{'、'.join(names)}将可以办理",
                f"open task “{item.task.title_en}”: {', '.join(names)} could do it",
            )


def _lost(item: OpenTask, lost: frozenset[int], left: int) -> Touched:
    names = _names(item, lost)
    zh, en = (
        f"待办“{item.task.title_zh}”：{'、'.join(names)}将不能办理",
        f"open task “{item.task.title_en}”: {', '.join(names)} could no longer do it",
    )
    severity: Severity = "restricted" if left else "blocked"
    rest = (
        (f"，还有 {left} 人可办", f", {left} left who can")
        if left
        else ("，再无人可办", ", nobody is left who can")
    )
    if item.task.claimed_by in lost:
        zh, en = f"{zh}（现由其领取）", f"{en} (it is claimed by one of them)"
    return Touched(item.case.id, item.case.case_no, severity, zh + rest[0], en + rest[1])


def _names(item: OpenTask, persons: Collection[int]) -> list[str]:
    return [person.name for person in item.holders if person.person_id in persons]
