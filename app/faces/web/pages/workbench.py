"""The rule workbench: drafts of rules, one draft, its check, beginning, copying, submitting, discarding."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.designer_access import require_designer, require_reader
from app.faces.web.pages.workbench_build import (
    new_rule_page,
    publish_rule,
    rule_drafts_page,
    title_of,
    why_not_editable,
)
from app.faces.web.pages.workbench_errors import errors_of
from app.faces.web.pages.workbench_findings import marks_json, rule_results
from app.faces.web.pages.workbench_page import show_rule_draft
from app.faces.web.pages.workbench_properties import cases_view
from app.faces.web.pages.workbench_submit import submit_rule_page
from app.faces.web.posted import posted_form
from app.faces.web.shell import fresh_key
from app.kernel.engine.workbench.drafts import (
    copy_rule_draft,
    create_rule_draft,
    discard_rule_draft,
    take_over_rule_draft,
)
from app.kernel.engine.workbench.proposals import submit_rule_draft
from app.kernel.engine.workbench.queries import check_rule_draft, get_rule_draft
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("workbench", __name__, url_prefix="/rules/drafts")
Answer = AnyResponse | str | tuple[str, int]


@pages.get("")
def show() -> str:
    """Drafts still worked on."""
    who = require_reader()
    with reading() as session:
        page = rule_drafts_page(session, who, request.args.get("q", "").strip()[:60])
    return render_template("pages/rule_drafts.html", page=page)


@pages.get("/new")
def new() -> str:
    """From a rule in force, or a new one."""
    who = require_designer()
    with reading() as session:
        page = new_rule_page(session, who, {"rule": request.args.get("rule", "")}, fresh_key())
    return render_template("pages/rule_draft_new.html", page=page)


@pages.post("/new")
def create() -> Answer:
    """Begin the draft; what was typed comes back with what is wrong."""
    who = require_designer()
    posted = posted_form()
    values = {key: value.strip() for key, value in posted.values.items() if isinstance(value, str)}
    number = values.get("version", "")
    base = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else None
    errors, refusal = {}, ""
    try:
        rule_id = values.get("new_rule", "") or values.get("rule", "")
        draft_id = carry_out(partial(create_rule_draft, rule_id=rule_id, base=base), posted=posted)
        return redirect(url_for("workbench.draft", draft_id=draft_id, said="draft_created"))
    except InvalidInput as invalid:
        errors = errors_of(invalid)
    except Refusal as refused:
        refusal = text_of(refused)
    with reading() as session:
        page = new_rule_page(session, who, values, fresh_key(), errors=errors, refusal=refusal)
    return render_template("pages/rule_draft_new.html", page=page), 422


@pages.get("/<int:draft_id>")
def draft(draft_id: int) -> str:
    """The editor for who edits, all the rest for others too."""
    require_reader()
    return show_rule_draft(draft_id)


@pages.get("/<int:draft_id>/check")
def check(draft_id: int) -> Response:
    """The check of what is saved: what the editor marks, and the pieces of the page it changes."""
    who = require_reader()
    with reading() as session:
        found = get_rule_draft(session, draft_id)
    checked = check_rule_draft(found)
    editable = not why_not_editable(found, who)
    parts = {
        "results": rule_results(checked, who.now, draft_id),
        "cases": cases_view(found, checked, editable=editable),
        "publish": publish_rule(found, checked, who),
    }
    rendered = {
        name: render_template("parts/rule_part.html", name=name, view=view) for name, view in parts.items()
    }
    return jsonify(revision=found.revision, findings=marks_json(checked.findings), parts=rendered)


@pages.post("/<int:draft_id>/copy")
def copy(draft_id: int) -> AnyResponse:
    """A draft of one's own from somebody's."""
    require_designer()
    copied = carry_out(partial(copy_rule_draft, draft_id=draft_id))
    return redirect(url_for("workbench.draft", draft_id=copied, said="draft_created"))


@pages.post("/<int:draft_id>/take-over")
def take_over(draft_id: int) -> AnyResponse:
    """The draft is the officer's from here on."""
    require_designer()
    carry_out(partial(take_over_rule_draft, draft_id=draft_id))
    return redirect(url_for("workbench.draft", draft_id=draft_id, said="draft_taken_over"))


@pages.get("/<int:draft_id>/submit")
def submit(draft_id: int) -> str:
    """What is asked before the draft goes to the rechecker."""
    require_designer()
    with reading() as session:
        page = submit_rule_page(session, standing(), draft_id, {}, fresh_key())
    return render_template("pages/rule_submit.html", page=page)


@pages.post("/<int:draft_id>/submit")
def propose(draft_id: int) -> Answer:
    """Propose it as a controlled change."""
    require_designer()
    posted = posted_form()
    values = {key: str(posted.values.get(key, "")).strip() for key in ("reason", "ground")}
    try:
        answer = carry_out(partial(_proposing, draft_id=draft_id, values=values), posted=posted)
    except InvalidInput as invalid:
        return _submit_again(draft_id, values, invalid=invalid), 422
    except Refusal as refusal:
        return _submit_again(draft_id, values, refusal=text_of(refusal)), 409
    return redirect(url_for("changes.one", case_id=answer["case_id"], said="rule_proposed"))


def _proposing(unit: Unit, draft_id: int, values: dict[str, str]) -> dict[str, object]:
    return submit_rule_draft(unit, draft_id, reason=values["reason"], ground=values["ground"])


def _submit_again(
    draft_id: int, values: dict[str, str], *, invalid: InvalidInput | None = None, refusal: str = ""
) -> str:
    with reading() as session:
        page = submit_rule_page(
            session, standing(), draft_id, values, fresh_key(), invalid=invalid, refusal=refusal
        )
    return render_template("pages/rule_submit.html", page=page)


@pages.get("/<int:draft_id>/discard")
def discard(draft_id: int) -> str:
    """Asks once more: a discarded draft doesn't come back."""
    require_designer()
    with reading() as session:
        found = get_rule_draft(session, draft_id)
        if why_not_editable(found, standing()):
            abort(403)
    return render_template("pages/rule_discard.html", draft=found, title=title_of(found))


@pages.post("/<int:draft_id>/discard")
def discard_now(draft_id: int) -> AnyResponse:
    """Discard it."""
    require_designer()
    carry_out(partial(discard_rule_draft, draft_id=draft_id))
    return redirect(url_for("workbench.show", said="draft_discarded"))
