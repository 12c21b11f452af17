"""Who may be given a task: everybody who holds or fills its post, with what `decide` says and the load."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.queries import (
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_task_views,
)
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, Candidate, Decision
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import count_load, principal_of


@dataclass(frozen=True)
class StaffChoice:
    """A person who holds or fills the task's post, and what `decide` says of giving it to that person."""

    person_id: int
    name: str
    decision: Decision
    open_tasks: int
    principal: str = ""
    """Whom the person would act for."""


def list_staff(session: Session, task: Task, case: Case, now: datetime, today: date) -> list[StaffChoice]:
    """Everyone who holds the task's post in its region or fills it, able ones first, with their load."""
    return list_staff_of(session, [(task, case)], now, today)[task.id]


def list_staff_of(
    session: Session, pairs: Sequence[tuple[Task, Case]], now: datetime, today: date
) -> dict[int, list[StaffChoice]]:
    """`list_staff` for many tasks in a fixed number of queries, by task id."""
    holders = list_holders(session, {(task.post, task.region_code) for task, _ in pairs}, today)
    ids = {person_id for held in holders.values() for person_id in held}
    people = list_candidates(session, ids, today)
    views = list_case_views(session, {case.id: case for _, case in pairs}.values())
    tasks = list_task_views(session, [task for task, _ in pairs])
    rules, load = list_rules(session, now), count_load(session, ids)
    found: dict[int, list[StaffChoice]] = {}
    for task, case in pairs:
        choices = [
            StaffChoice(
                person.person_id,
                person.name,
                decide(person, Action.REASSIGN, views[case.id], tasks[task.id], rules),
                load.get(person.person_id, 0),
                principal_of(person, task),
            )
            for person in _by_pinyin(people, holders[task.post, task.region_code])
        ]
        found[task.id] = sorted(choices, key=lambda choice: not choice.decision.allowed)
    return found


def _by_pinyin(people: dict[int, Candidate], ids: Collection[int]) -> list[Candidate]:
    return sorted((people[key] for key in ids), key=lambda one: one.pinyin)


def spread(choices: dict[int, list[StaffChoice]], chosen: Collection[int]) -> dict[int, int]:
    """Deal tasks out to the chosen people who may do them, each to whoever has least; task id → person id.

    Tasks with the fewest takers go first, so that nobody is used up on what others could take. A task
    that none of the chosen may do is left out. Pure.
    """
    wanted = frozenset(chosen)
    load = {one.person_id: one.open_tasks for held in choices.values() for one in held}
    able = {
        task: [one.person_id for one in held if one.person_id in wanted and one.decision.allowed]
        for task, held in choices.items()
    }
    dealt: dict[int, int] = {}
    for task in sorted(able, key=lambda task: (len(able[task]), task)):
        if able[task]:
            person = min(able[task], key=lambda one: (load[one], one))
            dealt[task] = person
            load[person] += 1
    return dealt
