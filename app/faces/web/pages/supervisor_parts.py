"""Parts of the supervisor's board: who is away, what waits for staff or was routed, the weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.absence_words import period, stand_in_period
from app.faces.web.pages.queue_rows import clock_words
from app.faces.web.pages.supervisor_view import AwayRow, WaitingRow, Week
from app.faces.web.words import day, duty, moment
from app.kernel.absences.queries import list_absent, list_office, list_post_titles, list_substitutions
from app.kernel.absences.rules import Away
from app.kernel.cases.models import Case
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.identity.regions import list_region_names
from app.kernel.worklist.board import LoadCell, count_weeks
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import list_nearest_clocks
from app.kernel.worklist.supervising import find_higher_office

SOON = timedelta(days=14)
"""How far ahead an absence is shown beside a person's load."""

WEEKS = 6


def away_by_person(
    session: Session, who: Standing, cells: Sequence[LoadCell], regions: Collection[str]
) -> dict[int, Away]:
    """Who of the offices, or of those holding tasks there, is away now or soon."""
    people = {one.person_id for one in list_office(session, regions, who.today)}
    people |= {cell.person_id for cell in cells if cell.person_id is not None}
    return list_absent(session, people, who.today, who.today + SOON)


def away_words(away: Away, today: date) -> str:
    """`不在岗至11月27日` or `11月24日起休假`."""
    if away.covers(today):
        return _("不在岗至%(day)s", day=day(away.ends_on, today))
    return _("%(day)s起休假", day=day(away.starts_on, today))


def away_rows(
    session: Session, who: Standing, cells: Sequence[LoadCell], away: Mapping[int, Away]
) -> list[AwayRow]:
    """Everybody who is away today, with the tasks in his name and who stands in."""
    gone = {person: item for person, item in away.items() if item.covers(who.today)}
    if not gone:
        return []
    held: dict[int, int] = {}
    for cell in cells:
        if cell.person_id is not None:
            held[cell.person_id] = held.get(cell.person_id, 0) + cell.count
    titles = list_post_titles(session)
    people = [one for one in list_office(session, who.actor.regions, who.today) if one.person_id in gone]
    stand_ins = list_substitutions(session, persons=gone.keys(), first=who.today, last=who.today)
    return [
        AwayRow(
            person=one.name,
            posts=_("、").join(dict.fromkeys(pick(*titles[post]) for post, _region in one.posts)),
            period=period(gone[one.person_id].starts_on, gone[one.person_id].ends_on, who.today),
            tasks=held.get(one.person_id, 0),
            reassign_url=f"{url_for('supervisor.show')}?from={one.person_id}#reassign",
            stand_ins=[
                _(
                    "%(name)s代办%(post)s（%(period)s）",
                    name=item.substitute,
                    post=pick(item.post_zh, item.post_en),
                    period=stand_in_period(item, who.today),
                )
                for item in stand_ins
                if item.principal_id == one.person_id and item.in_force(who.today)
            ],
        )
        for one in people
    ]


def waiting_rows(
    session: Session,
    who: Standing,
    found: Sequence[tuple[Task, Case]],
    calendar: WorkingCalendar,
    *,
    routable: bool = True,
) -> list[WaitingRow]:
    """Tasks nobody may take, with the office above that could; or those that were handed to one."""
    clocks = list_nearest_clocks(session, {case.id for _task, case in found})
    higher: dict[tuple[str, str], str | None] = {}
    for task, _case in found if routable else ():
        key = (task.post, task.region_code)
        if key not in higher:
            higher[key] = find_higher_office(session, task, who.today)
    codes = {task.region_code for task, _case in found} | {code for code in higher.values() if code}
    names = {code: pick(*both) for code, both in list_region_names(session, codes).items()}
    rows = []
    for task, case in found:
        above = higher.get((task.post, task.region_code))
        rows.append(
            WaitingRow(
                url=url_for("case.show", case_id=case.id),
                case_no=case.case_no,
                step=pick(task.title_zh, task.title_en),
                duty=duty(task.duty),
                clock=clock_words(clocks.get(case.id), who.today, calendar),
                office=names.get(task.region_code, ""),
                since=moment(task.waiting_since, who.today) if task.waiting_since else "",
                higher=names.get(above, "") if above else "",
                route_url=url_for("supervisor.route", task_id=task.id) if above else "",
            )
        )
    return rows


def weeks_of(session: Session, today: date, office: str) -> list[Week]:
    """The last weeks, this one included; weeks without cases too."""
    monday = today - timedelta(days=today.weekday())
    since = monday - timedelta(weeks=WEEKS - 1)
    counts = count_weeks(session, since, office)
    days = [since + timedelta(weeks=number) for number in range(WEEKS)]
    pairs = [counts.get(one, (0, 0)) for one in days]
    most = max((count for pair in pairs for count in pair), default=0) or 1
    return [
        Week(day(one, today), received, closed, received * 100 // most, closed * 100 // most)
        for one, (received, closed) in zip(days, pairs, strict=True)
    ]
