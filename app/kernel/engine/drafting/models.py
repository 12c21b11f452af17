"""Tables of drafts: what designers and rule editors work on before it is proposed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class DraftContent(Base):
    """A file's bytes under their SHA-256: what was proposed once stays as it was, whatever becomes of the draft."""

    __tablename__ = "draft_content"
    __table_args__ = (CheckConstraint("digest = sha256(content)", name="digest"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DraftRecord(Base):
    """A folder under work; its owner alone edits.

    `key` is the process's (with the folders it calls) or the rule's; `base_…` the version it began from.
    `change_id` is the latest change that proposed it, `submitted_revision` what that change carries. How the draft
    stands follows from them (queries.py); only its discarding is its own.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("kind IN ('process', 'rule')", name="kind"),
        CheckConstraint("kind = 'process' OR base_definition_id IS NULL", name="base_process"),
        CheckConstraint("kind = 'rule' OR base_rule_version_id IS NULL", name="base_rule"),
    )

    id: Mapped[int] = big_id()
    kind: Mapped[str]
    key: Mapped[str]
    base_definition_id: Mapped[int | None] = mapped_column(ForeignKey("process_definition.id"))
    base_rule_version_id: Mapped[int | None] = mapped_column(ForeignKey("rule_version.id"))
    copied_from: Mapped[int | None] = mapped_column(ForeignKey("draft.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int] = mapped_column(server_default="1")
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"), index=True)
    submitted_revision: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    discarded_at: Mapped[datetime | None] = mapped_column(Instant)


class DraftFile(Base):
    """A file of a draft by `folder/name`; `digest` None: removed."""

    __tablename__ = "draft_file"

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes | None] = mapped_column(ForeignKey("draft_content.digest"))


class DraftEditor(Base):
    """Whoever ever edited a draft, under the record and account that did: he can't review it. Append-only."""

    __tablename__ = "draft_editor"
    __table_args__ = (ForeignKeyConstraint(["account_id", "person_id"], ["account.id", "account.person_id"]),)

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(Instant)
