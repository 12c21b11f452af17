"""Tables of segregation of duties: posts, grants, conflict sets, the ledger and its fence.

The ledger (performance, signature, case_risk, case_decision, duty_decision) is append-only; triggers of
migration 0002 write `sod_binding` and `post_hold`, which no application role may touch.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, INT4RANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.storage.base import Base, Instant, big_id


class Post(Base):
    """A post (岗位). `kind`: business posts hold duties, supervision and audit read, platform posts do neither."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint("kind IN ('business', 'supervision', 'audit', 'design', 'platform')", name="kind"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    authority: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]


class PostExclusion(Base):
    """Static exclusion: posts of different sides of one pair may not be held at the same time.

    `pair` numbers an unordered pair of exclusion groups, `side` is 0 or 1; a post may stand in many pairs.
    """

    __tablename__ = "post_exclusion"
    __table_args__ = (CheckConstraint("side IN (0, 1)", name="side"),)

    pair: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    side: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    post: Mapped[str] = mapped_column(ForeignKey("post.key"), primary_key=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    ground: Mapped[str]


class PostGrant(Base):
    """A grant of a post in a region for a period, by four different people; a change is a new row.

    `revokes` ends an earlier grant early (its period is cut at `valid_from`; no post is given).
    Permission chain: apply, review, approve, assign (岗位权限(甘) 16).
    """

    __tablename__ = "post_grant"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        CheckConstraint(
            "requested_by <> reviewed_by AND reviewed_by <> approved_by AND requested_by <> approved_by "
            "AND person_id NOT IN (requested_by, reviewed_by, approved_by)",
            name="distinct_persons",
        ),
        Index("ix_post_grant_person_id", "person_id"),
        Index("ix_post_grant_region_code_post", "region_code", "post"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[str] = mapped_column(ForeignKey("post.key"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    revokes: Mapped[int | None] = mapped_column(ForeignKey("post_grant.id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reviewed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class PostHold(Base):
    """Derived from grants by trigger. The exclusion constraint refuses overlapping holds of two sides.

    `side` is [4p, 4p+1) or [4p+1, 4p+2) of pair p, so that the two sides of a pair are adjacent (-|-)
    and a side is not adjacent to itself: exclusion without any extension.
    """

    __tablename__ = "post_hold"
    __table_args__ = (
        ExcludeConstraint(
            (text("int8range(person_id, person_id, '[]')"), "&&"),
            ("side", "-|-"),
            ("period", "&&"),
            using="gist",
            name="post_hold_static_exclusion",
        ),
        Index("ix_post_hold_grant_id", "grant_id"),
    )

    id: Mapped[int] = big_id()
    grant_id: Mapped[int] = mapped_column(ForeignKey("post_grant.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    side: Mapped[Range[int]] = mapped_column(INT4RANGE)
    period: Mapped[Range[date]] = mapped_column(DATERANGE)


class ConflictSet(Base):
    """A version of a conflict set. `set_id` is stable over versions; bindings use it."""

    __tablename__ = "conflict_set"
    __table_args__ = (
        CheckConstraint("scope IN ('case', 'chain')", name="scope"),
        CheckConstraint("severity IN ('deny', 'warn')", name="severity"),
    )

    set_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]
    scope: Mapped[str]
    maximum: Mapped[int]
    severity: Mapped[str]
    risk_classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    title_zh: Mapped[str]
    title_en: Mapped[str]
    ground: Mapped[str]
    active_from: Mapped[datetime] = mapped_column(Instant)


class ConflictMember(Base):
    """Which duties count as which member of a set; empty `process_key`/`case_role` mean any."""

    __tablename__ = "conflict_member"
    __table_args__ = (
        ForeignKeyConstraint(["set_id", "version"], ["conflict_set.set_id", "conflict_set.version"]),
    )

    set_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member: Mapped[str] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(primary_key=True)
    process_key: Mapped[str] = mapped_column(primary_key=True, server_default="")
    case_role: Mapped[str] = mapped_column(primary_key=True, server_default="")


class Performance(Base):
    """Append-only: a person opened or performed a duty on a case (its trigger writes the bindings)."""

    __tablename__ = "performance"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "person_id"], ["account.id", "account.person_id"]),
        CheckConstraint("state IN ('opened', 'performed')", name="state"),
        UniqueConstraint("id", "case_id", "person_id", "duty", "state"),
        Index("ix_performance_case_id", "case_id"),
        Index("ix_performance_person_id_at", "person_id", "at"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger)
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    duty: Mapped[str]
    state: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("duty_decision.id"))


class SodBinding(Base):
    """The fence: one row per (set, scope, person, member); the primary key counts slots up to the maximum."""

    __tablename__ = "sod_binding"
    __table_args__ = (
        UniqueConstraint("set_id", "scope_id", "person_id", "member"),
        CheckConstraint("slot BETWEEN 1 AND maximum", name="slot"),
    )

    set_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member: Mapped[str]
    maximum: Mapped[int]
    performance_id: Mapped[int] = mapped_column(ForeignKey("performance.id"))


class Signature(Base):
    """Append-only: a signing duty performed on a content hash; `seq` ascends within case and subject."""

    __tablename__ = "signature"
    __table_args__ = (
        ForeignKeyConstraint(
            ["performance_id", "case_id", "person_id", "duty", "performance_state"],
            [
                "performance.id",
                "performance.case_id",
                "performance.person_id",
                "performance.duty",
                "performance.state",
            ],
        ),
        CheckConstraint("performance_state = 'performed'", name="performed"),
        UniqueConstraint("id", "case_id", "subject", "duty", "content_hash"),
        UniqueConstraint("case_id", "subject", "seq"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    subject: Mapped[str]
    seq: Mapped[int]
    duty: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    performance_id: Mapped[int] = mapped_column(BigInteger)
    performance_state: Mapped[str] = mapped_column(server_default="performed")
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    verdict: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class CaseRisk(Base):
    """Append-only risk class of a case; a fall needs two different people (trigger)."""

    __tablename__ = "case_risk"
    __table_args__ = (
        CheckConstraint("risk IN ('normal', 'high', 'routed')", name="risk"),
        Index("ix_case_risk_case_id", "case_id", "id"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    risk: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class CaseDecision(Base):
    """The gate: an effect, with the signatures it rests on (trigger checks all of them under the case lock)."""

    __tablename__ = "case_decision"
    __table_args__ = (
        UniqueConstraint("case_id", "subject"),
        CheckConstraint("kind IN ('decided', 'paid', 'issued', 'deployed')", name="kind"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    subject: Mapped[str]
    kind: Mapped[str]
    outcome: Mapped[str]
    risk: Mapped[str]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    signature_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    at: Mapped[datetime] = mapped_column(Instant)


class DutyDecision(Base):
    """Append-only record of one answer of `decide`; every case write refers to one."""

    __tablename__ = "duty_decision"
    __table_args__ = (
        CheckConstraint("verdict IN ('allow', 'warn', 'deny')", name="verdict"),
        Index("ix_duty_decision_case_id", "case_id"),
        Index("ix_duty_decision_denied", "at", postgresql_where=text("verdict = 'deny'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    on_behalf_of: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str]
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    duty: Mapped[str | None]
    verdict: Mapped[str]
    reason: Mapped[str]
    rule: Mapped[str | None]
    rule_version: Mapped[int | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
