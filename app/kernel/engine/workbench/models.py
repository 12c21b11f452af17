"""Tables of trials: a draft of a rule asked about past cases, beside the version in force."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.storage.base import Base, Instant, big_id


class RuleTrial(Base):
    """One trial: which contents, beside which version, over which cases, how far it is, what it counted.

    The period is of the days cases were opened, both included; `regions` with all below them. `reached` is the last
    case asked, `asked` of `total` how many. `counts` by verdict: new, gone, same, neither, missing.
    """

    __tablename__ = "rule_trial"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'cancelled', 'failed')", name="state"),
        CheckConstraint("period_to >= period_from", name="period"),
        CheckConstraint("(finished_at IS NULL) = (state IN ('waiting', 'running'))", name="finished"),
        Index("ix_rule_trial_draft_id", "draft_id", "id"),
    )

    id: Mapped[int] = big_id()
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    revision: Mapped[int]
    manifest: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("draft_content.digest"))
    model: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("draft_content.digest"))
    base_version_id: Mapped[int | None] = mapped_column(ForeignKey("rule_version.id"))
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    period_from: Mapped[date]
    period_to: Mapped[date]
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(server_default="waiting")
    total: Mapped[int | None]
    asked: Mapped[int] = mapped_column(server_default="0")
    reached: Mapped[int] = mapped_column(BigInteger, server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class RuleTrialCase(Base):
    """A case that either version hits: `new` only the draft, `gone` only the version in force, `same` both.

    `inputs` are the facts seen, without sensitive ones, as with a hit.
    """

    __tablename__ = "rule_trial_case"
    __table_args__ = (CheckConstraint("verdict IN ('new', 'gone', 'same')", name="verdict"),)

    trial_id: Mapped[int] = mapped_column(ForeignKey("rule_trial.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    verdict: Mapped[str]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    message_zh: Mapped[str]
    message_en: Mapped[str]
