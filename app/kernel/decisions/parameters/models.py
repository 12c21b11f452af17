"""Tables of parameters. Definitions are the owner's; editions and their rows only grow."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Parameter(Base):
    """What a parameter means. `detail` holds dimensions, options, bounds and remarks (definitions.py)."""

    __tablename__ = "parameter"
    __table_args__ = (
        CheckConstraint("key ~ '^[a-z][a-z0-9_]*$'", name="key"),
        CheckConstraint("kind IN ('number', 'text', 'date')", name="kind"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str]
    position: Mapped[int]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    kind: Mapped[str]
    unit: Mapped[str]
    carries_over: Mapped[bool]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ParameterEdition(Base):
    """All rows of one parameter in one region (none: the whole country) as they stood from `active_from` on.

    `approval` says what it rests on, `change_id` the controlled change; the fence wants one from the founding on.
    """

    __tablename__ = "parameter_edition"
    __table_args__ = (
        UniqueConstraint("key", "region_code", "edition", postgresql_nulls_not_distinct=True),
        UniqueConstraint("change_id"),
        CheckConstraint("edition > 0", name="edition"),
    )

    id: Mapped[int] = big_id()
    key: Mapped[str] = mapped_column(ForeignKey("parameter.key"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    edition: Mapped[int]
    active_from: Mapped[datetime] = mapped_column(Instant)
    approval: Mapped[dict[str, Any]] = mapped_column(JSONB)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))


class ParameterRow(Base):
    """One value for a slot (the dimensions' values joined by '/') in a period, both days included."""

    __tablename__ = "parameter_value"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="period"),
        CheckConstraint("value <> ''", name="value"),
        CheckConstraint("source <> ''", name="source"),
        CheckConstraint("tag IN ('V', 'E', 'K', 'D', 'TEST')", name="tag"),
        ExcludeConstraint(
            (func.int8range(text("edition_id"), text("edition_id"), "[]"), "&&"),
            (
                func.int8range(text("hashtextextended(slot, 0)"), text("hashtextextended(slot, 0)"), "[]"),
                "&&",
            ),
            (func.daterange(text("valid_from"), text("valid_to"), "[]"), "&&"),
            name="parameter_value_one_at_a_time",
        ),
    )

    id: Mapped[int] = big_id()
    edition_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parameter_edition.id"))
    slot: Mapped[str]
    value: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]
    tag: Mapped[str]


class ParameterUse(Base):
    """What a calculation for a case looked up (place and day) and what it was given. Append-only."""

    __tablename__ = "parameter_use"

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    purpose: Mapped[str]
    edition_id: Mapped[int] = mapped_column(ForeignKey("parameter_edition.id"), index=True)
    slot: Mapped[str]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    on_day: Mapped[date]
    value: Mapped[str]
    provisional: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)
