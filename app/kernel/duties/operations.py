"""Writes of segregation of duties: ask and keep the answer, bind, sign, pass the gate, grant a post."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, insert, select

from app.kernel.cases.models import RISK_CLASSES, Case
from app.kernel.duties.models import (
    CaseDecision,
    CaseRisk,
    Performance,
    PostGrant,
    Signature,
)
from app.kernel.duties.queries import (
    get_candidate,
    get_case_view,
    get_task_view,
    list_latest_signatures,
    list_rules,
    load_question,
)
from app.kernel.duties.records import keep_decision
from app.kernel.duties.refusals import DutyDenied, GateClosed
from app.kernel.duties.rules import decide, decide_intake, decide_supervising, standing
from app.kernel.duties.signatures import missing_signature, required_signatures
from app.kernel.duties.subjects import CONCLUSION
from app.kernel.duties.views import RISK_ORDER, Action, CaseView, ConflictRule, Decision, deny
from app.kernel.identity.regions import get_lineage
from app.kernel.transaction.unit import Unit
from app.kernel.violations.queries import frozen_cases
from app.kernel.violations.refusals import CaseFrozen
from app.kernel.worklist.claims import reconsider_later
from app.kernel.worklist.models import Task
from app.storage.core import table

Ahead = Callable[[CaseView, Sequence[ConflictRule], Decision], Decision]
"""(the case, the sets in force, what `decide` allowed) -> the same, or with a warning or denial."""


def require(
    unit: Unit,
    action: Action,
    *,
    case: Case,
    task: Task | None = None,
    person_id: int | None = None,
    ahead: Ahead | None = None,
) -> Decision:
    """Ask `decide` for the actor (or for `person_id`, whom a supervisor assigns) and keep the answer.

    `ahead` may add a warning or a denial of its own to what `decide` allows (the look-ahead).
    Raise DutyDenied on a denial; the attempt is then recorded after the rollback.
    """
    who = person_id if person_id is not None else unit.actor.person_id
    if who is None:
        raise DutyDenied(deny("machine_holds_no_duty"), action, case.id, task.id if task else None, None)
    duty = task.duty if task else None
    candidate, view, rules = load_question(unit.session, who, case, unit.now, unit.today, duty=duty)
    unit.views[case.id] = view
    task_view = get_task_view(unit.session, task) if task else None
    decision = decide(candidate, action, view, task_view, rules)
    if ahead is not None and decision.allowed:
        decision = ahead(view, rules, decision)
    if not decision.allowed:
        raise DutyDenied(decision, action, case.id, task.id if task else None, duty)
    if person_id is None:
        unit.on_behalf_of = decision.on_behalf_of
    keep_decision(unit, decision, action, case.id, task.id if task else None, duty)
    return decision


def require_supervisor(unit: Unit, case: Case, task: Task) -> None:
    """The actor must supervise the case's region. Raise DutyDenied otherwise."""
    if unit.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), Action.REASSIGN, case.id, task.id, task.duty)
    candidate = get_candidate(unit.session, unit.actor.person_id, unit.today)
    decision = standing(candidate, get_case_view(unit.session, case)) or decide_supervising(
        candidate, get_lineage(unit.session, case.region_code)
    )
    if not decision.allowed:
        raise DutyDenied(decision, Action.REASSIGN, case.id, task.id, task.duty)


def require_supervising(unit: Unit, region_code: str, action: Action, case: Case | None = None) -> None:
    """The actor must supervise the region; the answer is kept. Raise DutyDenied otherwise, also for a case's party."""
    case_id = case.id if case else None
    if unit.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), action, case_id, None, None)
    candidate = get_candidate(unit.session, unit.actor.person_id, unit.today)
    denied = standing(candidate, get_case_view(unit.session, case) if case else None)
    decision = denied or decide_supervising(candidate, get_lineage(unit.session, region_code))
    if not decision.allowed:
        raise DutyDenied(decision, action, case_id, None, None)
    keep_decision(unit, decision, action, case_id, None, None)


def require_intake(unit: Unit, post: str, region_code: str, case: Case | None = None) -> Decision | None:
    """Who registers or receives for a case must hold its intake post; None when the system imports.

    Raise DutyDenied.
    """
    if unit.actor.account_id is None:
        return None
    case_id = case.id if case else None
    if unit.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), Action.START, case_id, None, "intake")
    decision = decide_intake(
        get_candidate(unit.session, unit.actor.person_id, unit.today),
        post,
        region_code,
        get_case_view(unit.session, case) if case else None,
        list_rules(unit.session, unit.now) if case else (),
    )
    if not decision.allowed:
        raise DutyDenied(decision, Action.START, case_id, None, "intake")
    return decision


def bind(unit: Unit, task: Task) -> None:
    """Opening the dossier binds the task's duty to the actor. The fence may refuse."""
    unit.write_now(_PERFORM, _performance(unit, task.case_id, task.duty, "opened", task.id))


def perform_apart(
    unit: Unit, case: Case, duty: str, *, state: str = "performed", task_id: int | None = None
) -> None:
    """Append a performance beside the tasks' own: registering, receiving, answering a consultation."""
    unit.write_now(_PERFORM, _performance(unit, case.id, duty, state, task_id))


def _performance(unit: Unit, case_id: int, duty: str, state: str, task_id: int | None) -> dict[str, object]:
    """Columns of a performance by the actor, under the unit's latest decision."""
    return {
        "case_id": case_id,
        "task_id": task_id,
        "person_id": unit.actor.own_person_id,
        "account_id": unit.actor.account_id,
        "on_behalf_of": unit.on_behalf_of,
        "duty": duty,
        "state": state,
        "at": unit.now,
        "decision_id": unit.decision_ids[-1],
    }


def perform(unit: Unit, case: Case, task: Task, *, agrees: bool) -> None:
    """Append the performance of the task's duty by the actor; a signing task signs with it.

    The signature is on the case's current content hash and the next in the sequence of the task's subject.
    """
    values = _performance(unit, task.case_id, task.duty, "performed", task.id)
    if not task.signs:
        unit.write_now(_PERFORM, values)
        return
    signing = {
        "subject": task.subject,
        "content_hash": case.content_hash,
        "verdict": "agree" if agrees else "return",
    }
    unit.write_now(_PERFORM_AND_SIGN, {**values, **signing})


_PERFORMANCES, _SIGNATURES = table(Performance), table(Signature)
_PERFORM = insert(_PERFORMANCES).inline()
_PERFORMED = (
    insert(_PERFORMANCES)
    .values(
        {
            column.name: bindparam(column.name, type_=column.type)
            for column in _PERFORMANCES.columns
            if column.name != "id"
        }
    )
    .returning(_PERFORMANCES.c.id, _PERFORMANCES.c.case_id, _PERFORMANCES.c.duty, _PERFORMANCES.c.person_id)
    .cte("performed")
)
_NEXT_SEQ = (
    select(func.coalesce(func.max(_SIGNATURES.c.seq), 0) + 1)
    .where(_SIGNATURES.c.case_id == bindparam("case_id"), _SIGNATURES.c.subject == bindparam("subject"))
    .scalar_subquery()
)
_PERFORM_AND_SIGN = insert(_SIGNATURES).from_select(
    ["performance_id", "case_id", "duty", "person_id", "seq", "subject", "content_hash", "verdict", "at"],
    select(
        _PERFORMED.c.id,
        _PERFORMED.c.case_id,
        _PERFORMED.c.duty,
        _PERFORMED.c.person_id,
        _NEXT_SEQ,
        bindparam("subject", type_=_SIGNATURES.c.subject.type),
        bindparam("content_hash", type_=_SIGNATURES.c.content_hash.type),
        bindparam("verdict", type_=_SIGNATURES.c.verdict.type),
        bindparam("at", type_=_SIGNATURES.c.at.type),
    ),
)


def find_missing_duty(unit: Unit, case: Case, kind: str = "decided", subject: str = CONCLUSION) -> str | None:
    """The earliest signing duty the gate still demands on the current content; None when complete.

    `kind`: the effect the signatures are for (decided, issued, paid, deployed); `subject`: what they are on.
    """
    latest = list_latest_signatures(unit.session, case.id, subject)
    required = required_signatures(case.risk, case.approval_levels, kind)
    return missing_signature(required, case.content_hash, latest)


def pass_gate(unit: Unit, case: Case, *, kind: str, outcome: str, subject: str = CONCLUSION) -> int:
    """Write the case decision on the required signatures; answers its id.

    Raise GateClosed when any lacks, CaseFrozen while a violation is open.
    """
    frozen = frozen_cases(unit.session, [case.id])
    if frozen:
        raise CaseFrozen(violation=frozen[case.id][0])
    latest = list_latest_signatures(unit.session, case.id, subject)
    required = required_signatures(case.risk, case.approval_levels, kind)
    missing = missing_signature(required, case.content_hash, latest)
    if missing is not None:
        raise GateClosed(missing=missing)
    decision = insert(CaseDecision).values(
        case_id=case.id,
        subject=subject,
        kind=kind,
        outcome=outcome,
        risk=case.risk,
        content_hash=case.content_hash,
        signature_ids=[latest[duty].signature_id for duty in required],
        at=unit.now,
    )
    return unit.session.execute(decision.returning(CaseDecision.id)).scalar_one()


def raise_risk(unit: Unit, case: Case, risk: str, reason: str) -> bool:
    """Raise the risk class (never lowers); answers whether it rose. Appends a row and an audit event."""
    if risk not in RISK_CLASSES or RISK_ORDER[risk] <= RISK_ORDER[case.risk]:
        return False
    unit.session.execute(
        insert(CaseRisk).values(
            case_id=case.id, risk=risk, approval_levels=case.approval_levels, reason=reason, at=unit.now
        )
    )
    unit.record("case.risk_raised", {"from": case.risk, "to": risk, "reason": reason}, case_id=case.id)
    if _others_hold_claims(unit, case.id):
        reconsider_later(unit, "risk", cases=[case.id])
    case.risk = risk
    return True


def _others_hold_claims(unit: Unit, case_id: int) -> bool:
    held = select(Task.claimed_by).where(Task.case_id == case_id, Task.state == "open")
    return not set(unit.session.scalars(held)) <= {None, unit.actor.person_id}


@dataclass(frozen=True)
class GrantRequest:
    """A post for a person in a region from a day on, asked for, reviewed and approved by three others."""

    person_id: int
    post: str
    region_code: str
    valid_from: date
    valid_to: date | None
    requested_by: int
    reviewed_by: int
    approved_by: int


def grant_posts(unit: Unit, requests: Sequence[GrantRequest]) -> list[int]:
    """Append grants; answers their ids. The fence refuses static conflicts and repeated persons."""
    ids = []
    for request in requests:
        row = insert(PostGrant).values(**vars(request), recorded_at=unit.now).returning(PostGrant.id)
        ids.append(unit.session.execute(row).scalar_one())
        unit.record(
            "grant.recorded",
            {"grant": ids[-1], "post": request.post, "region": request.region_code},
            chain=f"person:{request.person_id}",
        )
    return ids
