"""Tables of the work queue: tasks projected from the engine, claims, notifications."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Task(Base):
    """A user task of a case. `due_on` copies the nearest binding clock so that queues sort by index."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("case_id", "engine_task_id"),
        CheckConstraint("state IN ('open', 'completed', 'cancelled')", name="state"),
        CheckConstraint("persons_required BETWEEN 1 AND 9", name="persons"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_account IS NULL)", name="claim_whole"),
        Index(
            "ix_task_queue", "region_code", "post", "due_on", "id", postgresql_where=text("state = 'open'")
        ),
        Index(
            "ix_task_scope",
            "scope_code",
            "post",
            "due_on",
            "id",
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_task_open_due", "due_on", "id", postgresql_where=text("state = 'open'")),
        Index("ix_task_mine", "claimed_by", "due_on", "id", postgresql_where=text("state = 'open'")),
        Index("ix_task_done", "completed_by", "completed_at", postgresql_where=text("state = 'completed'")),
        Index("ix_task_case", "case_id", "id"),
        Index("ix_task_completed_at", "completed_at", postgresql_where=text("state = 'completed'")),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    home_region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    scope_code: Mapped[str] = mapped_column(
        Computed("coalesce(home_region_code, region_code)", persisted=True)
    )
    """The region whose people see the task: its own office's, also while a higher pool has it (row security)."""
    """The case's own office once the task was routed upwards; it still sees the task. None: never routed."""
    engine_task_id: Mapped[str]
    step_key: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    duty: Mapped[str]
    signs: Mapped[bool]
    resets: Mapped[bool]
    subject: Mapped[str] = mapped_column(server_default="conclusion")
    """What a signing task signs: the case's conclusion, or another draft of it (duties/subjects.py)."""
    persons_required: Mapped[int] = mapped_column(server_default="1")
    acts: Mapped[int] = mapped_column(server_default="0")
    post: Mapped[str] = mapped_column(ForeignKey("post.key"))
    form_id: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="open")
    version: Mapped[int] = mapped_column(server_default="1")
    due_on: Mapped[date | None]
    waiting_for_staff: Mapped[bool] = mapped_column(server_default=text("false"))
    waiting_since: Mapped[datetime | None] = mapped_column(Instant)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    claimed_account: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    draft_saved_at: Mapped[datetime | None] = mapped_column(Instant)
    return_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    completed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str | None]
    opinion: Mapped[str | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    draft_no: Mapped[int | None]
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class TaskClaim(Base):
    """History of claims; at most one open claim per task (partial unique index)."""

    __tablename__ = "task_claim"
    __table_args__ = (
        Index("uq_task_claim_open", "task_id", unique=True, postgresql_where=text("released_at IS NULL")),
    )

    id: Mapped[int] = big_id()
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    assigned_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    claimed_at: Mapped[datetime] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    release_reason: Mapped[str | None]


class Notification(Base):
    """A line under a person's bell; `code` and `params` are put in words by the face."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_unread", "person_id", "id", postgresql_where=text("read_at IS NULL")),
        UniqueConstraint("person_id", "key"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str]
    code: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class Consultation(Base):
    """An extra opinion (加签) or a countersignature (会签) asked of one person on an open task.

    While one is unanswered the task can't be completed; a countersigner who disagrees stops an agreeing outcome.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        CheckConstraint("kind IN ('opinion', 'countersign')", name="kind"),
        CheckConstraint("(answered_at IS NULL) = (agrees IS NULL)", name="answered_whole"),
        UniqueConstraint("task_id", "person_id", "kind"),
        Index(
            "ix_consultation_mine",
            "person_id",
            "asked_at",
            postgresql_where=text("answered_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    kind: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    question: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    agrees: Mapped[bool | None]
    answer: Mapped[str | None]
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
