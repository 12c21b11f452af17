"""Reads of awards: lines of a draft, payables of a chain, what else of the chain an award rests on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.assessment.chain import DEPENDANT
from app.domain.benefits.models import Entitlement, Payable, PayableEvent
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.duties.models import CaseDecision

LIVE = ("ready", "frozen")


def list_lines(session: Session, case_id: int, draft: int | None = None) -> Sequence[Entitlement]:
    """The lines of a draft in order; without a number those of the latest."""
    if draft is None:
        draft = last_draft(session, case_id)
    found = select(Entitlement).where(Entitlement.case_id == case_id, Entitlement.draft == draft)
    return session.scalars(found.order_by(Entitlement.line)).all()


def last_draft(session: Session, case_id: int) -> int:
    """The number of the latest draft, 0 where there is none."""
    number = select(func.max(Entitlement.draft)).where(Entitlement.case_id == case_id)
    return session.scalar(number) or 0


def list_payables(session: Session, chain_id: int, *states: str) -> Sequence[Payable]:
    """Payables of all cases of a chain, oldest first; of these states, else of all."""
    found = select(Payable).join(Case, Case.id == Payable.case_id).where(Case.chain_id == chain_id)
    if states:
        found = found.where(Payable.state.in_(states))
    return session.scalars(found.order_by(Payable.id)).all()


def list_case_payables(session: Session, case_id: int) -> Sequence[Payable]:
    """Payables of one case, oldest first."""
    return session.scalars(select(Payable).where(Payable.case_id == case_id).order_by(Payable.id)).all()


def list_events(session: Session, payable_ids: Sequence[int]) -> Sequence[PayableEvent]:
    """What happened to payables, oldest first."""
    found = select(PayableEvent).where(PayableEvent.payable_id.in_(payable_ids))
    return session.scalars(found.order_by(PayableEvent.id)).all()


def list_granted(session: Session, case: Case) -> Sequence[Payable]:
    """Live payables that other cases of the chain granted."""
    return [one for one in list_payables(session, case.chain_id, *LIVE) if one.case_id != case.id]


def sum_once(granted: Sequence[Payable], item: str, payee: str) -> Decimal:
    """What was granted once of an item to somebody, differences included."""
    amounts = (one.amount for one in granted if (one.item, one.payee, one.cycle) == (item, payee, "once"))
    return sum(amounts, Decimal(0))


def get_decision(session: Session, case_id: int) -> CaseDecision | None:
    """The conclusion of a case, if it has one."""
    found = select(CaseDecision).where(CaseDecision.case_id == case_id, CaseDecision.kind == "decided")
    return session.scalars(found.order_by(CaseDecision.id.desc())).first()


def latest_outcome(session: Session, chain_id: int, process_key: str) -> str | None:
    """How the latest decided case of a process about the worker himself ended; None where the chain has none."""
    kind = CaseFacts.facts["assessment_kind"].as_string()
    found = (
        select(Case.outcome)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .where(Case.chain_id == chain_id, Case.process_key == process_key, Case.decided_at.is_not(None))
        .where(kind.is_distinct_from(DEPENDANT))
        .order_by(Case.decided_at.desc(), Case.id.desc())
    )
    return session.scalars(found).first()
