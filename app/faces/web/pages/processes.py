"""Versions of a process: list, differences, export and import; rolling back and retiring are proposed here."""

from __future__ import annotations

from functools import partial
from io import BytesIO

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.designer_access import require_designer, require_reader
from app.faces.web.pages.process_sides import load_side
from app.faces.web.pages.processes_build import diff_page, draft_url, versions_page
from app.faces.web.pages.processes_view import ProposalForm
from app.faces.web.parts import ErrorLine
from app.faces.web.posted import Posted, posted_form
from app.kernel.engine.lifecycle.archive import LARGEST_ARCHIVE, read_archive, write_archive
from app.kernel.engine.lifecycle.drafts import import_draft, take_over_draft
from app.kernel.engine.lifecycle.submission import propose_release
from app.kernel.refusals import InvalidInput, Refusal

pages = Blueprint("processes", __name__, url_prefix="/designer/processes/<key>")
Answer = AnyResponse | str | tuple[str, int]


@pages.before_request
def _readers_only() -> None:
    require_reader()


@pages.get("")
def show(key: str) -> str:
    """The versions of one process."""
    return _shown(key, ProposalForm(version=request.args.get("version", "")))


@pages.get("/diff")
def diff(key: str) -> str:
    """Two versions, or a draft or proposed content, beside each other."""
    with reading() as session:
        page = diff_page(session, key, request.args.get("from", ""), request.args.get("to", ""))
        return render_template("pages/process_diff.html", page=page)


@pages.get("/diagram")
def diagram(key: str) -> Response:
    """A diagram's file of one side of a comparison, for the viewer."""
    with reading() as session:
        side = load_side(session, key, request.args.get("side", ""))
    found = side.files.get(request.args.get("file", ""))
    if found is None or not request.args["file"].endswith(".bpmn"):
        abort(404)
    return Response(found, mimetype="text/xml")


@pages.get("/export")
def export(key: str) -> Response:
    """All files of a version, a draft or proposed content as one archive."""
    with reading() as session:
        side = load_side(session, key, request.args.get("side", ""))
    return send_file(
        BytesIO(write_archive(side.files)),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{key}-{side.name}.zip",
    )


@pages.post("/import")
def bring(key: str) -> Answer:
    """An archive becomes a new draft of the signed-in editor."""
    require_designer()
    upload = request.files.get("archive")
    try:
        files = read_archive(upload.stream.read(LARGEST_ARCHIVE + 1) if upload is not None else b"")
        draft_id = carry_out(partial(import_draft, key=key, files=files), posted=posted_form())
    except InvalidInput as invalid:
        return _shown(key, ProposalForm(errors=_lines(invalid))), 422
    except Refusal as refusal:
        return _shown(key, ProposalForm(refusal=text_of(refusal))), 409
    return redirect(draft_url(int(draft_id)))


@pages.post("/drafts/<int:draft_id>/take-over")
def take_over(key: str, draft_id: int) -> Answer:
    """The draft is the signed-in editor's from here on."""
    require_designer()
    try:
        carry_out(partial(take_over_draft, draft_id=draft_id), posted=posted_form())
    except Refusal as refusal:
        return _shown(key, ProposalForm(refusal=text_of(refusal))), 409
    return redirect(draft_url(draft_id))


@pages.post("/roll-back")
def roll_back(key: str) -> Answer:
    """Propose that an earlier version is the one new cases begin on."""
    return _propose(key, "roll_back")


@pages.post("/retire")
def retire(key: str) -> Answer:
    """Propose that the process takes no new cases."""
    return _propose(key, "retire")


def _propose(key: str, action: str) -> Answer:
    require_designer()
    posted = posted_form()
    form = ProposalForm(_text(posted, "reason"), _text(posted, "ground"), _text(posted, "version"))
    operation = partial(
        propose_release, action=action, key=key, version=form.version, reason=form.reason, ground=form.ground
    )
    try:
        started = carry_out(operation, posted=posted)
    except InvalidInput as invalid:
        return _shown(key, ProposalForm(form.reason, form.ground, form.version, errors=_lines(invalid))), 422
    except Refusal as refusal:
        return _shown(key, ProposalForm(form.reason, form.ground, form.version, text_of(refusal))), 409
    return redirect(url_for("changes.one", case_id=started["case_id"], said="change_proposed"))


def _shown(key: str, form: ProposalForm) -> str:
    with reading() as session:
        page = versions_page(session, standing(), key, form)
        return render_template("pages/process_versions.html", page=page)


def _text(posted: Posted, name: str) -> str:
    return str(posted.values.get(name, ""))


def _lines(invalid: InvalidInput) -> list[ErrorLine]:
    labels = {"change_reason": _("变更理由"), "legal_ground": _("变更依据"), "archive": _("文件包")}
    return [
        ErrorLine(text_of_field(*error), label=labels.get(field, field))
        for field, error in invalid.errors.items()
    ]
