"""The register of interests: my own yearly declaration, and (for internal audit) other people's."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.recusal_words import cause_word
from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.pages.standing_rows import causes, own_row, refused, said
from app.faces.web.pages.standing_view import InterestRow, InterestsPage, Refused
from app.faces.web.posted import Posted, posted_form
from app.faces.web.words import local, moment
from app.kernel.recusal.interests import Declaration, confirm_interests, declare_interest, end_interest
from app.kernel.recusal.queries import list_own_recusals
from app.kernel.recusal.register import (
    InterestView,
    get_person_line,
    last_confirmed,
    list_interests,
    list_named,
)
from app.kernel.refusals import Refusal

pages = Blueprint("interests", __name__)
Answer = Response | tuple[str, int]


@pages.get("/me/interests")
def show() -> str:
    """My own declarations, and the cases I stand back from."""
    return _own(Refused())


@pages.post("/me/interests")
def declare() -> Answer:
    """Enter a relation."""
    posted = posted_form()
    try:
        carry_out(partial(declare_interest, declaration=_declaration(posted)), posted=posted)
    except Refusal as refusal:
        return _own(refused("declare", posted, refusal)), 422
    return redirect(url_for("interests.show", said="interest_declared"))


@pages.post("/me/interests/<int:interest_id>/end")
def end(interest_id: int) -> Answer:
    """End a relation that is over."""
    posted = posted_form()
    try:
        carry_out(partial(end_interest, interest_id=interest_id), posted=posted)
    except Refusal as refusal:
        return _own(refused("end", posted, refusal)), 409
    return redirect(url_for("interests.show", said="interest_ended"))


@pages.post("/me/interests/confirmed")
def confirm() -> Response:
    """Nothing changed this year: the register is complete."""
    carry_out(confirm_interests, posted=posted_form())
    return redirect(url_for("interests.show", said="interests_confirmed"))


@pages.get("/interests")
def find() -> str:
    """Internal audit looks for a person by name."""
    _require_auditor()
    name = request.args.get("name", "").strip()[:40]
    with reading() as session:
        found = list_named(session, name) if name else []
    people = [(url_for("interests.show_other", person_id=item.person_id), item.name) for item in found]
    page = InterestsPage(
        title=_("他人回避申报"),
        remark=_("找到 %(n)s 人", n=len(people)) if name else _("按姓名查找"),
        own=False,
        rows=[],
        recusals=[],
        add_url="",
        confirm_url="",
        confirmed="",
        due=False,
        causes=[],
        people=people,
        search_url=url_for("interests.find"),
        searched=name,
    )
    return render_template("pages/interests.html", page=page)


@pages.get("/interests/<int:person_id>")
def show_other(person_id: int) -> str:
    """Another person's register, for internal audit."""
    return _other(person_id, Refused())


@pages.post("/interests/<int:person_id>")
def declare_other(person_id: int) -> Answer:
    """Internal audit enters a relation it found."""
    posted = posted_form()
    operation = partial(declare_interest, declaration=_declaration(posted), person_id=person_id)
    try:
        carry_out(operation, posted=posted)
    except Refusal as refusal:
        return _other(person_id, refused("declare", posted, refusal)), 422
    return redirect(url_for("interests.show_other", person_id=person_id, said="interest_declared"))


@pages.post("/interests/<int:person_id>/<int:interest_id>/end")
def end_other(person_id: int, interest_id: int) -> Answer:
    """Internal audit ends a relation."""
    posted = posted_form()
    try:
        carry_out(partial(end_interest, interest_id=interest_id, person_id=person_id), posted=posted)
    except Refusal as refusal:
        return _other(person_id, refused("end", posted, refusal)), 409
    return redirect(url_for("interests.show_other", person_id=person_id, said="interest_ended"))


def _declaration(posted: Posted) -> Declaration:
    return Declaration(
        cause=said(posted, "cause"),
        relation=said(posted, "relation"),
        id_number=said(posted, "id_number"),
        uscc=said(posted, "uscc"),
        name=said(posted, "name"),
    )


def _own(back: Refused) -> str:
    who = standing()
    with reading() as session:
        confirmed = last_confirmed(session, who.person_id)
        recusals = [own_row(item, who) for item in list_own_recusals(session, who.person_id)]
        rows = [_row(item, who, None) for item in list_interests(session, who.person_id)]
    due = confirmed is None or local(confirmed).year < who.today.year
    page = InterestsPage(
        title=_("我的回避申报"),
        remark=_("%(year)s 年度", year=who.today.year),
        own=True,
        rows=rows,
        recusals=recusals,
        add_url=url_for("interests.declare"),
        confirm_url=url_for("interests.confirm"),
        confirmed=_("%(when)s已确认申报完整", when=moment(confirmed, who.today)) if confirmed else "",
        due=due,
        causes=causes(back.typed.get("cause", "")),
        refused=back,
    )
    return render_template("pages/interests.html", page=page)


def _other(person_id: int, back: Refused) -> str:
    _require_auditor()
    who = standing()
    with reading() as session:
        name, rows = _register_of(session, person_id, who)
    page = InterestsPage(
        title=_("%(name)s的回避申报", name=name),
        remark=_("稽核内控岗登记，本人可以看到"),
        own=False,
        rows=rows,
        recusals=[],
        add_url=url_for("interests.declare_other", person_id=person_id),
        confirm_url="",
        confirmed="",
        due=False,
        causes=causes(back.typed.get("cause", "")),
        refused=back,
        search_url=url_for("interests.find"),
    )
    return render_template("pages/interests.html", page=page)


def _register_of(session: Session, person_id: int, who: Standing) -> tuple[str, list[InterestRow]]:
    found = get_person_line(session, person_id)
    if found is None:
        abort(404)
    rows = [_row(item, who, found.person_id) for item in list_interests(session, found.person_id)]
    return found.name, rows


def _row(item: InterestView, who: Standing, person_id: int | None) -> InterestRow:
    key = item.ids[0]
    end_url = (
        url_for("interests.end", interest_id=key)
        if person_id is None
        else url_for("interests.end_other", person_id=person_id, interest_id=key)
    )
    ended = item.ended_at is not None
    when = moment(item.declared_at, who.today)
    return InterestRow(
        key=str(key),
        cause=cause_word(item.cause),
        label=item.label,
        when=when,
        declarer=_("本人") if item.by_self else (item.declarer or ""),
        state=_("%(when)s终止", when=moment(item.ended_at, who.today)) if item.ended_at else _("有效"),
        tone="" if ended else "soon",
        end_url="" if ended else end_url,
    )


def audits(who: Standing) -> bool:
    """Whether other people's registers are this person's to see."""
    return who.holds("audit")


def _require_auditor() -> None:
    if not audits(standing()):
        abort(403)
