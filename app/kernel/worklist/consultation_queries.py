"""Reads of consultations: what waits for me, what was asked on a case, who could be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.queries import grant_in_force, list_candidates, list_case_views, list_rules
from app.kernel.duties.views import Action, Candidate
from app.kernel.identity.models import Person
from app.kernel.identity.regions import get_lineage
from app.kernel.worklist.consultations import OPINION_DUTY, decide_asked
from app.kernel.worklist.models import Consultation, Task
from app.kernel.worklist.queries import count_load
from app.kernel.worklist.staff import StaffChoice

SHOWN = 100


@dataclass(frozen=True)
class Asked:
    """A request with its task, its case and the names of both people; person ids are canonical."""

    consultation: Consultation
    task: Task
    case: Case
    person_id: int
    person: str
    asker: str

    @property
    def awaited(self) -> bool:
        return self.consultation.answered_at is None and self.consultation.cancelled_at is None

    @property
    def duty(self) -> str:
        return OPINION_DUTY if self.consultation.kind == "opinion" else self.task.duty


def _statement() -> Select[Consultation, Task, Case, int, str, str]:
    person, asker = aliased(Person), aliased(Person)
    return (
        select(Consultation, Task, Case, person.canonical_id, person.name, asker.name)
        .join(Task, Task.id == Consultation.task_id)
        .join(Case, Case.id == Consultation.case_id)
        .join(person, person.id == Consultation.person_id)
        .join(asker, asker.id == Consultation.asked_by)
    )


_ASKED = _statement()
_OF_CASE = _ASKED.where(Consultation.case_id == bindparam("case")).order_by(Consultation.id)
_MINE = (
    _ASKED.where(
        Consultation.person_id.in_(select(Person.id).where(Person.canonical_id == bindparam("person"))),
        Consultation.answered_at.is_(None),
        Consultation.cancelled_at.is_(None),
        Task.state == "open",
    )
    .order_by(Consultation.asked_at)
    .limit(SHOWN)
)


def list_my_consultations(session: Session, person_id: int) -> list[Asked]:
    """What waits for this (canonical) person's answer, oldest first, at most 100."""
    return [Asked(*row) for row in session.execute(_MINE, {"person": person_id})]


def list_case_consultations(session: Session, case_id: int) -> list[Asked]:
    """Everything asked on a case, oldest first."""
    return [Asked(*row) for row in session.execute(_OF_CASE, {"case": case_id})]


def get_consultation_case_id(session: Session, consultation_id: int) -> int | None:
    """The case of a request; None when there is none in the reader's regions."""
    return session.scalar(
        select(Consultation.case_id)
        .join(Case, Case.id == Consultation.case_id)
        .where(Consultation.id == consultation_id)
    )


def list_askable(
    session: Session, task: Task, case: Case, kinds: Sequence[str], now: datetime, today: date
) -> dict[str, list[StaffChoice]]:
    """Who could be asked on a task, by kind, able ones first, the others with `decide`'s reason.

    For a countersignature those who hold the task's post; for an opinion business posts of the same
    authority over the case's region. Whoever was asked for the same before is left out.
    """
    lineage = get_lineage(session, case.region_code)
    ids = {kind: set(session.scalars(_possible(task, kind, lineage, today))) for kind in kinds}
    everybody = sorted(set().union(*ids.values()))
    people = sorted(list_candidates(session, everybody, today).values(), key=lambda one: one.pinyin)
    view = list_case_views(session, [case])[case.id]
    rules, load = list_rules(session, now), count_load(session, everybody)

    def choice(person: Candidate, kind: str) -> StaffChoice:
        decision = decide_asked(person, Action.ASSIGN, view, task, kind, rules, lineage)
        return StaffChoice(person.person_id, person.name, decision, load.get(person.person_id, 0))

    return {
        kind: sorted(
            (choice(person, kind) for person in people if person.person_id in some),
            key=lambda one: not one.decision.allowed,
        )
        for kind, some in ids.items()
    }


def _possible(task: Task, kind: str, lineage: Sequence[str], today: date) -> Select[int]:
    asked = (
        select(Person.canonical_id)
        .join(Consultation, Consultation.person_id == Person.id)
        .where(Consultation.task_id == task.id, Consultation.kind == kind)
    )
    statement = (
        select(Person.canonical_id)
        .join(PostGrant, PostGrant.person_id == Person.id)
        .where(grant_in_force(today), Person.canonical_id.not_in(asked))
        .distinct()
    )
    if task.claimed_by is not None:
        statement = statement.where(Person.canonical_id != task.claimed_by)
    if kind == "countersign":
        return statement.where(PostGrant.post == task.post, PostGrant.region_code == task.region_code)
    authority = select(Post.authority).where(Post.key == task.post).scalar_subquery()
    return statement.join(
        Post, and_(Post.key == PostGrant.post, Post.kind == "business", Post.authority == authority)
    ).where(PostGrant.region_code.in_(lineage))
