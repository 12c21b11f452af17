"""Tables of regions, natural persons, their accounts and web sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class Region(Base):
    """One node of the region tree; `path` is the chain of codes from the root, joined by '/'."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    path: Mapped[str] = mapped_column(unique=True)
    level: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    authority_zh: Mapped[str]
    document_prefix: Mapped[str]


class Person(Base):
    """A natural person, unique by the blind index of the normalised ID number (GB 11643).

    `canonical_id` is the person's own id until a late merge (`person_alias`); triggers keep it.
    """

    __tablename__ = "person"

    id: Mapped[int] = big_id()
    canonical_id: Mapped[int] = mapped_column(BigInteger, index=True)
    uid: Mapped[UUID] = mapped_column(unique=True)
    name: Mapped[str]
    pinyin: Mapped[str]
    id_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    id_number_tail_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    """Blind index of the digits a masked number still shows, to find a person by them."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class Account(Base):
    """A login. Its person never changes (trigger); a machine account can hold no duty."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("id", "person_id"),
        CheckConstraint("kind IN ('human', 'machine')", name="kind"),
        CheckConstraint("state IN ('active', 'locked', 'disabled')", name="state"),
        CheckConstraint("(kind = 'human') = (person_id IS NOT NULL)", name="human_has_person"),
    )

    id: Mapped[int] = big_id()
    login: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)


class LoginAttempt(Base):
    """One attempt to log in, kept for throttling; the login is stored only as a digest."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_login_digest_at", "login_digest", "at"),
        Index("ix_login_attempt_address_at", "address", "at"),
    )

    id: Mapped[int] = big_id()
    login_digest: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[str | None] = mapped_column(INET)
    at: Mapped[datetime] = mapped_column(Instant)
    succeeded: Mapped[bool]


class WebSession(Base):
    """A server-side session; the cookie carries a random token of which only SHA-256 is stored."""

    __tablename__ = "web_session"

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    csrf_token: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str | None] = mapped_column(INET)


class ApiToken(Base):
    """A token by which an account's program comes in; only SHA-256 of it is stored."""

    __tablename__ = "api_token"

    id: Mapped[int] = big_id()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class PersonAlias(Base):
    """Append-only: two records turned out to be one natural person. What was done keeps its names; readers
    take the canonical id."""

    __tablename__ = "person_alias"
    __table_args__ = (CheckConstraint("person_id <> canonical_id", name="two_records"),)

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    canonical_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    change_id: Mapped[int] = mapped_column(ForeignKey("controlled_change.case_id"))
    at: Mapped[datetime] = mapped_column(Instant)


class IdentityDoubt(Base):
    """Who somebody is stands in question: until it is cleared neither record may perform a duty.

    `verdict`: merged (they are one) or distinct (they are two), by a controlled change.
    """

    __tablename__ = "identity_doubt"
    __table_args__ = (
        CheckConstraint("verdict IN ('merged', 'distinct')", name="verdict"),
        CheckConstraint("(cleared_at IS NULL) = (verdict IS NULL)", name="cleared_whole"),
        Index("ix_identity_doubt_open", "person_id", postgresql_where=text("cleared_at IS NULL")),
        Index("ix_identity_doubt_open_other", "other_id", postgresql_where=text("cleared_at IS NULL")),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ground: Mapped[str]
    raised_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    raised_at: Mapped[datetime] = mapped_column(Instant)
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)
    verdict: Mapped[str | None]
    change_id: Mapped[int | None] = mapped_column(ForeignKey("controlled_change.case_id"))
