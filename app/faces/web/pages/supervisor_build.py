"""The supervisor's board in words: urgency, load, tasks waiting for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import DUTY_WORDS, duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing, place_of
from app.faces.web.language import pick
from app.faces.web.pages.queue_rows import clock_words
from app.faces.web.pages.supervisor_view import (
    LoadCount,
    LoadRow,
    ReassignPanel,
    SupervisorPage,
    Tile,
    WaitingRow,
)
from app.faces.web.viewer import main_post
from app.faces.web.words import clock, duty, local, long_day
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.queries import load_calendar
from app.kernel.worklist.board import (
    LoadCell,
    count_due_days,
    count_load_by_duty,
    count_suspended,
    list_waiting,
)
from app.kernel.worklist.queries import list_nearest_clocks

HEAT = ((15, "hm heat4"), (8, "hm heat3"), (4, "hm heat2"), (1, "hm heat1"))


def supervisor_page(
    session: Session, who: Standing, panel: ReassignPanel | None, refusal: str = ""
) -> SupervisorPage:
    """The whole board over the regions the supervisor sees."""
    cells, calendar = count_load_by_duty(session), load_calendar(session)
    duties = [key for key in DUTY_WORDS if any(cell.duty == key for cell in cells)]
    total = sum(cell.count for cell in cells)
    claimed = sum(cell.count for cell in cells if cell.person_id is not None)
    return SupervisorPage(
        remark=_remark(who),
        tiles=_tiles(session, who.today, calendar),
        load_remark=_(
            "%(n)s 项任务，%(a)s 项已有人办，%(b)s 项待领取", n=total, a=claimed, b=total - claimed
        ),
        duties=[duty_word(key) for key in duties],
        load=_load(cells, duties, who.today, calendar),
        totals=[sum(cell.count for cell in cells if cell.duty == key) for key in duties],
        total=total,
        waiting=_waiting(session, who.today, calendar),
        reassign=panel,
        refusal=refusal,
    )


def _remark(who: Standing) -> str:
    post, at = main_post(who), local(who.now)
    place = place_of(post) if post else ""
    return _(
        "%(place)s，%(day)s %(time)s", place=place, day=long_day(who.today), time=f"{at.hour}:{at.minute:02d}"
    )


def _tiles(session: Session, today: date, calendar: WorkingCalendar) -> list[Tile]:
    counts = {"over": 0, "today": 0, "near": 0, "mid": 0, "far": 0}
    longest = 0
    for due_on, count in count_due_days(session).items():
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
        Tile(_("已中止"), count_suspended(session), "hold", url_for("queue.show", tab="all")),
    ]


def _urgency(due_on: date, today: date, calendar: WorkingCalendar) -> str:
    if due_on < today:
        return "over"
    if due_on == today:
        return "today"
    left = calendar.working_days_between(today, due_on)
    return "near" if left <= 3 else ("mid" if left <= 10 else "far")


def _load(
    cells: Sequence[LoadCell], duties: Sequence[str], today: date, calendar: WorkingCalendar
) -> list[LoadRow]:
    people: dict[int | None, dict[str, LoadCell]] = {}
    for cell in cells:
        people.setdefault(cell.person_id, {})[cell.duty] = cell
    return [_load_row(person, held, duties, today, calendar) for person, held in people.items()]


def _load_row(
    person_id: int | None,
    held: Mapping[str, LoadCell],
    duties: Sequence[str],
    today: date,
    calendar: WorkingCalendar,
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
    )


def _count(cell: LoadCell | None, url: str, *, warm: bool) -> LoadCount:
    if cell is None:
        return LoadCount(0)
    heat = next(heat for least, heat in HEAT if cell.count >= least)
    return LoadCount(cell.count, url, heat if warm else "")


def _waiting(session: Session, today: date, calendar: WorkingCalendar) -> list[WaitingRow]:
    found = list_waiting(session)
    clocks = list_nearest_clocks(session, {case.id for _, case in found})
    return [
        WaitingRow(
            url=url_for("case.show", case_id=case.id),
            case_no=case.case_no,
            step=pick(task.title_zh, task.title_en),
            duty=duty(task.duty),
            clock=clock_words(clocks.get(case.id), today, calendar),
        )
        for task, case in found
    ]
