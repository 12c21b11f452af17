"""The supervisor's board in words: urgency, load, tasks waiting for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import DUTY_WORDS, duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing, place_of
from app.faces.web.language import pick
from app.faces.web.pages.staffing_build import board_staffing
from app.faces.web.pages.supervisor_parts import (
    away_by_person,
    away_rows,
    away_words,
    waiting_rows,
    weeks_of,
)
from app.faces.web.pages.supervisor_view import LoadCount, LoadRow, ReassignPanel, SupervisorPage, Tile
from app.faces.web.parts import Choice
from app.faces.web.viewer import main_post
from app.faces.web.words import clock, local, long_day
from app.kernel.absences.queries import list_offices
from app.kernel.absences.rules import Away
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.queries import load_calendar
from app.kernel.worklist.board import (
    LoadCell,
    count_due_days,
    count_load_by_duty,
    count_suspended,
    count_without_post,
    list_routed,
    list_waiting,
)

HEAT = ((15, "hm heat4"), (8, "hm heat3"), (4, "hm heat2"), (1, "hm heat1"))


def supervisor_page(
    session: Session, who: Standing, panel: ReassignPanel | None, refusal: str = "", office: str = ""
) -> SupervisorPage:
    """The whole board over the regions the supervisor sees, or over one of their offices."""
    offices = list_offices(session, who.actor.regions, who.today)
    office = office if office in offices else ""
    cells, calendar = count_load_by_duty(session, office), load_calendar(session)
    duties = [key for key in DUTY_WORDS if any(cell.duty == key for cell in cells)]
    total = sum(cell.count for cell in cells)
    claimed = sum(cell.count for cell in cells if cell.person_id is not None)
    away = away_by_person(session, who, cells, [office] if office else who.actor.regions)
    weeks = weeks_of(session, who.today, office)
    return SupervisorPage(
        remark=_remark(who, offices.get(office)),
        tiles=_tiles(session, who.today, calendar, office),
        load_remark=_(
            "%(n)s 项任务，%(a)s 项已有人办，%(b)s 项待领取", n=total, a=claimed, b=total - claimed
        ),
        duties=[duty_word(key) for key in duties],
        load=_load(cells, duties, who.today, calendar, away, count_without_post(session, who.today, office)),
        totals=[sum(cell.count for cell in cells if cell.duty == key) for key in duties],
        total=total,
        waiting=waiting_rows(session, who, list_waiting(session, office, reader=who.person_id), calendar),
        routed=waiting_rows(
            session, who, list_routed(session, office, reader=who.person_id), calendar, routable=False
        ),
        reassign=panel,
        refusal=refusal,
        office=office,
        offices=[Choice("", _("全部机构"), not office)]
        + [Choice(code, pick(*names), code == office) for code, names in offices.items()],
        away=away_rows(session, who, cells, away),
        staffing=board_staffing(session, who, offices, office),
        weeks=weeks,
        weeks_remark=_(
            "收案 %(a)s，办结 %(b)s",
            a=sum(week.received for week in weeks),
            b=sum(week.closed for week in weeks),
        ),
    )


def _remark(who: Standing, office: tuple[str, str] | None) -> str:
    post, at = main_post(who), local(who.now)
    place = pick(*office) if office else (place_of(post) if post else "")
    return _(
        "%(place)s，%(day)s %(time)s", place=place, day=long_day(who.today), time=f"{at.hour}:{at.minute:02d}"
    )


def _tiles(session: Session, today: date, calendar: WorkingCalendar, office: str) -> list[Tile]:
    suspended, since = count_suspended(session, office)
    waited = _("最久 %(n)s 日", n=(today - since).days) if since else ""
    counts = {"over": 0, "today": 0, "near": 0, "mid": 0, "far": 0}
    longest = 0
    for due_on, count in count_due_days(session, office).items():
        if due_on is not None:
            counts[_urgency(due_on, today, calendar)] += count
            longest = max(longest, (today - due_on).days)
    late = _("最长超 %(n)s 日", n=longest) if counts["over"] else _("没有超期")
    return [
        Tile(_("已超期"), counts["over"], "over", url_for("queue.show", tab="all", within="-1"), late),
        Tile(_("今天到期"), counts["today"], "soon", url_for("queue.show", tab="all", within="0")),
        Tile(_("1–3 个工作日"), counts["near"], "soon", url_for("queue.show", tab="all", within="3")),
        Tile(
            _("4–10 个工作日"), counts["mid"], "ok", url_for("queue.show", tab="all", within="10"), _("按期")
        ),
        Tile(_("10 个工作日以上"), counts["far"], "ok", url_for("queue.show", tab="all"), _("按期")),
        Tile(_("已中止"), suspended, "hold", url_for("queue.show", tab="all"), waited),
    ]


def _urgency(due_on: date, today: date, calendar: WorkingCalendar) -> str:
    if due_on < today:
        return "over"
    if due_on == today:
        return "today"
    left = calendar.working_days_between(today, due_on)
    return "near" if left <= 3 else ("mid" if left <= 10 else "far")


def _load(
    cells: Sequence[LoadCell],
    duties: Sequence[str],
    today: date,
    calendar: WorkingCalendar,
    away: Mapping[int, Away],
    stranded: Mapping[int, int],
) -> list[LoadRow]:
    people: dict[int | None, dict[str, LoadCell]] = {}
    for cell in cells:
        people.setdefault(cell.person_id, {})[cell.duty] = cell
    return [
        replace(
            _load_row(person, held, duties, today, calendar, away.get(person or 0)),
            stranded=_("%(n)s 件已不在岗位上", n=stranded[person]) if person and person in stranded else "",
        )
        for person, held in people.items()
    ]


def _load_row(
    person_id: int | None,
    held: Mapping[str, LoadCell],
    duties: Sequence[str],
    today: date,
    calendar: WorkingCalendar,
    away: Away | None,
) -> LoadRow:
    cells = list(held.values())
    nearest = min((cell.nearest for cell in cells if cell.nearest), default=None)
    left = calendar.working_days_between(today, nearest) if nearest else None
    url = f"{url_for('supervisor.show')}?from={person_id or 0}#reassign"
    return LoadRow(
        person=cells[0].name or _("待领取"),
        post=_("、").join(duty_word(key) for key in held) if person_id else _("未到人"),
        counts=[_count(held.get(key), url, warm=person_id is not None) for key in duties],
        total=sum(cell.count for cell in cells),
        tightest=clock(nearest, today, left) if nearest else None,
        unclaimed=person_id is None,
        away=away_words(away, today) if away else "",
        away_now=away is not None and away.covers(today),
    )


def _count(cell: LoadCell | None, url: str, *, warm: bool) -> LoadCount:
    if cell is None:
        return LoadCount(0)
    heat = next(heat for least, heat in HEAT if cell.count >= least)
    return LoadCount(cell.count, url, heat if warm else "")
