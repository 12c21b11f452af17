"""加签 and 会签: the holder of a task asks other people; reports to a collective discussion.

An extra opinion performs `panel_opinion`, a countersignature the task's own duty: `decide` is asked when somebody
is asked, when he opens the dossier (which binds) and when he answers. Nothing here completes a task.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.operations import perform_apart, require
from app.kernel.duties.queries import load_question
from app.kernel.duties.records import keep_decision
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, Candidate, CaseView, ConflictRule, Decision, TaskView, deny
from app.kernel.identity.models import Person
from app.kernel.identity.regions import get_lineage
from app.kernel.refusals import InvalidInput, StaffNotEligible, TaskNotClaimed, TaskNotOpened
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Consultation, Task
from app.kernel.worklist.operations import get_open_task, notify
from app.kernel.worklist.refusals import (
    ConsultationClosed,
    ConsultationNotFound,
    ConsultationRepeated,
    NotADiscussion,
    NotConsulted,
)

KINDS = ("opinion", "countersign")
OPINION_DUTY = "panel_opinion"
LONGEST = 2000
REPORTS = "reports"


def duty_of(kind: str, task: Task) -> str:
    """What answering performs."""
    return OPINION_DUTY if kind == "opinion" else task.duty


def ask(unit: Unit, task_id: int, kind: str, person_id: int, question: str) -> int:
    """Ask one person on the actor's own opened task; answers the request's id.

    Raise InvalidInput, TaskNotClaimed, TaskNotOpened, ConsultationRepeated, DutyDenied (the actor or the person).
    """
    case, task = _own_task(unit, task_id)
    question = _text("question", question)
    if kind not in KINDS:
        raise InvalidInput({"kind": ("not_an_option", {"field": "kind"})})
    require(unit, Action.CONSULT, case=case, task=task)
    _require_asked(unit, Action.CONSULT, case, task, kind, person_id)
    row = insert(Consultation).values(
        case_id=case.id,
        task_id=task.id,
        kind=kind,
        person_id=person_id,
        asked_by=unit.actor.person_id,
        question=question,
        asked_at=unit.now,
    )
    if _asked_before(unit.session, task_id, kind, person_id):
        raise ConsultationRepeated(name=_name(unit.session, person_id))
    asked = unit.session.execute(row.returning(Consultation.id)).scalar_one()
    unit.record("consultation.asked", {"kind": kind, "person": person_id, "id": asked}, task_id=task.id)
    notify(unit, person_id, f"consultation_{kind}", f"consultation:{asked}", case, task)
    return int(asked)


def open_consultation(unit: Unit, consultation_id: int) -> None:
    """The asked person opens the dossier: binds the duty (the page said so before). A second time is nothing.

    Raise NotConsulted, ConsultationClosed, DutyDenied.
    """
    case, task, asked = _asked(unit, consultation_id)
    person_id = _require_mine(unit, asked)
    duty = duty_of(asked.kind, task)
    decision = _require_asked(unit, Action.OPEN, case, task, asked.kind, person_id)
    keep_decision(unit, decision, Action.OPEN, case.id, task.id, duty)
    perform_apart(unit, case, duty, state="opened", task_id=_task_of_act(task))
    unit.record("consultation.opened", {"kind": asked.kind, "id": asked.id, "duty": duty}, task_id=task.id)


def answer(unit: Unit, consultation_id: int, text: str, *, agrees: bool) -> None:
    """Answer with a text and yes or no; performs the duty. Raise InvalidInput, NotConsulted, DutyDenied, …"""
    case, task, asked = _asked(unit, consultation_id)
    person_id = _require_mine(unit, asked)
    text = _text("answer", text)
    duty = duty_of(asked.kind, task)
    decision = _require_asked(unit, Action.ANSWER, case, task, asked.kind, person_id)
    keep_decision(unit, decision, Action.ANSWER, case.id, task.id, duty)
    perform_apart(unit, case, duty, task_id=_task_of_act(task))
    asked.answered_at, asked.agrees, asked.answer = unit.now, agrees, text
    unit.record(
        "consultation.answered",
        {"kind": asked.kind, "id": asked.id, "duty": duty, "agrees": agrees},
        task_id=task.id,
    )
    if task.claimed_by is not None:
        notify(unit, task.claimed_by, "consultation_answered", f"consultation:{asked.id}:answer", case, task)


def cancel(unit: Unit, consultation_id: int, reason: str) -> None:
    """The holder of the task no longer waits for an answer. Raise NotConsulted, ConsultationClosed, InvalidInput."""
    case, task, asked = _asked(unit, consultation_id)
    if task.claimed_by != unit.actor.person_id:
        raise NotConsulted()
    reason = _text("reason", reason)
    require(unit, Action.CONSULT, case=case, task=task)
    asked.cancelled_at = unit.now
    unit.record(
        "consultation.cancelled", {"kind": asked.kind, "id": asked.id, "reason": reason}, task_id=task.id
    )
    notify(unit, asked.person_id, "consultation_cancelled", f"consultation:{asked.id}:off", case, task)


def report(unit: Unit, task_id: int, text: str) -> None:
    """Somebody who acted on the case reports to its collective discussion: no vote, no duty.

    Raise NotADiscussion, InvalidInput, DutyDenied for who may not read the case.
    """
    case, task = get_open_task(unit, task_id)
    if task.signs or task.persons_required < 2 or task.duty != "final_review":
        raise NotADiscussion()
    text = _text("report", text)
    require(unit, Action.READ, case=case)
    said = {"person": unit.actor.person_id, "text": text, "at": unit.now.isoformat()}
    task.result = {**(task.result or {}), REPORTS: [*(task.result or {}).get(REPORTS, []), said]}
    unit.record("discussion.reported", {"step": task.step_key}, task_id=task.id)


def _task_of_act(task: Task) -> int | None:
    """A task for several persons counts the acts on it: whoever was only asked is none of them."""
    return task.id if task.persons_required == 1 else None


def decide_asked(
    candidate: Candidate,
    action: Action,
    case: CaseView,
    task: Task,
    kind: str,
    rules: Iterable[ConflictRule],
    lineage: tuple[str, ...],
) -> Decision:
    """May this person be asked (Action.ASSIGN), open or answer (Action.COMPLETE)? Asked in person, never a substitute.

    An opinion comes from any business post over the case's region. The holder of the task can't ask himself.
    """
    candidate = replace(candidate, substituting={})
    if candidate.person_id == task.claimed_by:
        return deny("second_person_required", duty=task.duty)
    post, region = _post_for(candidate, task, kind, lineage)
    probe = TaskView(
        task_id=task.id,
        duty=duty_of(kind, task),
        post=post,
        region_code=region,
        claimed_by=candidate.person_id,
    )
    return decide(candidate, action, case, probe, rules)


def _post_for(candidate: Candidate, task: Task, kind: str, lineage: tuple[str, ...]) -> tuple[str, str]:
    """The post in which somebody is asked: the task's own, or for an opinion any held over the region."""
    own = (task.post, task.region_code)
    if kind == "countersign" or own in candidate.posts or "business" not in candidate.post_kinds:
        return own
    held = sorted((post, region) for post, region in candidate.posts if region in lineage)
    return held[0] if held else own


def _require_asked(unit: Unit, action: Action, case: Case, task: Task, kind: str, person_id: int) -> Decision:
    """Raise DutyDenied under the asked person's reasons, StaffNotEligible when there is no such person."""
    try:
        candidate, view, rules = load_question(
            unit.session, person_id, case, unit.now, unit.today, duty=duty_of(kind, task)
        )
    except (IndexError, KeyError):
        raise StaffNotEligible(name=str(person_id)) from None
    lineage = tuple(get_lineage(unit.session, case.region_code))
    probed = Action.ASSIGN if action is Action.CONSULT else Action.COMPLETE
    decision = decide_asked(candidate, probed, view, task, kind, rules, lineage)
    if not decision.allowed:
        raise DutyDenied(decision, action, case.id, task.id, duty_of(kind, task))
    return decision


def _own_task(unit: Unit, task_id: int) -> tuple[Case, Task]:
    case, task = get_open_task(unit, task_id)
    if task.claimed_by != unit.actor.person_id:
        raise TaskNotClaimed(task_id=task_id)
    if task.opened_at is None:
        raise TaskNotOpened(task_id=task_id)
    return case, task


def _asked(unit: Unit, consultation_id: int) -> tuple[Case, Task, Consultation]:
    """The request with its open task. Raise ConsultationNotFound, ConsultationClosed."""
    asked = unit.session.get(Consultation, consultation_id)
    if asked is None or unit.case is None or asked.case_id != unit.case.id:
        raise ConsultationNotFound()
    if asked.answered_at is not None or asked.cancelled_at is not None:
        raise ConsultationClosed()
    task = unit.session.get_one(Task, asked.task_id)
    if task.state != "open":
        raise ConsultationClosed()
    return unit.case, task, asked


def _require_mine(unit: Unit, asked: Consultation) -> int:
    canonical = unit.session.scalar(select(Person.canonical_id).where(Person.id == asked.person_id))
    if unit.actor.person_id is None or canonical != unit.actor.person_id:
        raise NotConsulted()
    return unit.actor.person_id


def _asked_before(session: Session, task_id: int, kind: str, person_id: int) -> bool:
    known = select(Consultation.id).where(
        Consultation.task_id == task_id, Consultation.kind == kind, Consultation.person_id == person_id
    )
    return session.scalar(known) is not None


def _text(field: str, text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise InvalidInput({field: ("required", {})})
    if len(text) > LONGEST:
        raise InvalidInput({field: ("too_long", {"max": LONGEST})})
    return text


def _name(session: Session, person_id: int) -> str:
    return session.scalar(select(Person.name).where(Person.id == person_id)) or ""
