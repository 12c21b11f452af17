"""Working on a task: open, save a draft, complete, release, upload; and registering an application."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.apply_build import application_of, apply_page
from app.faces.web.pages.case import render_case
from app.faces.web.pages.case_dossier import SOURCES
from app.faces.web.pages.case_task import Attempt
from app.faces.web.parts import ErrorLine
from app.faces.web.posted import Posted, posted_form
from app.faces.web.words import moment
from app.kernel.engine.materials import Upload, add_material, receive_correction
from app.kernel.engine.operations import complete_task, start_case
from app.kernel.identity.refusals import UploadRefused
from app.kernel.identity.uploads import accept
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.operations import open_task, release_task, save_draft
from app.kernel.worklist.queries import find_next_task, get_task_case_id

pages = Blueprint("task", __name__)
Answer = AnyResponse | tuple[str, int]


@pages.post("/tasks/<int:task_id>/open")
def open_dossier(task_id: int) -> Answer:
    """Bind the duty and show the dossier; the page said so before."""
    posted, case_id = posted_form(), _case_of(task_id)
    try:
        carry_out(lambda unit: open_task(unit, task_id), case_id=case_id, posted=posted)
    except Refusal as refusal:
        return render_case(case_id, Attempt(refusal=text_of(refusal))), 409
    return redirect(url_for("case.show", case_id=case_id))


@pages.post("/tasks/<int:task_id>/release")
def release(task_id: int) -> Answer:
    """Put the task back."""
    posted, case_id = posted_form(), _case_of(task_id)
    try:
        carry_out(lambda unit: release_task(unit, task_id), case_id=case_id, posted=posted)
    except Refusal as refusal:
        return render_case(case_id, Attempt(refusal=text_of(refusal))), 409
    return redirect(url_for("queue.show", said="released"))


@pages.post("/tasks/<int:task_id>/draft")
def draft(task_id: int) -> Answer:
    """Keep what was typed; the page's script asks for JSON, the button for the page."""
    posted, case_id = posted_form(), _case_of(task_id)
    if posted.restoring:
        return _restored(case_id, posted)
    try:
        carry_out(lambda unit: save_draft(unit, task_id, posted.values, posted.version), case_id=case_id)
    except Refusal as refusal:
        return _refused(case_id, posted, refusal)
    if request.accept_mimetypes.best == "application/json":
        who = standing()
        return jsonify(saved=_("草稿 %(when)s 已存", when=moment(who.now, who.today)))
    return redirect(url_for("case.show", case_id=case_id, said="draft"))


@pages.post("/tasks/<int:task_id>/complete")
def complete(task_id: int) -> Answer:
    """Sign and submit. Whatever is wrong comes back by field with the typed text kept."""
    posted, case_id = posted_form(), _case_of(task_id)
    if posted.restoring:
        return _restored(case_id, posted)
    try:
        answer = carry_out(
            lambda unit: complete_task(unit, task_id, posted.values, posted.version),
            case_id=case_id,
            posted=posted,
        )
    except Refusal as refusal:
        return _refused(case_id, posted, refusal)
    return redirect(_after_completing(posted, "completed_incident" if answer else "completed"))


@pages.post("/tasks/<int:task_id>/materials")
def upload(task_id: int) -> Answer:
    """Receive one file."""
    posted, case_id = posted_form(), _case_of(task_id)
    try:
        held = _accepted(request.files.get("file"), posted)
        carry_out(lambda unit: _add(unit, task_id, held), case_id=case_id, posted=posted)
    except UploadRefused as refusal:
        line = ErrorLine(text_of(refusal), "upload", _("上传材料"))
        return render_case(case_id, Attempt(), upload_errors=[line]), 422
    except Refusal as refusal:
        return render_case(case_id, Attempt(refusal=text_of(refusal))), 409
    return redirect(url_for("case.show", case_id=case_id, said="uploaded") + "#m")


@pages.post("/cases/<int:case_id>/correction")
def correction(case_id: int) -> Answer:
    """The window receives corrected materials; the last of them starts the examination again."""
    posted = posted_form()
    files = [item for item in request.files.getlist("file") if item.filename]
    whole = request.form.get("complete") == "1"
    try:
        held = [_accepted(item, posted) for item in files]
        carry_out(lambda unit: receive_correction(unit, held, complete=whole), case_id=case_id, posted=posted)
    except UploadRefused as refusal:
        return render_case(case_id, Attempt(), upload_errors=[ErrorLine(text_of(refusal))]), 422
    return redirect(url_for("case.show", case_id=case_id, said="uploaded"))


@pages.get("/applications/new")
def apply() -> str:
    """The window's form for a new application."""
    with reading() as session:
        return render_template("pages/apply.html", page=apply_page(session, standing(), Attempt()))


@pages.post("/applications/new")
def register() -> Answer:
    """Open the case; errors come back by field."""
    posted = posted_form()
    attempt = Attempt(typed=posted.values, kept=_("您填的内容已放回，请核对后再提交。"))
    if not posted.restoring:
        try:
            started = carry_out(
                lambda unit: start_case(unit, application_of(unit, posted.values)), posted=posted
            )
            said = "registered_incident" if "incident" in started else "registered"
            return redirect(url_for("case.show", case_id=started["case_id"], said=said))
        except InvalidInput as invalid:
            attempt = Attempt(typed=posted.values, errors=invalid.errors)
        except Refusal as refusal:
            attempt = Attempt(typed=posted.values, refusal=text_of(refusal))
    with reading() as session:
        page = apply_page(session, standing(), attempt)
        return render_template("pages/apply.html", page=page), 200 if posted.restoring else 422


def _case_of(task_id: int) -> int:
    with reading() as session:
        return get_task_case_id(session, task_id)


def _restored(case_id: int, posted: Posted) -> tuple[str, int]:
    kept = _("您填的内容已放回，请核对后再提交。")
    return render_case(case_id, Attempt(typed=posted.values, kept=kept)), 200


def _refused(case_id: int, posted: Posted, refusal: Refusal) -> tuple[str, int]:
    if isinstance(refusal, InvalidInput):
        return render_case(case_id, Attempt(typed=posted.values, errors=refusal.errors)), 422
    return render_case(case_id, Attempt(typed=posted.values, refusal=text_of(refusal))), 409


def _after_completing(posted: Posted, said: str) -> str:
    with reading() as session:
        following = find_next_task(session, standing().person_id)
    if posted.open_next and following is not None:
        return url_for("case.show", case_id=following.case_id, said=said)
    return url_for("queue.show", said=said)


def _accepted(file: FileStorage | None, posted: Posted) -> Upload:
    """Check one file before anything is written. Raise UploadRefused."""
    if file is None or not file.filename:
        raise UploadRefused("upload_empty", name="")
    found = accept(file.filename, BytesIO(file.read()), limit=current_app.config["SANSHEN_UPLOAD_LIMIT"])
    source = str(posted.values.get("source", "applicant"))
    return Upload(
        kind=str(posted.values.get("kind", "")),
        filename=found.name,
        media_type=found.media_type,
        content=found.data,
        source=source if source in SOURCES else "applicant",
    )


def _add(unit: Unit, task_id: int, held: Upload) -> None:
    """Receiving the same file twice is one file; the answer says received either way."""
    add_material(unit, task_id, held)
