"""Absences and substitutes: the month of an office, one's own page, entering with a preview, approving."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.absence_ask import Ask, ask_form
from app.faces.web.pages.absence_confirm import confirm
from app.faces.web.pages.absence_entry import Entry, entry_page
from app.faces.web.pages.absences_build import calendar_page, month_of, own_page, stand_ins_page
from app.kernel.absences.operations import cancel_absence
from app.kernel.absences.substitution import (
    approve_substitution,
    end_substitution,
    name_substitute,
    refuse_substitution,
    withdraw_substitution,
)
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("absences", __name__, url_prefix="/absences")
REASON = 200


@pages.get("")
def mine() -> str:
    """The reader's absences and stand-ins."""
    return _own()


@pages.get("/calendar")
def calendar() -> str:
    """Who of an office is away when, and who stands in."""
    who = standing()
    month = month_of(request.args.get("month", ""), who.today)
    with reading() as session:
        page = calendar_page(session, who, month, request.args.get("region", ""))
        return render_template("pages/absence_calendar.html", page=page)


@pages.get("/new")
def new() -> str:
    """The form; with a period in the address, what the absence would do."""
    with reading() as session:
        page = entry_page(session, standing(), Entry.of(request.args, standing()))
        return render_template("pages/absence_entry.html", page=page)


@pages.post("/new")
def enter() -> str | tuple[str, int]:
    """Record the absence, then each chosen consequence in a transaction of its own; answers what became of each."""
    entry = Entry.of(request.form, standing())
    if entry.known is None:
        return _entry_again(entry, _("请填写起止日期，止日不早于起日。"))
    try:
        done = confirm(entry, entry.known, request.form)
    except Refusal as refusal:
        return _entry_again(entry, text_of(refusal))
    return render_template("pages/absence_done.html", page=done)


@pages.post("/<int:absence_id>/cancel")
def cancel(absence_id: int) -> Response | tuple[str, int]:
    """Back early, or not going; its substitutes end with it."""

    def operation(unit: Unit) -> None:
        cancel_absence(unit, absence_id)

    return _carried(operation, "absences.mine", "absence_cancelled", _own)


@pages.get("/substitutes")
def stand_ins() -> str:
    """Requests that wait, substitutions in force, and naming one."""
    return _stand_ins()


@pages.post("/substitutes")
def ask() -> Response | tuple[str, int]:
    """Ask for a substitute."""
    wanted = Ask.of(request.form, standing())
    if wanted.ask is None:
        return _stand_ins(_("请选本人、岗位和代办人，并填写起止日期和事由。")), 422

    def operation(unit: Unit) -> int:
        return name_substitute(unit, wanted.ask) if wanted.ask else 0

    return _carried(operation, "absences.stand_ins", "substitution_requested", _stand_ins)


@pages.post("/substitutes/requests/<int:request_id>/approve")
def approve(request_id: int) -> Response | tuple[str, int]:
    """By a supervisor who is not involved."""

    def operation(unit: Unit) -> int:
        return approve_substitution(unit, request_id)

    return _carried(operation, "absences.stand_ins", "substitution_approved", _stand_ins)


@pages.post("/substitutes/requests/<int:request_id>/refuse")
def refuse(request_id: int) -> Response | tuple[str, int]:
    """With a reason."""
    reason = request.form.get("reason", "").strip()[:REASON]
    if not reason:
        return _stand_ins(_("请填写理由。")), 422

    def operation(unit: Unit) -> None:
        refuse_substitution(unit, request_id, reason)

    return _carried(operation, "absences.stand_ins", "substitution_refused", _stand_ins)


@pages.post("/substitutes/requests/<int:request_id>/withdraw")
def withdraw(request_id: int) -> Response | tuple[str, int]:
    """By whoever asked."""

    def operation(unit: Unit) -> None:
        withdraw_substitution(unit, request_id)

    return _carried(operation, "absences.stand_ins", "substitution_withdrawn", _stand_ins)


@pages.post("/substitutes/<int:substitution_id>/end")
def end(substitution_id: int) -> Response | tuple[str, int]:
    """End one early, at once."""
    reason = request.form.get("reason", "").strip()[:REASON]

    def operation(unit: Unit) -> int:
        return end_substitution(unit, substitution_id, reason)

    return _carried(operation, "absences.stand_ins", "substitution_ended", _stand_ins)


def _carried(
    operation: Callable[[Unit], object], endpoint: str, said: str, again: Callable[[str], str]
) -> Response | tuple[str, int]:
    """Do it and go on, or show the page again with the refusal."""
    try:
        carry_out(operation)
    except Refusal as refusal:
        return again(text_of(refusal)), 409
    return redirect(url_for(endpoint, said=said))


def _own(refusal: str = "") -> str:
    with reading() as session:
        return render_template("pages/absence_mine.html", page=own_page(session, standing(), refusal))


def _stand_ins(refusal: str = "") -> str:
    who = standing()
    if not who.posts:
        abort(403)
    with reading() as session:
        form = ask_form(session, who, Ask.of({**request.args, **request.form}, who))
        page = stand_ins_page(session, who, form, refusal)
        return render_template("pages/absence_substitutes.html", page=page)


def _entry_again(entry: Entry, refusal: str) -> tuple[str, int]:
    with reading() as session:
        page = entry_page(session, standing(), entry, refusal)
        return render_template("pages/absence_entry.html", page=page), 422
