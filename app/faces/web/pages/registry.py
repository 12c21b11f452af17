"""The register: looking up people and employers for a purpose that is kept, institutions, experts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.domain.registry.access import note_search, open_person
from app.domain.registry.queries import get_employer, get_person
from app.domain.registry.search import Sought, sought
from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.pages.registry_build import (
    LONGEST_SEARCH,
    empty_search,
    experts_page,
    institutions_page,
    registry_tabs,
    search_page,
)
from app.faces.web.pages.registry_entry_build import employer_page, person_page
from app.faces.web.pages.registry_view import PurposePage
from app.faces.web.parts import ErrorLine
from app.faces.web.registry_access import may_enter, may_see_experts, may_see_register, require
from app.faces.web.signin import kernel
from app.kernel.refusals import Refusal

pages = Blueprint("registry", __name__, url_prefix="/registry")
Answer = str | tuple[str, int] | Response


@pages.get("")
def show() -> Answer:
    """Search; what was looked for, and for what purpose, is kept."""
    who = require(may_enter(standing()))
    if not may_see_register(who):
        return redirect(url_for("registry_files.show"))
    return _search(who, request.args)


@pages.post("")
def search() -> Answer:
    """The same from the form: an ID number that was typed stays in no address."""
    who = require(may_see_register(standing()))
    typed = {name: request.form.get(name, "") for name in ("q", "purpose")}
    if not sought(typed["q"], kernel().keyring).sensitive:
        return redirect(url_for("registry.show", q=typed["q"], purpose=typed["purpose"]))
    return _search(who, typed)


def _search(who: Standing, args: Mapping[str, str]) -> Answer:
    query, purpose = args.get("q", "").strip()[:LONGEST_SEARCH], args.get("purpose", "")
    if not query:
        return render_template("pages/registry.html", page=empty_search(who, [], "", purpose))
    wanted = sought(query, kernel().keyring)
    with reading() as session:
        page, found = search_page(session, who, wanted, args, purpose)
    try:
        carry_out(partial(note_search, typed=purpose, how=_how(wanted), found=found))
    except Refusal as refusal:
        problems = [ErrorLine(text_of(refusal), "purpose", _("用途"))]
        page = empty_search(who, problems, "" if wanted.sensitive else query, purpose)
        return render_template("pages/registry.html", page=page), 422
    if wanted.sensitive and page.table is not None:
        return redirect(page.table.rows[0][0].url)
    return render_template("pages/registry.html", page=page)


def _how(wanted: Sought) -> str:
    """By what somebody looked, for the log; never the words themselves."""
    kinds = ("number_index", "tail_index", "uscc", "case_no", "letters", "name")
    return next((kind for kind in kinds if getattr(wanted, kind)), "nothing")


@pages.get("/people/<int:person_id>")
def person(person_id: int) -> Answer:
    """One person, once the purpose is said."""
    who, purpose = require(may_see_register(standing())), request.args.get("purpose", "")
    if not purpose:
        return render_template("pages/registry_purpose.html", page=_purpose_page(who, person_id, "", []))
    try:
        number = carry_out(partial(open_person, person_id=person_id, typed=purpose))
    except LookupError:
        abort(404)
    except Refusal as refusal:
        problems = [ErrorLine(text_of(refusal), "purpose", _("用途"))]
        page = _purpose_page(who, person_id, purpose, problems)
        return render_template("pages/registry_purpose.html", page=page), 422
    with reading() as session:
        found = get_person(session, person_id)
        if found is None:
            abort(404)
        entry = person_page(session, who, found, number, purpose, request.args)
    return render_template("pages/registry_person.html", page=entry)


def _purpose_page(who: Standing, person_id: int, purpose: str, problems: list[ErrorLine]) -> PurposePage:
    address = url_for("registry.person", person_id=person_id)
    return PurposePage(registry_tabs(who, "registry.show"), address, purpose, problems)


@pages.get("/employers/<int:employer_id>")
def employer(employer_id: int) -> str:
    """One employer."""
    who = require(may_see_register(standing()))
    with reading() as session:
        found = get_employer(session, employer_id)
        if found is None:
            abort(404)
        return render_template("pages/registry_employer.html", page=employer_page(session, who, found))


@pages.get("/institutions")
def institutions() -> str:
    """Agreement institutions."""
    who = require(may_see_register(standing()))
    with reading() as session:
        return render_template("pages/registry_list.html", page=institutions_page(session, who, request.args))


@pages.get("/experts")
def experts() -> str:
    """The pool of experts."""
    who = require(may_see_experts(standing()))
    with reading() as session:
        return render_template("pages/registry_list.html", page=experts_page(session, who, request.args))
