"""Tables of rules: versions with their files, what is in force from which day, findings of statistical rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class RuleVersion(Base):
    """A rule as three people decided it, or as it was shipped. Append-only."""

    __tablename__ = "rule_version"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        UniqueConstraint("rule_id", "version"),
        UniqueConstraint("id", "rule_id", "version"),
    )

    id: Mapped[int] = big_id()
    rule_id: Mapped[str]
    version: Mapped[int]
    digest: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str]
    approval: Mapped[dict[str, Any]] = mapped_column(JSONB)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))


class RuleFile(Base):
    """A file of a version: rule.toml, rule.dmn, cases.toml. Append-only."""

    __tablename__ = "rule_file"
    __table_args__ = (CheckConstraint("name IN ('rule.toml', 'rule.dmn', 'cases.toml')", name="name"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("rule_version.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class RuleRelease(Base):
    """From `effective_from` on this version stands, or none after a retirement. Append-only."""

    __tablename__ = "rule_release"
    __table_args__ = (
        CheckConstraint("action IN ('deploy', 'retire')", name="action"),
        CheckConstraint("(action = 'retire') = (version_id IS NULL)", name="of"),
        UniqueConstraint("change_id"),
        Index("ix_rule_release_rule_id", "rule_id", "effective_from", "id"),
    )

    id: Mapped[int] = big_id()
    rule_id: Mapped[str]
    action: Mapped[str]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("rule_version.id"))
    effective_from: Mapped[date]
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))
    at: Mapped[datetime] = mapped_column(Instant)


class RuleFinding(Base):
    """What a statistical rule found in a period: a lead, until a person says what came of it."""

    __tablename__ = "rule_finding"
    __table_args__ = (
        CheckConstraint("disposition IN ('explained', 'followed')", name="disposition"),
        CheckConstraint(
            "(disposition IS NULL) = (disposed_by IS NULL) AND (disposition IS NULL) = (disposed_at IS NULL)"
            " AND (disposition IS NULL) = (reason IS NULL)",
            name="disposed_whole",
        ),
        UniqueConstraint("rule_id", "rule_version", "subject", "inputs_digest"),
        ForeignKeyConstraint(
            ["version_id", "rule_id", "rule_version"],
            ["rule_version.id", "rule_version.rule_id", "rule_version.version"],
        ),
        Index("ix_rule_finding_open", "rule_id", "id", postgresql_where=text("disposition IS NULL")),
    )

    id: Mapped[int] = big_id()
    version_id: Mapped[int] = mapped_column(BigInteger)
    rule_id: Mapped[str]
    rule_version: Mapped[int]
    severity: Mapped[str]
    action: Mapped[str]
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    subject: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    message_zh: Mapped[str]
    message_en: Mapped[str]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    inputs_digest: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    disposition: Mapped[str | None]
    reason: Mapped[str | None]
    disposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    disposed_at: Mapped[datetime | None] = mapped_column(Instant)
