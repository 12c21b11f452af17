"""Reads of messages between cases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.engine.messages.models import CaseMessage


def list_sent(session: Session, case_ids: Sequence[int]) -> Sequence[CaseMessage]:
    """What these cases sent, oldest first."""
    sent = select(CaseMessage).where(CaseMessage.case_id.in_(case_ids)).order_by(CaseMessage.id)
    return session.scalars(sent).all()
