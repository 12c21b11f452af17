"""People and their accounts: the list, one person, registering, locking, doubts, the permission sheet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.pages.people_build import PeopleRequest, people_page
from app.faces.web.pages.people_view import NewPersonForm
from app.faces.web.pages.person_build import person_page
from app.faces.web.parts import ErrorLine
from app.faces.web.people_access import (
    may_manage_accounts,
    officer_of,
    regions_seen,
    require_people,
)
from app.faces.web.posted import posted_form
from app.faces.web.shell import fresh_key
from app.faces.web.signin import kernel
from app.kernel.grants.holdings import ANYWHERE, may_see
from app.kernel.identity import administration
from app.kernel.identity.administration import NewPerson, Registered, register_person
from app.kernel.identity.doubts import raise_doubt
from app.kernel.identity.identifiers import IdentifierInvalid
from app.kernel.identity.records import PersonFile, get_person_file
from app.kernel.identity.refusals import PersonKnown
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("people", __name__)
NEW_FIELDS = ("name", "id_number", "login", "password")
LONGEST_REASON = 300


@pages.get("/people")
def show() -> str:
    """Search, filters, sorting and page stand in the address."""
    who = require_people()
    with reading() as session:
        page = people_page(session, who, PeopleRequest.of(request.args, kernel().keyring))
    return render_template("pages/people.html", page=page)


@pages.get("/people/new")
def new() -> str:
    """Registering a person with a first account: the system administrator's."""
    _require_manager()
    return _new_page({}, [])


@pages.post("/people/new")
def create() -> Response | tuple[str, int]:
    """A new person; one whose number is known already is shown instead."""
    _require_manager()
    posted = posted_form()
    texts = {key: request.form.get(key, "")[:200] for key in NEW_FIELDS}
    errors = [ErrorLine(_("必填"), key, label) for key, label in _labels().items() if not texts[key].strip()]
    if errors:
        return _new_page(texts, errors), 422
    try:
        found = carry_out(partial(_register, new=NewPerson(**texts)), posted=posted)
    except IdentifierInvalid as error:
        problem = ErrorLine(text_of_field(error.code, {}), "id_number", _labels()["id_number"])
        return _new_page(texts, [problem]), 422
    except PersonKnown as known:
        return _new_page(texts, [_known(known)]), 409
    except Refusal as refusal:
        label = _labels().get(refusal.field or "", "")
        return _new_page(texts, [ErrorLine(text_of(refusal), refusal.field or "", label)]), 422
    return redirect(url_for("people.person", person_id=found["person"], said="person_registered"))


def _register(unit: Unit, new: NewPerson) -> dict[str, int]:
    """What is kept for a second submit of the same form."""
    registered: Registered = register_person(unit, new)
    return {"person": registered.person_id, "account": registered.account_id}


def _known(known: PersonKnown) -> ErrorLine:
    with reading() as session:
        file = get_person_file(session, kernel().keyring, int(str(known.params["person_id"])))
    name = file.name if file else ""
    words = _(
        "这个证件号已经登记过：%(name)s #%(id)s。要加账号，请到他的人员页。",
        name=name,
        id=file.id if file else "",
    )
    return ErrorLine(words, "id_number", _labels()["id_number"])


def _labels() -> dict[str, str]:
    return {"name": _("姓名"), "id_number": _("身份证号"), "login": _("账号"), "password": _("初始密码")}


def _new_page(texts: dict[str, str], errors: list[ErrorLine]) -> str:
    kept = {key: texts.get(key, "") for key in NEW_FIELDS if key != "password"}
    return render_template("pages/person_new.html", page=NewPersonForm(kept, errors, fresh_key()))


@pages.get("/people/<int:person_id>")
def person(person_id: int) -> Response | str:
    """One person; a merged record leads to the person it belongs to."""
    who = require_people()
    with reading() as session:
        file = _file(session, who, person_id)
        if file.id != person_id:
            return redirect(url_for("people.person", person_id=file.id))
        return render_template("pages/person.html", page=person_page(session, who, file))


@pages.get("/people/<int:person_id>/sheet")
def sheet(person_id: int) -> str:
    """The permission sheet for the file: what the person holds and held, and by whose decision."""
    who = require_people()
    with reading() as session:
        page = person_page(session, who, _file(session, who, person_id))
        return render_template("pages/person_sheet.html", page=page)


@pages.post("/people/<int:person_id>/accounts")
def add_account(person_id: int) -> Response | tuple[str, int]:
    """A further account of the same person."""
    login, password = request.form.get("login", "")[:200], request.form.get("password", "")[:200]
    operation = partial(administration.add_account, person_id=person_id, login=login, password=password)
    return _act(person_id, lambda unit: {"account": operation(unit)}, "account_created")


ACCOUNT_ACTS: dict[str, tuple[Callable[..., None], str]] = {
    "lock": (administration.lock_account, "account_locked"),
    "disable": (administration.disable_account, "account_disabled"),
    "enable": (administration.enable_account, "account_enabled"),
}


@pages.post("/people/<int:person_id>/accounts/<int:account_id>")
def change_account(person_id: int, account_id: int) -> Response | tuple[str, int]:
    """Lock, disable, enable (with a reason), or a new password."""
    act, reason = request.form.get("act", ""), request.form.get("reason", "").strip()[:LONGEST_REASON]
    if act == "reset":
        new_password = request.form.get("password", "")[:200]
        operation: Callable[[Unit], Any] = partial(
            administration.reset_password, account_id=account_id, new=new_password
        )
        return _act(person_id, operation, "password_reset")
    if act not in ACCOUNT_ACTS:
        abort(400)
    if not reason:
        return _page_with(person_id, refusal=_("请填写理由。")), 422
    change, said = ACCOUNT_ACTS[act]
    return _act(person_id, partial(change, account_id=account_id, reason=reason), said)


@pages.post("/people/<int:person_id>/doubts")
def doubt(person_id: int) -> Response | tuple[str, int]:
    """Put the person's identity in question, against another record or by itself."""
    other, ground = request.form.get("other", "").strip().lstrip("#"), request.form.get("ground", "").strip()
    if not ground or (other and not (other.isascii() and other.isdigit() and len(other) < 18)):
        words = _("请写明依据；另一份档案填它的编号（数字），不知道就空着。")
        return _page_with(person_id, refusal=words), 422
    against = int(other) if other else None
    operation = partial(raise_doubt, person_id=person_id, other_id=against, ground=ground[:LONGEST_REASON])
    return _act(person_id, lambda unit: {"doubt": operation(unit)}, "doubt_raised")


def _act(person_id: int, operation: Callable[[Unit], Any], said: str) -> Response | tuple[str, int]:
    """Carry out and come back; a refusal is told on the person's page."""
    require_people()
    try:
        carry_out(operation, posted=posted_form())
    except Refusal as refusal:
        return _page_with(person_id, refusal=text_of(refusal)), 409
    return redirect(url_for("people.person", person_id=person_id, said=said))


def _page_with(person_id: int, refusal: str) -> str:
    with reading() as session:
        who = standing()
        file = _file(session, who, person_id)
        return render_template("pages/person.html", page=person_page(session, who, file, refusal=refusal))


def _file(session: Session, who: Standing, person_id: int) -> PersonFile:
    """The person, when the reader may see him; else 404."""
    file = get_person_file(session, kernel().keyring, person_id)
    if file is None:
        abort(404)
    regions = regions_seen(who)
    if regions != ANYWHERE and file.id != who.person_id and not may_see(session, file.id, regions):
        abort(404)
    return file


def _require_manager() -> None:
    who = require_people()
    with reading() as session:
        if not may_manage_accounts(officer_of(session, who)):
            abort(403)
