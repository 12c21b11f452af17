"""The permission chain on pages: ask for a post or its end, see what waits, take one's step."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading
from app.faces.web.pages.grant_build import (
    LABELS,
    Asked,
    end_form,
    read_asked,
    request_form,
    request_page,
    requests_page,
)
from app.faces.web.pages.people_view import RequestForm
from app.faces.web.parts import ErrorLine
from app.faces.web.people_access import officer_of, regions_seen, require_people
from app.faces.web.posted import posted_form
from app.faces.web.shell import fresh_key
from app.faces.web.signin import kernel
from app.kernel.grants.entities import CHAIN, Step
from app.kernel.grants.holdings import ANYWHERE, GrantRow, get_grant, may_see
from app.kernel.grants.operations import TAKING, apply_for_end, apply_for_post
from app.kernel.grants.queries import RequestRow, get_request
from app.kernel.identity.records import PersonFile, get_person_file
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("grants", __name__)
SCOPES = ("mine", "open", "closed")
LONGEST = 300


@pages.get("/people/requests")
def show() -> str:
    """What waits for the reader first."""
    who = require_people()
    scope, page = request.args.get("scope", "mine"), request.args.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    with reading() as session:
        found = requests_page(session, who, scope if scope in SCOPES else "mine", max(1, number))
    return render_template("pages/grant_requests.html", page=found)


@pages.get("/people/requests/<int:request_id>", endpoint="request_page")
def show_one(request_id: int) -> str:
    """One request with its chain."""
    return _show_request(request_id)


@pages.post("/people/requests/<int:request_id>")
def act(request_id: int) -> Response | tuple[str, int]:
    """Take a step; refusing and withdrawing want a reason."""
    require_people()
    chosen, comment = request.form.get("step", ""), request.form.get("comment", "").strip()[:LONGEST]
    if chosen not in {step.value for step in TAKING}:
        abort(400)
    step = Step(chosen)
    if step in (Step.REFUSE, Step.CANCEL) and not comment:
        return _show_request(request_id, _("请写明理由。")), 422
    if step in CHAIN and "confirmed" not in request.form:
        return _show_request(request_id, _("请先核对人员、岗位和期间，再勾选确认。")), 422
    key = "reason" if step in (Step.REFUSE, Step.CANCEL) else "comment"
    operation = partial(TAKING[step], request_id=request_id, **{key: comment})
    try:
        carry_out(partial(_kept, operation=operation), posted=posted_form())
    except Refusal as refusal:
        return _show_request(request_id, text_of(refusal)), 409
    return redirect(url_for("grants.request_page", request_id=request_id, said=f"grant_{step.value}"))


def _kept(unit: Unit, operation: Any) -> dict[str, int]:
    """A mapping, so that a second submit of the same form answers the same."""
    return {"grant": operation(unit) or 0}


def _show_request(request_id: int, refusal: str = "") -> str:
    who = require_people()
    with reading() as session:
        row = _request(session, who, request_id)
        return render_template("pages/grant_request.html", page=request_page(session, who, row, refusal))


def _request(session: Session, who: Standing, request_id: int) -> RequestRow:
    row = get_request(session, request_id)
    regions = regions_seen(who)
    if row is None or (regions != ANYWHERE and row.wanted.region_code not in regions):
        abort(404)
    return row


@pages.get("/people/<int:person_id>/posts/new")
def new(person_id: int) -> str:
    """Asking for a post."""
    who = require_people()
    with reading() as session:
        file = _applicant_for(session, who, person_id)
        region = next((post.region_code for post in who.posts if post.kind == "supervision"), "")
        texts = {
            "region": region,
            "valid_from": who.today.isoformat(),
            "valid_to": "",
            "post": "",
            "reason": "",
        }
        form = request_form(session, who, file, Asked(texts, None), fresh_key())
    return _form(form)


@pages.post("/people/<int:person_id>/posts/new")
def create(person_id: int) -> Response | tuple[str, int] | str:
    """`check` asks only what stands against it; anything else submits."""
    who = require_people()
    posted = posted_form()
    with reading() as session:
        file = _applicant_for(session, who, person_id)
        asked = read_asked(request.form, file.id, who.today)
        checking = "check" in request.form
        if checking or asked.errors or asked.application is None:
            shown = Asked(asked.texts, asked.application, () if checking else asked.errors)
            key = posted.key or fresh_key()
            try:
                page = _form(request_form(session, who, file, shown, key))
            except Refusal as refusal:
                return _refused(session, who, file, asked, refusal)
            return page if checking else (page, 422)
    application = asked.application
    try:
        found = carry_out(lambda unit: {"request": apply_for_post(unit, application)}, posted=posted)
    except Refusal as refusal:
        with reading() as session:
            return _refused(session, who, file, asked, refusal)
    return redirect(url_for("grants.request_page", request_id=found["request"], said="grant_apply"))


def _refused(
    session: Session, who: Standing, file: PersonFile, asked: Asked, refusal: Refusal
) -> tuple[str, int]:
    errors = (ErrorLine(text_of(refusal)),)
    form = request_form(session, who, file, Asked(asked.texts, None, errors), fresh_key())
    return _form(form), 409


@pages.get("/people/grants/<int:grant_id>/end")
def end(grant_id: int) -> str:
    """Asking for the end of a post."""
    who = require_people()
    with reading() as session:
        file, grant = _grant(session, who, grant_id)
        day = max(who.today, grant.valid_from).isoformat()
        return _form(end_form(who, file, grant, {"valid_from": day, "reason": ""}, fresh_key()))


@pages.post("/people/grants/<int:grant_id>/end")
def ask_end(grant_id: int) -> Response | tuple[str, int]:
    """Submit the application for the end."""
    who = require_people()
    posted = posted_form()
    with reading() as session:
        file, grant = _grant(session, who, grant_id)
    form = {**request.form.to_dict(), "post": grant.post, "region": grant.region_code}
    asked = read_asked(form, file.id, who.today)
    application = asked.application
    if asked.errors or application is None:
        return _form(end_form(who, file, grant, asked.texts, fresh_key(), asked.errors)), 422
    operation = partial(
        apply_for_end, grant_id=grant_id, last_day_after=application.valid_from, reason=application.reason
    )
    try:
        found = carry_out(lambda unit: {"request": operation(unit)}, posted=posted)
    except Refusal as refusal:
        errors = [ErrorLine(text_of(refusal), "valid_from", str(LABELS["valid_from"]))]
        return _form(end_form(who, file, grant, asked.texts, fresh_key(), errors)), 409
    return redirect(url_for("grants.request_page", request_id=found["request"], said="grant_apply"))


def _form(form: RequestForm) -> str:
    return render_template("pages/grant_new.html", page=form)


def _grant(session: Session, who: Standing, grant_id: int) -> tuple[PersonFile, GrantRow]:
    found = get_grant(session, grant_id)
    if found is None:
        abort(404)
    record_id, grant = found
    return _applicant_for(session, who, record_id), grant


def _applicant_for(session: Session, who: Standing, person_id: int) -> PersonFile:
    """The person, when the reader sees him and supervises at all; else 404 or 403."""
    file = get_person_file(session, kernel().keyring, person_id)
    regions = regions_seen(who)
    if file is None or (regions != ANYWHERE and not may_see(session, file.id, regions)):
        abort(404)
    if not any(kind == "supervision" for _post, kind, _region in officer_of(session, who).held):
        abort(403)
    return file
