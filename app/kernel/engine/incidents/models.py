"""Table of incidents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id

KINDS = ("start", "completion", "automatic", "message", "timer")
"""What was under way: a case's start, a person's own step (rolled back), the steps after it, a message, a timer."""


class Incident(Base):
    """A step that failed; one open row per case and step.

    `state`: retrying (the worker tries again at `next_try_at`), waiting (for a person), resolved. `resolution`:
    passed (the case went on), resolved (a person settled it, with `reason`).
    `cause` is the kind of failure, `detail` its message.
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("kind IN ('start', 'completion', 'automatic', 'message', 'timer')", name="kind"),
        CheckConstraint("state IN ('retrying', 'waiting', 'resolved')", name="state"),
        CheckConstraint("resolution IN ('passed', 'resolved')", name="resolution"),
        CheckConstraint(
            "(state = 'resolved') = (resolved_at IS NOT NULL) AND (resolved_at IS NULL) = (resolution IS NULL)",
            name="resolved_whole",
        ),
        Index(
            "uq_incident_open",
            "case_id",
            "step_key",
            unique=True,
            postgresql_where=text("state <> 'resolved'"),
        ),
        Index("ix_incident_retry", "next_try_at", postgresql_where=text("state = 'retrying'")),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    step_key: Mapped[str]
    kind: Mapped[str]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    triggered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cause: Mapped[str]
    detail: Mapped[str]
    attempts: Mapped[int]
    attempts_most: Mapped[int]
    state: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolution: Mapped[str | None]
    reason: Mapped[str | None]
