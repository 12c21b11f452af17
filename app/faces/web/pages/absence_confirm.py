"""Carrying out a confirmed absence: the record first, then every task and substitute in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.absence_entry import PUT_BACK, Entry, chosen_tasks
from app.faces.web.pages.absence_words import period, tabs
from app.faces.web.pages.absences_view import DoneLine, DonePage
from app.faces.web.posted import posted_form
from app.kernel.absences.operations import AbsenceEntry, record_absence
from app.kernel.absences.substitution import SubstitutionAsk, name_substitute
from app.kernel.cases.models import Case
from app.kernel.identity.queries import names_of
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import assign_task, check_version, release_task
from app.kernel.worklist.supervising import put_back_task


def confirm(entry: Entry, known: tuple[date, date], form: ImmutableMultiDict[str, str]) -> DonePage:
    """Answers one line per thing tried. Raise what `record_absence` refuses: then nothing was done."""
    who = standing()
    wanted = AbsenceEntry(entry.person, *known, entry.cause, entry.note)

    def record(unit: Unit) -> dict[str, int]:
        return {"absence": record_absence(unit, wanted)}

    absence_id = carry_out(record, posted=posted_form())["absence"]
    with reading() as session:
        name = _name_of(session, entry.person)
    when = period(*known, who.today)
    lines = [DoneLine(_("%(name)s，%(period)s", name=name, period=when), _("已登记"), ok=True)]
    reason = _("%(name)s %(period)s 不在岗", name=name, period=when)
    lines += [
        _move(task_id, version, what, reason, own=entry.person == who.person_id)
        for task_id, version, what in chosen_tasks(form, form.getlist("task"))
    ]
    lines += [
        _ask(entry.person, key, value, known, absence_id, entry.note or reason)
        for key, value in form.items()
        if key.startswith("sub-") and _is_id(value)
    ]
    return DonePage(tabs(who, "absences.mine"), _("休假已登记"), lines)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def _name_of(session: Session, person_id: int) -> str:
    return next(iter(names_of(session, [person_id])), "")


def _move(task_id: int, version: int, what: str, reason: str, *, own: bool) -> DoneLine:
    """Release, put back or reassign one claimed task."""
    with reading() as session:
        task = session.get(Task, task_id)
        case = session.get(Case, task.case_id) if task is not None else None
        if task is None or case is None:
            return DoneLine(str(task_id), _("没有找到这项任务，它可能已随案件进入别的环节。"), ok=False)
        case_id, label, url = case.id, case.case_no, url_for("case.show", case_id=case.id)
        to = _name_of(session, int(what)) if _is_id(what) else ""

    def operation(unit: Unit) -> None:
        found = unit.session.get(Task, task_id)
        if found is not None:
            check_version(found, version)
        if _is_id(what):
            assign_task(unit, task_id, int(what), reason)
        elif own:
            release_task(unit, task_id)
        else:
            put_back_task(unit, task_id, reason)

    if what != PUT_BACK and not _is_id(what):
        return DoneLine(label, _("不知道怎样处理，没有改动"), ok=False, url=url)
    told = _("已改派给%(name)s", name=to) if to else _("已放回队列")
    return _tried(operation, label, told, url, case_id)


def _ask(
    person: int, key: str, value: str, known: tuple[date, date], absence_id: int, reason: str
) -> DoneLine:
    """Ask for a substitute for one post."""
    post, _colon, region = key.removeprefix("sub-").partition(":")
    first, last = max(known[0], standing().today), known[1]
    with reading() as session:
        substitute = _name_of(session, int(value))

    def operation(unit: Unit) -> None:
        ask = SubstitutionAsk(
            person, int(value), post, region, first, last + timedelta(days=1), reason, absence_id
        )
        name_substitute(unit, ask)

    what = _("请%(name)s代办", name=substitute)
    return _tried(operation, what, _("已提请，等另一位主管批准"), url_for("absences.stand_ins"), None)


def _tried(
    operation: Callable[[Unit], None], what: str, told: str, url: str, case_id: int | None
) -> DoneLine:
    try:
        carry_out(operation, case_id=case_id)
    except Refusal as refusal:
        return DoneLine(what, text_of(refusal), ok=False, url=url)
    return DoneLine(what, told, ok=True, url=url)
