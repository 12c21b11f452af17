"""Tables of deployed process definitions: files, parsed spec and digest of every version, and which is in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class ProcessDefinition(Base):
    """One deployed version; a running case keeps the version it began with. Append-only.

    `change_id` is the controlled change that carries it; the versions of the founding have none (trigger).
    """

    __tablename__ = "process_definition"
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "digest"))

    id: Mapped[int] = big_id()
    key: Mapped[str]
    version: Mapped[int]
    digest: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    spec: Mapped[bytes] = mapped_column(LargeBinary)
    deployed_at: Mapped[datetime] = mapped_column(Instant)
    deployed_by: Mapped[str]
    approval: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # A change is a case, a case runs a version: the circle is closed after the tables are made.
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id", use_alter=True))
    notes: Mapped[str] = mapped_column(server_default="")


class DefinitionFile(Base):
    """A file of a deployed version (BPMN, form, template, process.toml), as deployed, byte for byte. Append-only."""

    __tablename__ = "definition_file"

    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ProcessRelease(Base):
    """What was put into force, when and by which change; the newest row of a process says how it stands.

    `definition_id` is None for a retirement: no new cases, those that run go on. Append-only.
    """

    __tablename__ = "process_release"
    __table_args__ = (
        CheckConstraint("action IN ('deploy', 'roll_back', 'retire')", name="action"),
        CheckConstraint("(action = 'retire') = (definition_id IS NULL)", name="of"),
        UniqueConstraint("change_id", "key"),
        Index("ix_process_release_key", "key", "id"),
    )

    id: Mapped[int] = big_id()
    key: Mapped[str]
    action: Mapped[str]
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("process_definition.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))
    at: Mapped[datetime] = mapped_column(Instant)
