"""The draws of experts of a case: what was fixed, committed, revealed and drawn, and the file anybody can recompute."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, Response, render_template, url_for
from sqlalchemy.orm import Session

from app.domain.assessment.draw import OPERATOR, ROLES, WITNESS, commit
from app.domain.assessment.publishing import publish_draw, published_from
from app.domain.assessment.queries import DrawView, list_draws, list_seats
from app.domain.assessment.specialities import SPECIALITIES
from app.faces.translation import _, _l
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.words import moment
from app.kernel.engine.dossier import get_case, require_reading
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import list_open_tasks

pages = Blueprint("draws", __name__)

ROLE_WORDS = {OPERATOR: _l("操作人"), WITNESS: _l("见证人")}
STATES = {
    "open": (_l("进行中"), "soon"),
    "drawn": (_l("已抽出"), "ok"),
    "given_up": (_l("作废"), "over"),
}
LEFT_OUT = {
    "no_post": _l("在本地区没有鉴定专家岗位"),
    "barred": _l("当事人或者应当回避"),
    "treating_hospital": _l("救治医院的专家"),
    "employer": _l("用人单位的专家"),
    "earlier_panel": _l("此前专家组的专家"),
    "acted": _l("办理过本案其他职责"),
}
COMMITTING = {"ed3_commit": OPERATOR, "ed4_commit": WITNESS}


@dataclass(frozen=True)
class Secret:
    """A secret the server made up for this view and forgets; `role` in words."""

    role: str
    secret: str
    commitment: str


@dataclass(frozen=True)
class Said:
    """What operator or witness said: commitment, then secret."""

    role: str
    who: str
    commitment: str
    secret: str


@dataclass(frozen=True)
class DrawnSeat:
    """`name` is empty before the draw."""

    number: int
    speciality: str
    key: str
    name: str


@dataclass(frozen=True)
class DrawCard:
    """One draw in words. `file_url` is empty before it is published; `published` says from when."""

    title: str
    uid: str
    state: str
    tone: str
    opened: str
    reach: str
    candidates: int
    candidate_hash: str
    left_out: Sequence[str]
    said: Sequence[Said]
    seats: Sequence[DrawnSeat]
    given_up: str
    file_url: str
    published: str


@dataclass(frozen=True)
class DrawsPage:
    """The page; `secret` only for who is to commit now."""

    case_no: str
    case_url: str
    subject: str
    draws: Sequence[DrawCard] = field(default_factory=tuple)
    secret: Secret | None = None


@pages.get("/cases/<int:case_id>/draws")
def show(case_id: int) -> str:
    """All draws of the case, the newest first."""
    carry_out(lambda unit: require_reading(unit, case_id).id)
    who = standing()
    with reading() as session:
        page = _page(session, case_id, who)
    return render_template("pages/draws.html", page=page)


@pages.get("/cases/<int:case_id>/draws/<int:draw_no>.json")
def file(case_id: int, draw_no: int) -> Response:
    """The published draw, for `sanshen draw verify`."""
    text = carry_out(lambda unit: publish_draw(unit, require_reading(unit, case_id), draw_no))
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="draw-{case_id}-{draw_no}.json"'
    return answer


def _page(session: Session, case_id: int, who: Standing) -> DrawsPage:
    case = get_case(session, case_id)
    draws = list_draws(session, case_id)
    public = published_from(session, case)
    cards = [_card(session, case_id, one, who, public is not None and public <= who.today) for one in draws]
    return DrawsPage(
        case_no=case.case_no,
        case_url=url_for("case.show", case_id=case_id),
        subject=case.subject_name,
        draws=cards[::-1],
        secret=_secret(draws[-1], list_open_tasks(session, case_id), who) if draws else None,
    )


def _secret(newest: DrawView, tasks: Sequence[Task], who: Standing) -> Secret | None:
    """For who has opened the step in which the newest draw is committed to."""
    own = (one for one in tasks if one.claimed_by == who.person_id and one.opened_at)
    role = next((COMMITTING[one.step_key] for one in own if one.step_key in COMMITTING), None)
    if role is None or newest.state != "open":
        return None
    made = secrets.token_urlsafe(18)
    return Secret(str(ROLE_WORDS[role]), made, commit(newest.uid, role, made))


def _card(session: Session, case_id: int, one: DrawView, who: Standing, public: bool) -> DrawCard:
    words, tone = STATES[one.state]
    kind = _("抽取专家组") if one.kind == "panel" else _("重抽一席")
    return DrawCard(
        title=_("第 %(n)s 次：%(what)s", n=one.round, what=kind),
        uid=one.uid,
        state=str(words),
        tone=tone,
        opened=moment(one.opened_at, who.today),
        reach=_("全区") if one.reach == "region" else _("本市"),
        candidates=len(one.candidates),
        candidate_hash=one.candidate_hash,
        left_out=[_("%(why)s %(n)s 人", why=LEFT_OUT[key], n=n) for key, n in sorted(one.left_out.items())],
        said=list(_said(one, public)),
        seats=list(_seats(session, case_id, one)),
        given_up=one.given_up,
        file_url=url_for("draws.file", case_id=case_id, draw_no=one.round) if public and one.result else "",
        published=_("鉴定当天起公开密语和文件，任何人可以重算。"),
    )


def _said(one: DrawView, public: bool) -> Iterator[Said]:
    for role in ROLES:
        if role in one.commitments:
            secret = one.secrets.get(role, "") if public else ""
            yield Said(str(ROLE_WORDS[role]), one.committed_by[role], one.commitments[role], secret)


def _seats(session: Session, case_id: int, one: DrawView) -> Iterator[DrawnSeat]:
    """Seats with who sits there now; somebody who stood down isn't named any more."""
    sitting = {seat.seat: seat for seat in list_seats(session, case_id, one.panel_no)}
    for seat in one.seats:
        zh, en = SPECIALITIES.get(seat.speciality, (seat.speciality, seat.speciality))
        key = one.result.get(seat.number, "")
        here = sitting.get(seat.number)
        named = here is not None and one.persons.get(key) == here.person_id
        yield DrawnSeat(seat.number, pick(zh, en), key, here.name if here and named else "")
