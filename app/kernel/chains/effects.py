"""What a link or a split would do to the open cases: collisions that would come to light, who gains, who loses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.eligibility import OpenTask, eligible_for, wordings
from app.kernel.changes.kinds import Moment, Touched
from app.kernel.duties.queries import (
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_task_views,
)
from app.kernel.duties.views import CaseView, ConflictRule, PastAct
from app.kernel.worklist.models import Task

Regroup = Callable[[CaseView, Sequence[PastAct]], CaseView]
"""The view a case would have, from its own and the acts of all cases concerned."""


def effects(
    session: Session, cases: Sequence[Case], at: Moment, regroup: Regroup, *, note: tuple[str, str]
) -> Iterator[Touched]:
    """Lines for the open ones among `cases`; `note` says in both languages what happens to each."""
    rules, views = list_rules(session, at.now), list_case_views(session, cases)
    everything = sorted(
        {act for view in views.values() for act in view.acts}, key=lambda act: act.performance_id
    )
    after = {case_id: regroup(view, everything) for case_id, view in views.items()}
    open_cases = [case for case in cases if case.status == "open"]
    for case in open_cases:
        yield Touched(case.id, case.case_no, "info", *note)
        yield from _collisions(case, views[case.id], after[case.id], rules)
    work = list(_open_work(session, open_cases, views, at))
    moved = [replace(item, view=after[item.case.id]) for item in work]
    yield from wordings(work, eligible_for(work, rules), eligible_for(moved, rules))


def _collisions(
    case: Case, before: CaseView, after: CaseView, rules: Iterable[ConflictRule]
) -> Iterator[Touched]:
    """People whose acts are lawful as the case stands and would collide in the chain it comes to."""
    for rule in rules:
        if rule.scope != "chain" or rule.severity != "deny" or rule.kind != "exclusive":
            continue
        if case.risk not in rule.risk_classes:
            continue
        known = _too_many(before.acts, rule)
        for person, acts in _too_many(after.acts, rule).items():
            if person in known or not any(act.case_id == case.id for act in acts):
                continue
            numbers = "、".join(dict.fromkeys(act.case_no for act in acts))
            yield Touched(
                case.id,
                case.case_no,
                "violation",
                f"{acts[0].name}的办理将构成职责冲突（{rule.key}）：{numbers}",
                f"what {acts[0].name} did would collide ({rule.key}): {numbers}",
            )


def _too_many(acts: Iterable[PastAct], rule: ConflictRule) -> dict[int, list[PastAct]]:
    members: dict[int, set[str]] = defaultdict(set)
    counted: dict[int, list[PastAct]] = defaultdict(list)
    for act in acts:
        found = rule.members_of(act.duty, act.process_key, act.case_role)
        if found:
            members[act.person_id] |= found
            counted[act.person_id].append(act)
    return {person: counted[person] for person, held in members.items() if len(held) > rule.maximum}


def _open_work(
    session: Session, cases: Sequence[Case], views: dict[int, CaseView], at: Moment
) -> Iterator[OpenTask]:
    by_id = {case.id: case for case in cases}
    tasks = session.scalars(
        select(Task)
        .where(Task.case_id.in_(bindparam("cases", expanding=True)), Task.state == "open")
        .order_by(Task.id),
        {"cases": list(by_id)},
    ).all()
    task_views = list_task_views(session, tasks)
    holders = list_holders(session, {(task.post, task.region_code) for task in tasks}, at.today)
    people = list_candidates(session, {who for ids in holders.values() for who in ids}, at.today)
    for task in tasks:
        able = tuple(people[who] for who in holders[task.post, task.region_code])
        yield OpenTask(task, by_id[task.case_id], views[task.case_id], task_views[task.id], able)
