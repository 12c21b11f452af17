"""What a taken-over case began with, and the chain of a case by any of its numbers."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseTakeOver


def find_take_over(session: Session, case_id: int) -> CaseTakeOver | None:
    """None for a case that began here."""
    return session.get(CaseTakeOver, case_id)


def find_chain_by_number(session: Session, number: str) -> int | None:
    """The chain of the visible case with this number, ours or the one it had where it was taken over from.

    None where there is none, or where the former number is of cases of several chains.
    """
    chains = session.scalars(
        select(Case.chain_id)
        .outerjoin(CaseTakeOver, CaseTakeOver.case_id == Case.id)
        .where(or_(Case.case_no == number, CaseTakeOver.reference == number))
        .distinct()
    ).all()
    return chains[0] if len(chains) == 1 else None
