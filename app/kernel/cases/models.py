"""Tables of the case: its row (the lock), facts, engine state, parties and materials."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.storage.base import Base, Instant, big_id

RISK_CLASSES = ("normal", "high", "routed")


class SerialCounter(Base):
    """Last number given out under a key (case numbers, document numbers); locked while it is raised."""

    __tablename__ = "serial_counter"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class CaseChain(Base):
    """All cases of one injury (recognition, assessment, benefits, payment) share a chain.

    `retired_at`: its cases were linked into another chain or split from each other; nothing joins it any more.
    """

    __tablename__ = "case_chain"

    id: Mapped[int] = big_id()
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class ChainLink(Base):
    """Append-only: a case moved to another chain (a late link, or a split); its trigger moves the case.

    All cases of the former chain move in one transaction: those that stay together get a new chain too, so
    that no binding of the former chain has to be taken back.
    """

    __tablename__ = "chain_link"
    __table_args__ = (
        CheckConstraint("kind IN ('link', 'split')", name="kind"),
        CheckConstraint("from_chain_id <> to_chain_id", name="moves"),
        Index("ix_chain_link_case_id", "case_id", "id"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    from_chain_id: Mapped[int] = mapped_column(ForeignKey("case_chain.id"))
    to_chain_id: Mapped[int] = mapped_column(ForeignKey("case_chain.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    change_id: Mapped[int] = mapped_column(ForeignKey("controlled_change.case_id"))
    at: Mapped[datetime] = mapped_column(Instant)


class CaseTransfer(Base):
    """Append-only: a case went to another region's office; its duties, clocks and chain go with it."""

    __tablename__ = "case_transfer"
    __table_args__ = (CheckConstraint("from_region <> to_region", name="moves"),)

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    from_region: Mapped[str] = mapped_column(ForeignKey("region.code"))
    to_region: Mapped[str] = mapped_column(ForeignKey("region.code"))
    reason: Mapped[str]
    transferred_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class Case(Base):
    """A case. Its row is the lock of everything that happens in it; it carries what lists show."""

    __tablename__ = "case"
    __table_args__ = (
        CheckConstraint("risk IN ('normal', 'high', 'routed')", name="risk"),
        CheckConstraint("approval_levels IN (1, 2)", name="approval_levels"),
        CheckConstraint("status IN ('open', 'closed', 'withdrawn', 'incident')", name="status"),
        Index("ix_case_subject_name", "subject_name", postgresql_ops={"subject_name": "text_pattern_ops"}),
        Index("ix_case_organisation", "organisation", postgresql_ops={"organisation": "text_pattern_ops"}),
        Index("ix_case_case_no_pattern", "case_no", postgresql_ops={"case_no": "text_pattern_ops"}),
        Index("ix_case_region_code_id", "region_code", "id"),
        Index("ix_case_open", "region_code", "id", postgresql_where=text("status = 'open'")),
        Index("ix_case_received_at", "received_at"),
        Index("ix_case_closed_at", "closed_at"),
        Index("ix_case_process", "process_key", "definition_id", "id"),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID] = mapped_column(unique=True)
    case_no: Mapped[str] = mapped_column(unique=True)
    process_key: Mapped[str]
    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    chain_id: Mapped[int] = mapped_column(ForeignKey("case_chain.id"), index=True)
    case_role: Mapped[str] = mapped_column(server_default="first")
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    risk: Mapped[str]
    approval_levels: Mapped[int] = mapped_column(server_default="1")
    track: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="open")
    outcome: Mapped[str | None]
    subject_name: Mapped[str]
    subject_pinyin: Mapped[str]
    subject_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    organisation: Mapped[str]
    event_on: Mapped[date | None]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    draft_no: Mapped[int] = mapped_column(server_default="1")
    version: Mapped[int] = mapped_column(server_default="1")
    received_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class CaseFacts(Base):
    """Facts of a case: open ones as JSON, sensitive ones sealed as one JSON text (row = case uid)."""

    __tablename__ = "case_facts"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class CaseState(Base):
    """Engine state of a case: opaque bytes (never JSONB, which would reorder keys) and the next timer.

    `undo_state` is the state before the last completion, `undo_task_id` the task that was completed: what
    withdrawing that step (撤回) goes back to. NULL when the step can't be withdrawn.
    """

    __tablename__ = "case_state"
    __table_args__ = (
        Index("ix_case_state_next_due_at", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
        Index("ix_case_state_waiting", "case_id", postgresql_where=text("waiting IS NOT NULL")),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    undo_state: Mapped[bytes | None] = mapped_column(LargeBinary)
    undo_task_id: Mapped[int | None] = mapped_column(BigInteger)
    next_due_at: Mapped[datetime | None] = mapped_column(Instant)
    waiting: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Events the case waits at, by step key; open tasks have rows of their own."""


class CaseParty(Base):
    """A party of a case by blind index: neither reads nor acts in it (worker, kin, payee, contact)."""

    __tablename__ = "case_party"
    __table_args__ = (Index("ix_case_party_id_number_index", "id_number_index"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    id_number_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, server_default=text("now()"))
    """Since when it is known: facts that change later make somebody a party who acted before."""


class TaskMaterial(Base):
    """A file that was received while a task was worked on, new to the case or not."""

    __tablename__ = "task_material"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class Material(Base):
    """A file received in a case; the content lies in the blob store under its SHA-256 digest."""

    __tablename__ = "material"
    __table_args__ = (UniqueConstraint("case_id", "digest", "kind"),)

    id: Mapped[int] = big_id()
    uid: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    kind: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    source: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class CaseTakeOver(Base):
    """A case that began elsewhere; written with its opening, never changed.

    `kind` open: it goes on here from the step `entry`; decided: history, decided elsewhere and closed. `reference`
    is the number there, `dates` are the true dates by fact, `done_before` says in words who did what: nobody gets a
    duty by it. `evidence` holds the SHA-256 of the files shown. `entered_by` None: imported.
    """

    __tablename__ = "case_take_over"
    __table_args__ = (
        CheckConstraint("kind IN ('open', 'decided')", name="kind"),
        CheckConstraint("origin IN ('paper', 'system')", name="origin"),
        CheckConstraint("(kind = 'open') = (entry IS NOT NULL)", name="entry"),
        CheckConstraint("reference <> ''", name="reference"),
        CheckConstraint("cardinality(evidence) > 0", name="evidence"),
        Index("ix_case_take_over_reference", "reference"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str]
    origin: Mapped[str]
    entry: Mapped[str | None]
    reference: Mapped[str]
    dates: Mapped[dict[str, Any]] = mapped_column(JSONB)
    done_before: Mapped[str]
    notes: Mapped[str]
    evidence: Mapped[list[str]] = mapped_column(ARRAY(Text))
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
