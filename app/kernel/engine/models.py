"""Tables of deployed process definitions: files, parsed spec and digest of every version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class ProcessDefinition(Base):
    """One deployed version; a running case keeps the version it began with."""

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


class DefinitionFile(Base):
    """A file of a deployed version (BPMN, form, template, process.toml), as deployed, byte for byte."""

    __tablename__ = "definition_file"

    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
