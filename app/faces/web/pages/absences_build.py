"""The calendar of a month, the reader's own page, the list of stand-ins."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.office_people import list_staff
from app.faces.web.pages.absence_words import (
    CAUSE_WORDS,
    period,
    request_row,
    running_row,
    stand_in_period,
    tabs,
)
from app.faces.web.pages.absences_view import (
    AskForm,
    CalendarCell,
    CalendarDay,
    CalendarPage,
    CalendarRow,
    OwnAbsence,
    OwnPage,
    StandInsPage,
)
from app.faces.web.parts import Choice
from app.faces.web.viewer import main_post, may_supervise
from app.faces.web.words import WEEKDAYS, day, long_day
from app.kernel.absences.queries import (
    OfficePerson,
    StandIn,
    list_absences,
    list_coming_absences,
    list_offices,
    list_post_titles,
    list_requests,
    list_substitutions,
)
from app.kernel.absences.rules import Away
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.queries import load_calendar
from app.kernel.identity.regions import list_subtree

YEARS = (2000, 2100)


def month_of(text: str, today: date) -> date:
    """The first day of the month that `YYYY-MM` names; this month when it makes no sense."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if YEARS[0] <= found.year < YEARS[1] else today.replace(day=1)


def supervised_regions(session: Session, who: Standing) -> frozenset[str]:
    """Regions of the reader's supervision posts with everything below them."""
    held = {post.region_code for post in who.posts if post.kind == "supervision"}
    return frozenset(list_subtree(session, held)) if held else frozenset()


def calendar_page(session: Session, who: Standing, month: date, office: str) -> CalendarPage:
    """Rows are the people of one office; who is neither himself nor a supervisor sees no causes."""
    offices = list_offices(session, who.actor.regions, who.today)
    region = office if office in offices else _default_office(who, offices)
    people = list_staff(session, [region], who.today) if region else []
    last = month.replace(day=monthrange(month.year, month.month)[1])
    ids = [person.person_id for person in people]
    away = list_absences(session, ids, month, last)
    stand_ins = list_substitutions(session, persons=ids, first=month, last=last)
    tells = region in supervised_regions(session, who)
    days, calendar = (
        [month + timedelta(days=n) for n in range((last - month).days + 1)],
        load_calendar(session),
    )
    titles = list_post_titles(session)
    rows = [
        _row(person, who, days, away.get(person.person_id, []), stand_ins, calendar, titles, tells)
        for person in people
    ]
    return CalendarPage(
        tabs=tabs(who, "absences.calendar"),
        title=_("%(y)s年%(m)s月", y=month.year, m=month.month),
        remark=_remark(away, who.today),
        month=f"{month:%Y-%m}",
        before=_month_url(month - timedelta(days=1), region),
        after=_month_url(last + timedelta(days=1), region),
        offices=[Choice(code, pick(*names), code == region) for code, names in offices.items()],
        days=[_day(one, who.today, calendar) for one in days],
        rows=rows,
        may_enter_for_others=tells,
    )


def _default_office(who: Standing, offices: Mapping[str, tuple[str, str]]) -> str:
    post = main_post(who)
    if post is not None and post.region_code in offices:
        return post.region_code
    return next(iter(offices), "")


def _month_url(month: date, region: str) -> str:
    return url_for("absences.calendar", month=f"{month:%Y-%m}", region=region)


def _remark(away: Mapping[int, Sequence[Away]], today: date) -> str:
    now = sum(1 for held in away.values() if any(item.covers(today) for item in held))
    return _("今天 %(n)s 人不在岗", n=now)


def _day(one: date, today: date, calendar: WorkingCalendar) -> CalendarDay:
    return CalendarDay(
        one.day,
        str(WEEKDAYS[one.weekday()])[-1:],
        not calendar.is_working_day(one),
        one == today,
        long_day(one),
    )


def _row(
    person: OfficePerson,
    who: Standing,
    days: Sequence[date],
    away: Sequence[Away],
    stand_ins: Sequence[StandIn],
    calendar: WorkingCalendar,
    titles: Mapping[str, tuple[str, str]],
    tells: bool,
) -> CalendarRow:
    shown = tells or person.person_id == who.person_id
    return CalendarRow(
        person=person.name,
        posts=_("、").join(dict.fromkeys(pick(*titles[post]) for post, _region in person.posts)),
        cells=[_cell(one, away, calendar, shown) for one in days],
        periods=[f"{period(item.starts_on, item.ends_on, who.today)} {_cause(item, shown)}" for item in away],
        stand_ins=[
            _(
                "%(name)s代办%(post)s（%(period)s）",
                name=item.substitute,
                post=pick(item.post_zh, item.post_en),
                period=stand_in_period(item, who.today),
            )
            for item in stand_ins
            if item.principal_id == person.person_id
        ],
    )


def _cause(item: Away, shown: bool) -> str:
    return str(CAUSE_WORDS[item.cause]) if shown else _("不在岗")


def _cell(one: date, away: Sequence[Away], calendar: WorkingCalendar, shown: bool) -> CalendarCell:
    found = next((item for item in away if item.covers(one)), None)
    if found is not None:
        return CalendarCell("away", _("%(day)s %(cause)s", day=day(one), cause=_cause(found, shown)))
    return CalendarCell("" if calendar.is_working_day(one) else "rest")


def own_page(session: Session, who: Standing, refusal: str = "") -> OwnPage:
    """What concerns the reader."""
    mine = list_substitutions(session, persons=[who.person_id], first=who.today)
    running = [item for item in mine if item.ended_on is None]
    return OwnPage(
        tabs=tabs(who, "absences.mine"),
        absences=[
            OwnAbsence(
                period(item.starts_on, item.ends_on, who.today),
                str(CAUSE_WORDS[item.cause]),
                item.note,
                url_for("absences.cancel", absence_id=item.id),
                item.starts_on <= who.today,
            )
            for item in list_coming_absences(session, who.person_id, who.today)
        ],
        by_others=[running_row(item, who, ()) for item in running if item.principal_id == who.person_id],
        for_others=[running_row(item, who, ()) for item in running if item.substitute_id == who.person_id],
        requests=[request_row(item, who, ()) for item in list_requests(session, persons=[who.person_id])],
        refusal=refusal,
    )


def stand_ins_page(session: Session, who: Standing, ask: AskForm, refusal: str = "") -> StandInsPage:
    """Requests that wait and substitutions not over, of the reader's regions; others see their own."""
    supervised = supervised_regions(session, who)
    regions = supervised if may_supervise(who) else frozenset({post.region_code for post in who.posts})
    found = list_substitutions(session, persons=[who.person_id], regions=regions, first=who.today)
    return StandInsPage(
        tabs=tabs(who, "absences.stand_ins"),
        requests=[
            request_row(item, who, supervised)
            for item in list_requests(session, persons=[who.person_id], regions=supervised)
        ],
        running=[running_row(item, who, supervised) for item in found if item.ended_on is None],
        ask=ask,
        refusal=refusal,
    )
