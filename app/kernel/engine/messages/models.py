"""Tables of messages between cases, their deliveries, and of facts that came from elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class CaseMessage(Base):
    """A message that a case sent to the others of its chain, with the facts that travel. Append-only."""

    __tablename__ = "case_message"

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    name: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sent_at: Mapped[datetime] = mapped_column(Instant)


class CaseMessageDelivery(Base):
    """What became of a message at one receiver: the case `receiver_id`, or one opened of the process `opens`.

    `state`: waiting (for the worker, or for the case to wait again), done, missed (the case was closed, or wants
    nothing that came before it waited).
    """

    __tablename__ = "case_message_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'missed')", name="state"),
        CheckConstraint("receiver_id IS NOT NULL OR opens IS NOT NULL", name="to"),
        CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished"),
        Index(
            "uq_case_message_delivery_case",
            "message_id",
            "receiver_id",
            unique=True,
            postgresql_where=text("receiver_id IS NOT NULL"),
        ),
        Index(
            "uq_case_message_delivery_opens",
            "message_id",
            "opens",
            unique=True,
            postgresql_where=text("opens IS NOT NULL"),
        ),
        Index("ix_case_message_delivery_waiting", "created_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = big_id()
    message_id: Mapped[int] = mapped_column(ForeignKey("case_message.id"))
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    opens: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class CaseFactOrigin(Base):
    """A fact that wasn't stated in its case: copied from another case of the chain, or carried by a message."""

    __tablename__ = "case_fact_origin"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    fact: Mapped[str] = mapped_column(primary_key=True)
    from_case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    from_fact: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("case_message.id"))
    at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
