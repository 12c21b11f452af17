"""Table of verdicts on hits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class RuleVerdict(Base):
    """What a hit turned out to be, with the reason. Append-only; of several the newest counts."""

    __tablename__ = "rule_verdict"
    __table_args__ = (
        CheckConstraint("verdict IN ('justified', 'false_alarm')", name="verdict"),
        Index("ix_rule_verdict_hit_id", "hit_id", "id"),
    )

    id: Mapped[int] = big_id()
    hit_id: Mapped[int] = mapped_column(ForeignKey("rule_hit.id"))
    verdict: Mapped[str]
    reason: Mapped[str]
    given_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime] = mapped_column(Instant)
