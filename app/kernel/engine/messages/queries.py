"""Reads of messages between cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.engine.messages.models import CaseFactOrigin, CaseMessage, CaseMessageDelivery


@dataclass(frozen=True)
class Exchanged:
    """A message and what became of it at one receiver; `delivery` is None while nobody has waited for it."""

    message: CaseMessage
    delivery: CaseMessageDelivery | None


def list_sent(session: Session, case_ids: Sequence[int]) -> Sequence[CaseMessage]:
    """What these cases sent, oldest first."""
    sent = select(CaseMessage).where(CaseMessage.case_id.in_(case_ids)).order_by(CaseMessage.id)
    return session.scalars(sent).all()


def list_exchanged(session: Session, case_id: int) -> list[Exchanged]:
    """What the case sent, once per receiver, and what was or is to be handed to it, oldest first."""
    rows = session.execute(
        select(CaseMessage, CaseMessageDelivery)
        .outerjoin(CaseMessageDelivery, CaseMessageDelivery.message_id == CaseMessage.id)
        .where(or_(CaseMessage.case_id == case_id, CaseMessageDelivery.receiver_id == case_id))
        .order_by(CaseMessage.id, CaseMessageDelivery.id)
    )
    return [Exchanged(message, delivery) for message, delivery in rows]


def list_origins(session: Session, case_id: int) -> dict[str, CaseFactOrigin]:
    """Where facts of the case that came from elsewhere came from last, by fact."""
    rows = session.scalars(
        select(CaseFactOrigin).where(CaseFactOrigin.case_id == case_id).order_by(CaseFactOrigin.at)
    )
    return {row.fact: row for row in rows}
