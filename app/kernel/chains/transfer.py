"""A case goes to another region's office: what was done there stays done, its clocks run on, its tasks move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseTransfer
from app.kernel.chains.permission import require_case_supervisor
from app.kernel.chains.refusals import CaseNotMovable, TransferTargetInvalid
from app.kernel.duties.queries import (
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_supervisors,
    list_task_views,
)
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, Decision, TaskView
from app.kernel.identity.models import Region
from app.kernel.identity.regions import get_lineage
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import notify, open_tasks
from app.kernel.worklist.reconsidering import reconsider_tasks, release
from app.kernel.worklist.refusals import ReasonMissing


@dataclass(frozen=True)
class Offer:
    """An open task as the receiving office would find it: who could take it, and who not, and why."""

    task: Task
    able: tuple[str, ...]
    unable: tuple[tuple[str, Decision], ...]


@dataclass(frozen=True)
class Target:
    """An office a case could go to; `staffed`: every post of the open tasks is held there today."""

    code: str
    name_zh: str
    name_en: str
    staffed: bool


def transfer_case(unit: Unit, to_region: str, reason: str) -> None:
    """Move the locked case to another region's office. The supervisor of the giving region decides.

    Open claims end with a notice, clocks are untouched, the tasks are placed anew; both offices' supervisors
    and auditors are told. Raise DutyDenied, CaseNotMovable, TransferTargetInvalid, ReasonMissing.
    """
    case = unit.case
    if case is None:
        raise LookupError("the operation needs a locked case")
    if not reason.strip():
        raise ReasonMissing(field="reason")
    require_case_supervisor(unit, Action.TRANSFER, case)
    if case.status != "open":
        raise CaseNotMovable(case_no=case.case_no)
    before = case.region_code
    if to_region == before or unit.session.get(Region, to_region) is None:
        raise TransferTargetInvalid(field="to_region", region=to_region)
    for task in open_tasks(unit, case):
        if task.claimed_by is not None:
            release(unit, case, task, "transferred")
    unit.session.flush()
    _move(unit, case, to_region, reason.strip())
    _tell(unit, case, before, to_region)
    reconsider_tasks(unit, [case], cause="transferred")


def _move(unit: Unit, case: Case, to_region: str, reason: str) -> None:
    """The row's trigger moves the case with its facts, papers and tasks; this unit must see them there too."""
    before = case.region_code
    unit.session.execute(
        insert(CaseTransfer).values(
            case_id=case.id,
            from_region=before,
            to_region=to_region,
            reason=reason,
            transferred_by=unit.actor.own_person_id,
            at=unit.now,
        )
    )
    unit.kernel.database.scope(unit.session, (*unit.actor.regions, before, to_region))
    unit.session.refresh(case)
    unit.open_tasks = None
    unit.views.pop(case.id, None)
    unit.record("case.transferred", {"from": before, "to": to_region, "reason": reason})


_AUDITORS = text(
    "SELECT DISTINCT p.canonical_id FROM post_grant g JOIN post ON post.key = g.post AND post.kind = 'audit'"
    " JOIN person p ON p.id = g.person_id WHERE g.region_code = ANY(:lineage) AND g.revokes IS NULL"
    " AND g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today) AND NOT EXISTS"
    " (SELECT FROM post_grant e WHERE e.revokes = g.id AND e.valid_from <= :today) ORDER BY 1"
)


def _tell(unit: Unit, case: Case, before: str, after: str) -> None:
    for region, code in ((before, "case_transferred_away"), (after, "case_transferred_here")):
        lineage = list(get_lineage(unit.session, region))
        auditors = unit.session.execute(_AUDITORS, {"lineage": lineage, "today": unit.today}).scalars()
        told = {*list_supervisors(unit.session, lineage, unit.today), *auditors}
        for person_id in sorted(told - {unit.actor.person_id}):
            notify(unit, person_id, code, f"case:{case.id}:{case.version}:{code}:{after}", case)


def list_targets(session: Session, case: Case, tasks: Sequence[Task], today: date) -> list[Target]:
    """Every other office whose posts could hold any of the open tasks, those that hold all of them first."""
    posts = {task.post for task in tasks}
    regions = session.scalars(select(Region).where(Region.code != case.region_code)).all()
    holders = list_holders(session, {(post, region.code) for post in posts for region in regions}, today)
    targets = []
    for region in regions:
        held = [bool(holders.get((post, region.code))) for post in posts]
        if not posts or any(held):
            targets.append(Target(region.code, region.name_zh, region.name_en, all(held)))
    return sorted(targets, key=lambda target: (not target.staffed, target.code))


def preview_transfer(
    session: Session, case: Case, tasks: Sequence[Task], to_region: str, now: datetime, today: date
) -> list[Offer]:
    """Who of the receiving office could take each open task; what was done so far counts there as here."""
    holders = list_holders(session, {(task.post, to_region) for task in tasks}, today)
    people = list_candidates(session, {who for held in holders.values() for who in held}, today)
    view, rules = list_case_views(session, [case])[case.id], list_rules(session, now)
    views = list_task_views(session, tasks)
    offers = []
    for task in tasks:
        there = TaskView(
            task_id=task.id,
            duty=task.duty,
            post=task.post,
            region_code=to_region,
            acted_by=views[task.id].acted_by,
            drawn=views[task.id].drawn,
        )
        held = sorted((people[who] for who in holders[task.post, to_region]), key=lambda one: one.pinyin)
        answers = [(one.name, decide(one, Action.CLAIM, view.unheld, there, rules)) for one in held]
        offers.append(
            Offer(
                task=task,
                able=tuple(name for name, answer in answers if answer.allowed),
                unable=tuple(item for item in answers if not item[1].allowed),
            )
        )
    return offers
