"""Entering an absence: the typed form, its preview, and what became of everything after confirming."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing, place_of, title_of
from app.faces.web.language import pick
from app.faces.web.office_people import list_staff
from app.faces.web.pages.absence_words import (
    CAUSE_WORDS,
    period,
    stand_in_period,
    tabs,
    who_for_whom,
    why_not,
)
from app.faces.web.pages.absences_build import supervised_regions
from app.faces.web.pages.absences_view import EntryForm, EntryPage, EntryPost, EntryPreview, EntryTask
from app.faces.web.pages.queue_rows import clock_words, may
from app.faces.web.pages.staffing_build import absence_staffing
from app.faces.web.parts import Choice
from app.faces.web.words import duty
from app.kernel.absences.operations import CAUSES
from app.kernel.absences.preview import AbsencePreview, PostToFill, TouchedTask, preview_absence
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.models import Clock
from app.kernel.deadlines.queries import load_calendar
from app.kernel.worklist.queries import list_nearest_clocks
from app.kernel.worklist.staff import spread

KEEP, PUT_BACK = "keep", "put_back"
ALONE_SHOWN = 10


@dataclass(frozen=True)
class Entry:
    """The address or the posted form, read; `starts_on` is None while no period makes sense."""

    person: int
    starts_on: date | None
    ends_on: date | None
    cause: str
    note: str
    typed: Mapping[str, str]

    @classmethod
    def of(cls, texts: Mapping[str, str], who: Standing) -> Entry:
        """Values that make no sense count as not given."""
        person = texts.get("person", "")
        cause = texts.get("cause", "")
        return cls(
            int(person) if person.isascii() and person.isdigit() and len(person) < 18 else who.person_id,
            _day(texts.get("starts_on", "")),
            _day(texts.get("ends_on", "")),
            cause if cause in CAUSES else CAUSES[0],
            texts.get("note", "").strip()[:200],
            texts,
        )

    @property
    def known(self) -> tuple[date, date] | None:
        """Both days, when they are a period of sensible length."""
        if self.starts_on is None or self.ends_on is None or self.ends_on < self.starts_on:
            return None
        return (self.starts_on, self.ends_on)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def entry_page(session: Session, who: Standing, entry: Entry, refusal: str = "") -> EntryPage:
    """The form for the reader or, for a supervisor, for one of his people; with the preview of a known period."""
    people = _people(session, who)
    person = entry.person if entry.person in people else who.person_id
    form = EntryForm(
        people=[Choice(str(key), name, key == person) for key, name in people.items()],
        causes=[Choice(key, str(CAUSE_WORDS[key]), key == entry.cause) for key in CAUSES],
        person=str(person),
        starts_on=entry.starts_on.isoformat() if entry.starts_on else "",
        ends_on=entry.ends_on.isoformat() if entry.ends_on else "",
        note=entry.note,
        cause=entry.cause,
    )
    preview = None
    if entry.known is not None:
        found = preview_absence(session, person, *entry.known, who.now, who.today, reader=who.person_id)
        preview = _preview(
            session, who, found, entry.known, person, people[person], by_other=person != who.person_id
        )
    return EntryPage(tabs(who, "absences.mine"), form, preview, refusal)


def _people(session: Session, who: Standing) -> dict[int, str]:
    """The reader, and whoever the reader supervises."""
    mine = {who.person_id: _("我自己")}
    people = list_staff(session, supervised_regions(session, who), who.today)
    return mine | {one.person_id: one.name for one in people if one.person_id != who.person_id}


def _preview(
    session: Session,
    who: Standing,
    found: AbsencePreview,
    known: tuple[date, date],
    person: int,
    name: str,
    *,
    by_other: bool,
) -> EntryPreview:
    clocks = list_nearest_clocks(session, {item.case.id for item in (*found.claimed, *found.alone)})
    calendar = load_calendar(session)
    dealt = _deal(found.claimed) if by_other else {}

    def row(item: TouchedTask) -> EntryTask:
        choices = _choices(item, dealt.get(item.task.id), by_other=by_other)
        return _task(item, who, clocks, calendar, choices)

    parts = [
        _("%(who)s，%(period)s。", who=name, period=period(*known, who.today)),
        _("名下 %(n)s 项任务，其中 %(m)s 项在此期间到期。", n=len(found.claimed), m=found.due_inside),
        _("另有 %(n)s 项任务没有别人能办。", n=len(found.alone))
        if found.alone
        else _("其余任务都有别人能办。"),
    ]
    return EntryPreview(
        summary="".join(parts),
        claimed=[row(item) for item in found.claimed],
        alone=[row(item) for item in found.alone[:ALONE_SHOWN]],
        posts=[_post(item, who) for item in found.posts],
        staffing=absence_staffing(
            session, who, person, {item.post.region_code for item in found.posts}, known
        ),
    )


def _deal(claimed: Sequence[TouchedTask]) -> dict[int, int]:
    """What a supervisor would hand to whom, by load."""
    able = {item.task.id: list(item.others) for item in claimed}
    return spread(able, {one.person_id for held in able.values() for one in held})


def _choices(item: TouchedTask, dealt: int | None, *, by_other: bool) -> list[Choice]:
    keep = Choice(KEEP, _("保留在名下"), not item.others)
    if not by_other:
        return [keep, Choice(PUT_BACK, _("放回队列"), bool(item.others))]
    people = [
        Choice(
            str(one.person_id),
            _("改派给%(name)s（%(n)s 件）", name=one.name, n=one.open_tasks),
            one.person_id == dealt,
        )
        for one in item.others
    ]
    return [*people, Choice(PUT_BACK, _("放回队列")), keep]


def _task(
    item: TouchedTask,
    who: Standing,
    clocks: Mapping[int, Clock],
    calendar: WorkingCalendar,
    choices: Sequence[Choice],
) -> EntryTask:
    task, case = item.task, item.case
    return EntryTask(
        key=f"{task.id}:{task.version}",
        url=url_for("case.show", case_id=case.id),
        case_no=case.case_no,
        worker=case.subject_name,
        step=pick(task.title_zh, task.title_en),
        duty=duty(task.duty),
        clock=clock_words(clocks.get(case.id), who.today, calendar),
        due_inside=item.due_inside,
        opened=task.opened_at is not None,
        choices=choices,
        others=may([one.name for one in item.others]) if item.others else "",
    )


def _post(item: PostToFill, who: Standing) -> EntryPost:
    filled = item.filled_by or item.asked_for
    words = ""
    if filled is not None:
        state = _("已批准") if item.filled_by else _("待批准")
        words = f"{who_for_whom(filled)}{_('，')}{stand_in_period(filled, who.today)}{_('，')}{state}"
    return EntryPost(
        key=f"{item.post.key}:{item.post.region_code}",
        words=_("%(place)s %(post)s", place=place_of(item.post), post=title_of(item.post)),
        filled=words,
        possible=[Choice(str(one.person_id), one.name) for one in item.possible if not one.refusal],
        impossible=[(one.name, why_not(one)) for one in item.possible if one.refusal],
    )


def chosen_tasks(form: Mapping[str, str], keys: Collection[str]) -> list[tuple[int, int, str]]:
    """(task, version, what to do) of every claimed task that was not to be kept."""
    found = []
    for key in list(keys)[:200]:
        task, _colon, version = key.partition(":")
        wanted = form.get(f"do-{task}", KEEP)
        if task.isdigit() and version.isdigit() and wanted != KEEP:
            found.append((int(task), int(version), wanted))
    return found
