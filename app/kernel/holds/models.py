"""Table of technical holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.storage.base import Base, Instant, big_id


class Hold(Base):
    """The work on one case (`case_id`), or on a process in a region and below, stands still until it is ended.

    Of a process: `definition_id` None means every version; `regions` are the region and all below it.
    """

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("(case_id IS NULL) <> (process_key IS NULL)", name="of_one"),
        CheckConstraint(
            "(process_key IS NULL) = (region_code IS NULL) AND (region_code IS NULL) = (regions IS NULL)"
            " AND (definition_id IS NULL OR process_key IS NOT NULL)",
            name="scope",
        ),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_whole"),
        Index(
            "uq_hold_case",
            "case_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND case_id IS NOT NULL"),
        ),
        Index(
            "uq_hold_process",
            "process_key",
            "region_code",
            "definition_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("ended_at IS NULL AND process_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    process_key: Mapped[str | None]
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("process_definition.id"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    regions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    reason: Mapped[str]
    held_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    held_at: Mapped[datetime] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str | None]
