"""The case page's data: who may read it, facts, opinions, signatures, documents, story, position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, CaseState, Material
from app.kernel.deadlines.queries import ClockView, clocks_of
from app.kernel.decisions.models import RuleHit
from app.kernel.documents.models import Document
from app.kernel.duties.operations import CONCLUSION
from app.kernel.duties.queries import (
    get_candidate,
    list_candidates,
    list_case_views,
    list_holders,
    list_latest_signatures,
    list_rules,
)
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import (
    Action,
    CaseView,
    ConflictRule,
    Decision,
    PastAct,
    TaskView,
    decide,
    required_signatures,
)
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.stepping import Instance, Position, WaitingMessage
from app.kernel.identity.models import Person, Region
from app.kernel.identity.regions import get_region
from app.kernel.kernel import Kernel
from app.kernel.refusals import CaseNotFound
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import StaffChoice


@dataclass(frozen=True)
class StoryEvent:
    """One audit event for the timeline."""

    at: datetime
    event: str
    person: str | None
    task: Task | None
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class ReviewSeat:
    """One of the signing duties a case needs: signed, in progress, or to come."""

    duty: str
    state: str
    """signed | stale | now | to_come"""
    signer: str | None
    signed_at: datetime | None
    task: Task | None
    holder: str | None
    able: tuple[str, ...]
    unable: tuple[StaffChoice, ...]


@dataclass(frozen=True)
class Dossier:
    """Everything the case page shows. Sensitive facts are opened: the face masks them."""

    case: Case
    deployed: Deployed
    region: Region
    facts: Mapping[str, Any]
    materials: Sequence[Material]
    hits: Sequence[RuleHit]
    tasks: Sequence[Task]
    documents: Sequence[Document]
    clocks: Sequence[ClockView]
    story: Sequence[StoryEvent]
    seats: Sequence[ReviewSeat]
    acts: Sequence[PastAct]
    position: Sequence[Position]
    waiting: Sequence[WaitingMessage]
    people: Mapping[int, str]

    @property
    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks if task.state == "open"]


def get_case(session: Session, case_id: int) -> Case:
    """A visible case. Raise CaseNotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise CaseNotFound(case_id=case_id)
    return case


def decide_reading(session: Session, case: Case, person_id: int, now: datetime, today: date) -> Decision:
    """May this person read the dossier? Who has opened one of its tasks has performed; else `decide`."""
    view = list_case_views(session, [case])[case.id]
    return decide(get_candidate(session, person_id, today), Action.READ, view, None, ())


def require_reading(unit: Unit, case_id: int) -> Case:
    """The case, when the actor may read it. Raise CaseNotFound, DutyDenied."""
    case = get_case(unit.session, case_id)
    person_id = unit.actor.person_id
    if person_id is not None:
        decision = decide_reading(unit.session, case, person_id, unit.now, unit.today)
        if not decision.allowed:
            raise DutyDenied(decision, Action.READ, case.id, None, None)
    return case


def find_material(session: Session, uid: UUID) -> Material | None:
    """A received file by its public id; None also outside the reader's regions."""
    return session.scalar(select(Material).where(Material.uid == uid))


def read_dossier(unit: Unit, case_id: int) -> Dossier:
    """Load the dossier and audit the reading (case data are sensitive). Raise CaseNotFound, DutyDenied."""
    case, person_id = require_reading(unit, case_id), unit.actor.person_id
    chain = f"person:{person_id}" if person_id else "system"
    unit.record("case.read", {"case_no": case.case_no}, case_id=case.id, chain=chain)
    return load_dossier(unit.kernel, unit.session, case, unit.now, unit.today)


def load_dossier(kernel: Kernel, session: Session, case: Case, now: datetime, today: date) -> Dossier:
    """The dossier of a case the caller may read."""
    deployed = get_deployed(session, case.definition_id)
    tasks = session.scalars(select(Task).where(Task.case_id == case.id).order_by(Task.id)).all()
    view = list_case_views(session, [case])[case.id]
    people = _people(session, tasks, view)
    position, waiting = _position(session, case, deployed)
    return Dossier(
        case=case,
        deployed=deployed,
        region=get_region(session, case.region_code),
        facts=load_facts(session, kernel.keyring, case),
        materials=session.scalars(
            select(Material).where(Material.case_id == case.id).order_by(Material.id)
        ).all(),
        hits=session.scalars(select(RuleHit).where(RuleHit.case_id == case.id).order_by(RuleHit.id)).all(),
        tasks=tasks,
        documents=session.scalars(
            select(Document).where(Document.case_id == case.id).order_by(Document.id.desc())
        ).all(),
        clocks=clocks_of(session, case.id, today),
        story=_story(session, case.id, tasks, people),
        seats=_seats(session, case, deployed, view, tasks, people, now, today),
        acts=view.acts,
        position=position,
        waiting=waiting,
        people=people,
    )


def _people(session: Session, tasks: Sequence[Task], view: CaseView) -> dict[int, str]:
    ids = {task.claimed_by for task in tasks} | {task.completed_by for task in tasks}
    ids |= {act.person_id for act in view.acts}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids - {None})))
    return {row.id: row.name for row in rows}


def _position(
    session: Session, case: Case, deployed: Deployed
) -> tuple[Sequence[Position], Sequence[WaitingMessage]]:
    state = session.scalar(select(CaseState.state).where(CaseState.case_id == case.id))
    if state is None:
        return (), ()
    instance = Instance.restore(deployed.spec, state)
    return instance.position(), instance.waiting_messages()


def _story(
    session: Session, case_id: int, tasks: Sequence[Task], people: Mapping[int, str]
) -> list[StoryEvent]:
    by_id = {task.id: task for task in tasks}
    rows = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.case_id == case_id, AuditEvent.event != "case.read")
        .order_by(AuditEvent.id.desc())
        .limit(300)
    ).all()
    unknown = {row.person_id for row in rows if row.person_id is not None} - people.keys()
    names = {**people, **_names(session, unknown)}
    return [
        StoryEvent(
            at=row.at,
            event=row.event,
            person=names.get(row.person_id) if row.person_id is not None else None,
            task=by_id.get(row.task_id) if row.task_id is not None else None,
            payload=orjson.loads(row.payload),
        )
        for row in rows
    ]


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _seats(
    session: Session,
    case: Case,
    deployed: Deployed,
    view: CaseView,
    tasks: Sequence[Task],
    people: Mapping[int, str],
    now: datetime,
    today: date,
) -> list[ReviewSeat]:
    signatures = list_latest_signatures(session, case.id, CONCLUSION)
    posts = _review_posts(deployed)
    holders = list_holders(session, {(post, case.region_code) for post in posts.values()}, today)
    staff = list_candidates(session, {pid for ids in holders.values() for pid in ids}, today)
    rules = list_rules(session, now)
    seats = []
    for duty in required_signatures(case.risk):
        signature = signatures.get(duty)
        task = next((t for t in tasks if t.state == "open" and t.duty == duty and t.signs), None)
        choices = _choices(staff, holders.get((posts.get(duty, ""), case.region_code), []), duty, view, rules)
        signed = signature is not None and signature.agrees
        stale = signature is not None and signed and signature.content_hash != case.content_hash
        done = case.decided_at is not None or not stale
        state = "now" if task else ("signed" if signed and done else ("stale" if signed else "to_come"))
        seats.append(
            ReviewSeat(
                duty=duty,
                state=state,
                signer=people.get(signature.person_id) if signature and signed else None,
                signed_at=_signed_at(tasks, signature.person_id, duty) if signature and signed else None,
                task=task,
                holder=people.get(task.claimed_by) if task and task.claimed_by else None,
                able=tuple(choice.name for choice in choices if choice.decision.allowed),
                unable=tuple(choice for choice in choices if not choice.decision.allowed),
            )
        )
    return seats


def _review_posts(deployed: Deployed) -> dict[str, str]:
    """Which post performs each signing duty: the calling activity's inputs name the groups."""
    groups: dict[str, str] = {}
    for step in deployed.steps.values():
        for assignment in step.inputs:
            groups[assignment.target] = assignment.source.strip('="')
    posts = {}
    for step in deployed.steps.values():
        if step.signs and step.duty and step.candidate_group:
            group = step.candidate_group
            posts[step.duty] = groups.get(group[1:], group) if group.startswith("=") else group
    return posts


def _choices(
    staff: Mapping[int, Any], ids: Sequence[int], duty: str, view: CaseView, rules: tuple[ConflictRule, ...]
) -> list[StaffChoice]:
    choices = []
    for person in sorted((staff[pid] for pid in ids), key=lambda item: str(item.pinyin)):
        post, region = next(iter(person.posts))
        probe = TaskView(task_id=0, duty=duty, post=post, region_code=region)
        decision = decide(person, Action.CLAIM, view, probe, rules)
        choices.append(StaffChoice(person.person_id, person.name, decision, 0))
    return choices


def _signed_at(tasks: Sequence[Task], person_id: int, duty: str) -> datetime | None:
    return next(
        (
            task.completed_at
            for task in reversed(tasks)
            if task.duty == duty and task.signs and task.completed_by == person_id
        ),
        None,
    )
