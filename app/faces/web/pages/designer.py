"""Process design: the list, beginning a draft, one draft, its check, a deployed version, submitting, discarding."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.designer_access import require_designer, require_reader
from app.faces.web.pages.designer_build import current_diagram, publish_view, steps_part, why_not_editable
from app.faces.web.pages.designer_choices import choices_for
from app.faces.web.pages.designer_list import list_page, new_page
from app.faces.web.pages.designer_page import show_draft
from app.faces.web.pages.designer_start import StartRefused, begin_draft
from app.faces.web.pages.designer_submit import submit_page
from app.faces.web.pages.designer_tables import findings_json, outlines_of, results_view
from app.faces.web.pages.designer_version import version_page, version_raw
from app.faces.web.posted import posted_form
from app.faces.web.shell import fresh_key
from app.kernel.engine.lifecycle.drafts import copy_draft, discard_draft, submit_draft
from app.kernel.engine.lifecycle.queries import check_draft, get_draft
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("designer", __name__, url_prefix="/designer")
Answer = AnyResponse | str | tuple[str, int]


@pages.get("")
def show() -> str:
    """Drafts and processes."""
    who = require_reader()
    with reading() as session:
        page = list_page(session, who, request.args.get("q", "").strip()[:60])
    return render_template("pages/designer_list.html", page=page)


@pages.get("/new")
def new() -> str:
    """A copy of a version, uploaded files, or a skeleton."""
    require_designer()
    with reading() as session:
        page = new_page(session, {"process": request.args.get("process", "")}, fresh_key())
    return render_template("pages/designer_new.html", page=page)


@pages.post("/new")
def create() -> Answer:
    """Begin the draft; what was typed comes back with what is wrong."""
    require_designer()
    posted = posted_form()
    values = {key: value for key, value in posted.values.items() if isinstance(value, str)}
    try:
        draft_id = begin_draft(values, request.files.getlist("files"), posted)
    except StartRefused as refused:
        with reading() as session:
            page = new_page(session, values, fresh_key(), errors=refused.errors, refusal=refused.words)
        return render_template("pages/designer_new.html", page=page), 422
    return redirect(url_for("designer.draft", draft_id=draft_id, said="draft_created"))


@pages.get("/drafts/<int:draft_id>")
def draft(draft_id: int) -> str:
    """The modeler for who edits, the viewer for others; `file` is the diagram shown."""
    require_reader()
    return show_draft(draft_id, request.args.get("file", ""))


@pages.get("/drafts/<int:draft_id>/check")
def check(draft_id: int) -> Response:
    """The check of what is saved: the report, what the canvas draws, and the pieces of the page it changes."""
    who = require_reader()
    with reading() as session:
        found, report = get_draft(session, draft_id), check_draft(session, draft_id)
        file = current_diagram(found, request.args.get("file", ""))
        choices = choices_for(session, found.files, found.key, file)
        editable = not why_not_editable(found, who)
        parts = {
            "results": results_view(
                report, outlines_of(found.files), who.now, current=file, draft_id=draft_id
            ),
            "steps": steps_part(found, report, file, choices, editable=editable),
            "publish": publish_view(found, report, who),
        }
    rendered = {
        name: render_template("parts/designer_part.html", name=name, view=view)
        for name, view in parts.items()
    }
    return jsonify(
        report=report.to_json(), revision=found.revision, findings=findings_json(report), parts=rendered
    )


@pages.get("/processes/<key>/versions/<int:version>")
def version(key: str, version: int) -> str:
    """A deployed version: diagram, steps, files; nothing of it can be edited."""
    who = require_reader()
    with reading() as session:
        page = version_page(session, who, key, version, request.args.get("file", ""))
    return render_template("pages/designer_version.html", page=page)


@pages.get("/processes/<key>/versions/<int:version>/raw/<path:path>")
def version_file(key: str, version: int, path: str) -> Response:
    """A file of a deployed version."""
    require_reader()
    with reading() as session:
        return version_raw(session, key, version, path)


@pages.post("/drafts/<int:draft_id>/copy")
def copy(draft_id: int) -> AnyResponse:
    """A draft of one's own from somebody's."""
    require_designer()
    copied = carry_out(partial(copy_draft, draft_id=draft_id))
    return redirect(url_for("designer.draft", draft_id=copied, said="draft_created"))


@pages.get("/drafts/<int:draft_id>/submit")
def submit(draft_id: int) -> str:
    """What is asked before the draft goes to the rechecker: what it does, who will look at it."""
    require_designer()
    with reading() as session:
        page = submit_page(session, standing(), draft_id, {}, fresh_key())
    return render_template("pages/designer_submit.html", page=page)


@pages.post("/drafts/<int:draft_id>/submit")
def propose(draft_id: int) -> Answer:
    """Propose it as a controlled change."""
    require_designer()
    posted = posted_form()
    values = {key: str(posted.values.get(key, "")).strip() for key in ("reason", "ground", "notes")}
    try:
        answer = carry_out(partial(_proposing, draft_id=draft_id, values=values), posted=posted)
    except InvalidInput as invalid:
        return _submit_again(draft_id, values, invalid=invalid), 422
    except Refusal as refusal:
        return _submit_again(draft_id, values, refusal=text_of(refusal)), 409
    return redirect(url_for("changes.one", case_id=answer["case_id"], said="process_proposed"))


def _proposing(unit: Unit, draft_id: int, values: dict[str, str]) -> dict[str, object]:
    return submit_draft(
        unit, draft_id, reason=values["reason"], ground=values["ground"], notes=values["notes"]
    )


def _submit_again(
    draft_id: int, values: dict[str, str], *, invalid: InvalidInput | None = None, refusal: str = ""
) -> str:
    with reading() as session:
        page = submit_page(
            session, standing(), draft_id, values, fresh_key(), invalid=invalid, refusal=refusal
        )
    return render_template("pages/designer_submit.html", page=page)


@pages.get("/drafts/<int:draft_id>/discard")
def discard(draft_id: int) -> str:
    """Asks once more: a discarded draft doesn't come back."""
    require_designer()
    with reading() as session:
        found = get_draft(session, draft_id)
        if why_not_editable(found, standing()):
            abort(403)
    return render_template("pages/designer_discard.html", draft=found)


@pages.post("/drafts/<int:draft_id>/discard")
def discard_now(draft_id: int) -> AnyResponse:
    """Discard it."""
    require_designer()
    carry_out(partial(discard_draft, draft_id=draft_id))
    return redirect(url_for("designer.show", said="draft_discarded"))
