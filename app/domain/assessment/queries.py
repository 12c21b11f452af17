"""Reads of draws, seats and opinions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.domain.assessment.draw import ROLES, Candidate, Published, Seat
from app.domain.assessment.models import (
    ExpertDraw,
    ExpertDrawCandidate,
    ExpertDrawCommitment,
    ExpertDrawSeat,
    ExpertDrawSecret,
    ExpertDrawVoid,
    ExpertSeat,
    ExpertVacancy,
    PanelOpinion,
)
from app.domain.assessment.panel import Opinion
from app.kernel.cases.models import Case
from app.kernel.identity.models import Person
from app.storage.core import table

_VACANCY, _SEATED = table(ExpertVacancy), aliased(ExpertSeat)


@dataclass(frozen=True)
class DrawView:
    """A draw with everything that was said in it. `state`: open, drawn, given_up."""

    draw_id: int
    uid: str
    panel_no: int
    round: int
    kind: str
    replaces: int | None
    reach: str
    device: bool
    candidate_hash: str
    left_out: Mapping[str, int]
    opened_at: datetime
    state: str
    seats: tuple[Seat, ...]
    candidates: tuple[Candidate, ...]
    persons: Mapping[str, int]
    commitments: Mapping[str, str]
    committers: Mapping[str, int]
    """Canonical person of each commitment."""
    committed_by: Mapping[str, str]
    secrets: Mapping[str, str]
    result: Mapping[int, str]
    given_up: str

    def published(self) -> Published:
        """The proof; secrets and result are empty before they are known."""
        return Published(
            self.uid,
            self.seats,
            self.candidates,
            self.candidate_hash,
            {role: self.commitments.get(role, "") for role in ROLES},
            {role: self.secrets.get(role, "") for role in ROLES},
            self.result,
        )


@dataclass(frozen=True)
class SeatView:
    """Who sits where on a panel, and the speciality the seat was drawn for."""

    seat_id: int
    panel_no: int
    seat: int
    speciality: str
    person_id: int
    name: str


def list_draws(session: Session, case_id: int) -> list[DrawView]:
    """All draws of a case, in their order."""
    rows = session.scalars(select(ExpertDraw).where(ExpertDraw.case_id == case_id).order_by(ExpertDraw.round))
    return [_view(session, row) for row in rows]


def find_open_draw(session: Session, case_id: int) -> DrawView | None:
    """The draw of the case that is neither drawn nor given up."""
    over = exists().where(ExpertDrawVoid.draw_id == ExpertDraw.id) | exists().where(
        ExpertSeat.draw_id == ExpertDraw.id
    )
    row = session.scalar(select(ExpertDraw).where(ExpertDraw.case_id == case_id, ~over))
    return _view(session, row) if row is not None else None


def find_draw(session: Session, case_id: int, uid: str) -> DrawView | None:
    return next((one for one in list_draws(session, case_id) if one.uid == uid), None)


def _view(session: Session, row: ExpertDraw) -> DrawView:
    void = session.scalar(select(ExpertDrawVoid.reason).where(ExpertDrawVoid.draw_id == row.id))
    seated = session.execute(select(ExpertSeat.seat, ExpertSeat.key).where(ExpertSeat.draw_id == row.id))
    result = {row.seat: row.key for row in seated}
    candidates = session.scalars(
        select(ExpertDrawCandidate).where(ExpertDrawCandidate.draw_id == row.id)
    ).all()
    plan = select(ExpertDrawSeat).where(ExpertDrawSeat.draw_id == row.id).order_by(ExpertDrawSeat.seat)
    committed = session.execute(
        select(
            ExpertDrawCommitment.role,
            ExpertDrawCommitment.commitment,
            Person.canonical_id,
            Person.name,
        )
        .join(Person, Person.id == ExpertDrawCommitment.person_id)
        .where(ExpertDrawCommitment.draw_id == row.id)
    ).all()
    told = session.scalars(select(ExpertDrawSecret).where(ExpertDrawSecret.draw_id == row.id))
    return DrawView(
        draw_id=row.id,
        uid=str(row.uid),
        panel_no=row.panel_no,
        round=row.round,
        kind=row.kind,
        replaces=row.replaces,
        reach=row.reach,
        device=row.device,
        candidate_hash=row.candidate_hash,
        left_out=row.left_out,
        opened_at=row.opened_at,
        state="given_up" if void is not None else "drawn" if result else "open",
        seats=tuple(Seat(one.seat, one.speciality) for one in session.scalars(plan)),
        candidates=tuple(Candidate(one.key, one.city, frozenset(one.specialities)) for one in candidates),
        persons={one.key: one.person_id for one in candidates},
        commitments={one.role: one.commitment for one in committed},
        committers={one.role: one.canonical_id for one in committed},
        committed_by={one.role: one.name for one in committed},
        secrets={one.role: one.secret for one in told},
        result=result,
        given_up=void or "",
    )


def count_draws(session: Session, case_id: int) -> int:
    return (
        session.scalar(select(func.count()).select_from(ExpertDraw).where(ExpertDraw.case_id == case_id)) or 0
    )


def newest_panel(session: Session, case_id: int) -> int | None:
    """Number of the case's newest panel; None before its first draw."""
    return session.scalar(select(func.max(ExpertDraw.panel_no)).where(ExpertDraw.case_id == case_id))


def list_seats(session: Session, case_id: int, panel_no: int) -> list[SeatView]:
    """Who sits on a panel now, by seat."""
    sitting = ~exists().where(_VACANCY.c.seat_id == ExpertSeat.id)
    return _seats(session, and_(ExpertSeat.case_id == case_id, ExpertSeat.panel_no == panel_no, sitting))


def is_bound() -> ColumnElement[bool]:
    """Seats, with their case joined, whose expert the case still has or had: it is open, or he gave an opinion."""
    return or_(Case.status == "open", exists().where(PanelOpinion.seat_id == ExpertSeat.id))


def find_vacancy(session: Session, case_id: int) -> SeatView | None:
    """The seat of the newest panel whose expert stood down and that isn't drawn again yet."""
    newest = newest_panel(session, case_id)
    left = exists().where(_VACANCY.c.seat_id == ExpertSeat.id)
    filled = exists().where(_SEATED.replaces == ExpertSeat.id)
    of_panel = and_(ExpertSeat.case_id == case_id, ExpertSeat.panel_no == (newest or 0))
    return next(iter(_seats(session, and_(of_panel, left, ~filled))), None)


def find_own_seat(session: Session, case_id: int, person_id: int) -> int | None:
    """The seat that this (canonical) person holds on the case's newest panel."""
    sitting = list_seats(session, case_id, newest_panel(session, case_id) or 0)
    return next((one.seat_id for one in sitting if one.person_id == person_id), None)


def _seats(session: Session, condition: ColumnElement[bool]) -> list[SeatView]:
    rows = session.execute(
        select(
            ExpertSeat.id,
            ExpertSeat.panel_no,
            ExpertSeat.seat,
            ExpertDrawSeat.speciality,
            Person.canonical_id,
            Person.name,
        )
        .join(
            ExpertDrawSeat,
            and_(ExpertDrawSeat.draw_id == ExpertSeat.draw_id, ExpertDrawSeat.seat == ExpertSeat.seat),
        )
        .join(Person, Person.id == ExpertSeat.person_id)
        .where(condition)
        .order_by(ExpertSeat.seat)
    )
    return [SeatView(*row) for row in rows]


def list_opinions(session: Session, case_id: int) -> Sequence[Opinion]:
    """The opinions of the case's last sitting, by seat."""
    of_case = select(func.max(PanelOpinion.task_id)).join(ExpertSeat, ExpertSeat.id == PanelOpinion.seat_id)
    last = of_case.where(ExpertSeat.case_id == case_id).scalar_subquery()
    rows = session.execute(
        select(Person.name, PanelOpinion.verdict, PanelOpinion.content, PanelOpinion.remark)
        .join(ExpertSeat, ExpertSeat.id == PanelOpinion.seat_id)
        .join(Person, Person.id == PanelOpinion.person_id)
        .where(PanelOpinion.task_id == last)
        .order_by(ExpertSeat.seat)
    )
    return [Opinion(row.name, row.verdict == "signed", row.content, row.remark) for row in rows]
