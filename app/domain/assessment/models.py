"""Tables of the draw of experts and of panels: append-only, their triggers compute the draw again (0012_draw.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.base import Base, Instant, big_id


class ExpertDraw(Base):
    """A draw: of a whole panel, or of one seat whose expert stood down (`replaces`).

    `round` counts the draws of a case, `panel_no` its panels. `reach`: experts of the city, or of the whole region
    where the city has too few. `left_out`: how many experts were left out, by reason.
    """

    __tablename__ = "expert_draw"
    __table_args__ = (
        UniqueConstraint("uid"),
        UniqueConstraint("case_id", "round"),
        CheckConstraint("kind IN ('panel', 'seat')", name="kind"),
        CheckConstraint("(replaces IS NOT NULL) = (kind = 'seat')", name="replaces"),
        CheckConstraint("reach IN ('city', 'region')", name="reach"),
        CheckConstraint("candidate_hash ~ '^[0-9a-f]{64}$'", name="candidate_hash"),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID]
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    panel_no: Mapped[int]
    round: Mapped[int]
    kind: Mapped[str]
    replaces: Mapped[int | None] = mapped_column(ForeignKey("expert_seat.id", use_alter=True))
    device: Mapped[bool]
    reach: Mapped[str]
    candidate_hash: Mapped[str]
    left_out: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opened_at: Mapped[datetime] = mapped_column(Instant)


class ExpertDrawSeat(Base):
    """A seat that is drawn for, and the speciality it wants."""

    __tablename__ = "expert_draw_seat"
    __table_args__ = (
        CheckConstraint("seat BETWEEN 1 AND 5", name="seat"),
        CheckConstraint("speciality ~ '^[a-z_]{1,40}$'", name="speciality"),
    )

    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), primary_key=True, autoincrement=False)
    seat: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    speciality: Mapped[str]


class ExpertDrawCandidate(Base):
    """Who may be drawn, under the key that is published; fixed with the first commitment."""

    __tablename__ = "expert_draw_candidate"
    __table_args__ = (
        UniqueConstraint("draw_id", "person_id"),
        CheckConstraint("key ~ '^[A-Za-z0-9_-]{1,40}$'", name="key"),
    )

    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    city: Mapped[str] = mapped_column(ForeignKey("region.code"))
    specialities: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ExpertDrawCommitment(Base):
    """What operator and witness bound themselves to: SHA-256 of draw, role and secret."""

    __tablename__ = "expert_draw_commitment"
    __table_args__ = (
        UniqueConstraint("draw_id", "commitment"),
        CheckConstraint("role IN ('operator', 'witness')", name="role"),
        CheckConstraint("commitment ~ '^[0-9a-f]{64}$'", name="commitment"),
    )

    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    commitment: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class ExpertDrawSecret(Base):
    """The secret behind a commitment, told after both were made; published with the draw."""

    __tablename__ = "expert_draw_secret"
    __table_args__ = (
        ForeignKeyConstraint(
            ["draw_id", "role"],
            ["expert_draw_commitment.draw_id", "expert_draw_commitment.role"],
            name="fk_expert_draw_secret_commitment",
        ),
    )

    draw_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class ExpertDrawVoid(Base):
    """A draw given up before anybody was drawn (a secret was lost); it counts as a redraw."""

    __tablename__ = "expert_draw_void"

    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class ExpertSeat(Base):
    """Who was drawn for a seat; `replaces` the seat's earlier expert, who stood down."""

    __tablename__ = "expert_seat"
    __table_args__ = (
        UniqueConstraint("draw_id", "seat"),
        UniqueConstraint("case_id", "panel_no", "seat", "replaces", postgresql_nulls_not_distinct=True),
        ForeignKeyConstraint(
            ["draw_id", "key"],
            ["expert_draw_candidate.draw_id", "expert_draw_candidate.key"],
            name="fk_expert_seat_draw_id_key",
        ),
        ForeignKeyConstraint(
            ["draw_id", "seat"],
            ["expert_draw_seat.draw_id", "expert_draw_seat.seat"],
            name="fk_expert_seat_draw_id_seat",
        ),
        Index("ix_expert_seat_person_id", "person_id"),
    )

    id: Mapped[int] = big_id()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    panel_no: Mapped[int]
    seat: Mapped[int]
    draw_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("expert_seat.id"))
    drawn_at: Mapped[datetime] = mapped_column(Instant)


class ExpertVacancy(Base):
    """An expert who was drawn stood down, and why: the seat is drawn again, and no other."""

    __tablename__ = "expert_vacancy"
    __table_args__ = (
        CheckConstraint("cause IN ('declined', 'conflict', 'unreachable', 'ill', 'other')", name="cause"),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("expert_seat.id"), primary_key=True, autoincrement=False)
    cause: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class PanelOpinion(Base):
    """One expert's opinion at a sitting (a task of the panel), signed; `tests`: no opinion before further tests."""

    __tablename__ = "panel_opinion"
    __table_args__ = (CheckConstraint("verdict IN ('signed', 'tests')", name="verdict"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True, autoincrement=False)
    seat_id: Mapped[int] = mapped_column(ForeignKey("expert_seat.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    verdict: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    remark: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(Instant)
