"""Tables of the permission chain: a request for a post and the steps four different people take on it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id

STEPS = ("apply", "review", "approve", "assign")


class GrantRequest(Base):
    """Append-only: a post asked for a person in a region for a period, or the end of one (`revokes`)."""

    __tablename__ = "grant_request"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        Index("ix_grant_request_person_id", "person_id"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[str] = mapped_column(ForeignKey("post.key"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    revokes: Mapped[int | None] = mapped_column(ForeignKey("post_grant.id"))
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class GrantStep(Base):
    """Append-only: one person's step on a request (trigger: in order, by different natural persons).

    `refuse` and `cancel` end the request; they may be taken by whoever could take the next step, `cancel` by
    the applicant.
    """

    __tablename__ = "grant_step"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "person_id"], ["account.id", "account.person_id"]),
        CheckConstraint("step IN ('apply', 'review', 'approve', 'assign', 'refuse', 'cancel')", name="step"),
        UniqueConstraint("request_id", "step"),
    )

    id: Mapped[int] = big_id()
    request_id: Mapped[int] = mapped_column(ForeignKey("grant_request.id"))
    step: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger)
    comment: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
