"""The case page's data: who may read it, facts, opinions, signatures, documents, story, position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, CaseState, Material
from app.kernel.deadlines.queries import ClockView, clocks_of
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.catalogue.versions import load_versions
from app.kernel.decisions.models import RuleHit
from app.kernel.documents.models import Document
from app.kernel.documents.service_records import Served, list_services
from app.kernel.duties.queries import get_candidate, list_case_views
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, CaseView, Decision, PastAct
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.seats import ReviewSeat, review_seats
from app.kernel.engine.serving import PARTY, serves_party
from app.kernel.engine.stepping import Instance, Position, WaitingMessage
from app.kernel.engine.submission import REQUIRED_OUTCOME
from app.kernel.engine.withdrawal import LastStep, find_last_step
from app.kernel.identity.models import Region
from app.kernel.identity.queries import names_by_id
from app.kernel.identity.regions import get_region
from app.kernel.kernel import Kernel
from app.kernel.refusals import CaseNotFound
from app.kernel.transaction import Unit
from app.kernel.worklist.consultation_queries import Asked, list_case_consultations
from app.kernel.worklist.models import Task

# Built once: the page of a case asks all of them each time.
_CASE: BindParameter[int] = bindparam("case")
_TASKS = select(Task).where(Task.case_id == _CASE).order_by(Task.id)
_HITS = select(RuleHit).where(RuleHit.case_id == _CASE).order_by(RuleHit.id)
_MATERIALS = select(Material).where(Material.case_id == _CASE).order_by(Material.id)
_DOCUMENTS = select(Document).where(Document.case_id == _CASE).order_by(Document.id.desc())
_STATE = select(CaseState.state).where(CaseState.case_id == _CASE)
_STORY = (
    select(AuditEvent)
    .where(AuditEvent.case_id == _CASE, AuditEvent.event != "case.read")
    .order_by(AuditEvent.id.desc())
    .limit(300)
)


@dataclass(frozen=True)
class StoryEvent:
    """One audit event for the timeline."""

    at: datetime
    event: str
    person: str | None
    task: Task | None
    payload: Mapping[str, Any]
    principal: str | None = None


@dataclass(frozen=True)
class Dossier:
    """Everything the case page shows. Sensitive facts are opened: the face masks them."""

    case: Case
    deployed: Deployed
    region: Region
    facts: Mapping[str, Any]
    materials: Sequence[Material]
    hits: Sequence[RuleHit]
    hit_rules: Mapping[int, Rule]
    """The versions that hit, by id: where the legal source of each hit stands."""
    tasks: Sequence[Task]
    documents: Sequence[Document]
    services: Sequence[Served]
    """Attempts to serve its documents, oldest first."""
    clocks: Sequence[ClockView]
    story: Sequence[StoryEvent]
    seats: Sequence[ReviewSeat]
    acts: Sequence[PastAct]
    position: Sequence[Position]
    waiting: Sequence[WaitingMessage]
    people: Mapping[int, str]
    consultations: Sequence[Asked] = ()
    last_step: LastStep | None = None
    """The step that its doer could still withdraw."""
    required_outcomes: Mapping[str, str] = field(default_factory=dict)
    """Outcomes that a vote has settled, by engine task id."""
    served: Mapping[str, str] = field(default_factory=dict)
    """Key of the party that an open task serves, by engine task id."""

    @property
    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks if task.state == "open"]

    def acted_for(self, task_id: int, person_id: int | None) -> str | None:
        """Name of the principal when that person did the task on somebody's behalf."""
        return next(
            (act.on_behalf_of for act in self.acts if (act.task_id, act.person_id) == (task_id, person_id)),
            None,
        )


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


def _rules_of(session: Session, hits: Sequence[RuleHit]) -> dict[int, Rule]:
    ids = sorted({hit.version_id for hit in hits if hit.version_id is not None})
    return {one.id: one.rule for one in load_versions(session, ids) if one.id is not None}


def find_material(session: Session, uid: UUID) -> Material | None:
    """A received file by its public id; None also outside the reader's regions."""
    return session.scalar(select(Material).where(Material.uid == uid))


def read_dossier(unit: Unit, case_id: int) -> Dossier:
    """Load the dossier and audit the reading (case data are sensitive). Raise CaseNotFound, DutyDenied."""
    case = require_reading(unit, case_id)
    record_reading(unit, case)
    return load_dossier(unit.kernel, unit.session, case, unit.now, unit.today)


def record_reading(unit: Unit, case: Case) -> None:
    """Audit that the actor reads the dossier, in his own chain: a reading must not wait for the case's lock."""
    person_id = unit.actor.person_id
    chain = f"person:{person_id}" if person_id else "system"
    unit.record("case.read", {"case_no": case.case_no}, case_id=case.id, chain=chain)


def load_dossier(kernel: Kernel, session: Session, case: Case, now: datetime, today: date) -> Dossier:
    """The dossier of a case the caller may read."""
    deployed = get_deployed(session, case.definition_id)
    tasks = session.scalars(_TASKS, {"case": case.id}).all()
    view = list_case_views(session, [case])[case.id]
    people = _people(session, tasks, view)
    standing = _position(session, case, deployed)
    hits = session.scalars(_HITS, {"case": case.id}).all()
    return Dossier(
        case=case,
        deployed=deployed,
        region=get_region(session, case.region_code),
        facts=load_facts(session, kernel.keyring, case),
        materials=session.scalars(_MATERIALS, {"case": case.id}).all(),
        hits=hits,
        hit_rules=_rules_of(session, hits),
        tasks=tasks,
        documents=session.scalars(_DOCUMENTS, {"case": case.id}).all(),
        services=list_services(session, case.id) if _serves(deployed) else (),
        clocks=clocks_of(session, case.id, today),
        story=_story(session, case.id, tasks, people),
        seats=review_seats(session, case, deployed, view, tasks, people, now, today),
        acts=view.acts,
        position=standing.position,
        waiting=standing.waiting,
        people=people,
        consultations=list_case_consultations(session, case.id),
        last_step=find_last_step(session, case.id),
        required_outcomes=standing.required,
        served=standing.served,
    )


def _serves(deployed: Deployed) -> bool:
    return any(step.duty == "serve" for step in deployed.steps.values())


def _people(session: Session, tasks: Sequence[Task], view: CaseView) -> dict[int, str]:
    ids = {task.claimed_by for task in tasks} | {task.completed_by for task in tasks}
    ids |= {act.person_id for act in view.acts}
    return names_by_id(session, ids)


@dataclass(frozen=True)
class _Standing:
    """Where the process stands, and what the variables of its open tasks say of them, by engine task id."""

    position: Sequence[Position] = ()
    waiting: Sequence[WaitingMessage] = ()
    required: Mapping[str, str] = field(default_factory=dict)
    served: Mapping[str, str] = field(default_factory=dict)


def _position(session: Session, case: Case, deployed: Deployed) -> _Standing:
    state = session.scalar(_STATE, {"case": case.id})
    if state is None:
        return _Standing()
    instance = Instance.restore(deployed.spec, state)
    ready = instance.ready_tasks()
    return _Standing(
        instance.position(),
        instance.waiting_messages(),
        {one.engine_task_id: str(said) for one in ready if (said := one.data.get(REQUIRED_OUTCOME))},
        {
            one.engine_task_id: str(said)
            for one in ready
            if (said := one.data.get(PARTY)) and serves_party(one.step)
        },
    )


def _story(
    session: Session, case_id: int, tasks: Sequence[Task], people: Mapping[int, str]
) -> list[StoryEvent]:
    by_id = {task.id: task for task in tasks}
    rows = session.scalars(_STORY, {"case": case_id}).all()
    unknown = {one for row in rows for one in (row.person_id, row.on_behalf_of)} - people.keys()
    names = {**people, **names_by_id(session, unknown)}
    return [
        StoryEvent(
            at=row.at,
            event=row.event,
            person=names.get(row.person_id) if row.person_id is not None else None,
            task=by_id.get(row.task_id) if row.task_id is not None else None,
            payload=orjson.loads(row.payload),
            principal=names.get(row.on_behalf_of) if row.on_behalf_of is not None else None,
        )
        for row in rows
    ]
