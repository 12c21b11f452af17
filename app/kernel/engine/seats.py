"""The signing duties a case needs: signed, in progress or to come, what must be done again and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case
from app.kernel.duties.models import CaseRisk, Performance, PerformanceVoid, Signature
from app.kernel.duties.queries import list_candidates, list_holders, list_latest_signatures, list_rules
from app.kernel.duties.rules import decide
from app.kernel.duties.signatures import SignatureView, required_signatures
from app.kernel.duties.subjects import CONCLUSION
from app.kernel.duties.views import Action, CaseView, TaskView
from app.kernel.engine.catalogue import Deployed
from app.kernel.identity.models import Person
from app.kernel.worklist.models import Task
from app.kernel.worklist.staff import StaffChoice

CHANGES = ("case.facts_changed", "material.received")


@dataclass(frozen=True)
class Again:
    """Why a duty must be done (again) although the case has passed it.

    `why`: stale (the content changed since: `facts` by key, `materials` by kind), voided (`cause`), risk (the
    class or the levels rose: `rule`), order (an earlier duty was signed anew).
    """

    why: str
    facts: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    redrafted: bool = False
    cause: str = ""
    rule: str = ""


@dataclass(frozen=True)
class ReviewSeat:
    """One of the signing duties a case needs; `state` is signed, stale, now or to_come."""

    duty: str
    state: str
    signer: str | None
    signed_at: datetime | None
    task: Task | None
    holder: str | None
    able: tuple[str, ...]
    unable: tuple[StaffChoice, ...]
    again: Again | None = None
    principal: str | None = None
    """For whom the signer signed."""


@dataclass(frozen=True)
class _Signed:
    """The last signature of a duty, whether or not it still counts."""

    seq: int
    at: datetime
    agrees: bool
    content_hash: bytes
    name: str
    principal: str | None
    void: str | None
    task_id: int | None


def effect_kind(deployed: Deployed) -> str:
    """What the guarded effect of a process is called: `decided`, `deployed`, …; one that is only `issued` on the
    way (a suspension, a termination) doesn't name it."""
    kinds = [step.effect.kind for step in deployed.steps.values() if step.effect is not None]
    kinds.sort(key="issued".__eq__)
    return next((kind for kind in kinds if kind != "notice"), "decided")


def subject_shown(deployed: Deployed, tasks: Sequence[Task]) -> tuple[str, str]:
    """What is being signed now and the kind of its effect; the case's own conclusion when nothing is."""
    subject = next((task.subject for task in tasks if task.state == "open" and task.signs), CONCLUSION)
    spec = deployed.subjects.get(subject.partition(":")[0])
    return subject, spec.kind if spec is not None else effect_kind(deployed)


def review_seats(
    session: Session,
    case: Case,
    deployed: Deployed,
    view: CaseView,
    tasks: Sequence[Task],
    people: Mapping[int, str],
    now: datetime,
    today: date,
) -> list[ReviewSeat]:
    """The seats in their order, with who may take those that are not signed."""
    subject, kind = subject_shown(deployed, tasks)
    required = required_signatures(case.risk, case.approval_levels, kind)
    counting = list_latest_signatures(session, case.id, subject)
    last = _last_signatures(session, case.id, subject)
    staff = _staff(session, case, deployed, view, required, now, today)
    reasons = {} if case.decided_at else _reasons(session, case, deployed, required, counting, last)
    return [
        _seat(case, duty, counting.get(duty), last.get(duty), tasks, people, staff[duty], reasons.get(duty))
        for duty in required
    ]


def _seat(
    case: Case,
    duty: str,
    signature: SignatureView | None,
    last: _Signed | None,
    tasks: Sequence[Task],
    people: Mapping[int, str],
    choices: Sequence[StaffChoice],
    again: Again | None,
) -> ReviewSeat:
    task = next((t for t in tasks if t.state == "open" and t.duty == duty and t.signs), None)
    signed = signature is not None and signature.agrees and last is not None
    if task is not None:
        state = "now"
    elif not signed:
        state = "to_come"
    else:
        state = "stale" if again is not None else "signed"
    return ReviewSeat(
        duty=duty,
        state=state,
        signer=last.name if last and signed else None,
        signed_at=last.at if last and signed else None,
        task=task,
        holder=people.get(task.claimed_by) if task and task.claimed_by else None,
        able=tuple(choice.name for choice in choices if choice.decision.allowed),
        unable=tuple(choice for choice in choices if not choice.decision.allowed),
        again=again,
        principal=last.principal if last and signed else None,
    )


def _last_signatures_statement() -> Select[Signature, str, str, str, int | None]:
    signer, principal = aliased(Person), aliased(Person)
    return (
        select(Signature, signer.name, principal.name, PerformanceVoid.cause, Performance.task_id)
        .join(Performance, Performance.id == Signature.performance_id)
        .join(signer, signer.id == Performance.person_id)
        .outerjoin(principal, principal.id == Performance.on_behalf_of)
        .outerjoin(PerformanceVoid, PerformanceVoid.performance_id == Signature.performance_id)
        .where(Signature.case_id == bindparam("case"), Signature.subject == bindparam("subject"))
        .order_by(Signature.seq)
    )


_LAST_SIGNATURES = _last_signatures_statement()


def _last_signatures(session: Session, case_id: int, subject: str) -> dict[str, _Signed]:
    rows = session.execute(_LAST_SIGNATURES, {"case": case_id, "subject": subject})
    return {
        sign.duty: _Signed(
            sign.seq, sign.at, sign.verdict == "agree", sign.content_hash, name, behalf, void, task_id
        )
        for sign, name, behalf, void, task_id in rows
    }


def _reasons(
    session: Session,
    case: Case,
    deployed: Deployed,
    required: Sequence[str],
    counting: Mapping[str, SignatureView],
    last: Mapping[str, _Signed],
) -> dict[str, Again]:
    """Only duties the case has passed: signed before, or followed by a duty that was."""
    found: dict[str, Again] = {}
    reached, highest = max((place for place, duty in enumerate(required) if duty in last), default=-1), 0
    for place, duty in enumerate(required):
        signature, before = counting.get(duty), last.get(duty)
        if before is not None and before.void is not None:
            found[duty] = Again("voided", cause=before.void)
        elif before is not None and signature is None and before.agrees:
            found[duty] = Again("voided", cause="recusal")
        elif signature is not None and signature.agrees and signature.content_hash != case.content_hash:
            found[duty] = _stale(session, case, deployed, last[duty])
        elif signature is not None and signature.agrees and signature.seq <= highest:
            found[duty] = Again("order")
        elif before is None and (place < reached or _is_second_level(required, place, reached)):
            rule = _risen(session, case)
            if rule:
                found[duty] = Again("risk", rule=rule)
        if signature is not None and signature.agrees:
            highest = max(highest, signature.seq)
    return found


def _is_second_level(required: Sequence[str], place: int, reached: int) -> bool:
    """The second level of approval comes up after everything before it was signed."""
    return required[place] == "final_review_2" and place == reached + 1


def _risen(session: Session, case: Case) -> str:
    """The rule that last raised the risk class or the levels of approval; empty when nothing rose."""
    reasons = session.scalars(
        select(CaseRisk.reason).where(CaseRisk.case_id == case.id).order_by(CaseRisk.id.desc()).limit(1)
    ).all()
    return "" if not reasons or reasons[0] == "process" else reasons[0]


def _stale(session: Session, case: Case, deployed: Deployed, signed: _Signed) -> Again:
    """What changed after a signature: facts that are decided, materials, or the drafted outcome."""
    # What the signer himself changed is recorded before his step is completed: it was signed with it.
    signing = (
        select(func.coalesce(func.max(AuditEvent.id), 0))
        .where(
            AuditEvent.case_id == case.id,
            AuditEvent.event == "task.completed",
            AuditEvent.task_id == signed.task_id,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(AuditEvent.event, AuditEvent.payload)
        .where(AuditEvent.case_id == case.id, AuditEvent.event.in_(CHANGES), AuditEvent.id > signing)
        .order_by(AuditEvent.id)
    )
    facts: dict[str, None] = {}
    materials: dict[str, None] = {}
    for event, payload in rows:
        content = orjson.loads(payload)
        if event == "material.received":
            materials[content["kind"]] = None
        else:
            specs = deployed.schema.facts
            facts |= {key: None for key in content["changed"] if key in specs and specs[key].decided}
    return Again("stale", tuple(facts), tuple(materials), redrafted=not facts and not materials)


def _staff(
    session: Session,
    case: Case,
    deployed: Deployed,
    view: CaseView,
    required: Sequence[str],
    now: datetime,
    today: date,
) -> dict[str, list[StaffChoice]]:
    posts = _review_posts(deployed)
    holders = list_holders(
        session, {(posts[duty], case.region_code) for duty in required if duty in posts}, today
    )
    people = list_candidates(session, {pid for ids in holders.values() for pid in ids}, today)
    rules = list_rules(session, now)
    found: dict[str, list[StaffChoice]] = {}
    for duty in required:
        post = posts.get(duty, "")
        probe = TaskView(task_id=0, duty=duty, post=post, region_code=case.region_code)
        ids = holders.get((post, case.region_code), ())
        found[duty] = [
            StaffChoice(
                person.person_id, person.name, decide(person, Action.CLAIM, view.unheld, probe, rules), 0
            )
            for person in sorted((people[pid] for pid in ids), key=lambda one: str(one.pinyin))
        ]
    return found


def _review_posts(deployed: Deployed) -> dict[str, str]:
    """Which post performs each signing duty: the calling activity's inputs name the groups."""
    groups: dict[str, str] = {}
    for step in deployed.steps.values():
        for assignment in step.inputs:
            groups[assignment.target] = assignment.source.strip('="')
    posts: dict[str, Any] = {}
    for step in deployed.steps.values():
        if step.signs and step.duty and step.candidate_group:
            group = step.candidate_group
            posts[step.duty] = groups.get(group[1:], group) if group.startswith("=") else group
    return posts
