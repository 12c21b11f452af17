"""Table of what decided changes do to running cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant


class CaseIntervention(Base):
    """One case of a decided migration or modification: waiting, done, or refused with `reason` and `params`.

    The fence accepts only cases the change names (SD032), and lets a case change its version only while such a
    row waits (SD022).
    """

    __tablename__ = "case_intervention"
    __table_args__ = (
        CheckConstraint("kind IN ('migration', 'modification')", name="kind"),
        CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state"),
        CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished_whole"),
    )

    change_id: Mapped[int] = mapped_column(
        ForeignKey("controlled_change.case_id"), primary_key=True, autoincrement=False
    )
    case_id: Mapped[int] = mapped_column(
        ForeignKey("case.id"), primary_key=True, autoincrement=False, index=True
    )
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str | None]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
