"""What signatures are on: a case decides its own conclusion, and beside it other things, some more than once."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.kernel.duties.models import CaseDecision

CONCLUSION: Final = "conclusion"
"""The subject that a case's own conclusion is decided under; decided once."""


def subject_of(session: Session, case_id: int, key: str | None) -> str:
    """The subject under which the draft `key` (suspension, rectification …) of a case is signed and decided now.

    The second suspension is another subject than the first: `suspension:2`. Without a key it is the conclusion.
    """
    if key is None or key == CONCLUSION:
        return CONCLUSION
    decided = session.scalar(
        select(func.count())
        .select_from(CaseDecision)
        .where(
            CaseDecision.case_id == case_id,
            or_(CaseDecision.subject == key, CaseDecision.subject.startswith(f"{key}:", autoescape=True)),
        )
    )
    return f"{key}:{decided + 1}" if decided else key
