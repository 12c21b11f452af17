"""Tables of formulas: versions of the whole folder with their files. Append-only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class FormulaVersion(Base):
    """All formulas as three people decided them, or as shipped; on a day the one of the latest first day stands."""

    __tablename__ = "formula_version"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        UniqueConstraint("version"),
        UniqueConstraint("change_id"),
        Index("ix_formula_version_effective_from", "effective_from", "id"),
    )

    id: Mapped[int] = big_id()
    version: Mapped[int]
    digest: Mapped[str]
    effective_from: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str]
    approval: Mapped[dict[str, Any]] = mapped_column(JSONB)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))


class FormulaFile(Base):
    """A file of a version."""

    __tablename__ = "formula_file"
    __table_args__ = (CheckConstraint("name ~ '^[a-z][a-z0-9_]*[.](dmn|toml)$'", name="name"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("formula_version.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
