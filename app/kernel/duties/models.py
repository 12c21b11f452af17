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
    rank: Mapped[int] = mapped_column(server_default="0")
    """Seniority: who overrides a rule holds a post of higher rank than whoever proposed it (SOD-7)."""
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
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))


class TenureRule(Base):
    """A version of the longest stay in a post, in months; a break of `gap_months` begins a new stay."""

    __tablename__ = "tenure_rule"
    __table_args__ = (
        CheckConstraint("months > 0 AND gap_months >= 0", name="lengths"),
        CheckConstraint("severity IN ('deny', 'warn')", name="severity"),
    )

    post: Mapped[str] = mapped_column(ForeignKey("post.key"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    months: Mapped[int]
    gap_months: Mapped[int]
    severity: Mapped[str]
    ground: Mapped[str]
    active_from: Mapped[datetime] = mapped_column(Instant)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))


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
        CheckConstraint(
            "assigned_by NOT IN (person_id, requested_by, reviewed_by, approved_by)", name="assigned_apart"
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
    assigned_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("grant_request.id", use_alter=True), unique=True
    )


class Founding(Base):
    """One row once the founding is closed: from then on every grant needs its permission chain (trigger)."""

    __tablename__ = "founding"
    __table_args__ = (CheckConstraint("id = 1", name="once"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    closed_at: Mapped[datetime] = mapped_column(Instant)
    witnesses: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class PostHold(Base):
    """Derived from grants and substitutions by trigger, under the canonical person.

    The exclusion constraint refuses overlapping holds of two sides.

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
        CheckConstraint("(grant_id IS NULL) <> (substitution_id IS NULL)", name="one_source"),
        Index("ix_post_hold_person_id", "person_id"),
        Index("ix_post_hold_grant_id", "grant_id"),
    )

    id: Mapped[int] = big_id()
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("post_grant.id"))
    substitution_id: Mapped[int | None] = mapped_column(ForeignKey("substitution.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    side: Mapped[Range[int]] = mapped_column(INT4RANGE)
    period: Mapped[Range[date]] = mapped_column(DATERANGE)


class ConflictSet(Base):
    """A version of a conflict set. `set_id` is stable over versions; bindings use it.

    `kind`: exclusive (a person holds at most `maximum` members in the scope), same (all members by one
    person), minimum (at least `maximum` persons over the members before an effect).
    `scope`: task, case, chain; region_period (`period`); party (cases with the same party of `party_role`,
    within the last `window_days`).
    """

    __tablename__ = "conflict_set"
    __table_args__ = (
        CheckConstraint("kind IN ('exclusive', 'same', 'minimum')", name="kind"),
        CheckConstraint("scope IN ('task', 'case', 'chain', 'region_period', 'party')", name="scope"),
        CheckConstraint("period IN ('month', 'quarter', 'year')", name="period"),
        CheckConstraint("(scope = 'region_period') = (period IS NOT NULL)", name="period_of_scope"),
        CheckConstraint(
            "(scope = 'party') = (party_role IS NOT NULL AND window_days IS NOT NULL)", name="window_of_scope"
        ),
        CheckConstraint("maximum > 0", name="maximum"),
        CheckConstraint("severity IN ('deny', 'warn')", name="severity"),
    )

    set_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="exclusive")
    scope: Mapped[str]
    period: Mapped[str | None]
    party_role: Mapped[str | None]
    window_days: Mapped[int | None]
    maximum: Mapped[int]
    severity: Mapped[str]
    risk_classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    title_zh: Mapped[str]
    title_en: Mapped[str]
    ground: Mapped[str]
    active_from: Mapped[datetime] = mapped_column(Instant)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))


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
        Index("ix_performance_task_id", "task_id"),
        Index("ix_performance_person_id_at", "person_id", "at"),
        Index("ix_performance_account_id_at", "account_id", "at"),
        Index(
            "ix_performance_on_behalf_of", "on_behalf_of", postgresql_where=text("on_behalf_of IS NOT NULL")
        ),
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


class SodTie(Base):
    """Binding of duty (`same` sets): whoever performs the first member in a scope performs them all."""

    __tablename__ = "sod_tie"

    set_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    performance_id: Mapped[int] = mapped_column(ForeignKey("performance.id"))


class PerformanceVoid(Base):
    """Append-only: what was performed no longer counts at the gate (its bindings stay).

    `cause`: withdrawn (撤回), violation (a ruling wants it done again), recusal (its signer had to stand back).
    """

    __tablename__ = "performance_void"
    __table_args__ = (CheckConstraint("cause IN ('withdrawn', 'violation', 'recusal')", name="cause"),)

    performance_id: Mapped[int] = mapped_column(
        ForeignKey("performance.id"), primary_key=True, autoincrement=False
    )
    cause: Mapped[str]
    reason: Mapped[str]
    voided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)


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
    """Append-only risk class and levels of approval of a case; a fall needs two different people (trigger)."""

    __tablename__ = "case_risk"
    __table_args__ = (
        CheckConstraint("risk IN ('normal', 'high', 'routed')", name="risk"),
        CheckConstraint("approval_levels IN (1, 2)", name="approval_levels"),
        Index("ix_case_risk_case_id", "case_id", "id"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    risk: Mapped[str]
    approval_levels: Mapped[int] = mapped_column(server_default="1")
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
        Index("ix_duty_decision_near_miss", "at", postgresql_where=text("verdict <> 'allow'")),
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
