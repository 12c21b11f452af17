"""Table of rule hits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class RuleHit(Base):
    """A hit of a policy, logic or risk rule with the inputs it saw; the same inputs hit once."""

    __tablename__ = "rule_hit"
    __table_args__ = (
        CheckConstraint("action IN ('block', 'warn', 'route')", name="action"),
        UniqueConstraint("case_id", "rule_id", "rule_version", "inputs_digest"),
        ForeignKeyConstraint(
            ["version_id", "rule_id", "rule_version"],
            ["rule_version.id", "rule_version.rule_id", "rule_version.version"],
        ),
        Index("ix_rule_hit_rule_id", "rule_id", "id"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    rule_id: Mapped[str]
    rule_version: Mapped[int]
    severity: Mapped[str]
    action: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    message_zh: Mapped[str]
    message_en: Mapped[str]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    inputs_digest: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    disposition: Mapped[str | None]
    disposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    disposed_at: Mapped[datetime | None] = mapped_column(Instant)
    version_id: Mapped[int | None] = mapped_column(BigInteger)
    trigger: Mapped[str | None]
    """When it was evaluated: intake, duty, gate, payment, change."""
    reason: Mapped[str | None]
    """Why the case goes on in spite of a warning."""


class RuleOverride(Base):
    """A blocking hit set aside (SOD-7): proposed with reason and evidence, ruled on by a senior other person."""

    __tablename__ = "rule_override"
    __table_args__ = (
        CheckConstraint("verdict IN ('granted', 'refused')", name="verdict"),
        CheckConstraint("(verdict IS NULL) = (ruled_by IS NULL)", name="ruled_whole"),
        CheckConstraint("ruled_by <> proposed_by", name="distinct_persons"),
    )

    hit_id: Mapped[int] = mapped_column(ForeignKey("rule_hit.id"), primary_key=True, autoincrement=False)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str]
    evidence: Mapped[str]
    ruled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ruled_at: Mapped[datetime | None] = mapped_column(Instant)
    verdict: Mapped[str | None]
    ruling: Mapped[str | None]
