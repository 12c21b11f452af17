"""Table of computed reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant


class ComputedReport(Base):
    """A report by `kind` and `key`, a digest of everything it was computed from. It decides nothing: whoever decides
    computes for himself.
    """

    __tablename__ = "computed_report"
    __table_args__ = (
        CheckConstraint("kind IN ('check', 'heat')", name="kind"),
        Index("ix_computed_report_made_at", "made_at"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
